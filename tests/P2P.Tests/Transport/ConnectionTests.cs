using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Net;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using P2P.Posix;
using P2P.Transport;
using Xunit;

namespace P2P.Tests.Transport;

/// <summary>Connections over loopback, both ends on one loop in this process.</summary>
public sealed class ConnectionTests
{
    private const int ReadBytes = 1024;
    private static readonly TimeSpan _forEver = Timeout.InfiniteTimeSpan;

    // Runs a test on a loop of its own, with the two ends of a connection.
    private static void OnLoop(Func<EventLoop, Connection, Connection, Task> test)
    {
        var loop = new EventLoop(ReadBytes);
        Acceptor acceptor = Acceptor.Listen([IPAddress.Loopback], 0);
        var near = TcpSocket.TryCreate(new IPEndPoint(IPAddress.Loopback, acceptor.Port))!;
        loop.Run(() =>
        {
            acceptor.Start(loop, socket => _ = RunAsync(new Connection(loop, near, ReadBytes), new Connection(loop, socket, ReadBytes)));
            near.Connect();
        });

        async Task RunAsync(Connection ours, Connection theirs)
        {
            try
            {
                await test(loop, ours, theirs);
                loop.Stop();
            }
            catch (Exception e)
            {
                loop.Fail(e);
            }
            ours.Close();
            theirs.Close();
        }
    }

    private static byte[] Bytes(string text) => Encoding.ASCII.GetBytes(text);

    private static string Text(Connection connection) => Encoding.ASCII.GetString(connection.Unread);

    [Fact]
    public void WhatIsSent_IsReceivedBehindWhatIsUnread() => OnLoop(async (_, near, far) =>
    {
        await near.SendAsync(Bytes("one "), 0, 4);
        Assert.Equal(4, (await far.ReceiveAsync(_forEver)).Bytes);
        await near.SendAsync(Bytes("two "), 0, 4);
        Assert.Equal(4, (await far.ReceiveAsync(_forEver)).Bytes);
        Assert.Equal("one two ", Text(far));
        far.Consume(4);
        Assert.Equal("two ", Text(far));
    });

    [Fact]
    public void AnEndThatCameWithTheBytes_IsKnownWithThem() => OnLoop(async (loop, near, far) =>
    {
        _ = SendAndEndAsync();
        Assert.Equal(4, (await near.ReceiveAsync(_forEver)).Bytes);
        Assert.True(near.HasReadAll);
        Assert.True((await near.ReceiveAsync(_forEver)).IsEnd);
        Assert.Equal("last", Text(near));

        async Task SendAndEndAsync()
        {
            await loop.YieldAsync();        // the other end waits
            Assert.Equal(4, far.Socket.Send(Bytes("last"), isMoreToFollow: true).Bytes);
            Assert.True(far.Socket.TryShutdownSend());
        }
    });

    [Fact]
    public void AnEndThatMayStandBehindMoreBytes_IsNotKnownYet() => OnLoop(async (loop, near, far) =>
    {
        _ = SendAndEndAsync();
        Assert.Equal(ReadBytes, (await near.ReceiveAsync(_forEver)).Bytes);
        Assert.False(near.HasReadAll);
        near.Consume(ReadBytes);
        Assert.Equal(1, (await near.ReceiveAsync(_forEver)).Bytes);
        near.Consume(1);
        Assert.True((await near.ReceiveAsync(_forEver)).IsEnd);

        async Task SendAndEndAsync()
        {
            await loop.YieldAsync();
            await far.SendAsync(new byte[ReadBytes + 1], 0, ReadBytes + 1);
            Assert.True(far.Socket.TryShutdownSend());
        }
    });

    [Fact]
    public void UnreadBytes_AreKeptWhileOthersReceive() => OnLoop(async (_, near, far) =>
    {
        await near.SendAsync(Bytes("to far"), 0, 6);
        await far.ReceiveAsync(_forEver);
        await far.SendAsync(Bytes("to near"), 0, 7);
        far.KeepUnread();
        await near.ReceiveAsync(_forEver);
        Assert.Equal("to near", Text(near));
        Assert.Equal("to far", Text(far));
    });

    [Fact]
    public void NoByteInTime_IsQuiet_AndTheNextReceiveGoesOn() => OnLoop(async (_, near, far) =>
    {
        Assert.True((await far.ReceiveAsync(TimeSpan.Zero)).IsQuiet);
        Assert.True((await far.ReceiveAsync(TimeSpan.FromMilliseconds(1))).IsQuiet);
        Task<SocketResult> receiving = Receive(far);
        await near.SendAsync(Bytes("x"), 0, 1);
        Assert.Equal(1, (await receiving).Bytes);
    });

    [Fact]
    public void BytesThatAreThere_CountBeforeATimeThatIsOver() => OnLoop(async (_, near, far) =>
    {
        Task<SocketResult> receiving = Receive(far, TimeSpan.FromMilliseconds(5));
        TimeSpan start = EventLoop.Now;
        while (EventLoop.Now - start < TimeSpan.FromMilliseconds(10)) { }       // the loop comes late
        await near.SendAsync(Bytes("x"), 0, 1);
        Assert.Equal(1, (await receiving).Bytes);
    });

    [Fact]
    public void ATimeThatWasNotNeeded_DoesNotEndTheNextReceive() => OnLoop(async (loop, near, far) =>
    {
        Task<SocketResult> receiving = Receive(far, TimeSpan.FromMilliseconds(5));
        await near.SendAsync(Bytes("x"), 0, 1);
        Assert.Equal(1, (await receiving).Bytes);
        receiving = Receive(far, _forEver);
        await new LoopSignal(loop).WaitAsync(TimeSpan.FromMilliseconds(10));
        Assert.False(receiving.IsCompleted);
        await near.SendAsync(Bytes("y"), 0, 1);
        Assert.Equal(1, (await receiving).Bytes);
    });

    [Fact]
    public void ACleanEnd_ComesBehindTheLastByte() => OnLoop(async (_, near, far) =>
    {
        await near.SendAsync(Bytes("last"), 0, 4);
        Assert.True(near.Socket.TryShutdownSend());
        Assert.Equal(4, (await far.ReceiveAsync(_forEver)).Bytes);
        Assert.True((await far.ReceiveAsync(_forEver)).IsEnd);
        Assert.Equal("last", Text(far));
    });

    [Fact]
    public void AReset_IsAnErrorAndNoEnd() => OnLoop(async (_, near, far) =>
    {
        near.Socket.ResetOnClose(true);
        Task<SocketResult> receiving = Receive(far);
        near.Close();
        Assert.Equal(LibC.ECONNRESET, (await receiving).Error);
    });

    [Fact]
    public void ClosingIt_EndsWhoWaits() => OnLoop(async (_, near, _) =>
    {
        Task<SocketResult> receiving = Receive(near);
        near.Close();
        near.Close();
        Assert.Equal(SocketResult.Closed, await receiving);
        Assert.Equal(SocketResult.Closed, await near.ReceiveAsync(_forEver));
        Assert.False((await near.SendAsync(Bytes("x"), 0, 1)).IsSuccess);
    });

    [Fact]
    public void MoreThanThePeersBufferHolds_IsSentWhenItReads() => OnLoop(async (loop, near, far) =>
    {
        var big = new byte[16 * 1024 * 1024];
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
            SocketResult received = await far.ReceiveAsync(_forEver);
            Assert.True(received.Bytes > 0);
            got.AddRange(far.Unread);
            far.Consume(received.Bytes);
            if (far.HasHadTurn) await loop.YieldAsync();
        }
        Assert.Equal(big.Length, (await sending).Bytes);
        Assert.True(big.AsSpan().SequenceEqual(got.ToArray()));
    });

    [Fact]
    public void Connecting_IsRefusedWhereNobodyListens()
    {
        Acceptor acceptor = Acceptor.Listen([IPAddress.Loopback], 0);
        Assert.Throws<Win32Exception>(() => Acceptor.Listen([IPAddress.Loopback], acceptor.Port));
        TcpSocket bound = TcpSocket.Listen(new IPEndPoint(IPAddress.Loopback, 0), backlog: 1);
        IPEndPoint endPoint = bound.LocalEndPoint;
        bound.Dispose();
        using TcpSocket socket = TcpSocket.TryCreate(endPoint)!;
        int error = socket.Connect();
        if (error == LibC.EINPROGRESS) error = socket.Connect();
        Assert.NotEqual(0, error);
        Assert.NotEqual(LibC.EINPROGRESS, error);
    }

    private static Task<SocketResult> Receive(Connection connection) => Receive(connection, _forEver);

    private static async Task<SocketResult> Receive(Connection connection, TimeSpan patience) => await connection.ReceiveAsync(patience);

    private static async Task<SocketResult> Send(Connection connection, byte[] bytes) =>
        await connection.SendAsync(bytes, 0, bytes.Length);
}
