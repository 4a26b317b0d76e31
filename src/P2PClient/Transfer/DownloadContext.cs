using P2P.Logging;
using P2P.Posix;
using P2P.Transport;

namespace P2P.Client;

/// <summary>The parts that the download sessions of a client share.</summary>
/// <param name="traffic">Counts the bytes that come.</param>
/// <param name="chunkBytesMax">Largest chunk that is taken, in bytes.</param>
internal sealed class DownloadContext(EventLoop loop, ActionLog log, Traffic traffic, long chunkBytesMax)
{
    public EventLoop Loop => loop;

    public ActionLog Log => log;

    public Traffic Traffic => traffic;

    public long ChunkBytesMax => chunkBytesMax;

    /// <summary>The pipe through which the kernel moves bytes from a socket to a file.</summary>
    public SplicePipe Pipe { get; } = new();
}
