using System;
using System.Net.Sockets;
using System.Text;
using P2P.Tests.Support;

namespace P2P.Tests.Faults;

/// <summary>
/// A serving side whose conduct the test writes itself, per request: the script gets the connection and the chunk asked
/// for, sends what it likes, and says how the connection ends.
/// For faults that <see cref="PeerManners"/> has no word for.
/// </summary>
internal sealed class ScriptedPeer : LoopbackServer
{
    private readonly Func<ScriptedPeer, Socket, int, PeerEnd> _script;

    /// <param name="script">Gets this peer, the connection and the chunk's index (0 for what is no request).</param>
    public ScriptedPeer(Func<ScriptedPeer, Socket, int, PeerEnd> script)
        : base(oneAtATime: false, port: 0)
    {
        _script = script;
        Start();
    }

    /// <summary>The chunks asked for, in order.</summary>
    public EventList<int> Requests { get; } = new();

    /// <summary>Is slow for that long, or until the peer is disposed.</summary>
    public void Idle(TimeSpan duration) => Pause(duration);

    /// <summary>Sends all of it; throws when the fetcher has gone.</summary>
    public static void Send(Socket socket, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[socket.Send(bytes)..];
    }

    /// <summary>Sends one byte a second until all is sent or the fetcher goes.</summary>
    public void Trickle(Socket socket, ReadOnlySpan<byte> bytes)
    {
        for (int sent = 0; sent < bytes.Length; sent++)
        {
            Send(socket, bytes.Slice(sent, 1));
            Idle(TimeSpan.FromSeconds(1));
        }
    }

    protected override void Serve(Socket socket, int connection)
    {
        byte[] buffer = new byte[1024];
        string[] fields = Encoding.Latin1.GetString(buffer, 0, socket.Receive(buffer)).Split(',');
        int index = fields is ["REQUEST_CHUNK", _] && int.TryParse(fields[1], out int number) ? number : 0;
        Requests.Add(index);
        switch (_script(this, socket, index))
        {
            case PeerEnd.Reset:
                socket.Close(0);
                return;
            case PeerEnd.Clean:
                socket.Shutdown(SocketShutdown.Send);
                break;
        }
        ReadToEnd(socket, out _);
    }
}
