using System;
using System.IO;
using System.Linq;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>
/// What the native programs cost: bytes on disk and in memory, time to start, and that they need nothing around them.
/// </summary>
[Collection(Alone.Name)]
public sealed class FootprintTests(ITestOutputHelper output) : SystemTest(output)
{
    private const long TrackerBytesMax = 3_200_000, ClientBytesMax = 3_600_000;
    private const long IdleTrackerBytesMax = 6_000_000;
    private const double StartUpTimesC = 5;

    // The same race for both programs, in C so that nothing of the tests' own runtime is measured: from the moment
    // before exec to the first connection that is accepted, medians, the two programs taking turns.
    private const string RaceSource = """
        #include <arpa/inet.h>
        #include <fcntl.h>
        #include <signal.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <sys/socket.h>
        #include <sys/wait.h>
        #include <time.h>
        #include <unistd.h>
        static int ascending(const void *a, const void *b) { return *(const double *)a < *(const double *)b ? -1 : 1; }
        static double now(void) {
            struct timespec t;
            clock_gettime(CLOCK_MONOTONIC, &t);
            return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
        }
        /* race ROUNDS PORT LISTENER TRACKER LOG: prints both medians, in microseconds */
        int main(int count, char **arg) {
            int rounds = atoi(arg[1]), quiet = open("/dev/null", O_WRONLY);
            double *times[2] = { calloc(rounds, sizeof(double)), calloc(rounds, sizeof(double)) };
            char *command[2][6] = { { arg[3], arg[2] }, { arg[4], "-port", arg[2], "-log", arg[5] } };
            struct sockaddr_in to = {
                .sin_family = AF_INET, .sin_port = htons(atoi(arg[2])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
            };
            struct linger reset = { 1, 0 };
            for (int run = 0; run < 2 * rounds; run++) {
                double start = now();
                pid_t child = vfork();
                if (child == 0) { dup2(quiet, 1); execv(command[run % 2][0], command[run % 2]); _exit(127); }
                int s;
                for (;;) {
                    s = socket(AF_INET, SOCK_STREAM, 0);
                    if (connect(s, (struct sockaddr *)&to, sizeof to) == 0) break;
                    close(s);
                    if (now() - start > 5e6) {
                        kill(child, SIGKILL);
                        fprintf(stderr, "no connection within 5 s\n");
                        return 1;
                    }
                }
                times[run % 2][run / 2] = now() - start;
                setsockopt(s, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
                close(s);
                kill(child, SIGKILL);
                waitpid(child, NULL, 0);
            }
            for (int i = 0; i < 2; i++) qsort(times[i], rounds, sizeof(double), ascending);
            printf("%.0f %.0f\n", times[0][rounds / 2], times[1][rounds / 2]);
            return 0;
        }
        """;

    private const string ListenerSource = """
        #include <arpa/inet.h>
        #include <stdlib.h>
        #include <sys/socket.h>
        #include <unistd.h>
        int main(int count, char **arg) {
            int on = 1, s = socket(AF_INET, SOCK_STREAM, 0);
            struct sockaddr_in at = {
                .sin_family = AF_INET, .sin_port = htons(atoi(arg[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
            };
            setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
            if (bind(s, (struct sockaddr *)&at, sizeof at) || listen(s, 512)) return 1;
            for (;;) close(accept(s, 0, 0));
        }
        """;

    private readonly ITestOutputHelper _output = output;

    [PublishedFact]
    public void EachBinary_IsSmall()
    {
        Assert.InRange(new FileInfo(NativePrograms.Tracker).Length, 1, TrackerBytesMax);
        Assert.InRange(new FileInfo(NativePrograms.Client).Length, 1, ClientBytesMax);
    }

    [Fact]
    public void TheIdleTracker_HoldsAtMost6MegabytesInMemory()
    {
        TrackerProcess tracker = StartTracker();
        Assert.Equal("CHUNK_LOCATION_UNKNOWN,1", Connect(tracker.Port).Ask(1));

        long resident = tracker.ResidentBytes();
        _output.WriteLine($"idle tracker: {resident / 1e6:F2} MB");
        Assert.InRange(resident, 1, IdleTrackerBytesMax);
    }

    [Fact]
    public void TheTracker_AcceptsItsFirstConnection_WithinFiveTimesTheTimeOfAStaticCProgram()
    {
        string race = Compile("race", RaceSource);
        string listener = Compile("listener", ListenerSource);
        double best = double.MaxValue;
        // Other work on the machine only makes it slower: one quiet series of three is enough to show what it needs.
        for (int series = 0; series < 3 && best > StartUpTimesC; series++)
        {
            using var process = new NativeProcess(race, Folder.Path,
                "21", $"{FreePort.Next()}", listener, NativePrograms.Tracker, Log.Path);
            Assert.Equal(0, process.WaitForExit());
            double[] medians = Assert.Single(process.Output.All).Split(' ').Select(double.Parse).ToArray();
            _output.WriteLine($"C {medians[0]} us, tracker {medians[1]} us: {medians[1] / medians[0]:F1} times");
            best = Math.Min(best, medians[1] / medians[0]);
        }
        Assert.InRange(best, 0, StartUpTimesC);
    }

    [RootFact]
    public void BothPrograms_RunInAnEmptyChroot()
    {
        string root = Folder.MakeFolder("root");
        foreach (string program in new[] { NativePrograms.Tracker, NativePrograms.Client })
            File.Copy(program, Path.Combine(root, Path.GetFileName(program)));
        var chunks = new ChunkSet(Random, 4, 100_000);
        foreach ((string name, int[] held) in new[] { ("client_1", new[] { 1, 2 }), ("client_2", [3, 4]) })
            chunks.DealTo(Directory.CreateDirectory(Path.Combine(root, name)).FullName, held);

        int port = FreePort.Next();
        NativeProcess tracker = Own(new NativeProcess("chroot", Folder.Path, root, "/P2PTracker", "-port", $"{port}"));
        tracker.Output.WaitForFirst(line => line.Contains($"listening on localhost:{port}"),
            "the tracker in the chroot");
        NativeProcess[] clients =
            new[] { "client_1", "client_2" }.Select(name => Own(new NativeProcess("chroot", Folder.Path,
                root, "/P2PClient", "-folder", $"/{name}", "-tracker", $"localhost:{port}"))).ToArray();

        foreach (NativeProcess client in clients)
            client.Output.WaitForFirst(line => line.Contains(": complete, all 4 chunks"),
                "a client in the chroot to be complete");
        chunks.AssertComplete(Path.Combine(root, "client_1"));
        chunks.AssertComplete(Path.Combine(root, "client_2"));
        Assert.Empty(LogOrder.FaultsIn(new LogReader(Path.Combine(root, "logs.log")).Lines));
    }

    private string Compile(string name, string source)
    {
        File.WriteAllText(Folder[$"{name}.c"], source);
        using var gcc = new NativeProcess("gcc", Folder.Path, "-static", "-O2", "-o", name, $"{name}.c");
        Assert.True(gcc.WaitForExit() == 0, $"gcc, which publishes the programs too, failed:\n{gcc.Describe()}");
        return Folder[name];
    }
}
