using System;
using System.Diagnostics;
using System.Runtime.InteropServices;
using P2P.Benchmarks.Support;

namespace P2P.Benchmarks.Tracker;

/// <summary>
/// Asks a server as fast as it answers: one request in flight per connection, the next one as soon as the answer is
/// complete. An answer is known by its length, which never changes: nothing of it is looked at. One thread, one
/// epoll, no allocation, so that the server is what limits it. The same loop asks our tracker and Redis.
/// </summary>
internal sealed unsafe class LoadGenerator : IDisposable
{
    private const int EventsMax = 512, ReadBytes = 64 * 1024;
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(10), Quiet = TimeSpan.FromMilliseconds(100);

    private readonly LoadConnections _connections;
    private readonly int _epoll;
    private readonly byte* _events = (byte*)NativeMemory.Alloc((nuint)(EventsMax * LibC.EventBytes));
    private readonly byte* _read = (byte*)NativeMemory.Alloc(ReadBytes);
    private readonly byte* _request;
    private readonly int _requestBytes;
    private readonly int _answerBytes;
    private readonly int[] _missing;            // bytes of the answer that have not come yet, by connection
    private readonly long[] _sentAt;
    private readonly LatencyHistogram _latencies = new();

    /// <summary>Connects, and learns from a first exchange how long an answer is.</summary>
    public LoadGenerator(int port, int connections, ReadOnlySpan<byte> request)
    {
        _connections = new LoadConnections(port, connections);
        _missing = new int[connections];
        _sentAt = new long[connections];
        _requestBytes = request.Length;
        _request = (byte*)NativeMemory.Alloc((nuint)request.Length);
        request.CopyTo(new Span<byte>(_request, request.Length));
        _epoll = LibC.Check(LibC.epoll_create1(LibC.EPOLL_CLOEXEC));
        byte* entry = stackalloc byte[LibC.EventBytes];
        for (int i = 0; i < connections; i++)
        {
            *(uint*)entry = LibC.EPOLLIN;
            *(ulong*)(entry + LibC.EventDataOffset) = (ulong)i;
            LibC.Check(LibC.epoll_ctl(_epoll, LibC.EPOLL_CTL_ADD, _connections.Sockets[i], entry));
        }
        _answerBytes = LearnAnswerBytes();
    }

    /// <summary>Bytes that answer one request.</summary>
    public int AnswerBytes => _answerBytes;

    /// <summary>Asks on all connections for as long; every request that was sent is answered when it returns.</summary>
    public LoadResult Run(TimeSpan duration)
    {
        _latencies.Clear();
        long start = Stopwatch.GetTimestamp(), end = start + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        long exchanges = 0;
        int open = _missing.Length;
        for (int i = 0; i < _missing.Length; i++)
            Send(i, start);
        while (open > 0)
        {
            int ready = LibC.epoll_wait(_epoll, _events, EventsMax, (int)AnswerPatience.TotalMilliseconds);
            if (ready <= 0)
                ThrowUnlessInterrupted(ready, "no answer");
            for (int at = 0; at < ready; at++)
            {
                int i = (int)*(ulong*)(_events + at * LibC.EventBytes + LibC.EventDataOffset);
                if (!ReadAnswer(i))
                    continue;
                long now = Stopwatch.GetTimestamp();
                if (now >= end)
                {
                    open--;
                    continue;
                }
                exchanges++;
                _latencies.Add(now - _sentAt[i]);
                Send(i, now);
            }
        }
        return new LoadResult(exchanges / duration.TotalSeconds, _latencies.Percentile(0.5), _latencies.Percentile(0.99));
    }

    public void Dispose()
    {
        LibC.close(_epoll);
        _connections.Dispose();
        NativeMemory.Free(_events);
        NativeMemory.Free(_read);
        NativeMemory.Free(_request);
    }

    private void Send(int i, long now)
    {
        _missing[i] = _answerBytes;
        _sentAt[i] = now;
        // The last answer is complete, so the server has read all: there is room for the whole request.
        if (LibC.send(_connections.Sockets[i], _request, _requestBytes, LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL) != _requestBytes)
            throw new BenchmarkException("the server does not take the request");
    }

    // Returns true when the answer is complete.
    private bool ReadAnswer(int i)
    {
        nint count = LibC.recv(_connections.Sockets[i], _read, ReadBytes, LibC.MSG_DONTWAIT);
        if (count <= 0 || count > _missing[i])
            ThrowUnlessInterrupted((int)Math.Min(count, 0), count > 0 ? "an answer is longer than the first one" : "the server closed a connection");
        else
            _missing[i] -= (int)count;
        return _missing[i] == 0;
    }

    private int LearnAnswerBytes()
    {
        int socket = _connections.Sockets[0], bytes = 0;
        LibC.send(socket, _request, _requestBytes, LibC.MSG_NOSIGNAL);
        var entry = new LibC.PollEntry { Descriptor = socket, Events = LibC.POLLIN };
        while (LibC.poll(&entry, 1, (int)(bytes == 0 ? AnswerPatience : Quiet).TotalMilliseconds) > 0)
        {
            nint count = LibC.recv(socket, _read, ReadBytes, LibC.MSG_DONTWAIT);
            if (count <= 0)
                throw new BenchmarkException("the server closed the connection");
            bytes += (int)count;
        }
        return bytes > 0 ? bytes : throw new BenchmarkException("the server does not answer");
    }

    private static void ThrowUnlessInterrupted(int result, string what)
    {
        if (result >= 0 || Marshal.GetLastSystemError() is not (LibC.EINTR or LibC.EAGAIN))
            throw new BenchmarkException(what);
    }
}

/// <summary>What a server did.</summary>
/// <param name="PerSecond">Requests answered per second.</param>
/// <param name="MedianMicroseconds">From sending a request to the last byte of its answer.</param>
/// <param name="P99Microseconds">What 99% of the requests did not exceed.</param>
internal readonly record struct LoadResult(double PerSecond, double MedianMicroseconds, double P99Microseconds);
