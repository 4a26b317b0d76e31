using System;
using System.Diagnostics;
using System.Text;

namespace P2P.Client;

/// <summary>Chunk indexes as a person reads them: <c>3-7, 9</c>.</summary>
internal static class IndexRanges
{
    private const int RangesMax = 12;       // a line of a terminal or two, however many chunks there are

    /// <summary>Says of which chunks something is true: <c>3 of 16 chunks are missing (3-4, 9)</c>, or
    /// <c>the only chunk is missing</c>.</summary>
    /// <param name="what">What is true of the chosen ones: <c>missing</c>.</param>
    public static string Tell(int chunkCount, Func<int, bool> isChosen, string what)
    {
        if (chunkCount == 1) return $"the only chunk is {what}";
        int chosen = 0;
        for (int chunkIndex = 1; chunkIndex <= chunkCount; chunkIndex++) chosen += isChosen(chunkIndex) ? 1 : 0;
        Debug.Assert(chosen > 0, "there is something to tell");
        string verb = chosen == 1 ? "is" : "are";
        return $"{chosen} of {chunkCount} chunks {verb} {what} ({Describe(chunkCount, isChosen)})";
    }

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
