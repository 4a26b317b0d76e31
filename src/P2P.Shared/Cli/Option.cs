namespace P2P.Cli;

/// <summary>
/// One option of a program, said once: <see cref="CommandLine"/> takes it by its name, the usage text shows it with its
/// help, and the code that reads it refers to it.
/// </summary>
/// <param name="name">Without the dash.</param>
/// <param name="argument">What follows the name: <c>&lt;path&gt;</c>; <c>[&lt;seconds&gt;]</c> for a number that may
/// be left out; empty for a flag.</param>
/// <param name="help">One sentence, with the default in brackets; empty for an option that explains itself.</param>
public sealed class Option(string name, string argument, string help)
{
    /// <summary>Every program has it.</summary>
    public static readonly Option ShowHelp = new("help", "", "");

    /// <summary>Every program has it.</summary>
    public static readonly Option ShowVersion = new("version", "", "");

    /// <summary>Both programs have it (<see cref="AllowedNetworks"/>).</summary>
    public static readonly Option Allow = new(
        "allow", "<network>[,<network>...]",
        "close connections from anywhere else, as 192.168.0.0/16,10.1.2.3,2001:db8::/32 (default: all may connect)");

    public string Name => name;

    public string Help => help;

    /// <summary>The option takes no value.</summary>
    public bool IsFlag => argument.Length == 0;

    /// <summary>The option's value, a number, may be left out.</summary>
    public bool IsValueOptional => argument.StartsWith('[');

    /// <summary>The option as the user writes it: <c>-name &lt;name&gt;</c>.</summary>
    public override string ToString() => IsFlag ? $"-{name}" : $"-{name} {argument}";
}
