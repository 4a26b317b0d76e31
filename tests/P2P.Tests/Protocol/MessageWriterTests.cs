using System;
using System.Collections.Generic;
using System.Text;
using P2P.Protocol;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.Protocol;

public sealed class MessageWriterTests(ITestOutputHelper output)
{
    private readonly byte[] _buffer = new byte[8192];

    [Fact]
    public void EachMessage_IsWrittenAsTheSpecificationHasIt_WithoutEndOfLine()
    {
        Assert.Equal("LOCAL_CHUNKS,1,localhost,5001",
            Written(MessageWriter.LocalChunks(_buffer, 1, "localhost"u8, 5001)));
        Assert.Equal("WHERE_CHUNK,2", Written(MessageWriter.WhereChunk(_buffer, 2)));
        Assert.Equal("REQUEST_CHUNK,3", Written(MessageWriter.RequestChunk(_buffer, 3)));
        Assert.Equal("CHUNK_LOCATION_UNKNOWN,4", Written(MessageWriter.ChunkLocationUnknown(_buffer, 4)));
        Assert.Equal("GET_CHUNK_FROM,5,localhost,5001,10.0.0.1,65535",
            Written(WriteAnswer(5, [("localhost", 5001), ("10.0.0.1", 65535)])));
    }

    [Fact]
    public void WhatWasWritten_IsReadBackTheSame()
    {
        Random random = SeededRandom.Create(output);
        for (int round = 0; round < 5000; round++)
        {
            int index = RandomText.Index(random), port = RandomText.Port(random);
            string host = RandomText.Host(random);
            byte[] hostBytes = Encoding.Latin1.GetBytes(host);
            switch (random.Next(5))
            {
                case 0:
                    AssertReads($"LocalChunks {index} {host} {port}",
                        MessageWriter.LocalChunks(_buffer, index, hostBytes, port));
                    break;
                case 1:
                    AssertReads($"WhereChunk {index}", MessageWriter.WhereChunk(_buffer, index));
                    break;
                case 2:
                    AssertReads($"RequestChunk {index}", MessageWriter.RequestChunk(_buffer, index));
                    break;
                case 3:
                    AssertReads($"ChunkLocationUnknown {index}", MessageWriter.ChunkLocationUnknown(_buffer, index));
                    break;
                default:
                    List<(string, int)> peers = [];
                    string text = "";
                    for (int count = random.Next(20); count > 0; count--)
                    {
                        (string Host, int Port) peer = (RandomText.Host(random), RandomText.Port(random));
                        peers.Add(peer);
                        text += $"{(text.Length > 0 ? "," : "")}{peer.Host},{peer.Port}";
                    }
                    AssertReads($"GetChunkFrom {index} {text}", WriteAnswer(index, peers));
                    break;
            }
        }
    }

    [Fact]
    public void BytesMax_HoldsEveryMessageWithOneAddressAtMost_AtItsLongest()
    {
        byte[] host = Encoding.Latin1.GetBytes(new string('h', Limits.HostBytesMax));
        int[] lengths =
        [
            MessageWriter.LocalChunks(_buffer, int.MaxValue, host, 65535),
            MessageWriter.ChunkLocationUnknown(_buffer, int.MaxValue),
            MessageWriter.WhereChunk(_buffer, int.MaxValue),
            // In the log a request names the peer, too.
            MessageWriter.RequestChunk(_buffer, int.MaxValue) + MessageWriter.Peer(_buffer, host, 65535),
            WriteAnswer(int.MaxValue, [(new string('h', Limits.HostBytesMax), 65535)]),
        ];
        Assert.All(lengths, length => Assert.InRange(length, 1, MessageWriter.BytesMax));
    }

    [Fact]
    public void ABufferThatIsTooShort_Throws_AndOneThatJustFitsDoesNot()
    {
        int length = MessageWriter.LocalChunks(_buffer, 12345, "localhost"u8, 5001);
        for (int size = 0; size < length; size++)
        {
            byte[] tooShort = new byte[size];
            Assert.ThrowsAny<Exception>(() => MessageWriter.LocalChunks(tooShort, 12345, "localhost"u8, 5001));
        }
        Assert.Equal(length, MessageWriter.LocalChunks(new byte[length], 12345, "localhost"u8, 5001));
    }

    private int WriteAnswer(int index, IEnumerable<(string Host, int Port)> peers)
    {
        int length = MessageWriter.GetChunkFrom(_buffer, index);
        foreach ((string host, int port) in peers)
            length += MessageWriter.Peer(_buffer.AsSpan(length), Encoding.Latin1.GetBytes(host), port);
        return length;
    }

    private string Written(int length) => Encoding.Latin1.GetString(_buffer, 0, length);

    private void AssertReads(string message, int length) => Assert.Equal(message, MessageText.TryRead(Written(length)));
}
