using System;
using System.Linq;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>
/// Messages and answers that come in pieces with short gaps, as TCP or a sender that dribbles makes them (PROTOCOL 2.2
/// and 2.7): the native programs put them together. A gap is as long as the machine makes it, so nothing runs beside
/// these, and an attempt counts only if none of its gaps was too long.
/// </summary>
[Collection(Alone.Name)]
public sealed class PiecesTests(ITestOutputHelper output) : SystemTest(output)
{
    /// <summary>Between two pieces, as far as it is ours to say.</summary>
    private static readonly TimeSpan DribbleGap = TimeSpan.FromMilliseconds(5);

    /// <summary>What has come is a message after 50 ms without a byte.</summary>
    private static readonly TimeSpan GapTolerated = TimeSpan.FromMilliseconds(45);

    [Theory]
    [InlineData("LOCAL_CHUNKS,12,localhost,5001\r\nWHERE_CHUNK,12\r\n", "GET_CHUNK_FROM,12,localhost,5001\n")]
    [InlineData("LOCAL_CHUNKS,12,localhost,5001\nWHERE_CHUNK,12\n", "GET_CHUNK_FROM,12,localhost,5001\n")]
    [InlineData("LOCAL_CHUNKS,12,localhost,5001WHERE_CHUNK,12", "GET_CHUNK_FROM,12,localhost,5001")]
    public void ASenderThatDribblesByteByByte_IsUnderstood(string sent, string answer)
    {
        AssertUnderstood(client => client.Dribble(sent, DribbleGap), answer);
    }

    [Fact]
    public void AMessageCutInItsLastNumber_WaitsForTheRest()
    {
        AssertUnderstood(client =>
        {
            client.SendAlone("WHERE_CHU");
            return client.Dribble("NK,12", DribbleGap);
        }, "CHUNK_LOCATION_UNKNOWN,12");
    }

    [Fact]
    public void AnAnswerInPieces_IsReadAsOne()
    {
        var chunks = new ChunkSet(Random, 2, 1000);
        // The first digits of the peer's port are the port of a trap.
        foreach (int attempt in Patience.Attempts("an answer in pieces, none of them late"))
        {
            using var tracker = new NaiveTracker(new TrackerManners { InPieces = true });
            (int peerPort, int trapPort) = FindTrap();
            using var peer = new FakePeer(chunks, [2], port: peerPort);
            using var trap = new FakePeer(chunks, [2], port: trapPort);
            tracker.Offer(2, peer.Port);
            ClientProcess client = StartClient($"client_{attempt}", tracker.Port, chunks, 1);
            client.WaitUntilComplete();
            client.Terminate();
            client.WaitForExit();

            if (tracker.LongestPieceGap > GapTolerated && trap.Accepted.Count > 0)
                continue;
            Assert.Empty(trap.Accepted.All);
            peer.LeftByFetcher.WaitForCount(1, "the end of the transfer from the peer whose port came in pieces");
            AssertNoFaults(tracker, peer);
            return;
        }
    }

    /// <summary>Sends until the machine let it dribble in time, and only then looks at the answer.</summary>
    /// <param name="send">Returns the longest gap between two of its pieces.</param>
    private void AssertUnderstood(Func<NaiveClient, TimeSpan> send, string answer)
    {
        foreach (int _ in Patience.Attempts($"pieces with gaps of less than {GapTolerated.TotalMilliseconds} ms"))
        {
            // A new one each time: what was cut by too long a gap has meant something, too.
            using TrackerProcess tracker = StartTracker();
            using var client = new NaiveClient(tracker.Port);
            if (send(client) > GapTolerated)
                continue;
            Assert.Equal(answer, client.Receive(answer.Length));
            client.HalfClose();
            Assert.Equal("", client.ReceiveToEnd(out bool reset));
            Assert.False(reset, "the tracker reset the connection");
            return;
        }
    }

    /// <summary>Two free ports of which one is the other without its last digit.</summary>
    private static (int Port, int Trap) FindTrap()
    {
        while (true)
        {
            int port = FreePort.Next();
            if (FreePort.IsFree(port / 10))
                return (port, port / 10);
        }
    }
}
