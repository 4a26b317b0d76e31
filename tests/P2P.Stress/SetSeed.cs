using System;
using System.Net;
using System.Net.Sockets;
using System.Text;
using P2P.Tests.Support;

namespace P2P.Stress;

/// <summary>A client that serves an original in place.</summary>
internal sealed class SetSeed(ChaosSwarm swarm, int number, SetOriginal original) : ChaosMember(swarm)
{
    private bool _isOriginalChanged;

    /// <summary>Bytes a second that it may send; null: any number. From its next run on.</summary>
    public long? Limit { get; set; }

    /// <summary>The original is changed now: it has to stop to serve.</summary>
    public void OnChanged() => _isOriginalChanged = true;

    /// <summary>Looks whether it has ended by itself.</summary>
    public void Poll()
    {
        if (Run is not { Process.HasExited: true } run)
            return;
        Run = null;
        EndOf(run, signal: 0, mustBeClean: false);
    }

    /// <summary>Asks for a chunk of a file that has changed: it must not send it whole, and must end.</summary>
    public void JudgeChanged(int chunkIndex, string change)
    {
        Poll();
        if (Run is not { } run)
            return;
        if (TryFetch(run.Process.Port, chunkIndex))
            Count(Violation.OtherFaults, $"it serves a file that has changed ({change})", run);
        else if (!run.Process.HasExitedWithin(ChaosSwarm.ProcessPatience))
            Count(Violation.OtherFaults, $"it goes on although a file has changed ({change})", run);
        Poll();
    }

    public void Judge() => JudgeRuns(isOnSmallDisk: false, hasChangedFiles: _isOriginalChanged);

    protected override ClientRun Make(int run)
    {
        string name = $"s{number}.{run}";
        string[] limit = Limit is { } rate ? ["-upload_limit", $"{rate}"] : [];
        string[] arguments =
        [
            "-seed", original.Path, "-chunk_size", $"{original.ChunkBytes}", "-name", name,
            "-tracker", $"localhost:{Swarm.TrackerPort}", .. limit,
        ];
        return new ClientRun(
            new ClientProcess(Swarm.WorkFolder, name, original.Path, arguments), before: null, history: "");
    }

    protected override void OnEnded(ClientRun run, int signal, int exitCode, bool mustBeClean)
    {
        bool isRight = exitCode switch
        {
            0 => signal is not (0 or Libc.SigKill),
            1 => _isOriginalChanged,
            _ => signal != 0 && exitCode == 128 + signal && !mustBeClean,
        };
        if (!isRight)
            Count(Violation.UndocumentedExits, $"exit code {exitCode} after {ChaosSwarm.NameOf(signal)}", run);
    }

    private static bool TryFetch(int port, int chunkIndex)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            ReceiveTimeout = Patience.SocketMilliseconds,
        };
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            socket.Send(Encoding.ASCII.GetBytes($"REQUEST_CHUNK,{chunkIndex}"));
            byte[] buffer = new byte[65536];
            while (socket.Receive(buffer) > 0)
            {
            }
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
