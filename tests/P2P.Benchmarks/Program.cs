using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using P2P.Benchmarks.Long;
using P2P.Benchmarks.Micro;
using P2P.Benchmarks.Shaped;
using P2P.Benchmarks.Startup;
using P2P.Benchmarks.Support;
using P2P.Benchmarks.Swarms;
using P2P.Benchmarks.Tracker;
using P2P.Benchmarks.Transfer;

[assembly: SupportedOSPlatform("linux")]

namespace P2P.Benchmarks;

/// <summary>Measures our programs beside those of others: one command per figure, each prints its tables.</summary>
internal static class Program
{
    private const string Usage = """
        usage: dotnet run --project tests/P2P.Benchmarks -c Release -- <figure> [--runs N] [--quick] [--native DIR]
          tracker    rates, latencies and memory of the tracker, against redis-server
          transfer   one large chunk, and many small ones, from one peer to another, against nginx and curl
          swarm      whole swarms over loopback, against libtorrent and aria2
          shaped     whole swarms with limited uplinks, against the bound, libtorrent and aria2 (needs root)
          long       over a long line, from one peer to another against nginx and curl, and swarms (needs root)
          startup    from exec to the first connection, memory and size, against programs that only listen
          all        all of these
          micro      the pieces that a message passes in the tracker: nanoseconds and allocated bytes
          --runs N       runs of each program, which take turns; the tables show medians (default 5)
          --quick        one short run: to see that everything works, not to measure
          --native DIR   where P2PTracker and P2PClient are (default: those that the build made)
        """;

    private static readonly IFigure[] Figures = [new TrackerFigure(), new TransferFigure(), new SwarmFigure(),
        new ShapedFigure(), new LongFigure(), new StartupFigure()];

    private static int Main(string[] arguments)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        if (Parse(arguments) is not { } parsed)
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, EndAtOnce);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, EndAtOnce);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, EndAtOnce);
        try
        {
            Machine.Describe(Console.Out, parsed.Figures.SelectMany(figure => figure.Tools));
            foreach (IFigure figure in parsed.Figures)
                foreach (ResultTable table in figure.Measure(parsed.Context))
                    table.Print(Console.Out);
            return 0;
        }
        catch (Exception e)
        {
            Leftovers.WaitIfClosed();
            Console.Error.WriteLine(e is BenchmarkException ? e.Message : e);
            return 1;
        }
        finally
        {
            Leftovers.DisposeAll();
        }
    }

    private static void EndAtOnce(PosixSignalContext signal)
    {
        signal.Cancel = true;
        Leftovers.DisposeAll();
        Environment.Exit(signal.Signal == PosixSignal.SIGINT ? 130 : 143);
    }

    private static (IFigure[] Figures, BenchmarkContext Context)? Parse(string[] arguments)
    {
        if (arguments.Length == 0)
            return null;
        IFigure[] figures = arguments[0] == "all"
            ? Figures : Figures.Append(new MicroFigure()).Where(each => each.Name == arguments[0]).ToArray();
        string native = Path.Combine(AppContext.BaseDirectory, "native");
        int runs = 5;
        bool isQuick = false;
        var left = new Queue<string>(arguments.Skip(1));
        while (left.TryDequeue(out string? option))
        {
            if (option == "--quick")
                isQuick = true;
            else if (option == "--runs" && left.TryDequeue(out string? count)
                && int.TryParse(count, out runs) && runs > 0)
                continue;
            else if (option == "--native" && left.TryDequeue(out string? folder))
                native = folder;
            else
                return null;
        }
        return figures.Length == 0
            ? null : (figures, new BenchmarkContext(new NativePrograms(native), isQuick ? 1 : runs, isQuick));
    }
}
