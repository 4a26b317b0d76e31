using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using P2P.Benchmarks.Support;

namespace P2P.Benchmarks.Swarms;

/// <summary>
/// A BitTorrent tracker (BEP 3, compact answers as in BEP 23). The first answers are held back until everybody is
/// there: giving them is the starting signal for all.
/// </summary>
internal sealed class AnnounceServer : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly HashSet<IPEndPoint> _peers = [];
    private readonly CountdownEvent _missing;
    private readonly ManualResetEventSlim _start = new();

    public AnnounceServer(IPAddress address, int peers)
    {
        _missing = new CountdownEvent(peers);
        _listener.Bind(new IPEndPoint(address, 0));
        _listener.Listen(512);
        new Thread(Accept) { IsBackground = true }.Start();
    }

    public string Url => $"http://{_listener.LocalEndPoint}/announce";

    /// <summary>Waits until every peer has announced itself.</summary>
    public void WaitForAll()
    {
        if (!_missing.Wait(Patience))
            throw new BenchmarkException(
                $"{_missing.CurrentCount} of {_missing.InitialCount} peers have not announced themselves");
    }

    /// <summary>Answers all of them, with the addresses of all others.</summary>
    public void Start() => _start.Set();

    public void Dispose()
    {
        _start.Set();
        _listener.Dispose();
    }

    private void Accept()
    {
        try
        {
            while (true)
            {
                Socket socket = _listener.Accept();
                new Thread(() => Answer(socket)) { IsBackground = true }.Start();
            }
        }
        catch (SocketException)
        {
            // disposed
        }
    }

    private void Answer(Socket socket)
    {
        using var stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            // GET /announce?info_hash=...&port=6881&... HTTP/1.1
            using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
            string request = reader.ReadLine() ?? "";
            while (reader.ReadLine() is { Length: > 0 })
            {
            }
            if (!Regex.Match(request, @"[?&]port=(\d+)").Groups[1].Success)
                return;
            var peer = new IPEndPoint(((IPEndPoint)socket.RemoteEndPoint!).Address,
                int.Parse(Regex.Match(request, @"[?&]port=(\d+)").Groups[1].Value));
            lock (_peers)
                if (_peers.Add(peer))
                    _missing.Signal();
            _start.Wait();
            byte[] others;
            lock (_peers)
                others = _peers.Where(each => !each.Equals(peer))
                    .SelectMany(each => each.Address.GetAddressBytes()
                        .Concat(new[] { (byte)(each.Port >> 8), (byte)each.Port })).ToArray();
            byte[] head = Encoding.ASCII.GetBytes($"d8:intervali5e12:min intervali1e5:peers{others.Length}:");
            byte[] body = [.. head, .. others, (byte)'e'];
            stream.Write(Encoding.ASCII.GetBytes(
                $"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {body.Length}\r\n"
                + "Connection: close\r\n\r\n"));
            stream.Write(body);
        }
        catch (IOException)
        {
            // The peer has gone.
        }
    }
}
