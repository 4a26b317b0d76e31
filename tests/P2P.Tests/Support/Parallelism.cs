using Xunit;

// Most system tests wait for a fake that is slow on purpose, so more of them run at once than a small machine has cores.
[assembly: CollectionBehavior(MaxParallelThreads = 6)]

namespace P2P.Tests.Support;

/// <summary>
/// Tests that measure a time or fill the disk and the cores: xunit runs them one after the other, after all others.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "Alone";
}
