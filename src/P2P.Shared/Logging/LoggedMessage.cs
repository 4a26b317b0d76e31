using System;
using System.Buffers;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using P2P.Protocol;
using ZLogger;

namespace P2P.Logging;

/// <summary>
/// One message as it goes to the common log, and ZLogger's entry at the same time: the message's parts, or its text
/// where that lies in a buffer already. The message becomes bytes once, in the log's own buffer. One entry is used for
/// all messages in turn; the buffers that it borrows may change once it has been formatted. Hot: allocates nothing.
/// </summary>
internal sealed class LoggedMessage : IZLoggerEntry
{
    private MessageKind _kind;
    private int _chunkIndex;
    private ReadOnlyMemory<byte> _host;
    private int _port;
    private byte[]? _written;       // holds the text of an answer
    private int _start, _length;

    /// <summary>Nothing: the lines of the common log carry no time, level or category.</summary>
    public LogInfo LogInfo => default;

    /// <summary>The entry is whole lines, each with its name and its end.</summary>
    public bool IsLines { get; private set; }

    /// <summary>Makes the entry WHERE_CHUNK.</summary>
    public void SetQuestion(int chunkIndex) =>
        (_kind, _chunkIndex, IsLines) = (MessageKind.WhereChunk, chunkIndex, false);

    /// <summary>Makes the entry LOCAL_CHUNKS, or REQUEST_CHUNK with its peer.</summary>
    public void Set(MessageKind kind, int chunkIndex, ReadOnlyMemory<byte> host, int port)
    {
        Debug.Assert(kind is MessageKind.LocalChunks or MessageKind.RequestChunk, "an entry would keep an older text");
        (_kind, _chunkIndex, _host, _port, IsLines) = (kind, chunkIndex, host, port, false);
    }

    /// <summary>Makes the entry the text of an answer.</summary>
    public void SetWritten(byte[] buffer, int start, int length)
    {
        (_kind, _written, _start, _length) = (MessageKind.GetChunkFrom, buffer, start, length);
        IsLines = false;
    }

    /// <summary>Makes the entry lines that have been formatted before.</summary>
    public void SetLines(byte[] lines, int length)
    {
        SetWritten(lines, 0, length);
        IsLines = true;
    }

    public IZLoggerEntry CreateEntry(in LogInfo info) => this;

    /// <summary>Does nothing: the entry is used again.</summary>
    public void Return()
    {
    }

    /// <summary>Writes the message as on the wire, without an end of line, and a request with its peer; or the
    /// lines.</summary>
    /// <param name="buffer">At least as long as the text, or <see cref="MessageWriter.BytesMax"/>.</param>
    /// <returns>Bytes written.</returns>
    public int Format(Span<byte> buffer)
    {
        switch (_kind)
        {
            case MessageKind.WhereChunk:
                return MessageWriter.WhereChunk(buffer, _chunkIndex);
            case MessageKind.LocalChunks:
                return MessageWriter.LocalChunks(buffer, _chunkIndex, _host.Span, _port);
            case MessageKind.RequestChunk:
                int length = MessageWriter.RequestChunk(buffer, _chunkIndex);
                return length + MessageWriter.Peer(buffer[length..], _host.Span, _port);
            default:
                _written.AsSpan(_start, _length).CopyTo(buffer);
                return _length;
        }
    }

    public void ToString(IBufferWriter<byte> writer) =>
        writer.Advance(Format(writer.GetSpan(Math.Max(_length, MessageWriter.BytesMax))));

    public override string ToString()
    {
        var writer = new ArrayBufferWriter<byte>(MessageWriter.BytesMax);
        ToString(writer);
        return Encoding.UTF8.GetString(writer.WrittenSpan);
    }

    public void FormatUtf8(IBufferWriter<byte> writer, IZLoggerFormatter formatter) =>
        formatter.FormatLogEntry(writer, this);

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
