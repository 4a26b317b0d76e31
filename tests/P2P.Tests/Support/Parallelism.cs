using Xunit;

namespace P2P.Tests.Support;

/// <summary>
/// Tests that measure a time: xunit runs them one after the other, after all others. (Of the others many more run at
/// once than the machine has cores, as xunit.runner.json says: most of them wait for a fake that is slow on purpose.)
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "Alone";
}
