using System;
using System.Net.Sockets;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using P2P.Transport;
using ZLogger;

namespace P2P.Cli;

/// <summary>
/// The output of <c>-verbose</c>: one line an event with the time and the reason, on stderr. Code that reports an event
/// writes <c>Diagnosis.Log?.Add($"...")</c>, which costs a comparison while the diagnosis is off: the text's
/// parts are not even looked at. The text goes through ZLogger's front end as a plain string: events are rare. The log
/// is set once, before the loop runs, and used on the loop's thread.
/// </summary>
public sealed class Diagnosis
{
    private readonly ZLoggerLogger _logger;

    private Diagnosis(string name) =>
        _logger = new ZLoggerLogger(name, new ToTerminal(name), new ZLoggerOptions(), null);

    /// <summary>Null without <c>-verbose</c>.</summary>
    public static Diagnosis? Log { get; private set; }

    /// <summary>Begins to print events.</summary>
    /// <param name="name">The program or client, behind the time.</param>
    public static void Begin(string name) => Log = new Diagnosis(name);

    /// <summary>Prints an event.</summary>
    public void Add(string text) => _logger.Log(LogLevel.Information, default, text, null, static (line, _) => line);

    /// <summary>Why a connection is over, in words.</summary>
    public static string Describe(SocketResult result) =>
        result.IsTimedOut ? "silence" : result.IsEnd ? "end of stream" : new SocketException((int)result.Error).Message;

    // Formats at once: the line is written before the program goes on, or dies.
    private sealed class ToTerminal(string name) : IAsyncLogProcessor
    {
        public void Post(IZLoggerEntry entry)
        {
            DateTimeOffset now = entry.LogInfo.Timestamp.Utc;
            // The time is written by hand: DateTimeOffset's own formats bring the time zones along, which are 0.7 MB
            // and make calls that a static libc lacks.
            string date = $"{now.Year:D4}-{now.Month:D2}-{now.Day:D2}";
            string time = $"{now.Hour:D2}:{now.Minute:D2}:{now.Second:D2}.{now.Millisecond:D3}";
            Terminal.PrintError($"{date}T{time}Z {name}: {entry}");
            entry.Return();
        }

        public ValueTask DisposeAsync() => default;
    }
}
