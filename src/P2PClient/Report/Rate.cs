using System;
using System.Diagnostics;

namespace P2P.Client;

/// <summary>Bytes a second, smoothed over about a second. While nothing comes the last rate stands for a while, and
/// then there is none: it does not fall slowly.</summary>
internal struct Rate
{
    /// <summary>After so long without a byte there is no rate.</summary>
    public static readonly TimeSpan QuietAfter = TimeSpan.FromSeconds(2);

    private long _total;
    private TimeSpan _time;         // when the total was last seen to grow

    /// <summary>0 if nothing comes.</summary>
    public long BytesPerSecond { get; private set; }

    /// <summary>Goes on with the total of now.</summary>
    /// <param name="now">From any clock, and later than zero.</param>
    public void Update(long total, TimeSpan now)
    {
        Debug.Assert(total >= _total, "traffic only grows");
        bool isFirst = _time == default;
        long milliseconds = (long)(now - _time).TotalMilliseconds;
        if (isFirst) (_total, _time) = (total, now);
        else if (now - _time >= QuietAfter) (_total, _time, BytesPerSecond) = (total, now, 0);
        else if (total > _total && milliseconds > 0)
        {
            long latest = (total - _total) * 1000 / milliseconds;
            if (BytesPerSecond == 0) BytesPerSecond = latest;
            else BytesPerSecond += (latest - BytesPerSecond) * Math.Min(milliseconds, 1000) / 1000;
            (_total, _time) = (total, now);
        }
    }
}
