using System;
using System.Buffers;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using P2P.Protocol;
using ZLogger;

namespace P2P.Logging;

/// <summary>
/// One message as it goes to the common log: what it consists of, or its text where that lies in a buffer already. It
/// becomes bytes once, in the log's own buffer. Hot: a value that allocates nothing; ZLogger keeps it in a pooled entry
/// for as long as <see cref="ActionLog.Add"/> takes, so what it borrows may change afterwards.
/// </summary>
public readonly struct LoggedMessage : IZLoggerFormattable
{
    private readonly MessageKind? _kind;                // null: the text is all of it
    private readonly int _chunkIndex;
    private readonly ReadOnlyMemory<byte> _text;        // a host, or a whole message
    private readonly int _port;

    private LoggedMessage(MessageKind? kind, int chunkIndex, ReadOnlyMemory<byte> text, int port) =>
        (_kind, _chunkIndex, _text, _port) = (kind, chunkIndex, text, port);

    /// <summary>A message that has been written already, as an answer stands in the buffer that is sent.</summary>
    /// <param name="text">As on the wire, without end of line; at most <see cref="Limits.BufferBytes"/>.</param>
    public static LoggedMessage Written(ReadOnlyMemory<byte> text) => new(null, 0, text, 0);

    /// <summary>A question for a chunk.</summary>
    public static LoggedMessage WhereChunk(int chunkIndex) => new(MessageKind.WhereChunk, chunkIndex, default, 0);

    /// <summary>An announcement of a chunk.</summary>
    public static LoggedMessage LocalChunks(int chunkIndex, ReadOnlyMemory<byte> host, int port) =>
        new(MessageKind.LocalChunks, chunkIndex, host, port);

    /// <summary>A request to a peer, whose address only the log names (spec 5).</summary>
    public static LoggedMessage RequestChunk(int chunkIndex, ReadOnlyMemory<byte> host, int port) =>
        new(MessageKind.RequestChunk, chunkIndex, host, port);

    public IZLoggerEntry CreateEntry(in LogInfo info) => ZLoggerEntry<LoggedMessage>.Create(info, this);

    public void ToString(IBufferWriter<byte> writer)
    {
        ReadOnlySpan<byte> text = _text.Span;
        if (_kind is null)
        {
            writer.Write(text);
            return;
        }
        Span<byte> buffer = writer.GetSpan(MessageWriter.BytesMax);
        int length;
        switch (_kind)
        {
            case MessageKind.WhereChunk:
                length = MessageWriter.WhereChunk(buffer, _chunkIndex);
                break;
            case MessageKind.LocalChunks:
                length = MessageWriter.LocalChunks(buffer, _chunkIndex, text, _port);
                break;
            default:
                Debug.Assert(_kind == MessageKind.RequestChunk, "answers are written before they are logged");
                length = MessageWriter.RequestChunk(buffer, _chunkIndex);
                length += MessageWriter.Peer(buffer[length..], text, _port);
                break;
        }
        writer.Advance(length);
    }

    public override string ToString()
    {
        var writer = new ArrayBufferWriter<byte>(MessageWriter.BytesMax);
        ToString(writer);
        return Encoding.UTF8.GetString(writer.WrittenSpan);
    }

    // The rest is for formats with named parameters, such as JSON. The common log has none.
    public int ParameterCount => 0;
    public bool IsSupportUtf8ParameterKey => false;
    public string GetOriginalFormat() => ToString();
    public void WriteOriginalFormat(IBufferWriter<byte> writer) => ToString(writer);
    public ReadOnlySpan<byte> GetParameterKey(int index) => throw new NotSupportedException();
    public string GetParameterKeyAsString(int index) => throw new NotSupportedException();
    public object? GetParameterValue(int index) => throw new NotSupportedException();
    public T GetParameterValue<T>(int index) => throw new NotSupportedException();
    public Type GetParameterType(int index) => throw new NotSupportedException();

    public void WriteJsonParameterKeyValues(
        Utf8JsonWriter writer, JsonSerializerOptions options, IKeyNameMutator? mutator = null)
    {
    }
}
