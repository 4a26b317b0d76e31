using System;
using System.Diagnostics;
using System.Runtime.InteropServices;
using P2P.Benchmarks.Support;

namespace P2P.Benchmarks.Tracker;

/// <summary>
/// Asks a server as fast as it answers: so many requests in flight per connection, and a new one for each answer as
/// soon as that is complete; with more than one it is a sliding window, as of a client that is busy with many things:
/// all that a read has brought is followed by as many requests in one send. An answer is known by its length, which
/// never changes: nothing of it is looked at. One thread, one epoll, no allocation, so that the server is what limits
/// it. The same loop asks our tracker and Redis.
/// </summary>
internal sealed unsafe class LoadGenerator : IDisposable
{
    private const int EventsMax = 512, ReadBytes = 64 * 1024;
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(10), Quiet = TimeSpan.FromMilliseconds(100);

    private readonly LoadConnections _connections;
    private readonly int _epoll;
    private readonly byte* _events = (byte*)NativeMemory.Alloc((nuint)(EventsMax * LibC.EventBytes));
    private readonly byte* _read = (byte*)NativeMemory.Alloc(ReadBytes);
    private readonly byte* _requests;           // as many as may be in flight on a connection
    private readonly int _requestBytes;
    private readonly int _answerBytes;
    private readonly int _inFlight;
    private readonly int[] _missing;            // bytes of the answers that have not come yet, by connection
    private readonly int[] _oldest;             // which of its times below is that of its oldest request
    private readonly long[] _sentAt;            // by connection, a ring for the requests in flight
    private readonly LatencyHistogram _latencies = new();

    /// <summary>Connects, and learns from a first exchange how long an answer is.</summary>
    /// <param name="request">One message, or a batch of them that counts as one.</param>
    /// <param name="inFlight">Requests in flight on each connection.</param>
    public LoadGenerator(int port, int connections, ReadOnlySpan<byte> request, int inFlight = 1)
    {
        _connections = new LoadConnections(port, connections);
        _inFlight = inFlight;
        _missing = new int[connections];
        _oldest = new int[connections];
        _sentAt = new long[connections * inFlight];
        _requestBytes = request.Length;
        _requests = (byte*)NativeMemory.Alloc((nuint)(inFlight * request.Length));
        for (int i = 0; i < inFlight; i++)
            request.CopyTo(new Span<byte>(_requests + i * request.Length, request.Length));
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
        Array.Clear(_oldest);
        long start = Stopwatch.GetTimestamp(), end = start + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        long exchanges = 0;
        int open = _missing.Length;
        for (int i = 0; i < _missing.Length; i++)
            Send(i, _inFlight, start);
        while (open > 0)
        {
            int ready = LibC.epoll_wait(_epoll, _events, EventsMax, (int)AnswerPatience.TotalMilliseconds);
            if (ready <= 0)
                ThrowUnlessInterrupted(ready, "no answer");
            for (int at = 0; at < ready; at++)
            {
                int i = (int)*(ulong*)(_events + at * LibC.EventBytes + LibC.EventDataOffset);
                int answers = ReadAnswers(i);
                if (answers == 0)
                    continue;
                long now = Stopwatch.GetTimestamp();
                if (now >= end)
                {
                    if (_missing[i] == 0)
                        open--;
                    continue;
                }
                exchanges += answers;
                NoteLatencies(i, answers, now);
                Send(i, answers, now);
            }
        }
        return new LoadResult(exchanges / duration.TotalSeconds, _latencies.Percentile(0.5),
            _latencies.Percentile(0.99));
    }

    public void Dispose()
    {
        LibC.close(_epoll);
        _connections.Dispose();
        NativeMemory.Free(_events);
        NativeMemory.Free(_read);
        NativeMemory.Free(_requests);
    }

    private void Send(int i, int requests, long now)
    {
        // The newest requests stand in the ring where the oldest ones stood, which have been answered.
        for (int request = _inFlight - requests; request < _inFlight; request++)
            _sentAt[i * _inFlight + (_oldest[i] + request) % _inFlight] = now;
        _missing[i] += requests * _answerBytes;
        int bytes = requests * _requestBytes;
        // The answers to the last ones are complete, so the server has read those:
        // there is room for all of the new ones.
        if (LibC.send(_connections.Sockets[i], _requests, bytes, LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL) != bytes)
            throw new BenchmarkException("the server does not take the request");
    }

    // Returns how many answers are complete that were not before.
    private int ReadAnswers(int i)
    {
        int openBefore = OpenRequests(i);
        nint count = LibC.recv(_connections.Sockets[i], _read, ReadBytes, LibC.MSG_DONTWAIT);
        if (count <= 0 || count > _missing[i])
            ThrowUnlessInterrupted((int)Math.Min(count, 0),
                count > 0 ? "an answer is longer than the first one" : "the server closed a connection");
        else
            _missing[i] -= (int)count;
        return openBefore - OpenRequests(i);
    }

    private int OpenRequests(int i) => (_missing[i] + _answerBytes - 1) / _answerBytes;

    private void NoteLatencies(int i, int answers, long now)
    {
        for (; answers > 0; answers--)
        {
            _latencies.Add(now - _sentAt[i * _inFlight + _oldest[i]]);
            _oldest[i] = (_oldest[i] + 1) % _inFlight;
        }
    }

    private int LearnAnswerBytes()
    {
        int socket = _connections.Sockets[0], bytes = 0;
        LibC.send(socket, _requests, _requestBytes, LibC.MSG_NOSIGNAL);
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
