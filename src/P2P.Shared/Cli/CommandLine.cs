using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using P2P.Protocol;

namespace P2P.Cli;

/// <summary>Arguments in the manner of the assignment: <c>-name value</c>, also with two dashes or as
/// <c>-name=value</c>; <c>-h</c> is <c>-help</c>.</summary>
public sealed class CommandLine
{
    private readonly Dictionary<string, string> _values = [];

    private CommandLine()
    {
    }

    /// <summary>The argument that belongs to no option, or null.</summary>
    public string? Positional { get; private set; }

    /// <summary>Reads the arguments.</summary>
    /// <param name="options">The options that the program takes. A flag, or an option whose value is left out, has the
    /// value "".</param>
    /// <param name="allowsPositional">One argument may stand without an option.</param>
    /// <exception cref="ProgramException">An argument is unknown, given twice or lacks its value.</exception>
    public static CommandLine Parse(ReadOnlySpan<string> arguments, Option[] options, bool allowsPositional)
    {
        Debug.Assert(Array.TrueForAll(options, each => !each.Name.StartsWith('-')), "a name has no dash");
        var line = new CommandLine();
        for (int i = 0; i < arguments.Length; i++)
        {
            string argument = arguments[i];
            if (!argument.StartsWith('-') || argument == "-")
            {
                if (!allowsPositional || line.Positional is not null)
                    throw ProgramException.Usage($"unexpected argument '{argument}'");
                line.Positional = argument;
                continue;
            }

            string name = argument.StartsWith("--", StringComparison.Ordinal) ? argument[2..] : argument[1..];
            string? value = null;
            int equals = name.IndexOf('=');
            if (equals >= 0) (name, value) = (name[..equals], name[(equals + 1)..]);
            if (name == "h") name = Option.ShowHelp.Name;

            Option option = Array.Find(options, each => each.Name == name) ?? throw Unknown(argument, name, options);
            if (option.IsFlag)
            {
                if (value is not null) throw ProgramException.Usage($"option -{name} takes no value");
                value = "";
            }
            else if (option.IsValueOptional)
            {
                bool isNext = value is null && i + 1 < arguments.Length && IsNumber(arguments[i + 1]);
                value ??= isNext ? arguments[++i] : "";
            }
            else if (value is null && ++i == arguments.Length)
                throw ProgramException.Usage($"option -{name} lacks its value");
            if (!line._values.TryAdd(name, value ?? arguments[i]))
                throw ProgramException.Usage($"option -{name} is given twice");
        }
        return line;
    }

    /// <summary>True if the option or flag was given.</summary>
    public bool Has(Option option) => _values.ContainsKey(option.Name);

    /// <summary>An option's value, or null if it wasn't given.</summary>
    public string? Get(Option option) => _values.GetValueOrDefault(option.Name);

    /// <summary>A port, 0 to 65535 where 0 means any free one.</summary>
    public int GetPort(Option option, int otherwise) =>
        Get(option) is { } text ? ParsePort(text, 0, $"-{option.Name}") : otherwise;

    /// <summary>A size in bytes, 1 or more; K, M and G behind the number stand for 1024 to the power of 1, 2 and
    /// 3.</summary>
    public long GetSize(Option option, long otherwise)
    {
        if (Get(option) is not { } text) return otherwise;
        int power = text.Length == 0 ? 0 : 1 + "KMG".IndexOf(char.ToUpperInvariant(text[^1]));
        ReadOnlySpan<char> digits = text.AsSpan(0, text.Length - Math.Min(power, 1));
        bool isNumber = long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number);
        if (isNumber && number > 0 && number <= long.MaxValue >> (10 * power)) return number << (10 * power);
        throw ProgramException.Usage(
            $"-{option.Name} '{text}' is no size: give a number of bytes, as 65536, 64K, 4M or 1G");
    }

    /// <summary>A whole number, at least <paramref name="min"/>, or null if the option wasn't given.</summary>
    /// <param name="what">What it counts, for the complaint: "number of seconds".</param>
    public int? GetNumber(Option option, int min, string what)
    {
        if (Get(option) is not { } text) return null;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= min)
            return number;
        throw ProgramException.Usage(
            $"-{option.Name} '{text}' is no {what}: give a whole number, {min} or more");
    }

    /// <summary>The addresses to listen on, or null if the option wasn't given.</summary>
    public IPAddress[]? GetBindAddresses(Option option)
    {
        if (Get(option) is not { } text) return null;
        if (text == HostName.Localhost) return Loopback;
        if (!IPAddress.TryParse(text, out IPAddress? address))
            throw ProgramException.Usage(
                $"-{option.Name} '{text}' is no address: give one of this machine's, 0.0.0.0 or :: for all of them");
        return address.Equals(IPAddress.IPv6Any) ? Everywhere : [address];
    }

    /// <summary>The networks of <see cref="Option.Allow"/>, or null if it wasn't given: every address may
    /// connect.</summary>
    public AllowedNetworks? GetAllowed()
    {
        if (Get(Option.Allow) is not { } text) return null;
        return AllowedNetworks.TryParse(text, out string? wrong) ?? throw ProgramException.Usage(
            $"-allow '{wrong}' is no network: give an address, or an address and its bits, as 192.168.0.0/16");
    }

    /// <summary>This machine alone, in both families.</summary>
    public static IPAddress[] Loopback => [IPAddress.Loopback, IPAddress.IPv6Loopback];

    /// <summary>Every address of this machine, in both families.</summary>
    public static IPAddress[] Everywhere => [IPAddress.Any, IPAddress.IPv6Any];

    private static ProgramException Unknown(string argument, string name, Option[] options)
    {
        string given = argument.Split('=')[0];
        string? nearest = NearestWord.Find(name, Array.ConvertAll(options, each => each.Name));
        string hint = nearest is null ? "" : $", did you mean -{nearest}?";
        return ProgramException.Usage($"unknown option {given}{hint}");
    }

    private static bool IsNumber(string text) => text.Length > 0 && !text.AsSpan().ContainsAnyExceptInRange('0', '9');

    /// <summary>Reads a port.</summary>
    /// <exception cref="ProgramException">It isn't one.</exception>
    public static int ParsePort(string text, int min, string what) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port)
            && port >= min && port <= 65535
            ? port
            : throw ProgramException.Usage($"{what} '{text}' is no port: give a number from {min} to 65535");
}
