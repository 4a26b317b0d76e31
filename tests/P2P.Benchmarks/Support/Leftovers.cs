using System;
using System.Collections.Generic;
using System.Threading;

namespace P2P.Benchmarks.Support;

/// <summary>
/// Everything that must not outlive the benchmarks: processes, folders, network namespaces. What is left when the
/// program ends, by an error or by Ctrl-C as well, is disposed here, the youngest first. Thread-safe.
/// </summary>
internal static class Leftovers
{
    private static readonly Lock Gate = new();
    private static readonly List<IDisposable> Living = [];
    private static volatile bool _isClosed;

    /// <summary>Makes something that has to go in the end;
    /// it takes itself out by <see cref="Remove"/> when disposed.</summary>
    /// <param name="make">Runs under the lock, so that no signal comes between making and noting.</param>
    public static T Add<T>(Func<T> make) where T : IDisposable
    {
        lock (Gate)
        {
            if (!_isClosed)
            {
                T made = make();
                Living.Add(made);
                return made;
            }
        }
        WaitIfClosed();
        throw new InvalidOperationException();
    }

    /// <summary>Does not return once a signal has begun to end the program:
    /// what fails now fails because of that.</summary>
    public static void WaitIfClosed()
    {
        if (_isClosed)
            Thread.Sleep(Timeout.Infinite);
    }

    /// <returns>False if it had been removed before.</returns>
    public static bool Remove(IDisposable item)
    {
        lock (Gate)
            return Living.Remove(item);
    }

    /// <summary>Disposes what is left; nothing can be made after it.</summary>
    public static void DisposeAll()
    {
        lock (Gate)
        {
            _isClosed = true;
            while (Living.Count > 0)
            {
                IDisposable youngest = Living[^1];
                youngest.Dispose();
                Living.Remove(youngest);
            }
        }
    }
}
