using System;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.Tracker;

/// <summary>In the steady state the tracker allocates nothing per message,
/// from received bytes to answer and log line.</summary>
[Collection(Alone.Name)]
public sealed class AllocationTests(ITestOutputHelper output)
{
    private const int KnownChunks = 50;

    public static TheoryData<string> Scenarios => ScenarioProgram.ScenariosOf(typeof(AllocationScenarios));

    [Theory]
    [MemberData(nameof(Scenarios))]
    public Task FromBytesToAnswersAndLog_AllocatesNothing(string scenario) => ScenarioProgram.RunAsync(scenario);

    [Fact]
    public void TheNativeTracker_AllocatesAsMuchFor1000QuestionsAsFor101000()
    {
        long few = BytesAllocatedFor(1000), many = BytesAllocatedFor(101_000);
        output.WriteLine($"{few} bytes for 1,000 questions and announcements, {many} bytes for 101,000");
        const int pooled = 3 * Limits.BufferBytes;      // what waits for its rest at one time differs from run to run
        Assert.InRange(many, few - pooled, few + pooled);
    }

    // What the tracker says, as it stops, to have allocated in its whole life with as many questions and announcements.
    private static long BytesAllocatedFor(int questions)
    {
        using var folder = new TempFolder();
        using var tracker = new TrackerProcess(folder.Path, "-port", "0", "-log", "/dev/null");
        using (var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            (socket.NoDelay, socket.ReceiveTimeout) = (true, 60_000);
            socket.Connect(IPAddress.Loopback, tracker.Port);
            AskUnframed(socket, questions / 10);
            AskInLines(socket, questions - questions / 10, announcements: questions - 1);
        }
        tracker.Terminate();
        Assert.Equal(0, tracker.WaitForExit());

        string expected =
            $"^P2PTracker stopped: 1 connection, {questions} announcements, {questions} questions, (.+) bytes "
            + "allocated$";
        Match stopped = Regex.Match(tracker.Output.All[^1], expected);
        Assert.True(stopped.Success, tracker.Describe());
        return long.Parse(stopped.Groups[1].Value);
    }

    // An announcement, and then one question, one answer, and so on.
    private static void AskUnframed(Socket socket, int questions)
    {
        byte[] question = "WHERE_CHUNK,1"u8.ToArray(), unknown = "WHERE_CHUNK,1000"u8.ToArray();
        byte[] answer = new byte[1024];
        socket.Send("LOCAL_CHUNKS,1,localhost,5001"u8);
        for (int i = 0; i < questions; i++)
        {
            socket.Send(i == 7 ? unknown : question);
            Assert.NotEqual(0, socket.Receive(answer));
        }
    }

    // As many announcements as questions, 16 questions in flight; one of them for a chunk that nobody has.
    private static void AskInLines(Socket socket, int questions, int announcements)
    {
        byte[] answers = new byte[64 * 1024];
        for (int asked = 0, announced = 0; asked < questions || announced < announcements;)
        {
            var lines = new StringBuilder();
            for (int i = 0; i < 18 && announced < announcements; i++, announced++)
                lines.Append($"LOCAL_CHUNKS,{announced % KnownChunks + 1},localhost,5001\n");
            int batch = Math.Min(16, questions - asked);
            for (int i = 0; i < batch; i++, asked++) lines.Append($"WHERE_CHUNK,{(i == 5 ? 1000 + asked : i + 1)}\n");
            socket.Send(Encoding.ASCII.GetBytes(lines.ToString()));
            while (batch > 0)
            {
                int bytes = socket.Receive(answers);
                Assert.NotEqual(0, bytes);
                batch -= answers.AsSpan(0, bytes).Count((byte)'\n');
            }
        }
    }
}
