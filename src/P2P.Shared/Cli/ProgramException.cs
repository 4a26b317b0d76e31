using System;

namespace P2P.Cli;

/// <summary>How the two programs end.</summary>
public static class ExitCode
{
    /// <summary>Complete, stopped by a signal, or a question like <c>-help</c> was answered.</summary>
    public const int Success = 0;

    /// <summary>The port is taken, or anything else that has no code of its own.</summary>
    public const int Failure = 1;

    /// <summary>Wrong arguments, or a folder that can't be used.</summary>
    public const int Usage = 2;

    /// <summary>Chunks are missing, and the time is up.</summary>
    public const int Incomplete = 3;

    /// <summary>A disk that can't be written.</summary>
    public const int Disk = 4;

    /// <summary>The tracker could not be reached within the time given.</summary>
    public const int NoTracker = 5;
}

/// <summary>A failure that ends the program and that the user can mend.</summary>
/// <param name="exitCode">One of <see cref="ExitCode"/>.</param>
/// <param name="message">One line: the fault, the thing that has it, and the cure.</param>
/// <param name="isAboutArguments">The arguments are wrong, so the line ends with a word on <c>-help</c>.</param>
public sealed class ProgramException(int exitCode, string message, bool isAboutArguments = false) : Exception(message)
{
    public int ExitCode { get; } = exitCode;

    public bool IsAboutArguments { get; } = isAboutArguments;

    /// <summary>The arguments are wrong.</summary>
    public static ProgramException Usage(string message) => new(Cli.ExitCode.Usage, message, isAboutArguments: true);
}
