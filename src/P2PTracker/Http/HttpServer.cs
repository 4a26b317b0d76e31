using System;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using P2P.Cli;
using P2P.Transport;

namespace P2P.Tracker.Http;

/// <summary>
/// Shows the swarm to browsers and scrapers: one request, one answer, end of the connection. The server is made when
/// the first request comes, so that a tracker that nobody looks at has none of it. Used on the loop's thread.
/// </summary>
internal sealed class HttpServer
{
    private readonly TrackerServer _tracker;
    private readonly EventLoop _loop;
    private readonly HttpAccess _access;
    private readonly SwarmPicture _picture;
    private readonly StatsWriter _stats;
    private readonly LoopTimer _idle;
    private Utf8Buffer? _spare;         // most often nobody else is being answered
    private int _connections;

    public HttpServer(TrackerServer tracker, HttpAccess access)
    {
        (_tracker, _loop, _access) = (tracker, tracker.Loop, access);
        _picture = new SwarmPicture(tracker.Swarm);
        _stats = new StatsWriter(tracker.Swarm, _picture);
        _idle = new LoopTimer(_loop, OnIdle);
    }

    /// <summary>Answers a request whose first bytes have come, and ends its connection.</summary>
    /// <param name="connection">Passes to this method, which closes it.</param>
    public async Task ServeAsync(Connection connection)
    {
        bool hasPlace = _connections < HttpLimits.ConnectionsMax;
        if (hasPlace) _connections++;
        var deadline = new LoopTimer(_loop, connection.Abort);
        Utf8Buffer? answer = null;
        try
        {
            HttpRequest request = default;
            HttpStatus status = hasPlace ? HttpStatus.Incomplete : HttpStatus.Busy;
            TimeSpan end = EventLoop.Now + HttpLimits.HeadTimeout;
            while (status == HttpStatus.Incomplete)
            {
                status = request.Read(connection.Unread);
                if (status != HttpStatus.Incomplete) break;
                SocketResult received = await connection.ReceiveAsync(Left(end));
                if (received.IsTimedOut) status = HttpStatus.Timeout;
                else if (!received.IsSuccess || received.IsEnd) return;
            }
            connection.Consume(connection.Unread.Length);

            if (status == HttpStatus.Ok && !IsAllowed(connection, request)) status = HttpStatus.Forbidden;
            if (status == HttpStatus.Ok && request.Target == HttpTarget.Other) status = HttpStatus.NotFound;
            if (status == HttpStatus.Ok && request.Target != HttpTarget.Page)
            {
                _idle.Start(HttpLimits.IdleLife);
                while (!_picture.Step(EventLoop.Now)) await _loop.YieldAsync();
            }

            answer = _spare ?? new Utf8Buffer();
            _spare = null;
            Write(answer, status, request);
            deadline.Start(hasPlace ? HttpLimits.AnswerTimeout : HttpLimits.RefusalTimeout);
            if (!(await connection.SendAsync(answer.Bytes, 0, answer.Length)).IsSuccess) return;
            (_spare, answer) = (answer, null);

            // Closing while something is unread would destroy what is on its way.
            if (!connection.Socket.TryShutdownSend()) return;
            while (true)
            {
                SocketResult received = await connection.ReceiveAsync(Timeout.InfiniteTimeSpan);
                if (!received.IsSuccess || received.IsEnd) return;
                connection.Consume(connection.Unread.Length);
                if (connection.HasHadTurn) await _loop.YieldAsync();
            }
        }
        catch (Exception e)
        {
            NativeProgram.ReportBug("P2PTracker", e);
        }
        finally
        {
            if (hasPlace) _connections--;
            if (answer is not null) _spare = answer;
            deadline.Forget();
            connection.Close();
        }
    }

    private static TimeSpan Left(TimeSpan end)
    {
        TimeSpan left = end - EventLoop.Now;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private bool IsAllowed(Connection connection, HttpRequest request) =>
        _access == HttpAccess.Any
        || (request.IsForLoopback && IPAddress.IsLoopback(((IPEndPoint)connection.Socket.RemoteEndPoint!).Address));

    private void Write(Utf8Buffer answer, HttpStatus status, HttpRequest request)
    {
        int begun = HttpAnswer.Begin(answer, status, request.Target);
        if (status != HttpStatus.Ok) answer.Add(HttpAnswer.Refusal(status));
        else if (request.Target == HttpTarget.Page) answer.Add(Page.Text);
        else if (request.Target == HttpTarget.Stats) _stats.WriteJson(answer, Counts(), request.Have);
        else _stats.WriteMetrics(answer, Counts());
        HttpAnswer.End(answer, begun, request.IsHead);
    }

    private TrackerCounts Counts()
    {
        TimeSpan now = EventLoop.Now;
        return new TrackerCounts(
            now, now - _tracker.StartedAt, _tracker.Connections, _tracker.Announcements, _tracker.Refused,
            _tracker.Questions);
    }

    private void OnIdle()
    {
        _picture.Forget();
        _spare = null;
    }
}
