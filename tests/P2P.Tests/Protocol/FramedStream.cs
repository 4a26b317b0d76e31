using System;
using System.Collections.Generic;
using System.Text;
using System.Threading;
using P2P.Protocol;
using Xunit;

namespace P2P.Tests.Protocol;

/// <summary>
/// A framer with its owner, but without socket and clock: what a connection's session does, byte by byte. Reads come
/// after gaps; a gap longer than the framer's patience is a quiet moment, one of zero means that the bytes were waiting
/// already. Checks of every step that texts and consumed bytes fit each other: nothing is lost, nothing is seen twice.
/// </summary>
internal sealed class FramedStream
{
    private MessageFramer _framer;
    private byte[] _unread = [];
    private bool _isOver;

    /// <summary>The texts found, in order; one that ended in a newline is shown with it.</summary>
    public List<string> Texts { get; } = [];

    /// <summary>How long the framer would wait now for another byte.</summary>
    public TimeSpan ReadTimeout => _framer.ReadTimeout;

    public bool IsOverlong => _framer.IsOverlong;

    public bool UsesLines => _framer.UsesLines;

    /// <summary>The bytes that are not part of a text yet.</summary>
    public string Unread => Encoding.Latin1.GetString(_unread);

    /// <summary>Nothing came for so long, and then these bytes, in one read.</summary>
    public void Read(string bytes, TimeSpan gap = default)
    {
        Wait(gap);
        if (_isOver || bytes.Length == 0) return;
        int unreadBefore = _unread.Length;
        _unread = [.. _unread, .. Encoding.Latin1.GetBytes(bytes)];
        _framer.OnRead(unreadBefore, bytes.Length);
        TakeTexts();
    }

    /// <summary>Nothing comes for so long.</summary>
    public void Wait(TimeSpan time)
    {
        TimeSpan patience = _framer.ReadTimeout;
        if (_isOver || _unread.Length == 0 || patience == Timeout.InfiniteTimeSpan || time <= patience) return;
        _framer.OnTimeout();
        TakeTexts();
    }

    /// <summary>The stream ends.</summary>
    public void End()
    {
        if (_isOver) return;
        _framer.OnEnd();
        TakeTexts();
        _isOver = true;
        if (!IsOverlong) Assert.Empty(_unread);
    }

    /// <summary>A whole stream, cut at these positions into reads that follow each other after the same gap.</summary>
    public static List<string> TextsOf(string stream, TimeSpan gap, params IEnumerable<int> cuts)
    {
        var framed = new FramedStream();
        int start = 0;
        foreach (int cut in cuts)
        {
            framed.Read(stream[start..cut], gap);
            start = cut;
        }
        framed.Read(stream[start..], gap);
        framed.End();
        return framed.Texts;
    }

    private void TakeTexts()
    {
        while (_framer.TryNext(_unread, out ReadOnlySpan<byte> text, out int consumed, out bool isLine))
        {
            Assert.InRange(consumed, 1, _unread.Length);
            Assert.Equal(consumed, text.Length + (isLine ? 1 : 0));
            Assert.True(_unread.AsSpan(0, text.Length).SequenceEqual(text));
            if (isLine) Assert.Equal((byte)'\n', _unread[text.Length]);
            Assert.True(text.Length < Limits.MessageBytesMax);
            Texts.Add(Encoding.Latin1.GetString(_unread, 0, consumed));
            _unread = _unread[consumed..];
        }
        if (IsOverlong) _isOver = true;
    }
}
