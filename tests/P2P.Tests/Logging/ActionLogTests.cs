using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using P2P.Logging;
using P2P.Tests.Support;
using Xunit;

namespace P2P.Tests.Logging;

/// <summary>PROTOCOL 5. Several processes on one log are a matter of the system tests.</summary>
public sealed class ActionLogTests : IDisposable
{
    // A log looks once a second, by a clock that may be late by some milliseconds, whether it is still there.
    private static readonly TimeSpan ALook = TimeSpan.FromSeconds(1.05);
    private readonly TempFolder _folder = new();
    private readonly List<string> _failures = [];

    private string LogPath => _folder["logs.log"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ALine_IsTheNameACommaAndTheMessage()
    {
        ActionLog log = Open("client_1");
        Add(log, "WHERE_CHUNK,1");
        Add(log, "");
        log.Flush();
        Assert.Equal("client_1,WHERE_CHUNK,1\nclient_1,\n", File.ReadAllText(LogPath));
    }

    [Fact]
    public void AMessage_IsWrittenAsOnTheWire_ARequestWithItsPeer()
    {
        ActionLog log = Open("a");
        byte[] host = "localhost"u8.ToArray(), answer = "CHUNK_LOCATION_UNKNOWN,3\n"u8.ToArray();
        log.WhereChunk(1);
        log.LocalChunks(2, host, 5001);
        log.Written(answer, 0, answer.Length - 1);
        log.RequestChunk(int.MaxValue, host, 65535);
        host.AsSpan().Clear();      // borrowed until the call returns, and no longer
        answer.AsSpan().Clear();
        log.Flush();
        Assert.Equal(
            ["a,WHERE_CHUNK,1", "a,LOCAL_CHUNKS,2,localhost,5001", "a,CHUNK_LOCATION_UNKNOWN,3",
                "a,REQUEST_CHUNK,2147483647,localhost,65535"],
            File.ReadAllLines(LogPath));
    }

    [Fact]
    public void AQuestionAndItsAnswer_AreTwoLines_AsOftenAsTheyAreAdded()
    {
        ActionLog log = Open("a");
        byte[] lines = [];
        int length = log.FormatExchange(7, "GET_CHUNK_FROM,7,localhost,5001"u8, ref lines);
        log.Exchange(lines, length);
        log.WhereChunk(8);
        log.Exchange(lines, length);
        byte[] before = lines;
        length = log.FormatExchange(7, "CHUNK_LOCATION_UNKNOWN,7"u8, ref lines);       // shorter: in the same buffer
        log.Exchange(lines, length);
        log.Flush();
        Assert.Same(before, lines);
        string pair = "a,WHERE_CHUNK,7\na,GET_CHUNK_FROM,7,localhost,5001\n";
        Assert.Equal($"{pair}a,WHERE_CHUNK,8\n{pair}a,WHERE_CHUNK,7\na,CHUNK_LOCATION_UNKNOWN,7\n",
            File.ReadAllText(LogPath));
    }

    [Fact]
    public void AName_IsWrittenInUtf8()
    {
        ActionLog log = Open("\u4e16\u00e9");
        Add(log, "WHERE_CHUNK,1");
        log.Flush();
        Assert.Equal("\u4e16\u00e9,WHERE_CHUNK,1\n", File.ReadAllText(LogPath));
    }

    [Fact]
    public void WhatWasAdded_IsInTheFileAfterFlush_AndOnlyOnce()
    {
        ActionLog log = Open("a");
        Add(log, "1");
        Add(log, "2");
        Assert.Equal("", File.ReadAllText(LogPath));
        log.Flush();
        Assert.Equal("a,1\na,2\n", File.ReadAllText(LogPath));
        log.Flush();
        Add(log, "3");
        log.Flush();
        Assert.Equal("a,1\na,2\na,3\n", File.ReadAllText(LogPath));
    }

    [Fact]
    public void AnExistingLog_IsContinued()
    {
        File.WriteAllText(LogPath, "before\n");
        ActionLog log = Open("a");
        Add(log, "1");
        File.AppendAllText(LogPath, "another's\n");
        log.Flush();
        Assert.Equal("before\nanother's\na,1\n", File.ReadAllText(LogPath));
    }

    [Fact]
    public void MoreLinesThanTheBufferHolds_AreWrittenWhole()
    {
        ActionLog log = Open("a");
        List<string> expected = [];
        for (int i = 0; i < 20_000; i++)
        {
            string message = $"{i},{new string('x', i % 1200)}";
            expected.Add($"a,{message}");
            Add(log, message);
            if (i % 1000 == 0) AssertWholeLines();      // what was written before it was full
        }
        log.Flush();
        Assert.Equal(expected, File.ReadAllLines(LogPath));
    }

    [Fact]
    public void ALineAsLongAsTheBuffer_IsWritten()
    {
        ActionLog log = Open("a");
        string message = new('x', Limits.BufferBytes - "a,\n".Length);
        Add(log, "1");
        Add(log, message);
        Add(log, "2");
        log.Flush();
        Assert.Equal($"a,1\na,{message}\na,2\n", File.ReadAllText(LogPath));
    }

    [Fact]
    public void SeveralWriters_LoseNoLineAndTearNone()
    {
        const int writers = 8, lines = 5000;
        var threads = Enumerable.Range(0, writers).Select(writer => new Thread(() =>
        {
            ActionLog log = Open($"w{writer}");
            for (int line = 0; line < lines; line++)
            {
                Add(log, $"{line},{new string((char)('a' + writer), line % 50)}");
                if (line % 16 == 0) log.Flush();
            }
            log.Flush();
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        int[] next = new int[writers];
        foreach (string line in File.ReadLines(LogPath))
        {
            int writer = line[1] - '0';
            int number = next[writer]++;
            Assert.Equal($"w{writer},{number},{new string((char)('a' + writer), number % 50)}", line);
        }
        Assert.All(next, count => Assert.Equal(lines, count));
        Assert.Empty(_failures);
    }

    [Fact]
    public void ALogThatCannotBeWritten_IsReportedOnce_AndHindersNobody()
    {
        var log = ActionLog.Open("/dev/full", "a", _failures.Add);
        for (int i = 0; i < 20_000; i++) Add(log, "WHERE_CHUNK,1");
        log.Flush();
        Add(log, "WHERE_CHUNK,2");
        log.Flush();
        Assert.StartsWith("No space left on device; ", Assert.Single(_failures));
    }

    [Fact]
    public void ALogThatCannotBeOpened_IsAnExceptionWithTheReason()
    {
        IOException exception =
            Assert.Throws<IOException>(() => ActionLog.Open(_folder["no/such/folder/logs.log"], "a", _failures.Add));
        Assert.Equal("No such file or directory", exception.Message);
        Assert.Throws<IOException>(() => ActionLog.Open(_folder.Path, "a", _failures.Add));
    }

    [Theory]
    [InlineData("before\nto", "before\nto\na,1\na,2\n")]
    [InlineData("t", "t\na,1\na,2\n")]
    [InlineData("before\n", "before\na,1\na,2\n")]
    [InlineData("\n", "\na,1\na,2\n")]
    [InlineData("", "a,1\na,2\n")]
    public void ALineBehindATornOne_BeginsALine(string before, string after)
    {
        File.WriteAllText(LogPath, before);
        ActionLog log = Open("a");
        Add(log, "1");
        log.Flush();
        Add(log, "2");
        log.Flush();
        Assert.Equal(after, File.ReadAllText(LogPath));
    }

    [Theory]
    [InlineData("torn", "a,1\nto\na,2\na,3\n")]
    [InlineData("truncated", "a,2\na,3\n")]
    [InlineData("removed", "a,2\na,3\n")]
    [InlineData("renamed", "a,2\na,3\n")]
    [InlineData("replaced", "another's\na,2\na,3\n")]
    [InlineData("its folder removed", "a,2\na,3\n")]
    public void WhatOthersDoToTheLog_IsSeenASecondLater(string change, string after)
    {
        _folder.MakeFolder("logs");
        string path = Path.Combine(_folder["logs"], "logs.log");
        var log = ActionLog.Open(path, "a", _failures.Add);
        Add(log, "1");
        log.Flush();
        switch (change)
        {
            case "torn":
                File.AppendAllText(path, "to");
                break;
            case "truncated":
                File.WriteAllText(path, "");
                break;
            case "removed":
                File.Delete(path);
                break;
            case "renamed":
                File.Move(path, path + ".1");
                break;
            case "replaced":
                File.WriteAllText(path + ".new", "another's\n");
                File.Move(path + ".new", path, overwrite: true);
                break;
            default:
                Directory.Delete(_folder["logs"], recursive: true);
                _folder.MakeFolder("logs");
                break;
        }
        Patience.Pause(ALook);
        Add(log, "2");
        log.Flush();
        Add(log, "3");
        log.Flush();
        Assert.Equal(after, File.ReadAllText(path));
        if (change == "renamed") Assert.Equal("a,1\n", File.ReadAllText(path + ".1"));
        Assert.Empty(_failures);
    }

    [Fact]
    public void ALogRemovedBeforeItsFirstLine_IsMadeAnewForIt()
    {
        ActionLog log = Open("a");
        File.Delete(LogPath);
        Add(log, "1");
        log.Flush();
        Assert.Equal("a,1\n", File.ReadAllText(LogPath));
    }

    [Fact]
    public void ALogWhoseFolderIsGone_IsReportedOnce_AndGoesOnWhenTheFolderIsThereAgain()
    {
        _folder.MakeFolder("logs");
        string path = Path.Combine(_folder["logs"], "logs.log");
        var log = ActionLog.Open(path, "a", _failures.Add);
        Directory.Delete(_folder["logs"], recursive: true);
        for (int i = 1; i <= 2; i++)
        {
            Add(log, $"{i}");
            log.Flush();
            Patience.Pause(ALook);
        }
        Assert.StartsWith("No such file or directory; ", Assert.Single(_failures));
        _folder.MakeFolder("logs");
        Add(log, "3");
        log.Flush();
        Assert.Equal("a,3\n", File.ReadAllText(path));
    }

    [Fact]
    public void ALogRemovedUnderSeveralWriters_IsOneFileAgain_AndLosesNoLaterLine()
    {
        const int writers = 8, lines = 5000;
        using var haveAllWritten = new Barrier(writers + 1);
        var threads = Enumerable.Range(0, writers).Select(writer => new Thread(() =>
        {
            ActionLog log = Open($"w{writer}");
            Add(log, "before");
            log.Flush();
            haveAllWritten.SignalAndWait();
            haveAllWritten.SignalAndWait();     // the log is removed, and each has to look again
            for (int line = 0; line < lines; line++)
            {
                Add(log, $"{line}");
                if (line % 16 == 0) log.Flush();
            }
            log.Flush();
        })).ToList();
        threads.ForEach(thread => thread.Start());
        haveAllWritten.SignalAndWait();
        File.Delete(LogPath);
        Patience.Pause(ALook);
        haveAllWritten.SignalAndWait();
        threads.ForEach(thread => thread.Join());

        ILookup<string, string> byWriter = File.ReadLines(LogPath).ToLookup(line => line[..2], line => line[3..]);
        for (int writer = 0; writer < writers; writer++)
            Assert.Equal(Enumerable.Range(0, lines).Select(line => $"{line}"), byWriter[$"w{writer}"]);
        Assert.Equal(writers, byWriter.Count);
    }

    // Readers see a write of several pages before it is done: what looks torn may just be on its way.
    [Fact]
    public void ALineOnItsWay_IsNotTakenForATornOne()
    {
        using var stop = new CancellationTokenSource();
        var busy = new Thread(() =>
        {
            ActionLog log = Open("w");
            string message = new string('x', 1000);
            while (!stop.IsCancellationRequested)
            {
                for (int i = 0; i < 60; i++) Add(log, message);
                log.Flush();
                if (new FileInfo(LogPath).Length > 32 << 20) File.WriteAllText(LogPath, "");
            }
        });
        busy.Start();
        for (int i = 0; i < 3000; i++)
        {
            ActionLog log = Open("a");      // looks at the end of what is there
            Add(log, "1");
            log.Flush();
        }
        stop.Cancel();
        busy.Join();
        Assert.DoesNotContain("", File.ReadLines(LogPath));
    }

    [Fact]
    public void ALogNobodyWantsToRead_MayBeANullDevice()
    {
        var log = ActionLog.Open("/dev/null", "a", _failures.Add);
        Add(log, "WHERE_CHUNK,1");
        log.Flush();
        Assert.Empty(_failures);
    }

    private static void Add(ActionLog log, string message) =>
        log.Written(Encoding.ASCII.GetBytes(message), 0, message.Length);

    private ActionLog Open(string name) => ActionLog.Open(LogPath, name, _failures.Add);

    private void AssertWholeLines()
    {
        string text = File.ReadAllText(LogPath);
        Assert.True(text.Length == 0 || text.EndsWith('\n'));
    }
}
