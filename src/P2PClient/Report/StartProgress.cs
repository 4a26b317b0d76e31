using System;
using System.Diagnostics;
using P2P.Cli;

namespace P2P.Client;

/// <summary>The live line of a client that reads files before it serves: on a terminal, and for a user who wants lines.
/// There a signal takes the line away before it ends the client.</summary>
internal sealed class StartProgress : IDisposable
{
    private readonly CommandProgress? _line;
    private readonly Interruption? _interruption;
    private long _done;

    /// <summary>Begins.</summary>
    /// <param name="name">What is read: <c>reading movie.mkv</c>.</param>
    /// <param name="total">Its bytes.</param>
    public StartProgress(ClientOptions options, string name, long total)
    {
        if (options.Style != ReportStyle.Text || !Terminal.CanDraw) return;
        NativeProgram.AcceptInterrupts();
        _interruption = new Interruption();
        _line = new CommandProgress(name, total);
    }

    /// <summary>Goes on.</summary>
    /// <param name="bytes">Read since the last call.</param>
    /// <exception cref="ProgramException">A signal has come.</exception>
    public void Add(long bytes)
    {
        Debug.Assert(bytes >= 0, "a file is read onwards");
        _interruption?.Check("the start", "nothing that was there is changed");
        _line?.Show(_done += bytes);
    }

    /// <summary>Takes the line away.</summary>
    public void Dispose()
    {
        _line?.Dispose();
        _interruption?.Dispose();
    }
}
