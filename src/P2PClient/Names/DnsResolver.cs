using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using P2P.Transport;

namespace P2P.Client;

/// <summary>
/// Asks name servers for the addresses of a host: a static executable can't use the system's resolver. Waits for the
/// servers, so it must not be called on the loop. An answer that is cut off is used as far as it goes: nothing is asked
/// over TCP.
/// </summary>
internal sealed class DnsResolver(ResolverSettings settings)
{
    /// <summary>Looks a name up, as it is and in the domains of the settings.</summary>
    /// <param name="host">As of <see cref="DnsMessage.IsName"/>.</param>
    /// <param name="problem">Why nothing was found, and who was asked for what.</param>
    /// <returns>The addresses to try in turn, those of IPv4 first; none if no server has told any.</returns>
    public IPAddress[] Resolve(string host, out string problem)
    {
        SocketRuntime.Prepare();
        List<string> names = settings.NamesOf(host);
        List<IPAddress> found = [];
        DnsAnswer worst = DnsAnswer.Found;
        int count = 0;
        while (count < names.Count)
        {
            DnsAnswer answer = AskAll(names[count++], found);
            if (answer < worst) worst = answer;
            if (answer is DnsAnswer.Found or DnsAnswer.None) break;     // the next name would wait as long
        }
        string servers = string.Join(", ", Array.ConvertAll(settings.Servers, server => server.Address.ToString()));
        string asked = string.Join(" and ", names.GetRange(0, count));
        string reason = worst switch
        {
            DnsAnswer.None => "no answer comes from",
            DnsAnswer.Failed => "nothing but errors comes from",
            _ => "no address is known to",
        };
        problem = $"{reason} {servers}, asked for {asked}";
        return [.. found];
    }

    // Until one server has told, one way or the other.
    private DnsAnswer AskAll(string name, List<IPAddress> found)
    {
        DnsAnswer best = DnsAnswer.None;
        for (int attempt = 0; attempt < settings.Attempts; attempt++)
        {
            foreach (IPEndPoint server in settings.Servers)
            {
                DnsAnswer answer = Ask(server, name, found);
                if (answer > best) best = answer;
                if (best >= DnsAnswer.NotFound) return best;
            }
        }
        return best;
    }

    // Both questions leave at once. The socket is connected, so the kernel drops what others send to it, and reports
    // that no program listens at the server's port.
    private DnsAnswer Ask(IPEndPoint server, string name, List<IPAddress> found)
    {
        ushort id = (ushort)Random.Shared.Next();
        byte[][] questions =
        [
            DnsMessage.Question(name, id, DnsMessage.TypeA),
            DnsMessage.Question(name, (ushort)(id + 1), DnsMessage.TypeAaaa),
        ];
        try
        {
            using var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(server);
            foreach (byte[] question in questions)
            {
                socket.Send(question, 0, question.Length, SocketFlags.None, out SocketError error);
                if (error != SocketError.Success) return DnsAnswer.None;
            }
            return Receive(socket, questions, found);
        }
        catch (SocketException)
        {
            return DnsAnswer.None;      // there is no way to the server, or no descriptor left
        }
    }

    private DnsAnswer Receive(Socket socket, byte[][] questions, List<IPAddress> found)
    {
        List<IPAddress>[] addresses = [[], []];
        DnsAnswer[] answers = [DnsAnswer.None, DnsAnswer.None];
        byte[] buffer = new byte[DnsMessage.BytesMax];
        TimeSpan end = EventLoop.Now + settings.Timeout;
        while (answers[0] == DnsAnswer.None || answers[1] == DnsAnswer.None)
        {
            int left = (int)(end - EventLoop.Now).TotalMilliseconds;
            if (left <= 0) break;
            socket.ReceiveTimeout = left;
            int bytes = socket.Receive(buffer, 0, buffer.Length, SocketFlags.None, out SocketError error);
            if (error != SocketError.Success) break;
            for (int i = 0; i < answers.Length; i++)
            {
                if (answers[i] == DnsAnswer.None)
                    answers[i] = DnsMessage.Read(buffer.AsSpan(0, bytes), questions[i], addresses[i]);
            }
        }
        found.AddRange(addresses[0]);
        found.AddRange(addresses[1]);
        Debug.Assert(found.Count == 0 || answers[0] == DnsAnswer.Found || answers[1] == DnsAnswer.Found,
            "addresses come with an answer");
        if (found.Count > 0) return DnsAnswer.Found;
        return answers[0] < answers[1] ? answers[0] : answers[1];
    }
}
