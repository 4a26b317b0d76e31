using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using P2P.Tests.Support;

namespace P2P.Stress;

/// <summary>Makes a picture of the tracker's page: a swarm of peers that only announce, about half full.</summary>
internal static class PagePicture
{
    private static readonly string[] Names = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"];

    /// <summary>Writes a PNG.</summary>
    /// <param name="options">Peers, chunks, width, height, and then `dark` or `light`;
    /// the first may be left out from the right.</param>
    public static int Make(string file, string[] options)
    {
        if (Chromium.Find() is null)
        {
            Console.Error.WriteLine("there is no chromium here: apt-get install chromium");
            return 2;
        }
        int Number(int at, int otherwise) => options.Length > at ? int.Parse(options[at]) : otherwise;
        int peers = Number(0, 12), chunks = Number(1, 256), width = Number(2, 1280), height = Number(3, 1000);
        var random = new Random(7);
        using var folder = new TempFolder();
        using var tracker = new TrackerProcess(folder.Path, "-port", "0", "-log", "/dev/null");
        using var browser = new Chromium();
        browser.Look(width, height, dark: options.Contains("dark"));

        Announcer[] swarm = Enumerable.Range(0, peers).Select(i => new Announcer(tracker.Port, 40101 + i)).ToArray();
        Queue<int>[] left =
            swarm.Select(_ => new Queue<int>(Enumerable.Range(1, chunks).OrderBy(_ => random.Next()))).ToArray();
        for (int i = 0; i < Math.Min(peers, Names.Length); i++)
            swarm[i].SayName(Names[i]);
        browser.Open($"http://localhost:{tracker.Port}/");
        browser.WaitUntil("document.getElementById('state').className.includes('live')");

        // Some rounds, so that there is something in the time line; the last is the one that is "just now".
        const int rounds = 24;
        for (int round = 1; round <= rounds; round++)
        {
            // Some rounds before the end, which is estimated since a peer came or left.
            bool hasGone = round >= rounds - 10 && peers > 3;
            if (hasGone && round == rounds - 10)
                swarm[peers - 2].Dispose();
            for (int i = 0; i < peers; i++)
            {
                if (hasGone && i == peers - 2)
                    continue;
                double share = i == 0 ? 1 : Math.Clamp(.15 + .75 * ((i * 5 + 2) % peers) / peers, 0, 1);
                int wanted = Math.Max(1, (int)(chunks * share * round / rounds)) - (chunks - left[i].Count)
                    + (i == 0 ? chunks : 0);
                int[] news = Enumerable.Range(0, Math.Clamp(wanted, 0, left[i].Count))
                    .Select(_ => left[i].Dequeue()).ToArray();
                swarm[i].Announce(news);
                swarm[i].Ask(news.Take(1 + (round * 7 + i) % 5));
            }
            browser.Evaluate(
                "new Promise(resolve => { const last = stats.uptime_ms; const look = setInterval("
                + "() => { if (stats.uptime_ms > last) { clearInterval(look); resolve(1); } }, 20); })");
        }
        File.WriteAllBytes(file, browser.Screenshot());
        foreach (Announcer peer in swarm)
            peer.Dispose();
        foreach (string complaint in browser.Complaints)
            Console.Error.WriteLine(complaint);
        Console.WriteLine($"{file}: {new FileInfo(file).Length} bytes");
        return browser.Complaints.Count == 0 ? 0 : 1;
    }
}
