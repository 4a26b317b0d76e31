using System;
using System.Buffers;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using P2P.Protocol;
using ZLogger;

namespace P2P.Logging;

/// <summary>
/// One message as it goes to the common log, and ZLogger's entry at the same time: what it consists of, or its text
/// where that lies in a buffer already. It becomes bytes once, in the log's own buffer. Used again for the next; what it
/// borrows may change once it has been formatted. Hot: allocates nothing.
/// </summary>
internal sealed class LoggedMessage : IZLoggerEntry
{
    private MessageKind? _kind;             // null: the text is all of it
    private int _chunkIndex;
    private ReadOnlyMemory<byte> _text;     // a host, or a whole message
    private int _port;

    /// <summary>Nothing: the lines of the common log carry no time, level or category.</summary>
    public LogInfo LogInfo => default;

    /// <summary>Makes it another message.</summary>
    public void Set(MessageKind? kind, int chunkIndex, ReadOnlyMemory<byte> text, int port) =>
        (_kind, _chunkIndex, _text, _port) = (kind, chunkIndex, text, port);

    public IZLoggerEntry CreateEntry(in LogInfo info) => this;

    /// <summary>It has been formatted: what it has borrowed is nobody's any more.</summary>
    public void Return() => _text = default;

    /// <summary>Writes it as on the wire, without end of line, and a request with its peer.</summary>
    /// <param name="buffer">As long as the text, or <see cref="MessageWriter.BytesMax"/>.</param>
    /// <returns>Bytes written.</returns>
    public int Format(Span<byte> buffer)
    {
        ReadOnlySpan<byte> text = _text.Span;
        switch (_kind)
        {
            case null:
                text.CopyTo(buffer);
                return text.Length;
            case MessageKind.WhereChunk:
                return MessageWriter.WhereChunk(buffer, _chunkIndex);
            case MessageKind.LocalChunks:
                return MessageWriter.LocalChunks(buffer, _chunkIndex, text, _port);
            default:
                Debug.Assert(_kind == MessageKind.RequestChunk, "answers are written before they are logged");
                int length = MessageWriter.RequestChunk(buffer, _chunkIndex);
                return length + MessageWriter.Peer(buffer[length..], text, _port);
        }
    }

    public void ToString(IBufferWriter<byte> writer) =>
        writer.Advance(Format(writer.GetSpan(Math.Max(_text.Length, MessageWriter.BytesMax))));

    public override string ToString()
    {
        var writer = new ArrayBufferWriter<byte>(MessageWriter.BytesMax);
        ToString(writer);
        return Encoding.UTF8.GetString(writer.WrittenSpan);
    }

    public void FormatUtf8(IBufferWriter<byte> writer, IZLoggerFormatter formatter) => formatter.FormatLogEntry(writer, this);

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
