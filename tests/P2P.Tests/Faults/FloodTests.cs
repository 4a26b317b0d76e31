using System;
using System.Diagnostics;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.Faults;

/// <summary>
/// One connection that sends more than its share: what it may put into the tracker's list is bounded, refused with a
/// count beyond that, and the others hardly notice it. Times are measured, so nothing runs beside these.
/// </summary>
[Collection(Alone.Name)]
public sealed class FloodTests(ITestOutputHelper output) : SystemTest(output)
{
    private readonly ITestOutputHelper _output = output;

    [Fact]
    public void AMillionChunkIndexesFromOneConnection_AreBounded_AndTheRestIsCounted()
    {
        const int sent = 1_100_000, listedMax = 1 << 20;
        TrackerProcess tracker = StartTracker();
        using var stranger = new RawConnection(tracker.Port);
        for (int index = 1; index <= sent; index += 1000)
            Assert.True(stranger.TrySend(
                string.Concat(Enumerable.Range(index, 1000).Select(each => $"LOCAL_CHUNKS,{each},localhost,4000\n"))));
        NaiveClient witness = Connect(tracker.Port);
        stranger.TrySend($"WHERE_CHUNK,1\n");
        while (stranger.IsQuiet)
            Assert.Equal("CHUNK_LOCATION_UNKNOWN,2000000000", witness.Ask(2_000_000_000));

        Assert.StartsWith("CHUNK_LOCATION_UNKNOWN,", witness.Ask(sent));
        witness.Announce(sent, 4001);                                   // others may still announce
        long resident = tracker.ResidentBytes();
        _output.WriteLine($"{resident / 1e6:F0} MB with {listedMax} chunks");
        Assert.InRange(resident, 1, 300_000_000);
        Assert.Equal(sent - listedMax, Refused(tracker));
    }

    [Fact]
    public void AllPortsFromOneConnection_AreBounded_AndTheRestIsCounted()
    {
        const int peersMax = 1 << 14;
        TrackerProcess tracker = StartTracker();
        NaiveClient stranger = Connect(tracker.Port);
        for (int port = 1; port <= 65535; port++)
            stranger.Send($"LOCAL_CHUNKS,1,localhost,{port}\n");
        stranger.Send("WHERE_CHUNK,1\n");
        Assert.StartsWith("GET_CHUNK_FROM,1,localhost,1,", stranger.Receive());

        long resident = tracker.ResidentBytes();
        _output.WriteLine($"{resident / 1e6:F0} MB");
        Assert.InRange(resident, 1, 60_000_000);
        Assert.InRange(Refused(tracker), 65535 - peersMax - 1, 65535 - peersMax);
    }

    [Theory]
    [InlineData("LOCAL_CHUNKS,7,localhost,4000\n")]
    [InlineData("WHERE_CHUNK,1\n")]
    [InlineData("nonsense without an end ")]
    public void AFloodOnOneConnection_SlowsTheQuestionsOfAnotherByLittle(string flood)
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient witness = Connect(tracker.Port);
        witness.Announce(1, 4001);
        Measure(witness, 200);
        byte[] bytes = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(flood, 1000)));
        using var sink = new Sink();
        foreach (int _ in Patience.Attempts("questions beside a flood that take at most twice as long"))
        {
            // In turns, since a machine is busier in one second than in the next. The flooder itself costs the machine
            // something, whomever it floods.
            double[] ratios = new double[9];
            for (int turn = 0; turn < ratios.Length; turn++)
            {
                double alone = Measure(witness, 500), besideSink = MeasureBesideFlood(witness, sink.Port, bytes);
                ratios[turn] = MeasureBesideFlood(witness, tracker.Port, bytes) / Math.Max(alone, besideSink);
            }
            double ratio = ratios.Order().ElementAt(ratios.Length / 2);
            _output.WriteLine(
                $"beside a flood of '{flood.Trim()}' the median question takes {ratio:F2} times as long "
                + $"({string.Join(", ", ratios.Select(each => $"{each:F2}"))})");
            if (ratio <= 2)
                return;
        }
    }

    // The median time of the witness's questions while somebody else sends this as fast as it is taken.
    private static double MeasureBesideFlood(NaiveClient witness, int floodedPort, byte[] bytes)
    {
        using var end = new CancellationTokenSource();
        RawConnection? stranger = null;
        Thread flooding = Start(() =>
        {
            stranger ??= new RawConnection(floodedPort);
            if (!stranger.TrySend(bytes))
            {
                stranger.Dispose();
                stranger = null;
            }
            else
                stranger.Drop();
        }, end.Token);
        Measure(witness, 500);      // what may be sent without a pause is over
        double flooded = Measure(witness, 500);
        end.Cancel();
        stranger?.Dispose();
        flooding.Join();
        return flooded;
    }

    /// <summary>Takes whatever it is sent, and does nothing with it.</summary>
    private sealed class Sink : LoopbackServer
    {
        public Sink() : base(oneAtATime: false, port: 0) => Start();

        protected override void Serve(System.Net.Sockets.Socket socket, int connection)
        {
            byte[] buffer = new byte[64 * 1024];
            while (socket.Receive(buffer) > 0)
            {
            }
        }
    }

    private static Thread Start(Action repeated, CancellationToken until)
    {
        var thread = new Thread(() =>
        {
            try
            {
                while (!until.IsCancellationRequested)
                    repeated();
            }
            catch (Exception e) when (e is ObjectDisposedException or System.Net.Sockets.SocketException)
            {
                // The test is over.
            }
        }) { IsBackground = true };
        thread.Start();
        return thread;
    }

    /// <summary>The median time of a question, in microseconds.</summary>
    private static double Measure(NaiveClient client, int questions)
    {
        double[] times = new double[questions];
        for (int i = 0; i < questions; i++)
        {
            var watch = Stopwatch.StartNew();
            client.Ask(1);
            times[i] = watch.Elapsed.TotalMicroseconds;
        }
        return times.Order().ElementAt(questions / 2);
    }

    private static int Refused(TrackerProcess tracker)
    {
        tracker.Terminate();
        Assert.Equal(0, tracker.WaitForExit());
        return int.Parse(Regex.Match(tracker.Output.All[^1], @", (\d+) announcements refused,").Groups[1].Value);
    }
}
