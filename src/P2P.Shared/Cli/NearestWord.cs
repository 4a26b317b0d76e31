using System;
using System.Diagnostics;

namespace P2P.Cli;

/// <summary>Finds the word that a user may have meant. Cold: runs only after wrong arguments.</summary>
public static class NearestWord
{
    /// <summary>Returns the word that is spelled most like another; of two that are as near, the first.</summary>
    /// <param name="typed">What the user has typed; capitals count as small letters.</param>
    /// <param name="words">In small letters.</param>
    /// <returns>Null if every word differs in more than a third of the letters; but a word that contains what was
    /// typed is near enough: <c>port</c> may stand for <c>transfer_port</c>.</returns>
    public static string? Find(string typed, params ReadOnlySpan<string> words)
    {
        string small = typed.ToLowerInvariant();
        int allowed = Math.Max(1, small.Length / 3), least = int.MaxValue;
        string? nearest = null;
        foreach (string word in words)
        {
            int distance = Distance(small, word);
            bool isPart = small.Length >= 3 && word.Contains(small, StringComparison.Ordinal);
            if (distance > allowed && !isPart) continue;
            distance = Math.Min(distance, allowed + 1);
            if (distance < least) (least, nearest) = (distance, word);
        }
        return nearest;
    }

    /// <summary>Counts the letters that must be put in, taken out, replaced, or exchanged with the next one to make one
    /// word of the other: the distance of Damerau and Levenshtein, where no letter is changed twice.</summary>
    public static int Distance(string from, string to)
    {
        int width = to.Length + 1;
        int[] steps = new int[(from.Length + 1) * width];       // from each beginning of a word to each of the other
        for (int i = 0; i <= from.Length; i++)
        {
            for (int j = 0; j <= to.Length; j++)
            {
                int here = i * width + j;
                if (i == 0 || j == 0)
                {
                    steps[here] = i + j;
                    continue;
                }
                int replaced = steps[here - width - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                steps[here] = Math.Min(replaced, 1 + Math.Min(steps[here - width], steps[here - 1]));
                bool isExchanged = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
                if (isExchanged) steps[here] = Math.Min(steps[here], steps[here - 2 * width - 2] + 1);
            }
        }
        int distance = steps[^1];
        Debug.Assert(distance <= Math.Max(from.Length, to.Length), "every letter can be replaced");
        return distance;
    }
}
