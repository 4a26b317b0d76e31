using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Text;
using P2P.Posix;

namespace P2P.Cli;

/// <summary>
/// Prints whole lines to the user, and one live line below them, straight to the descriptors: the Console class would
/// cost 140 KB a program. All output goes through this class, so that no line gets into the live line.
///
/// The cursor rests at the live line's beginning: where a terminal that has become narrower breaks the line, the cursor
/// stays there, and what is erased from there to the end of the screen is all of the line and nothing else.
/// </summary>
public static class Terminal
{
    // The blank: when the whole screen is erased from its first place, tmux keeps what stood there for scrolling back.
    private const string EraseLive = "\r \e[J\r";
    private static string _live = "";       // the last line of the terminal now
    private static int _processGroup;
    private static int _output = LibC.StandardOutput;

    /// <summary>Stdout gets the user's data: news go to stderr.</summary>
    public static void KeepStandardOutputFree() => _output = 2;

    /// <summary>News, to stdout.</summary>
    public static void Print(string line) => Write(_output, IsLive ? $"{EraseLive}{line}\n{_live}\r" : $"{line}\n");

    /// <summary>Trouble, to stderr.</summary>
    public static void PrintError(string line)
    {
        if (IsLive) Write(_output, EraseLive);
        Write(2, $"{line}\n");
        if (IsLive) Write(_output, $"{_live}\r");
    }

    /// <summary>True while a live line is shown.</summary>
    public static bool IsLive => _live.Length > 0;

    /// <summary>Stdout is a terminal on which a line can be drawn anew. One whose TERM is <c>dumb</c> or not set may
    /// show the characters that move the cursor.</summary>
    public static unsafe bool CanDraw
    {
        get
        {
            ulong size = 0;
            return LibC.ioctl(_output, LibC.TIOCGWINSZ, &size) == 0
                && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
        }
    }

    /// <summary>The terminal's width, which may change at any time.</summary>
    /// <returns>0 if nothing should be drawn: stdout is no terminal, another job has it (ours is in the background), or
    /// the terminal takes nothing (Ctrl-S), in which case writing to it would stop everything.</returns>
    public static unsafe int FindColumns()
    {
        ushort* size = stackalloc ushort[4];        // struct winsize: rows, columns, and both in pixels
        int group = 0;
        var poll = new LibC.PollFile { Descriptor = _output, Events = LibC.POLLOUT };
        if (LibC.ioctl(_output, LibC.TIOCGWINSZ, size) != 0) return 0;
        if (LibC.ioctl(_output, LibC.TIOCGPGRP, &group) == 0 && group != ProcessGroup) return 0;
        if (LibC.poll(&poll, 1, 0) != 1 || (poll.HappenedEvents & LibC.POLLOUT) == 0) return 0;
        return size[1] == 0 ? 80 : size[1];
    }

    /// <summary>Draws the live line anew if it has changed; an empty one takes it away.</summary>
    /// <param name="line">Fits the terminal's width.</param>
    public static void ShowLive(string line)
    {
        Debug.Assert(!line.Contains('\n'), "the live line is one line");
        if (line == _live) return;
        Write(_output, line.Length == 0 ? EraseLive : $"\r{line}\e[J\r");
        _live = line;
    }

    /// <summary>Leaves the live line as it is: another program writes on the terminal.</summary>
    public static void ForgetLive() => _live = "";

    // Field 5 of /proc/self/stat, behind the program's name in brackets; a shell sets it before the program begins.
    private static int ProcessGroup
    {
        get
        {
            if (_processGroup != 0) return _processGroup;
            string text = Encoding.UTF8.GetString(File.ReadAllBytes("/proc/self/stat"));
            string processGroup = text[(text.LastIndexOf(')') + 2)..].Split(' ')[2];
            return _processGroup = int.Parse(processGroup, CultureInfo.InvariantCulture);
        }
    }

    // A failure to print can't be reported.
    private static unsafe void Write(int file, string line)
    {
        byte[] text = Encoding.UTF8.GetBytes(line);
        fixed (byte* bytes = text)
        {
            for (int written = 0; written < text.Length;)
            {
                nint result = LibC.write(file, bytes + written, text.Length - written);
                if (result < 0) return;
                written += (int)result;
            }
        }
    }
}
