using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using P2P.Benchmarks.Support;
using P2P.Tests.Support;

namespace P2P.Benchmarks.Tracker;

/// <summary>A redis-server without persistence on a port of its own.</summary>
internal sealed class RedisServer : IDisposable
{
    public RedisServer(string folder, int connectionsMax)
    {
        Port = FreePort.Next();
        Process = ChildProcess.Start(folder, "redis-server", "--port", $"{Port}", "--bind", "127.0.0.1",
            "--save", "", "--appendonly", "no", "--tcp-backlog", "4096", "--maxclients", $"{connectionsMax}");
        Process.WaitForLine("Ready to accept connections", TimeSpan.FromSeconds(20));
    }

    public int Port { get; }

    public ChildProcess Process { get; }

    /// <summary>A command as RESP.</summary>
    public static byte[] Command(params IReadOnlyList<string> words) =>
        Encoding.ASCII.GetBytes(
            $"*{words.Count}\r\n{string.Concat(words.Select(word => $"${word.Length}\r\n{word}\r\n"))}");

    /// <summary>Sets the key `chunk` so that the answer to GET has that many bytes on the wire,
    /// `$12\r\n...\r\n`.</summary>
    public void SetAnswer(int bytes)
    {
        int value = bytes - 5;
        while (value + $"{value}".Length + 5 > bytes)
            value--;
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(IPAddress.Loopback, Port);
        socket.Send(Command("SET", "chunk", new string('x', value)));
        socket.Receive(new byte[64]);
    }

    public void Dispose() => Process.Dispose();
}
