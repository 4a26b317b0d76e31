using System;
using P2P.Benchmarks.Long;
using Xunit;

namespace P2P.Tests.Support;

/// <summary>A test with machines that are far from each other; skipped, with the reason, where there are no namespaces
/// or no TUN devices to make them of.</summary>
internal sealed class LongLineTheoryAttribute : TheoryAttribute
{
    private static readonly Lazy<string?> WhyNot = new(FindWhyNot);

    public LongLineTheoryAttribute() => Skip = WhyNot.Value;

    private static string? FindWhyNot()
    {
        if (!Libc.IsRoot) return "needs root: it makes network namespaces";
        try
        {
            new LongNetwork([1], TimeSpan.Zero, loss: 0).Dispose();
            return null;
        }
        catch (Exception e)
        {
            return $"needs network namespaces, ip and /dev/net/tun: {e.Message}";
        }
    }
}
