using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.ObjectPool;

namespace P2P.Transport;

/// <summary>
/// A pool that, in DEBUG, knows the method that rented each item: no item may be returned twice or without having been
/// rented, and at the end none may be missing. In a release build it is the pool of the package, and costs nothing
/// more. Hot: allocates nothing in a release build.
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

    /// <summary>Gives an item back that is no longer used.</summary>
    public void Return(T item)
    {
        NoteEnd(item);
        _pool.Return(item);
    }

    /// <summary>Gives an item up that the runtime may still use, so that the pool must not lend it again.</summary>
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

/// <summary>Makes the buffers of a loop's pool.</summary>
internal sealed class BufferPolicy : PooledObjectPolicy<byte[]>
{
    public override byte[] Create() => GC.AllocateUninitializedArray<byte>(Limits.BufferBytes, pinned: true);

    public override bool Return(byte[] buffer) => true;
}
