using System;
using System.Runtime.ExceptionServices;
using System.Threading;
using P2P.Benchmarks.Support;

namespace P2P.Benchmarks.Shaped;

/// <summary>
/// A network of its own, without a name and without a file: it goes when this process ends, however it ends, and all
/// that were started in it have ended. Needs root.
/// </summary>
internal sealed class NetworkNamespace : IDisposable
{
    private readonly int _descriptor;

    public NetworkNamespace() => _descriptor = OnThread(() =>
    {
        LibC.Check(LibC.unshare(LibC.CLONE_NEWNET));
        return LibC.Open("/proc/thread-self/ns/net");
    });

    /// <summary>How `ip` can name it.</summary>
    public string Path => $"/proc/{Environment.ProcessId}/fd/{_descriptor}";

    /// <summary>Starts a process, or makes a socket, that lives in it.</summary>
    public T Inside<T>(Func<T> make) => OnThread(() =>
    {
        LibC.Check(LibC.setns(_descriptor, LibC.CLONE_NEWNET));
        return make();
    });

    public void Dispose() => LibC.close(_descriptor);

    // Only a thread changes its network, and this one belongs to no pool and ends then.
    private static T OnThread<T>(Func<T> action)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                result = action();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }
}
