using System;
using System.Net.Sockets;
using System.Text;
using P2P.Client;
using P2P.Protocol;

namespace P2P.Tests.Support;

/// <summary>
/// A peer that claims to be one of ours: the tracker marks it, and its sockets look so. It answers the requests of each
/// lane as the test's script says; a request without a lane gets no answer, and is noted.
/// </summary>
internal sealed class FakeLanePeer : LoopbackServer
{
    private readonly Func<Socket, int, bool> _answer;

    /// <param name="answer">Gets the connection and the chunk asked for; false ends the connection.</param>
    public FakeLanePeer(Func<Socket, int, bool> answer) : base(oneAtATime: false, port: 0, Limits.PeerUnreadBytes)
    {
        _answer = answer;
        Start();
    }

    /// <summary>Every line that came.</summary>
    public EventList<string> Lines { get; } = new();

    /// <summary>Sends a piece as it stands in PROTOCOL 9.4.</summary>
    public static void SendPiece(Socket socket, char kind, int index, ReadOnlySpan<byte> bytes, uint sum)
    {
        byte[] piece = new byte[LanePiece.HeadBytes + bytes.Length];
        new LanePiece((LanePieceKind)kind, 0, index, bytes.Length, sum).Write(piece);
        bytes.CopyTo(piece.AsSpan(LanePiece.HeadBytes));
        socket.Send(piece);
    }

    /// <summary>Sends a chunk in one piece, with its right sum.</summary>
    public static void SendChunk(Socket socket, int index, ReadOnlySpan<byte> chunk) =>
        SendPiece(socket, 'L', index, chunk, SumOf(chunk));

    public static uint SumOf(ReadOnlySpan<byte> bytes) => Crc32C.Finish(Crc32C.Add(Crc32C.Start, bytes));

    protected override void Serve(Socket socket, int connection)
    {
        string unread = "";
        byte[] buffer = new byte[4096];
        for (int count; (count = socket.Receive(buffer)) > 0;)
        {
            unread += Encoding.Latin1.GetString(buffer, 0, count);
            if (!unread.Contains('\n'))
            {
                Lines.Add(unread);      // no line of a lane
                return;
            }
            while (unread.IndexOf('\n') is >= 0 and var end)
            {
                string line = unread[..end];
                unread = unread[(end + 1)..];
                Lines.Add(line);
                bool isRequest = line.StartsWith("REQUEST_CHUNK,", StringComparison.Ordinal);
                if (isRequest && !_answer(socket, int.Parse(line.Split(',')[1]))) return;
            }
        }
    }
}
