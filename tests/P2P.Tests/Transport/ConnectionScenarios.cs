using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using P2P.Tests.Support;
using P2P.Transport;
using Xunit;

namespace P2P.Tests.Transport;

/// <summary>Connections over loopback, both ends on one loop;
/// each in a process of its own (<see cref="LoopTests"/>).</summary>
internal static class ConnectionScenarios
{
    private const int ReadBytes = 1024;
    private static readonly TimeSpan NoTimeout = Timeout.InfiniteTimeSpan;

    // Runs a scenario on a loop of its own, with the two ends of a connection.
    private static void OnLoop(Func<EventLoop, Connection, Connection, Task> scenario)
    {
        var loop = new EventLoop(ReadBytes);
        var acceptor = Acceptor.Listen([IPAddress.Loopback], 0);
        Connection? far = null;
        var accepted = new LoopSignal(loop);
        loop.Run(() =>
        {
            acceptor.Start(loop, OnAccepted);
            _ = RunAsync(new Connection(loop, NewSocket(), ReadBytes));
        });

        void OnAccepted(Socket socket)
        {
            far = new Connection(loop, socket, ReadBytes);
            accepted.Set();
        }

        async Task RunAsync(Connection near)
        {
            try
            {
                Assert.True((await near.ConnectAsync(new IPEndPoint(IPAddress.Loopback, acceptor.Port))).IsSuccess);
                await accepted.WaitAsync(NoTimeout);
                await scenario(loop, near, far!);
                loop.Stop();
            }
            catch (Exception e)
            {
                loop.Fail(e);
            }
            near.Close();
            far?.Close();
        }
    }

    private static string CongestionControlOf(Socket socket)
    {
        Span<byte> name = stackalloc byte[16];
        const int tcp = 6, congestion = 13;     // netinet/tcp.h
        return Encoding.ASCII.GetString(name[..socket.GetRawSocketOption(tcp, congestion, name)]).TrimEnd('\0');
    }

    private static Socket NewSocket() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    private static byte[] Bytes(string text) => Encoding.ASCII.GetBytes(text);

    private static string Text(Connection connection) => Encoding.ASCII.GetString(connection.Unread);

    public static void WhatIsSent_IsReceivedBehindWhatIsUnread() => OnLoop(async (_, near, far) =>
    {
        await near.SendAsync(Bytes("one "), 0, 4);
        Assert.Equal(4, (await far.ReceiveAsync(NoTimeout)).Bytes);
        await near.SendAsync(Bytes("two "), 0, 4);
        Assert.Equal(4, (await far.ReceiveAsync(NoTimeout)).Bytes);
        Assert.Equal("one two ", Text(far));
        far.Consume(4);
        Assert.Equal("two ", Text(far));
    });

    public static void AnEndThatCameWithTheBytes_IsKnownWithThem() => OnLoop(async (loop, near, far) =>
    {
        _ = SendAndEndAsync();
        Assert.Equal(4, (await near.ReceiveAsync(NoTimeout)).Bytes);
        Assert.True(near.LookForEnd());
        Assert.True((await near.ReceiveAsync(NoTimeout)).IsEnd);
        Assert.Equal("last", Text(near));

        async Task SendAndEndAsync()
        {
            await loop.YieldAsync();        // the other end waits
            far.Socket.SendFullPackets();
            Assert.Equal(4, far.Send(Bytes("last")).Bytes);
            Assert.True(far.Socket.TryShutdownSend());
        }
    });

    public static void AnEndThatMayStandBehindMoreBytes_IsNotKnownYet() => OnLoop(async (loop, near, far) =>
    {
        _ = SendAndEndAsync();
        Assert.Equal(ReadBytes, (await near.ReceiveAsync(NoTimeout)).Bytes);
        Assert.False(near.LookForEnd());
        near.Consume(ReadBytes);
        Assert.Equal(1, (await near.ReceiveAsync(NoTimeout)).Bytes);
        near.Consume(1);
        Assert.True((await near.ReceiveAsync(NoTimeout)).IsEnd);

        async Task SendAndEndAsync()
        {
            await loop.YieldAsync();
            await far.SendAsync(new byte[ReadBytes + 1], 0, ReadBytes + 1);
            Assert.True(far.Socket.TryShutdownSend());
        }
    });

    public static void UnreadBytes_AreKeptWhileOthersReceive() => OnLoop(async (_, near, far) =>
    {
        await near.SendAsync(Bytes("to far"), 0, 6);
        await far.ReceiveAsync(NoTimeout);
        await far.SendAsync(Bytes("to near"), 0, 7);
        await near.ReceiveAsync(NoTimeout);
        Assert.Equal("to near", Text(near));
        Assert.Equal("to far", Text(far));
    });

    public static void NoByteInTime_IsQuiet_AndTheNextReceiveGoesOn() => OnLoop(async (_, near, far) =>
    {
        Assert.True((await far.ReceiveAsync(TimeSpan.Zero)).IsTimedOut);
        Assert.True((await far.ReceiveAsync(TimeSpan.FromMilliseconds(1))).IsTimedOut);
        Task<SocketResult> receiving = Receive(far);
        await near.SendAsync(Bytes("x"), 0, 1);
        Assert.Equal(1, (await receiving).Bytes);
    });

    public static void BytesThatAreThere_CountBeforeATimeThatIsOver() => OnLoop(async (_, near, far) =>
    {
        Task<SocketResult> receiving = Receive(far, TimeSpan.FromMilliseconds(5));
        TimeSpan start = EventLoop.Now;
        while (EventLoop.Now - start < TimeSpan.FromMilliseconds(10)) { }       // the loop comes late
        await near.SendAsync(Bytes("x"), 0, 1);
        Assert.Equal(1, (await receiving).Bytes);
    });

    public static void ATimeThatWasNotNeeded_DoesNotEndTheNextReceive() => OnLoop(async (loop, near, far) =>
    {
        Task<SocketResult> receiving = Receive(far, TimeSpan.FromMilliseconds(5));
        await near.SendAsync(Bytes("x"), 0, 1);
        Assert.Equal(1, (await receiving).Bytes);
        receiving = Receive(far, NoTimeout);
        await new LoopSignal(loop).WaitAsync(TimeSpan.FromMilliseconds(10));
        Assert.False(receiving.IsCompleted);
        await near.SendAsync(Bytes("y"), 0, 1);
        Assert.Equal(1, (await receiving).Bytes);
    });

    public static void ACleanEnd_ComesBehindTheLastByte() => OnLoop(async (_, near, far) =>
    {
        await near.SendAsync(Bytes("last"), 0, 4);
        Assert.True(near.Socket.TryShutdownSend());
        Assert.Equal(4, (await far.ReceiveAsync(NoTimeout)).Bytes);
        Assert.True((await far.ReceiveAsync(NoTimeout)).IsEnd);
        Assert.Equal("last", Text(far));
    });

    public static void EndingTheStream_DropsWhatThePeerSends_UntilThePeerEndsItsOwn() => OnLoop(
        async (loop, near, far) =>
        {
            await far.SendAsync(Bytes("late"), 0, 4);
            Task ending = near.EndStreamAsync(loop, TimeSpan.FromSeconds(30));
            Assert.True((await far.ReceiveAsync(NoTimeout)).IsEnd);
            await far.SendAsync(Bytes("later"), 0, 5);
            Assert.False(ending.IsCompleted);
            Assert.True(far.Socket.TryShutdownSend());
            await ending;
            Assert.Equal("", Text(near));
            near.Close();
            Assert.True((await far.ReceiveAsync(NoTimeout)).IsEnd);
        });

    public static void EndingTheStream_WaitsNoLongerThanItsTimeout() => OnLoop(async (loop, near, far) =>
    {
        await near.EndStreamAsync(loop, TimeSpan.FromMilliseconds(5));
        near.Close();
        Assert.True((await far.ReceiveAsync(NoTimeout)).IsEnd);
    });

    public static void AReset_IsAnErrorAndNoEnd() => OnLoop(async (_, near, far) =>
    {
        near.Socket.ResetOnClose(true);
        Task<SocketResult> receiving = Receive(far);
        near.Close();
        Assert.Equal(SocketError.ConnectionReset, (await receiving).Error);
    });

    public static void ClosingIt_EndsWhoWaits() => OnLoop(async (_, near, _) =>
    {
        Task<SocketResult> receiving = Receive(near);
        near.Close();
        near.Close();
        Assert.Equal(SocketResult.Closed, await receiving);
        Assert.Equal(SocketResult.Closed, await near.ReceiveAsync(NoTimeout));
        Assert.False((await near.SendAsync(Bytes("x"), 0, 1)).IsSuccess);
    });

    public static void MoreThanThePeersBufferHolds_IsSentWhenItReads() => OnLoop(async (loop, near, far) =>
    {
        byte[] big = new byte[16 * 1024 * 1024];
        new Random(1).NextBytes(big);
        Task<SocketResult> sending = Send(near, big);
        Assert.False(sending.IsCompleted);

        // Nothing to do for either end: the loop must sleep, and not run in circles over what nobody reads.
        int rounds = 0;
        loop.OnRoundEnd = () => rounds++;
        var pause = new LoopSignal(loop);
        await pause.WaitAsync(TimeSpan.FromMilliseconds(20));
        Assert.InRange(rounds, 0, 50);      // circles would be thousands

        var got = new List<byte>();
        while (got.Count < big.Length)
        {
            SocketResult received = await far.ReceiveAsync(NoTimeout);
            Assert.True(received.Bytes > 0);
            got.AddRange(far.Unread);
            far.Consume(received.Bytes);
            if (far.HasHadTurn) await loop.YieldAsync();
        }
        Assert.Equal(big.Length, (await sending).Bytes);
        Assert.True(big.AsSpan().SequenceEqual(got.ToArray()));
    });

    public static void Connecting_IsRefusedWhereNobodyListens() => OnLoop(async (loop, _, _) =>
    {
        var acceptor = Acceptor.Listen([IPAddress.Loopback], 0);
        SocketException taken =
            Assert.Throws<SocketException>(() => Acceptor.Listen([IPAddress.Loopback], acceptor.Port));
        Assert.True(Acceptor.IsPortTaken(taken));
        using Socket bound = NewSocket();
        bound.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var connection = new Connection(loop, NewSocket(), ReadBytes);
        Assert.Equal(SocketError.ConnectionRefused,
            (await connection.ConnectAsync((IPEndPoint)bound.LocalEndPoint!)).Error);
    });

    // A client knows a tracker of ours by what its socket has inherited, and may connect at once.
    public static void AListener_IsConfigured_BeforeAnyoneCanConnect() => OnLoop(async (loop, _, _) =>
    {
        SocketException? refused = null;
        Acceptor.Listen([IPAddress.Loopback], 0, listener =>
        {
            using Socket early = NewSocket();
            refused = Assert.Throws<SocketException>(() => early.Connect(listener.LocalEndPoint!));
        });
        Assert.Equal(SocketError.ConnectionRefused, refused?.SocketErrorCode);
        await loop.YieldAsync();
    });

    // A peer that is late, and those behind it, wait for the answers of the others: as a rule they come then.
    public static void WhereAQuickPeerIsLate_TheAnswersAtHandLeaveFirst_IfTheyAreEight() => OnLoop(async (loop, _, _) =>
    {
        Assert.Equal("01234567!!!!!!!!9!", await RunRoundAsync(loop, late: 8));
        Assert.Equal("01234568!!!!!!!!", await RunRoundAsync(loop, late: 7));
    });

    // Peers of which the last but one does not send, all in one round: the numbers of those whose message is read, and
    // a mark for each answer.
    private static async Task<string> RunRoundAsync(EventLoop loop, int late)
    {
        var happened = new StringBuilder();
        using Socket listener = NewSocket();
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        List<Socket> peers = [];
        List<Connection> connections = [];
        for (int number = 0; number <= late + 1; number++)
        {
            Socket peer = NewSocket();
            peer.Connect(listener.LocalEndPoint!);
            peer.Send("1"u8);
            peers.Add(peer);
            connections.Add(new Connection(loop, listener.Accept(), ReadBytes, isPeerQuick: true));
            _ = AnswerAsync(connections[number], number);
        }
        Assert.False(loop.IsLone);
        foreach (Socket peer in peers)
        {
            if (peer != peers[late]) peer.Send("2"u8);
        }
        await loop.YieldAsync();
        await loop.YieldAsync();
        peers.ForEach(peer => peer.Dispose());
        connections.ForEach(connection => connection.Close());
        return happened.ToString();

        async Task AnswerAsync(Connection connection, int number)
        {
            await connection.ReceiveAsync(NoTimeout);
            connection.Consume(connection.Unread.Length);
            if (!(await connection.ReceiveAsync(NoTimeout)).IsSuccess) return;
            happened.Append(number);
            connection.Consume(connection.Unread.Length);
            await loop.RoundEndAsync();
            happened.Append('!');
        }
    }

    // Many machines pace packets by default, which is right for a line and costs a third of the speed within a machine.
    public static void OnlyWithinAMachine_NothingIsPaced() => OnLoop(async (loop, _, _) =>
    {
        using Socket plain = NewSocket();
        foreach (IPAddress address in (IPAddress[])[IPAddress.Loopback, IPAddress.Any])
        {
            Socket? accepted = null;
            var signal = new LoopSignal(loop);
            var acceptor = Acceptor.Listen([address], 0);
            acceptor.Start(loop, OnAccepted);
            using Connection? near =
                await Connector.ConnectAsync(loop, [IPAddress.Loopback], acceptor.Port, ReadBytes, Patience.Limit);
            await signal.WaitAsync(NoTimeout);
            Assert.Equal("reno", CongestionControlOf(near!.Socket));
            Assert.Equal(IPAddress.IsLoopback(address) ? "reno" : CongestionControlOf(plain),
                CongestionControlOf(accepted!));
            accepted!.Dispose();

            void OnAccepted(Socket socket)
            {
                accepted = socket;
                signal.Set();
            }
        }
    });

    public static void ASecondWaiter_IsAnAssertion() => OnLoop(async (_, near, _) =>
    {
        var failures = new AssertionList();
        Task<SocketResult> first = Receive(near);
        Assert.Empty(failures.All);
        _ = near.ReceiveAsync(NoTimeout);
        Assert.Equal("one receive at a time", Assert.Single(failures.All));
        near.Close();
        Assert.Equal(SocketResult.Closed, await first);
    });

    public static void WhatIsReturnedTwice_IsAnAssertion() => OnLoop((loop, _, _) =>
    {
        var failures = new AssertionList();
        byte[] buffer = loop.Buffers.Rent();
        loop.Buffers.Return(buffer);
        Assert.Empty(failures.All);
        loop.Buffers.Return(buffer);
        Assert.Single(failures.All);
        return Task.CompletedTask;
    });

    public static void WhatIsNeverReturned_IsAnAssertionAtTheEnd()
    {
        var failures = new AssertionList();
        OnLoop((loop, _, _) =>
        {
            loop.Buffers.Rent();
            return Task.CompletedTask;
        });
        Assert.Contains(nameof(WhatIsNeverReturned_IsAnAssertionAtTheEnd), Assert.Single(failures.All));
    }

    private static Task<SocketResult> Receive(Connection connection) => Receive(connection, NoTimeout);

    private static async Task<SocketResult> Receive(Connection connection, TimeSpan patience) =>
        await connection.ReceiveAsync(patience);

    private static async Task<SocketResult> Send(Connection connection, byte[] bytes) =>
        await connection.SendAsync(bytes, 0, bytes.Length);
}
