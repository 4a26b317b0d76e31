using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace P2P.Mutants;

/// <summary>One small change in one file.</summary>
/// <param name="Path">The file, below the repository.</param>
/// <param name="Place">The file below src, and the line.</param>
/// <param name="Change">What stood there and what stands there now, on one line, for people.</param>
/// <param name="IsSeenOutside">Whether other assemblies have it in their own code: a constant,
/// or what a parameter is unless it is given.</param>
internal sealed record Mutant(string Path, string Place, string Kind, string Change, bool IsSeenOutside,
    string Original, TextChange Edit)
{
    /// <summary>The folder below src.</summary>
    public string Folder => System.IO.Path.GetDirectoryName(Place)!;

    /// <summary>The whole file with the change in it.</summary>
    public string Text => SourceText.From(Original).WithChanges(Edit).ToString();
}

/// <summary>Finds every place in a file where a mutant can be made.
/// Whether it compiles is for the compiler to say.</summary>
internal static partial class Mutations
{
    private static readonly Dictionary<string, string> Comparisons = new()
    {
        ["<"] = "<=", ["<="] = "<", [">"] = ">=", [">="] = ">", ["=="] = "!=", ["!="] = "==",
    };

    private static readonly Dictionary<string, string> Operators = new()
    {
        ["+"] = "-", ["-"] = "+", ["*"] = "/", ["/"] = "*", ["%"] = "/",
        ["<<"] = ">>", [">>"] = "<<", ["&"] = "|", ["|"] = "&",
        ["+="] = "-=", ["-="] = "+=", ["++"] = "--", ["--"] = "++",
        ["<<="] = ">>=", [">>="] = "<<=", ["|="] = "&=", ["&="] = "|=",
    };

    public static IEnumerable<Mutant> Of((string Path, string Text) file)
    {
        string place = file.Path["src/".Length..];
        SyntaxNode root = CSharpSyntaxTree.ParseText(file.Text).GetRoot();
        foreach (SyntaxNode node in root.DescendantNodes(each => !IsExcluded(each)).Where(each => !IsExcluded(each)))
        {
            foreach ((string kind, TextSpan span, string after) in Of(node))
            {
                SyntaxNode shown = Surroundings(node);
                string before = file.Text[shown.FullSpan.Start..shown.FullSpan.End];
                string changed = before.Remove(span.Start - shown.FullSpan.Start, span.Length)
                    .Insert(span.Start - shown.FullSpan.Start, after);
                int line = root.SyntaxTree.GetLineSpan(span).StartLinePosition.Line + 1;
                bool isSeenOutside = node.Ancestors().Any(each => each is ParameterSyntax
                    || each is FieldDeclarationSyntax field && field.Modifiers.Any(SyntaxKind.ConstKeyword));
                yield return new Mutant(file.Path, $"{place}:{line}", kind,
                    $"`{OneLine(before)}` -> `{OneLine(changed)}`",
                    isSeenOutside, file.Text, new TextChange(span, after));
            }
        }
    }

    private static IEnumerable<(string Kind, TextSpan Span, string After)> Of(SyntaxNode node)
    {
        switch (node)
        {
            case BinaryExpressionSyntax { OperatorToken: { Text: "&&" or "||" } and }:
                yield return ("condition", and.Span, and.Text == "&&" ? "||" : "&&");
                break;
            case PrefixUnaryExpressionSyntax { OperatorToken: { Text: "-" } minus }:
                yield return ("operator", minus.Span, "");
                break;
            case BinaryExpressionSyntax or RelationalPatternSyntax or AssignmentExpressionSyntax
                or PrefixUnaryExpressionSyntax or PostfixUnaryExpressionSyntax:
                SyntaxToken token = node.ChildTokens().First();
                if (Comparisons.TryGetValue(token.Text, out string? other))
                    yield return ("comparison", token.Span, other);
                if (Operators.TryGetValue(token.Text, out other)) yield return ("operator", token.Span, other);
                break;
            // An empty block, since an empty statement behind an if is a warning, and with us an error.
            case ExpressionStatementSyntax or ThrowStatementSyntax or ReturnStatementSyntax { Expression: null }
                or ContinueStatementSyntax or BreakStatementSyntax { Parent: not SwitchSectionSyntax }:
                yield return ("dropped statement", node.Span, "{ }");
                break;
            case LiteralExpressionSyntax literal when Changed(literal.Token) is { } after:
                yield return ("constant", literal.Span, after);
                break;
            case ArgumentListSyntax { Arguments: { Count: > 1 } arguments }:
                for (int i = 0; i + 1 < arguments.Count; i++)
                {
                    (ArgumentSyntax one, ArgumentSyntax two) = (arguments[i], arguments[i + 1]);
                    if (one.NameColon is null && two.NameColon is null && one.ToString() != two.ToString())
                        yield return ("swapped arguments",
                            TextSpan.FromBounds(one.SpanStart, two.Span.End), $"{two}, {one}");
                }
                break;
        }
        ExpressionSyntax? condition = node switch
        {
            IfStatementSyntax { Condition: var it } => it,
            WhileStatementSyntax { Condition: var it } => it,
            DoStatementSyntax { Condition: var it } => it,
            ConditionalExpressionSyntax { Condition: var it } => it,
            WhenClauseSyntax { Condition: var it } => it,
            _ => null,
        };
        if (condition is not null) yield return ("condition", condition.Span, $"!({condition})");
    }

    // A small number is a count or an index, where one more is a mistake that people make. Of a time limit or a size no
    // test can tell whether it is off by one, and it would do no harm: a large number becomes twice or half of it.
    private static string? Changed(SyntaxToken token)
    {
        string suffix = NumberSuffix().Match(token.Text).Value;
        return token.Value switch
        {
            true => "false",
            false => "true",
            double number => (number * 2).ToString("0.0###", CultureInfo.InvariantCulture) + suffix,
            int and < 16 or long and < 16 or uint and < 16 or ulong and < 16 =>
                $"{Convert.ToInt64(token.Value) + 1}{suffix}",
            int or long or uint => $"{Convert.ToInt64(token.Value) / 2}{suffix}",
            _ => null,
        };
    }

    /// <summary>What a mutant can be made in, but no test ought to notice.</summary>
    private static bool IsExcluded(SyntaxNode node) => node switch
    {
        // They say something to the compiler or to other programs, and do nothing.
        AttributeListSyntax => true,
        // Words for people: a test that repeats each of them is in the way of who improves them.
        InterpolatedStringExpressionSyntax => true,
        // An assert checks what the rest of the code does, nameof is a name,
        // and for these functions the order is the same.
        InvocationExpressionSyntax { Expression: var called } =>
            called.ToString() is "Debug.Assert" or "nameof" or "Math.Min" or "Math.Max" or "GC.SuppressFinalize",
        // More or less room costs a little time or memory, and changes nothing that is done. A relation that is
        // declared for the compiler to check ("AnswersFit") is used by nobody.
        VariableDeclaratorSyntax { Identifier.Text: var name } => Room().IsMatch(name) || Relation().IsMatch(name),
        ArgumentSyntax { NameColon.Name.Identifier.Text: var name } => Room().IsMatch(name),
        // What a hash is made of is good or bad luck; a wrong one is one that is not the same for the same.
        MethodDeclarationSyntax { Identifier.Text: "GetHashCode" } => true,
        _ => false,
    };

    // A constant or an operator alone says nothing to who reads the table: it is shown with as much around it as fits.
    private static SyntaxNode Surroundings(SyntaxNode node) =>
        node.AncestorsAndSelf().TakeWhile(each => each == node
            || each is not (BlockSyntax or MemberDeclarationSyntax) && each.Span.Length <= 70).Last();

    private static string OneLine(string text)
    {
        text = Spaces().Replace(text, " ").Trim();
        return text.Length <= 90 ? text : text[..45] + " ... " + text[^40..];
    }

    [GeneratedRegex("(?i)capacity|buffer.*bytes|backlog")]
    private static partial Regex Room();

    [GeneratedRegex("Fits?$")]
    private static partial Regex Relation();

    [GeneratedRegex("(?i)(?<!^0x.*)[ulfdm]*$")]
    private static partial Regex NumberSuffix();

    [GeneratedRegex(@"//[^\n]*|\s+")]
    private static partial Regex Spaces();
}
