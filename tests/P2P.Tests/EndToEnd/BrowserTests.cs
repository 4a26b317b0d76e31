using System;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>The page in a real browser, while a real swarm works.</summary>
[Waits(22)]
public sealed class BrowserTests(ITestOutputHelper output) : SystemTest(output)
{
    private static string Shown(string id) => $"document.getElementById('{id}').textContent";

    [ChromiumFact]
    public void WhileASwarmFillsUp_ThePageShowsIt_AndTheConsoleIsClean()
    {
        TrackerProcess tracker = StartTracker();
        using var browser = new Chromium();
        browser.Look(1280, 900);
        browser.Open($"http://localhost:{tracker.Port}/");
        browser.WaitUntil($"{Shown("state")} === 'Live' && {Shown("size")} === 'Nobody has announced a chunk yet.'");

        var chunks = new ChunkSet(Random, 60, 20_000);
        ClientProcess first =
            StartClient("client_0", tracker.Port, chunks, chunks.Indexes.Where(index => index % 2 == 0));
        browser.WaitUntil($"{Shown("size")} === '1 peer × 60 chunks' && {Shown("chunks2")} === '30 that nobody has'");
        Assert.Equal("30 of 60", (string?)browser.Evaluate(Painted(columns: 60, row: 0)));
        ClientProcess[] others = Enumerable.Range(1, 3).Select(i => StartClient($"client_{i}", tracker.Port, chunks,
            chunks.Indexes.Where(index => index % 6 == 2 * i - 1))).ToArray();
        foreach (ClientProcess client in others.Append(first))
            client.WaitUntilComplete();
        browser.WaitUntil(
            $"{Shown("complete")} === '4 of 4' && {Shown("peers2")} === '4 connected, 0 gone' && {Shown("complete2")} "
            + "=== '100 % of all is spread'");
        for (int row = 0; row < 4; row++)
            Assert.Equal("60 of 60", (string?)browser.Evaluate(Painted(columns: 60, row)));
        Assert.Equal($"client_0 localhost:{first.Port}complete60100 %",
            (string?)browser.Evaluate(Shown("rows").Replace(".textContent", ".firstChild.textContent")));

        others[0].Kill();
        browser.WaitUntil($"{Shown("peers2")} === '3 connected, 1 gone'");
        AssertNoComplaints(browser);
        Assert.All(browser.Requested.Where(each => !each.StartsWith("data:", StringComparison.Ordinal)),
            each => Assert.StartsWith($"http://localhost:{tracker.Port}/", each));

        tracker.Kill();
        browser.WaitUntil($"{Shown("state")} === 'No answer'");
        Assert.StartsWith("The tracker does not answer. These are the figures of ",
            (string?)browser.Evaluate(Shown("lost")));
        Assert.Equal("grayscale(1)",
            (string?)browser.Evaluate("getComputedStyle(document.querySelector('main')).filter"));
        Assert.Equal("4", (string?)browser.Evaluate(Shown("peers")));
    }

    [ChromiumFact]
    public void ACell_IsTold_ByMouseAndByKeys()
    {
        TrackerProcess tracker = StartTracker();
        using var announcer = new Announcer(tracker.Port, 4001);
        announcer.Announce(1, 3, 5);
        using var browser = new Chromium();
        browser.Look(1280, 900);
        browser.Open($"http://127.0.0.1:{tracker.Port}/");
        browser.WaitUntil($"{Shown("size")} === '1 peer × 5 chunks'");

        browser.Evaluate("document.getElementById('grid').focus()");
        browser.PressKey("ArrowRight");
        Assert.Equal("localhost:4001\nChunk 1: has it, 1 peer of 1 has it", (string?)browser.Evaluate(Shown("tip")));
        browser.PressKey("ArrowRight");
        Assert.Equal("localhost:4001\nChunk 2: lacks it, 0 peers of 1 have it",
            (string?)browser.Evaluate(Shown("tip")));
        browser.PressKey("Escape");
        Assert.True((bool)browser.Evaluate("document.getElementById('tip').hidden")!);

        JsonNode place = browser.Evaluate(
            "(() => { const box = canvas.getBoundingClientRect();"
            + " return [box.left + plot.left + 2.5 * plot.cell, box.top + 8]; })()")!;
        browser.MoveMouse((double)place[0]!, (double)place[1]!);
        Assert.Equal("localhost:4001\nChunk 3: has it, 1 peer of 1 has it", (string?)browser.Evaluate(Shown("tip")));
        AssertNoComplaints(browser);
    }

    [ChromiumFact]
    public void AnEmptyTracker_TellsHowToStartAClient_AndWithOneTheMatrixTakesThatPlace()
    {
        TrackerProcess tracker = StartTracker();
        using var browser = new Chromium();
        browser.Look(1280, 900);
        browser.Open($"http://localhost:{tracker.Port}/");
        browser.WaitUntil("!document.getElementById('start').hidden");
        Assert.Equal($"./P2PClient -seed movie.mkv -tracker localhost:{tracker.Port}",
            ((string?)browser.Evaluate("document.querySelector('pre').textContent"))!.Split('\n')[^1]);
        browser.Evaluate("document.querySelector('.cmd button').click()");
        browser.WaitUntil("document.querySelector('.cmd button').textContent === 'Copied'");

        using var announcer = new Announcer(tracker.Port, 4001);
        announcer.Announce(1, 2);
        browser.WaitUntil("document.getElementById('start').hidden && !canvas.hidden");
        AssertNoComplaints(browser);
    }

    [ChromiumFact]
    public void Peers_AreSortedAndFiltered_AndThoseThatHaveNothingAreRows()
    {
        TrackerProcess tracker = StartTracker();
        using var browser = new Chromium();
        browser.Look(1280, 900, calm: true);
        Announcer[] announcers = [.. new[] { 9012, 9001, 9003 }.Select(port => Own(new Announcer(tracker.Port, port)))];
        announcers[0].Announce(1, 2, 3, 4);
        announcers[1].Announce(1, 2);
        announcers[2].Announce(3);
        Own(new Announcer(tracker.Port, 0)).Ask(3);
        browser.Open($"http://localhost:{tracker.Port}/");
        browser.WaitUntil($"{Shown("peers2")} === '3 connected, 0 gone, 1 waiting'");

        const string ports = "view.map(row => row.ms >= 0 ? 'waiting' : row.port).join(' ')";
        Assert.Equal("9012 9001 9003 waiting", (string?)browser.Evaluate(ports));
        Assert.Equal("complete lacks 2 lacks 3 waiting", (string?)browser.Evaluate(
            "[...document.querySelectorAll('td.s')].map(each => each.textContent).join(' ')"));
        Press("chunks");
        Assert.Equal("waiting 9003 9001 9012", (string?)browser.Evaluate(ports));
        Press("chunks");
        Assert.Equal("9012 9001 9003 waiting", (string?)browser.Evaluate(ports));
        Press("kind");
        Assert.Equal("9012 9001 9003 waiting", (string?)browser.Evaluate(ports));
        // No port of the range for outgoing connections, which the waiting client has, begins with a 9.
        browser.Evaluate("$('find').value = 't:9'; $('find').dispatchEvent(new Event('input'))");
        Press("name");
        Assert.Equal("9001 9003 9012", (string?)browser.Evaluate(ports));
        browser.Evaluate("$('kind').value = 'live'; $('kind').dispatchEvent(new Event('input'))");
        Assert.Equal("9001 9003", (string?)browser.Evaluate(ports));
        Assert.Equal("2 of 4", (string?)browser.Evaluate(Shown("some")));
        Assert.Equal("2 of 4", (string?)browser.Evaluate(Painted(columns: 4, row: 0)));
        Assert.Equal("Chunks by how many peers have them: 1 chunk with 1 peer, 3 chunks with 2 peers",
            (string?)browser.Evaluate("$('hist').getAttribute('aria-label')"));
        AssertNoComplaints(browser);

        void Press(string by) => browser.Evaluate($"document.querySelector('th button[value={by}]').click()");
    }

    // A page that was opened late has the time before, and what it shows does not jump about.
    [ChromiumFact]
    public void APageThatIsOpenedLate_ShowsWhatHasBeen_AndNothingShifts()
    {
        TrackerProcess tracker = StartTracker();
        using var announcer = new Announcer(tracker.Port, 4001);
        announcer.Announce(1, 2, 3);
        using var browser = new Chromium();
        browser.Look(1280, 900, calm: true);
        browser.Open($"http://localhost:{tracker.Port}/");
        browser.WaitUntil("samples.length > 2");          // the tracker's first, one after five seconds, and now
        browser.Open($"http://127.0.0.1:{tracker.Port}/");
        browser.Evaluate(
            "window.shifted = 0; new PerformanceObserver(list => { for (const each of list.getEntries()) "
            + "shifted += each.value; }).observe({ type: 'layout-shift', buffered: true })");
        browser.WaitUntil($"{Shown("state")} === 'Live'");
        Assert.True((bool)browser.Evaluate("samples.length > 2 && samples[0].at < 1000 && samples[1].held === 3")!);
        Assert.InRange((double)browser.Evaluate("shifted")!, 0, 0.1);       // what browsers call good
        AssertNoComplaints(browser);
    }

    // No horizontal scrolling, whatever the size of the window and of the swarm, in light and in dark.
    [ChromiumFact]
    public void ThePage_FitsAnyWindow_WithFewAndWithManyPeers()
    {
        TrackerProcess tracker = StartTracker();
        using var browser = new Chromium();
        browser.Look(1280, 900, calm: true);
        browser.Open($"http://localhost:{tracker.Port}/");
        foreach ((int peers, int chunks) in new[] { (3, 5), (200, 4096) })
        {
            Announcer[] announcers = Enumerable.Range(0, peers)
                .Select(i => Own(new Announcer(tracker.Port, 4001 + i))).ToArray();
            for (int i = 0; i < peers; i++)
                announcers[i].Announce(
                    Enumerable.Range(1, chunks).Where(chunk => chunk == 1 || i == 0 || Random.Next(peers) < i));
            browser.WaitUntil($"{Shown("size")}.includes('{peers} peers × {chunks:N0} chunks')");
            foreach (int width in new[] { 360, 1600 })
            foreach (bool dark in new[] { false, true })
            {
                browser.Look(width, 900, dark, calm: true);
                Assert.Equal(width, (int)browser.Evaluate(
                    "new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(() => "
                    + "resolve(document.documentElement.scrollWidth))))")!);
                Assert.InRange((int)browser.Evaluate("Math.round(plot.drawn * plot.cell)")!, 200, width);
            }
        }
        AssertNoComplaints(browser);
    }

    private static void AssertNoComplaints(Chromium browser) =>
        Assert.True(browser.Complaints.Count == 0, string.Join('\n', browser.Complaints));

    // How many of a row's cells have another color than one that nobody has, in the middle of each.
    private static string Painted(int columns, int row) => $$"""
        (() => {
          const copy = document.createElement('canvas');
          [copy.width, copy.height] = [canvas.width, canvas.height];
          const pen = copy.getContext('2d', { willReadFrequently: true }), lack = parts('lack').join();
          pen.drawImage(canvas, 0, 0);
          let painted = 0;
          for (let x = 0; x < {{columns}}; x++) {
            const at = pen.getImageData(plot.left + (x + .5) * plot.cell, ({{row}} + .4) * plot.high, 1, 1).data;
            if ([at[0], at[1], at[2]].join() !== lack) painted++;
          }
          return painted + ' of ' + plot.drawn;
        })()
        """;
}
