using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;
using P2P.Client;
using P2P.Protocol;
using P2P.Tests.Protocol;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.Faults.Fuzz;

/// <summary>
/// The properties of <see cref="FuzzCases"/> for input that FsCheck makes, and makes smaller when one doesn't hold: a
/// program of bytes, each a word and what happens behind it.
/// </summary>
public sealed class PropertyTests(ITestOutputHelper output)
{
    private const int Cases = 1000;

    [Fact]
    public void TheFramer_AgreesWithTheSlowOne() => Check<byte[]>(program =>
    {
        var reads = new List<(string, bool)>();
        string bytes = "";
        foreach (byte step in program)
        {
            bytes += FuzzCases.Piece(step & 63);
            if (step < 128) continue;       // the read goes on
            reads.Add((bytes, step >= 192));
            bytes = "";
        }
        if (bytes != "") reads.Add((bytes, false));
        FuzzCases.FramerAgreesWithReference(reads);
    });

    [Fact]
    public void TheParserOfLocalChunks_AgreesWithTheSlowOne()
    {
        using var folder = new TempFolder();
        for (int index = 1; index <= 3; index++)
            File.WriteAllText(folder[$"chunk_{index}"], $"{index}");
        string[] words = ["1", "2", "3", "4", "0", "-1", "x", ",", ",", ",", "chunk_1", "chunk_2", "chunk_9", "..",
            "LASTCHUNK", "LASTCHUNK", "\n", "\r\n", " ", "\ufeff"];
        Check<byte[]>(program =>
        {
            var text = new StringBuilder();
            foreach (byte step in program) text.Append(words[step % words.Length]);
            FuzzCases.LocalChunksFileAgreesWithReference(text.ToString(), folder.Path);
        });
    }

    [Fact]
    public void WhatIsWritten_IsRead() => Check<(int Index, int Port, byte[] Host)>(each =>
    {
        int chunkIndex = Math.Max(1, Math.Abs(each.Index % int.MaxValue)), port = 1 + Math.Abs(each.Port % 65535);
        var host = new StringBuilder("h");
        foreach (byte b in each.Host) host.Append((char)('!' + b % 94) is ',' ? '.' : (char)('!' + b % 94));
        if (host.Length > Limits.HostBytesMax) host.Length = Limits.HostBytesMax;

        byte[] buffer = new byte[MessageWriter.BytesMax];
        int length = MessageWriter.LocalChunks(buffer, chunkIndex, Encoding.ASCII.GetBytes(host.ToString()), port);
        Assert.True(MessageReader.TryRead(buffer.AsSpan(0, length), out Message message));
        Assert.Equal((chunkIndex, host.ToString(), port),
            (message.ChunkIndex, Encoding.ASCII.GetString(message.Host), message.Port));
    });

    private void Check<T>(Action<T> property)
    {
        var replay = new Replay(new Rnd((ulong)SeededRandom.Create(output).Next()), FSharpOption<int>.None);
        Prop.ForAll(property).Check(Config.QuickThrowOnFailure.WithMaxTest(Cases).WithEndSize(200)
            .WithReplay(FSharpOption<Replay>.Some(replay)));
    }
}
