using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using P2P.Client;
using P2P.Tests.Support;
using Xunit;

namespace P2P.Tests.Client.Names;

/// <summary>The resolver, and name servers that behave badly.</summary>
public sealed class DnsResolverTests : IDisposable
{
    private static readonly byte[] Owner = [0xc0, 12];
    private readonly List<IDisposable> _servers = [];

    [Fact]
    public void WhatIsNoAnswer_IsIgnored_AndTheAnswerTaken()
    {
        using var stranger = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        int port = Serve((server, question, client) =>
        {
            byte[] answer = AnswerOf(question, 1);
            byte[] otherId = [.. answer];
            otherId[0] ^= 1;
            stranger.SendTo(AnswerOf(question, 66), client);
            foreach (byte[] each in (byte[][])[[], question, otherId, [0xff], answer, AnswerOf(question, 67)])
                server.SendTo(each, client);
        });
        Assert.Equal("10.0.0.1 ::1", Resolve(port, out _));
    }

    [Fact]
    public void OneFamilyThatGetsNoAnswer_DoesNotHideTheOther()
    {
        int port = Serve((server, question, client) =>
        {
            if (question[^3] == DnsMessage.TypeA) server.SendTo(AnswerOf(question, 1), client);
        });
        Assert.Equal("10.0.0.1", Resolve(port, out _));
    }

    [Fact]
    public void AServerThatFails_IsToldApartFromANameThatIsNot()
    {
        int failing = Serve((server, question, client) => server.SendTo(WithCode(question, 2), client));
        Assert.Equal("", Resolve(failing, out string problem));
        Assert.Equal("nothing but errors comes from 127.0.0.1, asked for hub.a.example and hub", problem);
        int unknown = Serve((server, question, client) => server.SendTo(WithCode(question, 3), client));
        Assert.Equal("", Resolve(unknown, out problem));
        Assert.Equal("no address is known to 127.0.0.1, asked for hub.a.example and hub", problem);
    }

    [Fact]
    public void AServerThatIsNotThere_OrDoesNotAnswer_IsToldOf()
    {
        Assert.Equal("", Resolve(FreePort.Next(), out string problem));
        Assert.Equal("no answer comes from 127.0.0.1, asked for hub.a.example", problem);
        Assert.Equal("", Resolve(Serve((_, _, _) => { }), out problem));
        Assert.Equal("no answer comes from 127.0.0.1, asked for hub.a.example", problem);
    }

    public void Dispose()
    {
        foreach (IDisposable server in _servers) server.Dispose();
    }

    private static string Resolve(int port, out string problem)
    {
        string[] lines = ["nameserver 127.0.0.1", "search a.example", "options timeout:1 attempts:1"];
        return string.Join<IPAddress>(' ',
            new DnsResolver(ResolverSettings.Parse(lines, [], port)).Resolve("hub", out problem));
    }

    // 10.0.0.n or ::n.
    private static byte[] AnswerOf(byte[] question, byte last) => DnsMessageTests.Answer(question,
        question[^3] == DnsMessage.TypeA
            ? DnsMessageTests.Record(Owner, DnsMessage.TypeA, 10, 0, 0, last)
            : DnsMessageTests.Record(Owner, DnsMessage.TypeAaaa, [.. new byte[15], last]));

    private static byte[] WithCode(byte[] question, byte code)
    {
        byte[] answer = DnsMessageTests.Answer(question);
        answer[3] = code;
        return answer;
    }

    // A server that does as told with each question, until the test is over.
    private int Serve(Action<Socket, byte[], EndPoint> answer)
    {
        var server = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _servers.Add(server);
        new Thread(() =>
        {
            byte[] buffer = new byte[512];
            try
            {
                while (true)
                {
                    EndPoint client = new IPEndPoint(IPAddress.Any, 0);
                    int bytes = server.ReceiveFrom(buffer, ref client);
                    answer(server, buffer[..bytes], client);
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // The test is over.
            }
        }) { IsBackground = true }.Start();
        return ((IPEndPoint)server.LocalEndPoint!).Port;
    }
}
