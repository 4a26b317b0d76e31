using System;
using System.ComponentModel;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading.Tasks;
using P2P.Posix;
using ZLogger;

namespace P2P.Logging;

/// <summary>
/// Where ZLogger's entries go: each is formatted at once, behind the name, into one buffer, so that its entry is free for
/// the next; the lines leave in one <c>write</c> of whole lines to a file opened with <c>O_APPEND</c>, so that none is
/// torn or lost whatever others write. ZLogger's own file processors have a thread and a queue, which would lose lines
/// on SIGKILL and the order between processes always, and open the file in a way that overwrites what others append.
/// Used on the loop's thread. Hot: allocates nothing per line.
/// </summary>
internal sealed class LogFile : IAsyncLogProcessor
{
    // As much as a busy round brings: the fewer writes the better.
    private const int RoundBytes = 64 * 1024;

    private readonly int _file;
    private readonly byte[] _prefix;        // "<entity name>,"
    private readonly byte[] _lines;
    private readonly int _longestLine;
    private readonly Action<string> _onFailure;
    private int _length;
    private bool _hasFailed;

    private LogFile(int file, string entityName, Action<string> onFailure)
    {
        _file = file;
        _prefix = Encoding.UTF8.GetBytes(entityName + ",");
        _longestLine = _prefix.Length + Limits.BufferBytes + 1;
        _lines = new byte[RoundBytes + _longestLine];
        _onFailure = onFailure;
    }

    /// <summary>Opens or creates the file.</summary>
    /// <exception cref="IOException">It can't be opened; the message is the system's reason.</exception>
    public static unsafe LogFile Open(string path, string entityName, Action<string> onFailure)
    {
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
        {
            const int flags = LibC.O_WRONLY | LibC.O_CREAT | LibC.O_APPEND | LibC.O_CLOEXEC;
            int file = LibC.open(name, flags, Convert.ToInt32("666", 8));
            if (file < 0) throw new IOException(LastError());
            return new LogFile(file, entityName, onFailure);
        }
    }

    /// <summary>Adds an entry as a line. ZLogger calls it on the thread of whoever logs.</summary>
    public void Post(IZLoggerEntry entry)
    {
        if (_lines.Length - _length < _longestLine) Flush();
        _prefix.CopyTo(_lines.AsSpan(_length));
        _length += _prefix.Length;
        _length += ((LoggedMessage)entry).Format(_lines.AsSpan(_length));
        _lines[_length++] = (byte)'\n';
        entry.Return();
    }

    /// <summary>Writes what was added. A file that can't be written is reported once and hinders nobody.</summary>
    public unsafe void Flush()
    {
        if (_length == 0) return;
        fixed (byte* lines = _lines)
        {
            for (int written = 0; written < _length;)
            {
                nint result = LibC.write(_file, lines + written, _length - written);
                if (result >= 0) written += (int)result;
                else if (Marshal.GetLastPInvokeError() != LibC.EINTR)
                {
                    if (!_hasFailed) _onFailure(LastError());
                    _hasFailed = true;
                    break;
                }
            }
        }
        _length = 0;
    }

    /// <summary>The end of the program closes the file; the log is written until then.</summary>
    public ValueTask DisposeAsync()
    {
        Flush();
        return default;
    }

    private static string LastError() => new Win32Exception(Marshal.GetLastPInvokeError()).Message;
}
