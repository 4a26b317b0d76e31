using Xunit;

namespace P2P.Tests.Support;

/// <summary>A test that needs root (a namespace of its own, a chroot); skipped, with that reason,
/// for anyone else.</summary>
internal sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute()
    {
        if (!Libc.IsRoot)
            Skip = "needs root: it makes a namespace or a chroot";
    }
}
