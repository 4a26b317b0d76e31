using System.Collections.Generic;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.ObjectPool;

namespace P2P.Transport;

/// <summary>
/// A pool that knows who has rented, in DEBUG: nothing may be returned twice or by somebody who never rented it, and at
/// the end nothing may be missing. In a release build it is the pool of the package, and costs nothing more. Hot:
/// allocates nothing in either.
/// </summary>
public sealed class LoopPool<T>(IPooledObjectPolicy<T> policy, int idleMax) where T : class
{
    private readonly DefaultObjectPool<T> _pool = new(policy, idleMax);
#if DEBUG
    private readonly Dictionary<T, (string Method, int Line)> _rented = new(ReferenceEqualityComparer.Instance);
#endif

    /// <summary>Rents an item, which goes back through <see cref="Return"/> or <see cref="Abandon"/>.</summary>
    public T Rent([CallerMemberName] string method = "", [CallerLineNumber] int line = 0)
    {
        T item = _pool.Get();
        NoteRent(item, method, line);
        return item;
    }

    /// <summary>Gives an item back that nobody uses any more.</summary>
    public void Return(T item)
    {
        NoteEnd(item);
        _pool.Return(item);
    }

    /// <summary>Gives an item up: something may still use it, so that nobody else must get it.</summary>
    public void Abandon(T item) => NoteEnd(item);

    /// <summary>Asserts that everything came back.</summary>
    [Conditional("DEBUG")]
    internal void AssertNothingRented()
    {
#if DEBUG
        Debug.Assert(_rented.Count == 0, $"rented and not returned: {string.Join(", ", _rented.Values)}");
#endif
    }

    [Conditional("DEBUG")]
    private void NoteRent(T item, string method, int line)
    {
#if DEBUG
        _rented.Add(item, (method, line));
#endif
    }

    [Conditional("DEBUG")]
    private void NoteEnd(T item)
    {
#if DEBUG
        Debug.Assert(_rented.Remove(item), "returned twice, or never rented");
#endif
    }
}
