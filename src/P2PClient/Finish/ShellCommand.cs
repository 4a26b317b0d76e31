using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using P2P.Posix;

namespace P2P.Client;

/// <summary>
/// A program that runs beside the client, through <c>/bin/sh -c</c>. The program has the client's environment, and
/// P2P_FOLDER and P2P_NAME; its output goes to stderr, since stdout is the client's own, perhaps JSON. The program is a
/// process group of its own, so that it can be ended with all processes that it has started; its input is empty, since
/// the terminal would stop such a group for reading. Process.Start would cost 100 KB.
/// </summary>
internal sealed class ShellCommand
{
    // A stderr that is closed must not keep the program from running: exec alone would end the shell.
    private const string Redirections = "exec </dev/null; command exec >&2 || exec >/dev/null; ";

    private readonly int _processId;
    private bool _hasEnded;

    private ShellCommand(int processId) => _processId = processId;

    /// <summary>Starts the program.</summary>
    /// <returns>Null, with the reason, if the system can't start it.</returns>
    public static unsafe ShellCommand? TryStart(string command, string folder, string name, out string? error)
    {
        byte[] arguments = Encoding.UTF8.GetBytes($"sh\0-c\0{Redirections}{command}\0");
        byte[] environment = Environment(folder, name);
        LibC.SpawnAttributes attributes = default;
        int processId = 0, result;
        attributes.Flags = LibC.POSIX_SPAWN_SETSIGDEF | LibC.POSIX_SPAWN_SETPGROUP;
        // The runtime ignores this signal, and a shell's pipes would never end.
        attributes.DefaultSignals[0] = 1UL << (LibC.SIGPIPE - 1);
        fixed (byte* program = "/bin/sh\0"u8, argumentText = arguments, environmentText = environment)
        fixed (nint* argumentList = Pointers(arguments, argumentText),
            environmentList = Pointers(environment, environmentText))
            result = LibC.posix_spawn(&processId, program, null, &attributes, argumentList, environmentList);
        error = result == 0 ? null : new Win32Exception(result).Message;
        return result == 0 ? new ShellCommand(processId) : null;
    }

    /// <summary>Sends SIGTERM to the program and to the processes that it has started.</summary>
    public void End() => LibC.kill(-_processId, LibC.SIGTERM);

    /// <summary>Asks whether the program has ended, without waiting; not to be called again after it has.</summary>
    /// <param name="exitCode">The program's exit code, 128 + n after signal n.</param>
    public unsafe bool HasEnded(out int exitCode)
    {
        Debug.Assert(!_hasEnded, "the number of an ended process may be another's");
        int status = 0;
        int ended = LibC.waitpid(_processId, &status, LibC.WNOHANG);
        exitCode = (status & 0x7f) == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f);
        _hasEnded = ended == _processId || (ended < 0 && Marshal.GetLastPInvokeError() != LibC.EINTR);
        return _hasEnded;
    }

    // The environment that this process was started with, without the variables that the runtime adds.
    private static byte[] Environment(string folder, string name)
    {
        byte[] own = Encoding.UTF8.GetBytes($"P2P_FOLDER={folder}\0P2P_NAME={name}\0");
        try
        {
            byte[] inherited = File.ReadAllBytes("/proc/self/environ");
            byte[] all = new byte[own.Length + inherited.Length];
            own.CopyTo(all, 0);
            inherited.CopyTo(all, own.Length);
            return all;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return own;     // no /proc here
        }
    }

    // Returns the address of each string, and a null behind.
    private static unsafe nint[] Pointers(byte[] strings, byte* text)
    {
        List<nint> pointers = [];
        for (int start = 0; start < strings.Length; start += strings.AsSpan(start).IndexOf((byte)0) + 1)
            pointers.Add((nint)(text + start));
        pointers.Add(0);
        return [.. pointers];
    }
}
