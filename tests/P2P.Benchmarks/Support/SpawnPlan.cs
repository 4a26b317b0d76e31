using System;
using System.Collections;
using System.Collections.Generic;
using System.ComponentModel;
using System.Linq;
using System.Runtime.InteropServices;

namespace P2P.Benchmarks.Support;

/// <summary>
/// A command line, ready to be started again and again. Process.Start takes milliseconds and a thread or two;
/// this is one posix_spawn, which is what the start-up figure measures.
/// </summary>
internal sealed unsafe class SpawnPlan : IDisposable
{
    private const int OpaqueBytes = 512;        // more than glibc's posix_spawn types and its sigset_t have
    private readonly List<nint> _texts = [];
    private readonly byte*[] _arguments;
    private readonly byte*[] _environment;
    private readonly byte* _workFolder;
    private readonly byte* _nothing;

    /// <param name="workFolder">The process's current directory.</param>
    public SpawnPlan(string workFolder, string program, params IEnumerable<string> arguments)
    {
        CommandLine = string.Join(' ', arguments.Prepend(program));
        _workFolder = Text(workFolder);
        _nothing = Text("/dev/null");
        _arguments = Texts(arguments.Prepend(program));
        _environment = Texts(
            Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(each => $"{each.Key}={each.Value}"));
    }

    public string CommandLine { get; }

    /// <summary>Starts it, with no signal blocked or ignored, in a process group of its own,
    /// so that what it starts can be ended with it.</summary>
    /// <param name="input">A descriptor for its stdin; -1 for none.</param>
    /// <param name="output">A descriptor for its stdout and stderr; -1 for none.</param>
    /// <returns>The process's id.</returns>
    public int Start(int input = -1, int output = -1)
    {
        byte* actions = stackalloc byte[OpaqueBytes];
        byte* attributes = stackalloc byte[OpaqueBytes];
        byte* signals = stackalloc byte[OpaqueBytes];
        LibC.posix_spawn_file_actions_init(actions);
        LibC.posix_spawnattr_init(attributes);
        try
        {
            if (input >= 0)
                LibC.posix_spawn_file_actions_adddup2(actions, input, 0);
            else
                LibC.posix_spawn_file_actions_addopen(actions, 0, _nothing, LibC.O_RDONLY, 0);
            if (output >= 0)
                LibC.posix_spawn_file_actions_adddup2(actions, output, 1);
            else
                LibC.posix_spawn_file_actions_addopen(actions, 1, _nothing, 1, 0);
            LibC.posix_spawn_file_actions_adddup2(actions, 1, 2);
            LibC.posix_spawn_file_actions_addchdir_np(actions, _workFolder);
            // .NET ignores SIGPIPE, and children inherit that.
            NativeMemory.Clear(signals, OpaqueBytes);
            LibC.posix_spawnattr_setsigmask(attributes, signals);
            *(ulong*)signals = ulong.MaxValue;
            LibC.posix_spawnattr_setsigdefault(attributes, signals);
            LibC.posix_spawnattr_setflags(attributes,
                LibC.POSIX_SPAWN_SETPGROUP | LibC.POSIX_SPAWN_SETSIGDEF | LibC.POSIX_SPAWN_SETSIGMASK);
            int process;
            fixed (byte** arguments = _arguments, environment = _environment)
            {
                int error = LibC.posix_spawnp(&process, arguments[0], actions, attributes, arguments, environment);
                return error == 0 ? process
                    : throw new BenchmarkException($"can't start {CommandLine}: {new Win32Exception(error).Message}");
            }
        }
        finally
        {
            LibC.posix_spawn_file_actions_destroy(actions);
            LibC.posix_spawnattr_destroy(attributes);
        }
    }

    public void Dispose()
    {
        _texts.ForEach(Marshal.FreeCoTaskMem);
        _texts.Clear();
    }

    private byte*[] Texts(IEnumerable<string> texts)
    {
        string[] all = texts.ToArray();
        byte*[] pointers = new byte*[all.Length + 1];       // the last one stays null
        for (int i = 0; i < all.Length; i++)
            pointers[i] = Text(all[i]);
        return pointers;
    }

    private byte* Text(string text)
    {
        _texts.Add(Marshal.StringToCoTaskMemUTF8(text));
        return (byte*)_texts[^1];
    }
}
