using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using P2P.Tests.Support;
using Xunit;

namespace P2P.Tests.Tracker;

/// <summary>What a client sends in one write, again and again, to the tracker itself; each in a process of its own
/// (<see cref="AllocationTests"/>). The rounds are fewer where the protocol holds an answer back,
/// or waits for the rest of a message.</summary>
internal static class AllocationScenarios
{
    private const int KnownChunks = 50;

    public static void LinesInOneRead()
    {
        IEnumerable<string> lines = Enumerable.Range(1, 20)
            .Select(i => $"LOCAL_CHUNKS,{i},localhost,5001\nWHERE_CHUNK,{i}\r\nWHERE_CHUNK,{i + 10}\n\n");
        AssertAllocatesNothing(string.Concat(lines), announcements: 20, questions: 40, rounds: 200);
    }

    public static void AQuestion() =>
        AssertAllocatesNothing("WHERE_CHUNK,1", announcements: 0, questions: 1, rounds: 500);

    public static void AQuestionThatNobodyCanAnswer() =>
        AssertAllocatesNothing("WHERE_CHUNK,999", announcements: 0, questions: 1, rounds: 50);

    public static void AnAnnouncement() =>
        AssertAllocatesNothing("LOCAL_CHUNKS,1,localhost,5001", announcements: 1, questions: 0, rounds: 500);

    public static void SeveralMessagesInOneRead() => AssertAllocatesNothing(
        "LOCAL_CHUNKS,1,localhost,5001LOCAL_CHUNKS,2,localhost,5001WHERE_CHUNK,2", announcements: 2,
        questions: 1, rounds: 20);

    private static void AssertAllocatesNothing(string read, int announcements, int questions, int rounds)
    {
        using var tracker = new TrackerInThisProcess();
        using var client =
            new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.Connect(IPAddress.Loopback, tracker.Port);
        byte[] bytes = Encoding.ASCII.GetBytes(read), answers = new byte[64 * 1024];
        long sentBytes = client.Send(Encoding.ASCII.GetBytes(string.Concat(
            Enumerable.Range(1, KnownChunks).Select(i => $"LOCAL_CHUNKS,{i},localhost,5001"))));
        // Unframed, the last announcement counts when no more comes for a while.
        while (tracker.Look().Announcements < KnownChunks) Patience.Pause(TimeSpan.FromMilliseconds(1));
        for (int round = 0; round < 20; round++) Round();       // compiles, fills the list

        // A collection takes the rest of the loop's allocation buffer away and counts it as allocated: only a run
        // without one tells. And ZLogger's generic code keeps a message off the heap only once the runtime has compiled
        // it anew, with optimization, as native code always is.
        foreach (int _ in Patience.Attempts("a run without an allocation"))
        {
            (long Announcements, long Questions, long AllocatedBytes) before = tracker.Look();
            for (int round = 0; round < rounds; round++) Round();
            (long Announcements, long Questions, long AllocatedBytes) after = tracker.Look();
            Assert.Equal((rounds * announcements, rounds * questions),
                (after.Announcements - before.Announcements, after.Questions - before.Questions));
            if (after.AllocatedBytes == before.AllocatedBytes) return;
        }

        // Each answer has an end of line, or there is only one.
        void Round()
        {
            sentBytes += client.Send(bytes);
            if (questions == 0) client.WaitUntilRead(sentBytes);
            for (int left = questions; left > 0;)
            {
                int count = client.Receive(answers);
                Assert.NotEqual(0, count);
                left -= questions == 1 ? 1 : answers.AsSpan(0, count).Count((byte)'\n');
            }
        }
    }
}
