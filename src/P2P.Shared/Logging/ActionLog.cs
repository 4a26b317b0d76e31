using System;
using System.ComponentModel;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using P2P.Posix;

namespace P2P.Logging;

/// <summary>
/// The common log of all processes (spec 5): lines are formatted straight into one buffer, without a string, and leave
/// in one <c>write</c> of whole lines to a file opened with <c>O_APPEND</c>, so that none is torn or lost whatever
/// others write. The line stands in the file before the message leaves: call <see cref="Flush"/> before sending.
/// No thread and no queue, which would lose lines on SIGKILL and the order between processes always.
/// Used on the loop's thread.
/// </summary>
public sealed class ActionLog
{
    // As much as a busy round brings: the fewer writes the better.
    private const int LinesBytes = 64 * 1024;

    private readonly int _file;
    private readonly byte[] _prefix;                        // "<entity name>,"
    private readonly byte[] _lines = new byte[LinesBytes];
    private readonly Action<string> _onFailure;
    private int _length;
    private bool _hasFailed;

    private ActionLog(int file, string entityName, Action<string> onFailure)
    {
        _file = file;
        _prefix = Encoding.UTF8.GetBytes(entityName + ",");
        _onFailure = onFailure;
    }

    /// <summary>Opens or creates the log.</summary>
    /// <param name="path">A file, or anything else that can be written to.</param>
    /// <param name="entityName">What every line begins with: the client's name, or P2PTracker.</param>
    /// <param name="onFailure">Told once, with the reason, when lines can't be written.</param>
    /// <exception cref="IOException">The file can't be opened; the message is the system's reason.</exception>
    public static unsafe ActionLog Open(string path, string entityName, Action<string> onFailure)
    {
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
        {
            const int flags = LibC.O_WRONLY | LibC.O_CREAT | LibC.O_APPEND | LibC.O_CLOEXEC;
            int file = LibC.open(name, flags, Convert.ToInt32("666", 8));
            if (file < 0) throw new IOException(LastError());
            return new ActionLog(file, entityName, onFailure);
        }
    }

    /// <summary>Adds <c>&lt;entity name&gt;,&lt;message&gt;</c> as a line; it is in the file after <see cref="Flush"/>.</summary>
    /// <param name="message">A message as on the wire, without end of line.</param>
    public void Add(ReadOnlySpan<byte> message)
    {
        int bytes = _prefix.Length + message.Length + 1;
        if (_length + bytes > _lines.Length) Flush();
        _prefix.AsSpan().CopyTo(_lines.AsSpan(_length));
        message.CopyTo(_lines.AsSpan(_length + _prefix.Length));
        _length += bytes;
        _lines[_length - 1] = (byte)'\n';
    }

    /// <summary>Writes what was added. A log that can't be written is reported once and hinders nobody.</summary>
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

    private static string LastError() => new Win32Exception(Marshal.GetLastPInvokeError()).Message;
}
