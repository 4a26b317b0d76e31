using System;
using System.Collections.Generic;
using System.Text;
using P2P.Client;
using P2P.Protocol;
using P2P.Tests.Protocol;
using Xunit;

namespace P2P.Tests.Client;

/// <summary>An answer reader with its owner, but without socket and clock: what the tracker connection does. Reads come
/// after gaps; a gap longer than the reader's patience is a quiet moment if it waits for one.</summary>
internal sealed class AnswerStream
{
    private readonly AnswerReader _reader = new();

    /// <summary>The answers shown, in order, with the peers that can be read from them:
    /// <c>GetChunkFrom 1 localhost,5001</c>.</summary>
    public List<string> Shown { get; } = [];

    public int WaitingChunkIndex => _reader.WaitingChunkIndex;

    public TimeSpan ReadTimeout => _reader.ReadTimeout;

    /// <summary>Nothing came for so long, and then these bytes, in one read.</summary>
    public AnswerStream Read(string bytes, TimeSpan gap = default)
    {
        Wait(gap);
        Assert.InRange(bytes.Length, 0, Limits.MessageReadBytes);
        _reader.OnRead(Encoding.Latin1.GetBytes(bytes));
        TakeAnswers();
        return this;
    }

    /// <summary>Nothing comes for so long.</summary>
    public AnswerStream Wait(TimeSpan time)
    {
        if (_reader.WaitingChunkIndex > 0 && time > _reader.ReadTimeout) End();
        return this;
    }

    /// <summary>Nothing will come any more.</summary>
    public AnswerStream End()
    {
        _reader.OnTimeout();
        TakeAnswers();
        return this;
    }

    private void TakeAnswers()
    {
        for (int turns = 0; _reader.TryNext(out Message answer); turns++)
        {
            Assert.True(answer.Kind is MessageKind.GetChunkFrom or MessageKind.ChunkLocationUnknown);
            Assert.InRange(turns, 0, AnswerReader.AnswerBytesMax);
            Shown.Add(MessageText.Of(answer));
        }
    }
}
