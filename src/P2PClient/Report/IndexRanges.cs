using System;
using System.Text;

namespace P2P.Client;

/// <summary>Chunk indexes as a person reads them: <c>3-7, 9</c>.</summary>
internal static class IndexRanges
{
    private const int RangesMax = 12;       // a line of a terminal or two, however many chunks there are

    /// <summary>Describes the indexes of 1 to <paramref name="chunkCount"/> that are chosen.</summary>
    /// <returns>The first ranges; behind them, if there are more, the number of chunks that are not named.</returns>
    public static string Describe(int chunkCount, Func<int, bool> isChosen)
    {
        var text = new StringBuilder();
        int ranges = 0, left = 0;
        for (int first = 1; first <= chunkCount; first++)
        {
            if (!isChosen(first)) continue;
            int last = first;
            while (last < chunkCount && isChosen(last + 1)) last++;
            if (++ranges > RangesMax) left += last - first + 1;
            else
            {
                if (ranges > 1) text.Append(", ");
                text.Append(first);
                if (last > first) text.Append('-').Append(last);
            }
            first = last;
        }
        if (left > 0) text.Append(" and ").Append(left).Append(" more");
        return text.ToString();
    }
}
