using System;
using System.Diagnostics;
using System.IO;
using Microsoft.Extensions.Logging;
using P2P.Protocol;
using ZLogger;

namespace P2P.Logging;

/// <summary>
/// The common log of all processes (PROTOCOL 5): ZLogger's front end and our <see cref="LogFile"/> behind it. Each
/// method adds <c>&lt;entity name&gt;,&lt;message&gt;</c> as a line, which stands in the file after
/// <see cref="Flush"/>: call that before the message leaves. Used on the loop's thread. Hot: allocates nothing per
/// line.
/// </summary>
public sealed class ActionLog
{
    private readonly LogFile _file;
    // The field has the logger's own type: a call through ILogger costs a generic look-up a line.
    private readonly ZLoggerLogger _logger;
    private readonly LoggedMessage _message = new();        // each is formatted at once: one is enough

    private ActionLog(LogFile file)
    {
        _file = file;
        // A factory, which finds loggers by their names, would add 0.7 MB to each program: there is one logger. The
        // logger has no name: ZLogger would prepare it for JSON, a twentieth of the time until the tracker listens.
        _logger = new ZLoggerLogger("", file, new ZLoggerOptions { TimeProvider = new NoTime() }, null);
    }

    /// <summary>Opens or creates the log.</summary>
    /// <param name="path">A file, or anything else that can be written to, also a pipe without a reader.</param>
    /// <param name="entityName">What every line begins with: the client's name, or P2PTracker.</param>
    /// <param name="onFailure">Gets each reason by which lines are lost, with its cure, once.</param>
    /// <exception cref="IOException">The file can't be opened; the message is the system's reason.</exception>
    public static ActionLog Open(string path, string entityName, Action<string> onFailure) =>
        new(LogFile.Open(path, entityName, onFailure));

    /// <summary>Adds a question for a chunk.</summary>
    public void WhereChunk(int chunkIndex)
    {
        _message.SetQuestion(chunkIndex);
        Add();
    }

    /// <summary>Adds an announcement of a chunk.</summary>
    public void LocalChunks(int chunkIndex, ReadOnlyMemory<byte> host, int port)
    {
        _message.Set(MessageKind.LocalChunks, chunkIndex, host, port);
        Add();
    }

    /// <summary>Adds a request to a peer, whose address only the log names (PROTOCOL 5.2).</summary>
    public void RequestChunk(int chunkIndex, ReadOnlyMemory<byte> host, int port)
    {
        _message.Set(MessageKind.RequestChunk, chunkIndex, host, port);
        Add();
    }

    /// <summary>Adds a message that stands in a buffer already, as an answer does before it is sent: as on the wire,
    /// without the end of its line.</summary>
    /// <param name="length">In bytes; at most <see cref="Limits.BufferBytes"/>.</param>
    public void Written(byte[] buffer, int start, int length)
    {
        Debug.Assert(length is >= 0 and <= Limits.BufferBytes, "a message is no longer than a buffer");
        Debug.Assert(start >= 0 && start + length <= buffer.Length, "the message lies in its buffer");
        _message.SetWritten(buffer, start, length);
        Add();
    }

    /// <summary>Adds a question and its answer, as lines that <see cref="FormatExchange"/> has made.</summary>
    public void Exchange(byte[] lines, int length)
    {
        Debug.Assert(length <= lines.Length && lines[length - 1] == (byte)'\n', "lines are whole");
        _message.SetLines(lines, length);
        Add();
    }

    /// <summary>Makes the lines of a question for a chunk and of its answer, for as long as that stays the
    /// same.</summary>
    /// <param name="answer">As on the wire, without the end of its line.</param>
    /// <param name="lines">Gets them; becomes another buffer where they do not fit.</param>
    /// <returns>Their length in bytes.</returns>
    public int FormatExchange(int chunkIndex, ReadOnlySpan<byte> answer, ref byte[] lines)
    {
        Span<byte> question = stackalloc byte[MessageWriter.BytesMax];
        question = question[..MessageWriter.WhereChunk(question, chunkIndex)];
        int questionBytes = _file.MeasureLine(question), length = questionBytes + _file.MeasureLine(answer);
        if (lines.Length < length) lines = new byte[length];
        _file.FormatLine(question, lines);
        _file.FormatLine(answer, lines.AsSpan(questionBytes));
        return length;
    }

    /// <summary>Writes the lines that were added. A log that can't be written is reported once, and the program goes
    /// on.</summary>
    public void Flush() => _file.Flush();

    private void Add() =>
        _logger.Log(
            LogLevel.Information, default, new State(_message), null, static (state, _) => state.Message.ToString());

    // The state is a value, so that ZLogger's generic code is compiled for it alone, without look-ups of its type. Our
    // own entry replaces ZLogger's, which keeps a copy of some 150 bytes a line: 165 ns a line became less than 50.
    private readonly struct State(LoggedMessage message) : IZLoggerEntryCreatable
    {
        public LoggedMessage Message => message;

        public IZLoggerEntry CreateEntry(in LogInfo info) => message;
    }

    // The lines carry no time, so the logger need not ask the system for it.
    private sealed class NoTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => default;
    }
}
