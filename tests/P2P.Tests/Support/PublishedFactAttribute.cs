using Xunit;

namespace P2P.Tests.Support;

/// <summary>A test of the published programs' size; skipped, with that reason, on the checked ones.</summary>
internal sealed class PublishedFactAttribute : FactAttribute
{
    public PublishedFactAttribute()
    {
        if (NativePrograms.IsChecked)
            Skip = "is about the published programs: these have assertions";
    }
}
