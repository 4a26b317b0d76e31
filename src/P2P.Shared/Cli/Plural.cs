namespace P2P.Cli;

/// <summary>Numbers of things as a person says them.</summary>
public static class Plural
{
    /// <summary>A number of things: <c>1 peer</c>, <c>2 peers</c>.</summary>
    /// <param name="one">The word for one; the plural has an s.</param>
    public static string Of(long number, string one) => $"{number} {one}{(number == 1 ? "" : "s")}";
}
