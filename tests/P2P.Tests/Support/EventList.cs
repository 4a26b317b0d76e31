using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using Xunit.Sdk;

namespace P2P.Tests.Support;

/// <summary>
/// What was seen so far (lines of a process, messages at a fake, requests at a peer), in the order in which it
/// came. One thread adds; any thread waits until what it wants to see is there. A wait that takes too long, or that
/// can't succeed because the source has ended, fails the test and says what was seen instead. Thread-safe.
/// </summary>
internal sealed class EventList<T>
{
    private readonly List<T> _items = [];
    private bool _ended;

    /// <summary>A copy of everything seen until now.</summary>
    public IReadOnlyList<T> All
    {
        get { lock (_items) return _items.ToArray(); }
    }

    public int Count
    {
        get { lock (_items) return _items.Count; }
    }

    public void Add(T item)
    {
        lock (_items)
        {
            _items.Add(item);
            Monitor.PulseAll(_items);
        }
    }

    /// <summary>Says that nothing comes any more: whoever still waits fails at once.</summary>
    public void End()
    {
        lock (_items)
        {
            _ended = true;
            Monitor.PulseAll(_items);
        }
    }

    /// <summary>Waits for an item that is wanted; false if the time is up, or none can come any more.</summary>
    public bool TryWaitFor(Func<T, bool> wanted, TimeSpan limit)
    {
        var watch = Stopwatch.StartNew();
        lock (_items)
        {
            while (!_items.Any(wanted))
            {
                TimeSpan left = limit - watch.Elapsed;
                if (_ended || left <= TimeSpan.Zero)
                    return false;
                Monitor.Wait(_items, left);
            }
            return true;
        }
    }

    /// <summary>Waits for the first item that is wanted, and returns it.</summary>
    public T WaitForFirst(Func<T, bool> wanted, string what) =>
        WaitUntil(items => items.Any(wanted), what).First(wanted);

    /// <summary>Waits until there are that many items.</summary>
    public IReadOnlyList<T> WaitForCount(int count, string what) => WaitUntil(items => items.Count >= count, what);

    /// <summary>Waits until the condition holds and returns all items of that moment.</summary>
    /// <param name="reached">Called under the list's lock, again after each new item.</param>
    /// <param name="what">What is waited for, for the message of a failed test.</param>
    public IReadOnlyList<T> WaitUntil(Func<IReadOnlyList<T>, bool> reached, string what)
    {
        var watch = Stopwatch.StartNew();
        lock (_items)
        {
            while (!reached(_items))
            {
                TimeSpan left = Patience.Limit - watch.Elapsed;
                if (_ended || left <= TimeSpan.Zero || !Monitor.Wait(_items, left))
                {
                    if (reached(_items))
                        break;
                    throw new XunitException($"Waited {watch.Elapsed.TotalSeconds:F1} s for {what}"
                        + $"{(_ended ? ", and nothing comes any more" : "")}. Seen ({_items.Count}):\n"
                        + string.Join("\n", _items.TakeLast(60)));
                }
            }
            return _items.ToArray();
        }
    }
}
