using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using Xunit;
using Xunit.Abstractions;

[assembly: TestCollectionOrderer("P2P.Tests.Support.LongestFirst", "P2P.Tests")]

namespace P2P.Tests.Support;

/// <summary>How long the tests of a class wait in all, because the protocol or a fake wants it so, in seconds; none if
/// it isn't given. The busiest machine waits no longer, so the classes that wait longest start first.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class WaitsAttribute(int seconds) : Attribute
{
    public int Seconds { get; } = seconds;
}

/// <summary>Orders the classes of tests: see <see cref="WaitsAttribute"/>.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> collections) =>
        collections.OrderByDescending(SecondsOf).ThenBy(collection => collection.DisplayName, StringComparer.Ordinal);

    // A class without a collection of its own is one that xunit names after it.
    private static int SecondsOf(ITestCollection collection) =>
        typeof(LongestFirst).Assembly.GetType(collection.DisplayName.Split(' ')[^1])
            ?.GetCustomAttribute<WaitsAttribute>()?.Seconds ?? 0;
}
