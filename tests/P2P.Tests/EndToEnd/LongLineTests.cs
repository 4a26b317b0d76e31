using System;
using System.Linq;
using System.Text.RegularExpressions;
using P2P.Benchmarks.Long;
using P2P.Protocol;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>A tracker and peers, each on a machine of its own, far from each other.</summary>
public sealed class LongLineTests(ITestOutputHelper output) : SystemTest(output)
{
    [LongLineTheory]
    [InlineData(20)]
    public void ANewLane_IsSentOnePieceAtOnce_AndTheRestInItsTurn(int milliseconds)
    {
        var chunks = new ChunkSet(Random, 4, 8_000_000);
        chunks.DealTo(Folder.MakeFolder("seed"), chunks.Indexes);
        using var network = new LongNetwork([20, 20], TimeSpan.FromMilliseconds(milliseconds), loss: 0);
        NativeProcess seed = network.AtPeer(0, () => Own(new NativeProcess(NativePrograms.Client, Folder.Path,
            "-folder", Folder["seed"], "-tracker", $"{network.Tracker}", "-transfer_port", "7001",
            "-upload_slots", "1")));
        seed.Output.WaitForFirst(line => line.Contains("serving on port 7001"), "the seed");
        var pieces = new EventList<(LanePiece Head, byte[] Bytes)>();
        RawLane[] lanes =
            [.. chunks.Indexes.Select(_ => network.AtPeer(1, () => Own(new RawLane(network.AddressOf(0), 7001))))];
        foreach (int index in chunks.Indexes)
        {
            lanes[index - 1].Send($"REQUEST_CHUNK,{index}\n");
            lanes[index - 1].ReceiveAll(pieces.Add);
        }

        // Each has a piece at once; then two have the turns, for seconds.
        pieces.WaitUntil(all => chunks.Indexes.All(index => CountOf(index) > 0)
            && chunks.Indexes.Count(index => CountOf(index) > 1) >= 2, "a piece of each chunk, and more of two");
        int[] order = [.. chunks.Indexes.OrderBy(CountOf)];
        Cancel(order[0]);
        Assert.Equal([order[0]], pieces.All.Where(piece => piece.Head.IsEnd).Select(piece => piece.Head.ChunkIndex));
        Cancel(order[2]);
        Cancel(order[3]);
        LanePiece last = pieces.WaitForFirst(
            piece => IsLast(piece.Head, order[1], LanePieceKind.Last), "the chunk that has waited").Head;
        Assert.Equal(FakeLanePeer.SumOf(chunks[order[1]]), last.Sum);
        chunks.AssertChunk(order[1],
            [.. pieces.All.Where(piece => piece.Head.ChunkIndex == order[1]).SelectMany(piece => piece.Bytes)],
            "the lane");

        int CountOf(int index) => pieces.All.Count(piece => piece.Head.ChunkIndex == index);

        void Cancel(int index)
        {
            lanes[index - 1].Send($"CANCEL_CHUNK,{index}\n");
            pieces.WaitForFirst(piece => IsLast(piece.Head, index, LanePieceKind.Cancelled), "the answer");
        }

        static bool IsLast(LanePiece head, int index, LanePieceKind kind) =>
            head.ChunkIndex == index && head.Kind == kind;
    }

    [LongLineTheory]
    [InlineData(20, 0)]
    [InlineData(20, 0.005)]
    [InlineData(100, 0)]
    [InlineData(100, 0.005)]
    public void ASwarm_GetsEveryByte_AndKeepsTheOrderOfTheLog(int milliseconds, double loss)
    {
        double[] uplinks = [80, 80, 80, 80];
        var chunks = new ChunkSet(Random, 24, index => index % 2 == 0 ? 200_000 : 10_000);
        using var network = new LongNetwork(uplinks, TimeSpan.FromMilliseconds(milliseconds), loss);
        NativeProcess tracker = network.AtTracker(() =>
            Own(new NativeProcess(NativePrograms.Tracker, Folder.Path, "-bind", "0.0.0.0")));
        tracker.Output.WaitForFirst(line => line.Contains(" listening on 0.0.0.0:5100"), "the tracker");

        NativeProcess[] clients = uplinks.Select((_, i) =>
        {
            chunks.DealTo(Folder.MakeFolder($"client_{i}"), i == 0 ? chunks.Indexes : []);
            return network.AtPeer(i, () => Own(new NativeProcess(NativePrograms.Client, Folder.Path,
                "-folder", Folder[$"client_{i}"], "-tracker", $"{network.Tracker}",
                "-transfer_port", $"{7001 + i}", "-verbose")));
        }).ToArray();
        foreach ((NativeProcess client, int i) in clients.Select((client, i) => (client, i)))
        {
            client.Output.WaitForFirst(
                line => line.Contains($"client_{i}: complete, all 24 "), $"client_{i} to be complete");
            chunks.AssertComplete(Folder[$"client_{i}"]);
        }
        string[] asOnOneMachine = [.. Log.Lines.Select(line => Regex.Replace(line, @"10\.78\.0\.\d", "localhost"))];
        Assert.Empty(LogOrder.FaultsIn(asOnOneMachine));

        // Each of the others had one connection to the seed.
        foreach (NativeProcess client in clients[1..])
        {
            client.Terminate();
            Assert.Equal(0, client.WaitForExit());
        }
        for (int i = 1; i < clients.Length; i++)
            clients[0].Errors.WaitForFirst(line => IsFrom(line, i), $"the lane from client_{i} to end");
        Assert.Equal(3, clients[0].Errors.All.Count(line => IsFrom(line, 1) || IsFrom(line, 2) || IsFrom(line, 3)));

        bool IsFrom(string line, int client) => line.Contains($"connection from peer {network.AddressOf(client)}:");
    }
}
