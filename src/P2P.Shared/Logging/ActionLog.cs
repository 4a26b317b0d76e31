using System;
using System.IO;
using Microsoft.Extensions.Logging;
using ZLogger;

namespace P2P.Logging;

/// <summary>
/// The common log of all processes (spec 5): ZLogger's front end and our <see cref="LogFile"/> behind it. The line
/// stands in the file before the message leaves: call <see cref="Flush"/> before sending.
/// Used on the loop's thread. Hot: allocates nothing per line.
/// </summary>
public sealed class ActionLog
{
    private readonly LogFile _file;
    private readonly ZLoggerLogger _logger;     // by its own type: a call through ILogger costs a generic look-up a line

    private ActionLog(LogFile file, string entityName)
    {
        _file = file;
        // A factory, which finds loggers by their names, would add 0.7 MB to each program: there is one logger.
        _logger = new ZLoggerLogger(entityName, file, new ZLoggerOptions { TimeProvider = new NoTime() }, null);
    }

    /// <summary>Opens or creates the log.</summary>
    /// <param name="path">A file, or anything else that can be written to.</param>
    /// <param name="entityName">What every line begins with: the client's name, or P2PTracker.</param>
    /// <param name="onFailure">Told once, with the reason, when lines can't be written.</param>
    /// <exception cref="IOException">The file can't be opened; the message is the system's reason.</exception>
    public static ActionLog Open(string path, string entityName, Action<string> onFailure) =>
        new(LogFile.Open(path, entityName, onFailure), entityName);

    /// <summary>Adds <c>&lt;entity name&gt;,&lt;message&gt;</c> as a line; it is in the file after
    /// <see cref="Flush"/>.</summary>
    public void Add(in LoggedMessage message) =>
        _logger.Log(LogLevel.Information, default, message, null, static (logged, _) => logged.ToString());

    /// <summary>Writes what was added. A log that can't be written is reported once and hinders nobody.</summary>
    public void Flush() => _file.Flush();

    // The lines carry no time: nobody has to ask the system for one.
    private sealed class NoTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => default;
    }
}
