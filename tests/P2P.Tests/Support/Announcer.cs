using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace P2P.Tests.Support;

/// <summary>A peer that only says what it has, for looking at the tracker's list: no folder, no process,
/// nothing served.</summary>
internal sealed class Announcer(int trackerPort, int port) : IDisposable
{
    private readonly NaiveClient _tracker = new(trackerPort);

    /// <summary>Says how its user calls it; before it announces anything.</summary>
    public void SayName(string name) => _tracker.Send($"NAME,{name}\n");

    /// <summary>Announces chunks in lines, and asks; when it returns, the tracker has them all.</summary>
    public void Announce(params IEnumerable<int> chunks)
    {
        var lines = new StringBuilder();
        int last = 0;
        foreach (int chunk in chunks)
            lines.Append($"LOCAL_CHUNKS,{last = chunk},localhost,{port}\n");
        if (last == 0)
            return;
        _tracker.Send(lines.Append($"WHERE_CHUNK,{last}\n").ToString());
        while (!_tracker.Receive().EndsWith('\n'))
        {
        }
    }

    /// <summary>Asks for chunks one by one.</summary>
    public void Ask(params IEnumerable<int> chunks)
    {
        foreach (int chunk in chunks.ToArray())
        {
            _tracker.Send($"WHERE_CHUNK,{chunk}\n");
            while (!_tracker.Receive().EndsWith('\n'))
            {
            }
        }
    }

    public void Dispose() => _tracker.Dispose();
}
