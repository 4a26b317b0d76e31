using System;
using System.Runtime.InteropServices;

namespace P2P.Cli;

/// <summary>
/// Lets SIGTERM, SIGINT or SIGHUP end a command that has files to clear away: a signal, which comes on a thread of its
/// own, is only noted, and the command asks between two steps of its work.
/// </summary>
public sealed class Interruption : IDisposable
{
    private readonly PosixSignalRegistration[] _registrations;
    private volatile int _exitCode;     // 128 + the signal's number, as shells have it; 0 for none
    private string _signal = "";

    /// <summary>Watches from now on.</summary>
    public Interruption() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Note(signal, "SIGTERM", 128 + 15)),
        PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Note(signal, "SIGINT", 128 + 2)),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal => Note(signal, "SIGHUP", 128 + 1)),
    ];

    /// <summary>Ends the command if a signal has come.</summary>
    /// <param name="command">The command's name.</param>
    /// <param name="left">The state in which it leaves its files, for the user.</param>
    /// <exception cref="ProgramException">A signal has come.</exception>
    public void Check(string command, string left)
    {
        if (_exitCode != 0) throw new ProgramException(_exitCode, $"{command} was ended by {_signal}: {left}");
    }

    /// <summary>Signals end the process again, as they do by default.</summary>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations) registration.Dispose();
    }

    private void Note(PosixSignalContext context, string signal, int exitCode)
    {
        context.Cancel = true;
        _signal = signal;
        _exitCode = exitCode;
    }
}
