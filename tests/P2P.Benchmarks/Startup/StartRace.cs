using System;
using System.Diagnostics;
using System.Threading;
using P2P.Benchmarks.Support;
using P2P.Tests.Support;

namespace P2P.Benchmarks.Startup;

/// <summary>Starts a program that listens, connects as soon as that is possible, and ends it.</summary>
internal sealed unsafe class StartRace : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5), SettleTime = TimeSpan.FromMilliseconds(20);
    private readonly SpawnPlan _plan;
    private readonly LibC.SocketAddress _address;
    private int _process;

    private StartRace(SpawnPlan plan, int port) =>
        (_plan, _address) = (plan, LibC.SocketAddress.Loopback(0x7f000001, port));

    /// <param name="planFor">Makes the command line for a port to listen on.</param>
    public static StartRace Prepare(Func<int, SpawnPlan> planFor) => Leftovers.Add(() =>
    {
        int port = FreePort.Next();
        return new StartRace(planFor(port), port);
    });

    /// <returns>Milliseconds from just before exec to the first connection,
    /// and the bytes in RAM a moment later.</returns>
    public double[] Run()
    {
        long start = Stopwatch.GetTimestamp();
        _process = _plan.Start();
        try
        {
            int socket = Connect(start);
            double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            Thread.Sleep(SettleTime);
            long residentBytes = ProcessFigures.ResidentBytes(_process);
            LibC.close(socket);
            return [milliseconds, residentBytes];
        }
        finally
        {
            End();
        }
    }

    public void Dispose()
    {
        if (!Leftovers.Remove(this))
            return;
        End();
        _plan.Dispose();
    }

    // A spin, not a wait: the other core is the program's.
    private int Connect(long start)
    {
        LibC.SocketAddress address = _address;
        var reset = new LibC.Linger { IsOn = 1, Seconds = 0 };
        while (true)
        {
            int socket = LibC.Check(LibC.socket(LibC.AF_INET, LibC.SOCK_STREAM | LibC.SOCK_CLOEXEC, 0));
            LibC.setsockopt(socket, LibC.SOL_SOCKET, LibC.SO_LINGER, &reset, sizeof(LibC.Linger));
            if (LibC.connect(socket, &address, sizeof(LibC.SocketAddress)) == 0)
                return socket;
            LibC.close(socket);
            if (Stopwatch.GetElapsedTime(start) > Patience)
                throw new BenchmarkException($"no connection within {Patience.TotalSeconds} s to {_plan.CommandLine}");
        }
    }

    private void End()
    {
        int process = Interlocked.Exchange(ref _process, 0), status;
        LibC.ResourceUsage usage;
        if (process == 0)
            return;
        LibC.kill(process, LibC.SIGKILL);
        LibC.wait4(process, &status, 0, &usage);
    }
}
