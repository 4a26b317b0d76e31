using System;
using System.Diagnostics;
using System.IO;
using System.Text;
using System.Threading.Tasks;
using P2P.Posix;
using ZLogger;

namespace P2P.Logging;

/// <summary>
/// The destination of ZLogger's entries: each is formatted at once, behind the name, into one buffer, so that the entry
/// is free for the next message; the lines leave together, for an <see cref="AppendedFile"/>. ZLogger's own file
/// processors have a thread and a queue, lose lines on SIGKILL, keep no order between processes, and open the file in a
/// way that overwrites lines of other processes. Used on the loop's thread. Hot: allocates nothing
/// per line.
/// </summary>
internal sealed class LogFile : IAsyncLogProcessor
{
    // The lines of a busy round fit, and leave in one write.
    private const int RoundBytes = 64 * 1024;

    private readonly AppendedFile _file;
    private readonly byte[] _prefix;        // "<entity name>,"
    private readonly byte[] _lines;         // behind a line end, which the file writes only behind a torn line
    private readonly int _longestLine;
    private readonly Action<string> _onFailure;
    private int _length = 1;
    private int _reportedError;

    private LogFile(AppendedFile file, string entityName, Action<string> onFailure)
    {
        _file = file;
        _prefix = Encoding.UTF8.GetBytes($"{entityName},");
        _longestLine = _prefix.Length + Limits.BufferBytes + 1;
        _lines = new byte[1 + RoundBytes + _longestLine];
        _lines[0] = (byte)'\n';
        _onFailure = onFailure;
    }

    /// <summary>Opens or creates the file.</summary>
    /// <exception cref="IOException">It can't be opened; the message is the system's reason.</exception>
    public static LogFile Open(string path, string entityName, Action<string> onFailure) =>
        new(AppendedFile.Open(path), entityName, onFailure);

    /// <summary>Adds an entry, as a line if it is not whole lines. ZLogger calls it on the thread that logs, which is
    /// the loop's.</summary>
    public void Post(IZLoggerEntry entry)
    {
        if (_lines.Length - _length < _longestLine) Flush();
        var message = (LoggedMessage)entry;
        if (message.IsLines) _length += message.Format(_lines.AsSpan(_length));
        else
        {
            _prefix.CopyTo(_lines.AsSpan(_length));
            _length += _prefix.Length;
            int bytes = message.Format(_lines.AsSpan(_length));
            Debug.Assert(!_lines.AsSpan(_length, bytes).Contains((byte)'\n'), "a message is one line");
            _length += bytes;
            _lines[_length++] = (byte)'\n';
        }
        Debug.Assert(_length <= _lines.Length, "an entry is no longer than a buffer");
        message.Return();
    }

    /// <summary>Tells how long the line of a message is.</summary>
    public int MeasureLine(ReadOnlySpan<byte> message) => _prefix.Length + message.Length + 1;

    /// <summary>Writes the line of a message to a buffer, and does not add it.</summary>
    /// <param name="line">At least as long as <see cref="MeasureLine"/> says.</param>
    public void FormatLine(ReadOnlySpan<byte> message, Span<byte> line)
    {
        _prefix.CopyTo(line);
        message.CopyTo(line[_prefix.Length..]);
        line[_prefix.Length + message.Length] = (byte)'\n';
    }

    /// <summary>Writes the lines that were added. Lines that can't be written are lost; each reason is reported
    /// once.</summary>
    public void Flush()
    {
        if (_length == 1) return;
        int error = _file.Append(_lines.AsSpan(0, _length));
        _length = 1;
        if (error == 0 || error == _reportedError) return;
        _reportedError = error;
        _onFailure(Describe(error));
    }

    /// <summary>The end of the program closes the file; the log is written until then.</summary>
    public ValueTask DisposeAsync()
    {
        Flush();
        return default;
    }

    // Returns the reason, and the cure.
    private static string Describe(int error) => error switch
    {
        LibC.EAGAIN or LibC.EPIPE => "nobody reads them; read that pipe",
        LibC.ENOSPC or LibC.EDQUOT or LibC.EFBIG => $"{LibC.ErrorText(error)}; make room",
        LibC.ENOENT or LibC.ENOTDIR => $"{LibC.ErrorText(error)}; make its folder again",
        _ => $"{LibC.ErrorText(error)}; let this user write it",
    };
}
