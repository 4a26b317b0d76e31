using System.Collections.Generic;
using System.Diagnostics;
using Microsoft.Extensions.ObjectPool;

namespace P2P.Transport;

/// <summary>
/// A pool that knows who has rented, in DEBUG: nothing may be returned twice or by somebody who never rented it, and at
/// the end nothing may be missing. In a release build it is the pool of the package, and costs nothing more.
/// </summary>
internal sealed class LoopPool<T>(IPooledObjectPolicy<T> policy, int idleMax) : ObjectPool<T> where T : class
{
    private readonly DefaultObjectPool<T> _pool = new(policy, idleMax);
#if DEBUG
    private readonly Dictionary<T, string> _rented = new(ReferenceEqualityComparer.Instance);
#endif

    /// <summary>Rents an item, which goes back through <see cref="Return"/> or <see cref="Abandon"/>.</summary>
    public override T Get()
    {
        T item = _pool.Get();
        NoteRent(item);
        return item;
    }

    /// <summary>Gives an item back that nobody uses any more.</summary>
    public override void Return(T item)
    {
        NoteEnd(item);
        _pool.Return(item);
    }

    /// <summary>Gives an item up: something may still use it, so that nobody else must get it.</summary>
    public void Abandon(T item) => NoteEnd(item);

    /// <summary>Asserts that everything came back.</summary>
    [Conditional("DEBUG")]
    public void AssertNothingRented()
    {
#if DEBUG
        Debug.Assert(_rented.Count == 0, $"rented and not returned: {string.Join("; ", _rented.Values)}");
#endif
    }

    [Conditional("DEBUG")]
    private void NoteRent(T item)
    {
#if DEBUG
        _rented.Add(item, new StackTrace(skipFrames: 2, fNeedFileInfo: false).ToString());
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
