using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net;
using System.Threading.Tasks;
using P2P.Cli;
using P2P.Transport;

namespace P2P.Tracker.Http;

/// <summary>
/// Shows the swarm to browsers and scrapers: one request, one response, end of the connection. Without a
/// request it costs a sample of the counts every few seconds. Used on the loop's thread.
/// </summary>
internal sealed class HttpServer
{
    private readonly TrackerServer _tracker;
    private readonly EventLoop _loop;
    private readonly HttpAccess _access;
    private readonly SwarmPicture _picture;
    private readonly StatsWriter _stats;
    private readonly SwarmSampler _sampler;
    private readonly List<WaitingClient> _waiting = [];     // as of the response that is written
    private readonly LoopTimer _idleTimer;
    private Utf8Buffer? _spare;         // the buffer of the last response, for the next one
    private int _connections;           // those within the limit; the others are refused

    public HttpServer(TrackerServer tracker, HttpAccess access)
    {
        (_tracker, _loop, _access) = (tracker, tracker.Loop, access);
        _picture = new SwarmPicture(tracker.Swarm);
        _sampler = new SwarmSampler(tracker);
        _stats = new StatsWriter(tracker.Swarm, _picture, _sampler.History);
        _idleTimer = new LoopTimer(_loop, OnIdle);
        _sampler.Sample();
    }

    /// <summary>Reads a request whose first bytes have come, answers it, and ends its connection.</summary>
    /// <param name="connection">Passes to this method, which closes the connection.</param>
    public async Task ServeAsync(Connection connection)
    {
        bool isAdmitted = _connections < HttpLimits.ConnectionsMax;
        if (isAdmitted) _connections++;
        var deadline = new LoopTimer(_loop, connection.Abort);
        Utf8Buffer? response = null;
        try
        {
            HttpRequest request = default;
            HttpStatus status = isAdmitted ? HttpStatus.Incomplete : HttpStatus.Busy;
            TimeSpan end = EventLoop.Now + HttpLimits.HeadTimeout;
            while (status == HttpStatus.Incomplete)
            {
                status = request.Read(connection.Unread);
                if (status != HttpStatus.Incomplete) break;
                SocketResult received = await connection.ReceiveAsync(TimeUntil(end));
                if (received.IsTimedOut) status = HttpStatus.Timeout;
                else if (!received.IsSuccess || received.IsEnd) return;
            }
            connection.Consume(connection.Unread.Length);

            if (status == HttpStatus.Ok && !IsAllowed(connection, request)) status = HttpStatus.Forbidden;
            if (status == HttpStatus.Ok && request.Target == HttpTarget.Other) status = HttpStatus.NotFound;
            if (status == HttpStatus.Ok && request.Target != HttpTarget.Page)
            {
                _idleTimer.Start(HttpLimits.IdleLife);
                while (!_picture.MakeSlice(EventLoop.Now)) await _loop.YieldAsync();
            }

            response = _spare ?? new Utf8Buffer();
            _spare = null;
            WriteResponse(response, status, request);
            TimeSpan timeout = isAdmitted ? HttpLimits.ResponseTimeout : HttpLimits.RefusalTimeout;
            deadline.Start(timeout);
            if (!(await connection.SendAsync(response.Bytes, 0, response.Length)).IsSuccess) return;
            (_spare, response) = (response, null);
            await connection.EndStreamAsync(_loop, timeout);
        }
        catch (Exception e)
        {
            NativeProgram.ReportBug("P2PTracker", e);
        }
        finally
        {
            if (isAdmitted) _connections--;
            Debug.Assert(_connections >= 0, "more connections have ended than were served");
            if (response is not null) _spare = response;
            deadline.Forget();
            connection.Close();
        }
    }

    private static TimeSpan TimeUntil(TimeSpan end)
    {
        TimeSpan left = end - EventLoop.Now;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private bool IsAllowed(Connection connection, HttpRequest request) =>
        _access == HttpAccess.Any
        || (request.IsForLoopback && IPAddress.IsLoopback(((IPEndPoint)connection.Socket.RemoteEndPoint!).Address));

    private void WriteResponse(Utf8Buffer response, HttpStatus status, HttpRequest request)
    {
        Debug.Assert(status != HttpStatus.Incomplete, "an incomplete request is answered");
        int lengthAt = HttpResponse.Begin(response, status, request.Target);
        if (status != HttpStatus.Ok) response.Add(HttpResponse.RefusalText(status));
        else if (request.Target == HttpTarget.Page) response.Add(Page.Text);
        else if (request.Target == HttpTarget.Stats)
        {
            _tracker.WaitingClients.CopyTo(_waiting, HttpLimits.RowsMax);
            _stats.WriteJson(response, Counts(), request.Have, _waiting);
            _waiting.Clear();
        }
        else _stats.WriteMetrics(response, Counts());
        HttpResponse.End(response, lengthAt, request.IsHead);
    }

    private TrackerCounts Counts()
    {
        TimeSpan now = EventLoop.Now;
        return new TrackerCounts(
            now, now - _tracker.StartedAt, _tracker.Connections, _tracker.Announcements, _tracker.Refused,
            _tracker.Questions)
        {
            Waiting = _tracker.WaitingClients.Count,
            NotAllowed = _tracker.NotAllowed,
        };
    }

    private void OnIdle()
    {
        _picture.ReleaseMemory();
        _spare = null;
    }
}
