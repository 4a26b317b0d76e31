using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using P2P.Client;
using P2P.Protocol;
using P2P.Tests.Faults;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>Sets whose description travels (PROTOCOL 10): seeds that serve the user's own files, receivers that know
/// the tracker alone, folders and streams.</summary>
public sealed class SetTests(ITestOutputHelper output) : SystemTest(output)
{
    [Fact]
    public void AFileThatStaysInPlace_ReachesThreeReceivers_ThatKnowTheTrackerAlone()
    {
        byte[] content = MakeFile("movie", 5_000_000);
        DateTime written = File.GetLastWriteTimeUtc(Folder["movie"]);
        int tracker = StartTracker().Port;
        Start(tracker, "-seed", "movie", "-chunk_size", "64K");
        NativeProcess[] receivers =
            [.. Enumerable.Range(1, 3).Select(i => Fetch(tracker, "-out", $"copy{i}", "-name", $"r{i}"))];
        foreach (NativeProcess receiver in receivers) Assert.Equal(0, receiver.WaitForExit());
        for (int i = 1; i <= 3; i++) Assert.Equal(content, File.ReadAllBytes(Folder[$"copy{i}"]));
        Assert.Equal(written, File.GetLastWriteTimeUtc(Folder["movie"]));
        Assert.Equal(["copy1", "copy2", "copy3", "logs.log", "movie"], FilesIn(Folder.Path));
        // On a busy machine a chunk is asked for again, of a peer that may have it sooner.
        IEnumerable<string> requests =
            Log.Lines.Where(line => line.StartsWith("r1,REQUEST_CHUNK,", StringComparison.Ordinal));
        Assert.Equal(77, requests.Select(line => line.Split(',')[2]).Distinct().Count());
        Assert.DoesNotContain(
            Log.Lines, line => line.Contains($"{SetSyntax.DescriptionIndex}") || line.Contains("SET"));
    }

    [Fact]
    public void AFolder_IsTheSameElsewhere_WithLinksModesTimesAndHoles()
    {
        MakeTree("tree");
        int tracker = StartTracker().Port;
        Start(tracker, "-seed", "tree", "-chunk_size", "16K");
        NativeProcess[] receivers = [Fetch(tracker, "-out", "a"), Fetch(tracker, "-out", "b")];
        foreach (NativeProcess receiver in receivers) Assert.Equal(0, receiver.WaitForExit());
        string expected = Describe("tree");
        Assert.Equal(expected, Describe("a"));
        Assert.Equal(expected, Describe("b"));
    }

    [Fact]
    public void AFolder_IsSplit_AndJoined_AndFetchedFromTheFolderOfItsChunks()
    {
        MakeTree("tree");
        Assert.Equal(0, Run("split", "tree", "-folder", "parts", "-chunk_size", "16K").WaitForExit());
        Assert.Equal(0, Run("verify", "-folder", "parts").WaitForExit());
        Assert.Equal(0, Run("join", "-folder", "parts", "-out", "joined").WaitForExit());
        Assert.Equal(Describe("tree"), Describe("joined"));
        Assert.Equal(0, Run("join", "-folder", "parts", "-out", "joined").WaitForExit());       // the same is there
        File.WriteAllText(Folder["joined/zero"], "no longer");
        File.WriteAllText(Folder["joined/a/small"], "another");
        Assert.Equal(2, Run("join", "-folder", "parts", "-out", "joined").WaitForExit());

        int tracker = StartTracker().Port;
        StartClient("parts", tracker);
        Assert.Equal(0, Fetch(tracker, "-folder", Folder["new"], "-out", "out").WaitForExit());
        Assert.Equal(Describe("tree"), Describe("out"));
    }

    [Fact]
    public void AStream_GoesInAndComesOut()
    {
        byte[] content = MakeFile("stream", 1_000_003);
        Assert.Equal(0, Shell("cat stream | $P split - -folder parts -chunk_size 64K").WaitForExit());
        Assert.Equal(0, Shell("$P join -folder parts -out - > joined").WaitForExit());
        Assert.Equal(content, File.ReadAllBytes(Folder["joined"]));
        int tracker = StartTracker().Port;
        StartClient("parts", tracker);
        string fetch = $"$P fetch -tracker localhost:{tracker} -exit_when_complete 0 -out -";
        NativeProcess inPlace = Shell($"{fetch} | cat > copy1"), kept = Shell($"{fetch} -folder new | cat > copy2");
        Assert.Equal(0, inPlace.WaitForExit());
        Assert.Equal(0, kept.WaitForExit());
        Assert.Equal(content, File.ReadAllBytes(Folder["copy1"]));
        Assert.Equal(content, File.ReadAllBytes(Folder["copy2"]));
        Assert.Equal(["copy1", "copy2", "joined", "logs.log", "stream"], FilesIn(Folder.Path));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(64 * 1024)]
    public void AStreamOrFileOfAnySize_IsWhole(int bytes)
    {
        byte[] content = MakeFile("in", bytes);
        Assert.Equal(0, Shell("cat in | $P split - -folder parts -deal 2 -copies 2 -chunk_size 64K").WaitForExit());
        Assert.Equal(0, Shell("$P join -folder parts2 -out - > joined").WaitForExit());
        Assert.Equal(content, File.ReadAllBytes(Folder["joined"]));
        int tracker = StartTracker().Port;
        Start(tracker, "-seed", "in");
        Assert.Equal(0, Fetch(tracker, "-out", "copy").WaitForExit());
        Assert.Equal(content, File.ReadAllBytes(Folder["copy"]));
    }

    [Fact]
    public void AReceiverThatIsStartedAgain_GoesOnWithWhatIsRight()
    {
        byte[] content = MakeFile("movie", 20 * 4096);
        byte[] half = [.. content[..(10 * 4096)], .. new byte[10 * 4096]];
        half[4096 * 3]++;       // of chunk 4
        File.WriteAllBytes(Folder[".copy.part"], half);
        int tracker = StartTracker().Port;
        Start(tracker, "-seed", "movie", "-chunk_size", "4K");
        Assert.Equal(0, Fetch(tracker, "-out", "copy", "-name", "again").WaitForExit());
        Assert.Equal(content, File.ReadAllBytes(Folder["copy"]));
        Assert.Equal(new[] { 4 }.Concat(Enumerable.Range(11, 10)), Log.Lines
            .Where(line => line.StartsWith("again,REQUEST_CHUNK,", StringComparison.Ordinal))
            .Select(line => int.Parse(line.Split(',')[2])).Order());
    }

    [Fact]
    public void ATargetThatAnotherClientWrites_IsLeftToIt()
    {
        byte[] content = MakeFile("movie", 400_000);
        int tracker = StartTracker().Port;
        NativeProcess seed = Start(tracker, "-seed", "movie", "-chunk_size", "64K", "-upload_limit", "10K");
        NativeProcess first = Fetch(tracker, "-out", "copy");
        first.Output.WaitForFirst(line => line.Contains("chunks, serving on port"), "the first receiver");
        NativeProcess second = Fetch(tracker, "-out", "copy");
        Assert.Equal(1, second.WaitForExit());
        string refusal = Assert.Single(second.Errors.All);
        Assert.Contains("another P2PClient is using", refusal);
        Assert.EndsWith("give another with -out", refusal);
        Assert.Equal(400_000, new FileInfo(Folder[".copy.part"]).Length);
        first.Kill();
        first.WaitForExit();
        seed.Terminate();
        seed.WaitForExit();
        Start(tracker, "-seed", "movie", "-chunk_size", "64K");
        Assert.Equal(0, Fetch(tracker, "-out", "copy").WaitForExit());
        Assert.Equal(content, File.ReadAllBytes(Folder["copy"]));
    }

    [Fact]
    public void ATargetThatIsThere_IsServedIfItIsTheSame_AndElseLeftAlone()
    {
        byte[] content = MakeFile("movie", 300_000);
        File.WriteAllBytes(Folder["same"], content);
        File.WriteAllText(Folder["other"], "mine");
        File.WriteAllBytes(Folder["longer"], [.. content, 1]);
        int tracker = StartTracker().Port;
        Start(tracker, "-seed", "movie", "-chunk_size", "64K");
        Assert.Equal(0, Fetch(tracker, "-out", "same").WaitForExit());
        foreach (string name in new[] { "other", "longer" })
        {
            NativeProcess refused = Fetch(tracker, "-out", name);
            Assert.Equal(2, refused.WaitForExit());
            Assert.Contains($"there is a file {name} already", Assert.Single(refused.Errors.All));
        }
        Assert.Equal("mine", File.ReadAllText(Folder["other"]));
        Assert.Equal(300_001, new FileInfo(Folder["longer"]).Length);
    }

    [Fact]
    public void AnOriginalThatChanges_IsNoLongerServed()
    {
        byte[] content = MakeFile("movie", 300_000);
        int tracker = StartTracker().Port;
        NativeProcess seed = Start(tracker, "-seed", "movie", "-chunk_size", "64K");
        seed.Output.WaitForFirst(line => line.Contains("complete, all 5 chunks"), "the seed to be complete");
        content[70_000]++;
        File.WriteAllBytes(Folder["movie"], content);
        NativeProcess receiver = Fetch(tracker, "-out", "copy");
        Assert.Equal(1, seed.WaitForExit());
        Assert.Contains("movie has gone or changed since the start", Assert.Single(seed.Errors.All));
        Assert.False(receiver.HasExited);
        Assert.False(File.Exists(Folder["copy"]));
        receiver.Terminate();
        receiver.WaitForExit();
        Start(tracker, "-seed", "movie", "-chunk_size", "64K");
        Assert.Equal(0, Fetch(tracker, "-out", "copy2").WaitForExit());
        Assert.Equal(content, File.ReadAllBytes(Folder["copy2"]));
    }

    [Fact]
    public void AnOriginalThatBecomesLonger_IsNoLongerServed_WhateverItsTimeSays()
    {
        MakeFile("movie", 300_000);
        int tracker = StartTracker().Port;
        NativeProcess seed = Start(tracker, "-seed", "movie", "-chunk_size", "64K");
        seed.Output.WaitForFirst(line => line.Contains("complete, all 5 chunks"), "the seed to be complete");
        DateTime written = File.GetLastWriteTimeUtc(Folder["movie"]);
        File.AppendAllText(Folder["movie"], "more");
        File.SetLastWriteTimeUtc(Folder["movie"], written);
        NativeProcess receiver = Fetch(tracker, "-out", "copy");
        Assert.Equal(1, seed.WaitForExit());
        Assert.Contains("movie has gone or changed since the start", Assert.Single(seed.Errors.All));
        Assert.False(receiver.HasExited);
        Assert.False(File.Exists(Folder["copy"]));
    }

    // A chunk that is large enough to be moved by the kernel, of a peer that sends more than the chunk has.
    [Fact]
    public void BytesBehindTheEndOfAChunk_DoNotOverwriteTheNextOne()
    {
        const int chunkBytes = 1_000_000;
        byte[] content = MakeFile("movie", 3 * chunkBytes);
        Assert.Equal(0, Run("split", "movie", "-folder", "holder", "-chunk_size", $"{chunkBytes}").WaitForExit());
        File.Delete(Folder["holder/chunk_1"]);
        File.WriteAllText(Folder["holder/local_chunks.txt"], "2,chunk_2\n3,chunk_3\n3,LASTCHUNK\n");
        int tracker = StartTracker().Port;
        StartClient("holder", tracker);
        ScriptedPeer liar = Own(new ScriptedPeer((_, socket, _) =>
        {
            Log.WaitUntil(lines => lines.Any(line => line.StartsWith("r,LOCAL_CHUNKS,2,")), "chunk 2 to be there");
            ScriptedPeer.Send(socket, [.. content[..chunkBytes], .. new byte[300_000]]);
            return PeerEnd.Clean;
        }));
        Connect(tracker).Announce(1, liar.Port);
        NativeProcess receiver = Fetch(tracker, "-out", "copy", "-name", "r");
        receiver.Errors.WaitForFirst(line => line.Contains("is not what chunks.crc says"), "the lie to be noticed");
        Start(tracker, "-seed", "movie", "-chunk_size", $"{chunkBytes}");
        Assert.Equal(0, receiver.WaitForExit());
        Assert.True(content.AsSpan().SequenceEqual(File.ReadAllBytes(Folder["copy"])), "every byte");
    }

    [Fact]
    public void AClientOfAnotherSet_SaysSo_AndEnds()
    {
        MakeFile("one", 100_000);
        MakeFile("two", 100_000);
        int tracker = StartTracker().Port;
        NativeProcess first = Start(tracker, "-seed", "one");
        Log.WaitUntil(lines => lines.Any(line => line.StartsWith("P2PTracker,LOCAL_CHUNKS,1,")), "the announcement");
        NativeProcess second = Start(tracker, "-seed", "two");
        Assert.Equal(2, second.WaitForExit());
        Assert.Contains("share another set of chunks", Assert.Single(second.Errors.All));
        Assert.False(first.HasExited);
    }

    [Fact]
    public void AStrangersTracker_HearsNothingOfSets()
    {
        byte[] content = MakeFile("movie", 200_000);
        NaiveTracker tracker = StartNaiveTracker();
        Start(tracker.Port, "-seed", "movie", "-chunk_size", "64K");
        IReadOnlyList<TrackerMessage> received = tracker.Received.WaitForCount(4, "the announcements");
        Assert.All(received, message => Assert.StartsWith("LOCAL_CHUNKS,", message.Text));
        int port = int.Parse(received[0].Text.Split(',')[3]);
        tracker.Offer([1, 2, 3, 4], port);
        // A client that has the number of chunks from its user needs no description.
        Assert.Equal(0, StartClient("plain", tracker.Port, "-chunks", "4", "-exit_when_complete", "0", "-out", "copy")
            .WaitForExit());
        Assert.Equal(content, File.ReadAllBytes(Folder["copy"]));
        NativeProcess refused = Fetch(tracker.Port, "-out", "other");
        Assert.Equal(2, refused.WaitForExit());
        Assert.Contains("is no P2PTracker", Assert.Single(refused.Errors.All));
        AssertNoFaults(tracker);
        Assert.DoesNotContain(
            tracker.Received.All, message => message.Text.Contains("SET") || message.Text.Contains("NAME"));
        Assert.DoesNotContain(SetSyntax.DescriptionIndex, tracker.Questions);
    }

    [Fact]
    public void APeerThatLiesAboutItsDescription_IsPassedOver()
    {
        byte[] content = MakeFile("movie", 200_000);
        TrackerProcess tracker = StartTracker();
        NativeProcess seed = Start(tracker.Port, "-seed", "movie", "-chunk_size", "64K");
        Log.WaitUntil(lines => lines.Any(line => line.StartsWith("P2PTracker,LOCAL_CHUNKS,4,")), "the announcements");
        using NaiveClient asker = Connect(tracker.Port);
        asker.Send("SET\n");
        string[] answer = asker.Receive().TrimEnd().Split(',');
        Assert.Equal(4, answer.Length);
        // Fakes that listen as ours do can't be made here: the client asks the kernel, and passes over a stranger.
        FakePeer liar = Own(new FakePeer(new ChunkSet(Random, 4, 1000), []));
        using NaiveClient announcer = Connect(tracker.Port);
        announcer.Send($"LANE,1\nSET,{answer[1]}\nLOCAL_CHUNKS,1,localhost,{liar.Port}\n");
        Log.WaitUntil(lines => lines.Any(line => line.Contains($"LOCAL_CHUNKS,1,localhost,{liar.Port}")), "the lie");
        Assert.Equal(0, Fetch(tracker.Port, "-out", "copy").WaitForExit());
        Assert.Equal(content, File.ReadAllBytes(Folder["copy"]));
        Assert.DoesNotContain(liar.Requests.All, request => request.Index == SetSyntax.DescriptionIndex);
        Assert.False(seed.HasExited);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void APeerThatSendsAnotherDescription_OrNeverEndsIt_IsPassedOver(bool neverEnds)
    {
        byte[] content = MakeFile("movie", 200_000);
        ulong id = new SetContent(Folder["movie"], 64 * 1024).Id;
        TrackerProcess tracker = StartTracker();
        FakeLanePeer liar = Own(new FakeLanePeer((socket, index) =>
        {
            if (index != SetSyntax.DescriptionIndex) return false;
            socket.Send("1,10,00000000\n1,CRC32C\n"u8);
            for (; neverEnds; Patience.Pause(TimeSpan.FromMilliseconds(50))) socket.Send("1"u8);
            return false;
        }));
        using NaiveClient announcer = Connect(tracker.Port);
        announcer.Send($"LANE,1\nSET,{id:x16}\nLOCAL_CHUNKS,1,localhost,{liar.Port}\n");
        Log.WaitFor($"P2PTracker,LOCAL_CHUNKS,1,localhost,{liar.Port}");
        Start(tracker.Port, "-seed", "movie", "-chunk_size", "64K");
        Log.WaitUntil(lines => lines.Any(line => line.StartsWith("P2PTracker,LOCAL_CHUNKS,4,")), "the announcements");
        Assert.Equal(0, Fetch(tracker.Port, "-out", "copy").WaitForExit());
        Assert.Equal(content, File.ReadAllBytes(Folder["copy"]));
        Assert.Equal($"REQUEST_CHUNK,{SetSyntax.DescriptionIndex}", liar.Lines.All[0]);
    }

    private byte[] MakeFile(string name, int bytes)
    {
        byte[] content = new byte[bytes];
        ChunkSet.Fill(content, Random);
        File.WriteAllBytes(Folder[name], content);
        return content;
    }

    private void MakeTree(string name) => TestTree.Make(Folder[name], Random);

    private string Describe(string root) => TestTree.Describe(Folder[root]);

    private static IEnumerable<string> FilesIn(string folder) =>
        Directory.GetFiles(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);

    private NativeProcess Start(int trackerPort, params string[] arguments) =>
        Own(new NativeProcess(NativePrograms.Client, Folder.Path,
            ["-tracker", $"localhost:{trackerPort}", .. arguments]));

    private NativeProcess Fetch(int trackerPort, params string[] arguments) =>
        Own(new NativeProcess(NativePrograms.Client, Folder.Path,
            ["fetch", "-tracker", $"localhost:{trackerPort}", "-exit_when_complete", "0", .. arguments]));

    private NativeProcess Run(params string[] arguments) =>
        Own(new NativeProcess(NativePrograms.Client, Folder.Path, arguments));

    private NativeProcess Shell(string script) => Own(new NativeProcess(
        "/bin/bash", Folder.Path, "-c", $"set -o pipefail; P='{NativePrograms.Client}'; {script}"));
}
