using System;
using System.IO;

namespace P2P.Tests.Support;

/// <summary>A folder of the test's own under the system's temporary folder; goes, with all that is in it,
/// when disposed.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("p2p-e2e-").FullName;

    /// <summary>The full path of a name in this folder.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Makes a folder in this one and returns its full path.</summary>
    public string MakeFolder(string name) => Directory.CreateDirectory(this[name]).FullName;

    public void Dispose()
    {
        if (Directory.Exists(Path))
            Directory.Delete(Path, recursive: true);
    }
}
