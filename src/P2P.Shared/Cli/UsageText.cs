using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Text;

namespace P2P.Cli;

/// <summary>Writes what a program tells its user about its options. Cold: runs only for <c>-help</c> and after wrong
/// arguments.</summary>
public static class UsageText
{
    private const int Columns = 79;

    /// <summary>Writes how a program is started: each option in brackets behind the head.</summary>
    /// <param name="head">The program and what must follow it, as <c>usage: P2PTracker</c>.</param>
    /// <param name="indent">Columns before the lines that follow the first.</param>
    public static string Synopsis(string head, int indent, params ReadOnlySpan<Option> options)
    {
        List<string> words = [];
        foreach (Option option in options)
        {
            if (option.Help.Length > 0) words.Add($"[{option}]");
        }
        return Wrap(head, indent, words);
    }

    /// <summary>Writes a line or more for each option that has a help text, and one for those that have none.</summary>
    /// <param name="indent">Columns before each option.</param>
    /// <param name="column">Where the help texts begin, in columns.</param>
    public static string List(int indent, int column, params ReadOnlySpan<Option> options)
    {
        var text = new StringBuilder();
        List<string> others = [];
        foreach (Option option in options)
        {
            if (option.Help.Length == 0) others.Add($"{option}");
            else
            {
                string head = $"{new string(' ', indent)}{option} ";
                text.Append(Wrap(head.PadRight(column - 1), column, option.Help.Split(' '))).Append('\n');
            }
        }
        if (others.Count > 0) text.Append($"{new string(' ', indent)}{string.Join(", ", others)}\n");
        return text.ToString(0, text.Length - 1);
    }

    private static string Wrap(string head, int indent, IReadOnlyList<string> words)
    {
        Debug.Assert(indent is > 0 and < Columns, "a line has room for words");
        var text = new StringBuilder(head);
        int column = head.Length;
        foreach (string word in words)
        {
            bool isNewLine = column + 1 + word.Length > Columns && column > indent;
            if (isNewLine)
            {
                text.Append('\n').Append(' ', indent - 1);
                column = indent - 1;
            }
            text.Append(' ').Append(word);
            column += 1 + word.Length;
        }
        return text.ToString();
    }
}
