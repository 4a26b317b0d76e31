using System;

namespace P2P.Transport;

/// <summary>
/// Tells the runtime to complete operations on its one thread that waits for sockets, instead of handing each to the
/// thread pool: that thread is our loop. Without that a message crosses threads, and in lock-step the tracker answers
/// half as many questions.
/// </summary>
public static class SocketRuntime
{
    /// <summary>To be called before the first socket of the process is made: then the runtime reads its settings,
    /// once.</summary>
    public static void Prepare()
    {
        Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
        Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT", "1");
    }
}
