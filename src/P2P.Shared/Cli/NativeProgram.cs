using System;
using System.Reflection;
using System.Runtime.InteropServices;
using P2P.Logging;
using P2P.Posix;
using P2P.Transport;

namespace P2P.Cli;

/// <summary>The frame of both programs around their work: signals end it, and every failure becomes one line and an
/// exit code.</summary>
public static class NativeProgram
{
    private static bool _acceptsInterrupts;

    /// <summary>The version of both programs.</summary>
    public static string Version { get; } = typeof(NativeProgram).Assembly.GetName().Version!.ToString(3);

    /// <summary>Runs a program.</summary>
    /// <param name="name">The program's name, which its complaints begin with.</param>
    /// <param name="main">Does the work, and returns the exit code.</param>
    public static int Run(string name, Func<int> main)
    {
        LibC.signal(LibC.SIGPIPE, LibC.SIG_IGN);        // sendfile to a peer that has gone must not end the program
        try
        {
            return main();
        }
        catch (ProgramException e)
        {
            Terminal.PrintError($"{name}: {e.Message}{(e.IsAboutArguments ? " (see -help)" : "")}");
            return e.ExitCode;
        }
        catch (Exception e)
        {
            ReportBug(name, e);
            return ExitCode.Failure;
        }
    }

    /// <summary>Reports a bug of the programs in one line.</summary>
    public static void ReportBug(string name, Exception e) =>
        Terminal.PrintError($"{name}: internal error, please report it: {e.GetType().Name}: {e.Message}");

    /// <summary>Runs a loop until SIGTERM, SIGINT, or the end of its terminal.</summary>
    /// <param name="start">Runs first, on the loop; the program listens behind it.</param>
    /// <param name="stop">Runs last, on the loop; then the program may end.</param>
    public static void RunUntilSignal(EventLoop loop, Action start, Action stop)
    {
        PosixSignalRegistration? terminate = null, interrupt = null, hangUp = null;
        bool isStopping = false;
        loop.Run(() =>
        {
            AcceptInterrupts();
            terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
            interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
            hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal);
            start();
            ServiceManager.NotifyReady();
        });
        terminate?.Dispose();
        interrupt?.Dispose();
        hangUp?.Dispose();

        void OnSignal(PosixSignalContext signal)
        {
            signal.Cancel = true;
            loop.Post(() =>
            {
                if (isStopping) return;
                isStopping = true;
                stop();
                loop.Stop();
            });
        }
    }

    /// <summary>Has SIGINT come through: a script ignores it in what it starts in the background, and the runtime would
    /// leave it so. To be called before the program watches that signal first: the runtime does not notice that its
    /// handler is taken away, and would never set it again.</summary>
    public static void AcceptInterrupts()
    {
        if (_acceptsInterrupts) return;
        _acceptsInterrupts = true;
        LibC.signal(LibC.SIGINT, LibC.SIG_DFL);
    }

    /// <summary>Opens the common log.</summary>
    /// <param name="complain">Gets a line for the user when lines can't be written later.</param>
    /// <exception cref="ProgramException">It can't be opened, or has no name.</exception>
    public static ActionLog OpenLog(string path, string entityName, Action<string> complain)
    {
        if (path.Length == 0) throw ProgramException.Usage("-log has no name: give that of the file for the log");
        try
        {
            return ActionLog.Open(path, entityName, reason => complain(
                $"lines for the log {path} are lost: {reason}, or start again with another -log"));
        }
        catch (System.IO.IOException e)
        {
            throw new ProgramException(
                ExitCode.Disk,
                $"can't write the log {path}: {e.Message}; start in a folder that can be written, or give another with "
                + "-log");
        }
    }
}
