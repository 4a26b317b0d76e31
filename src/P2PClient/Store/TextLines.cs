using System.IO;
using System.Text;

namespace P2P.Client;

/// <summary>Small text files as lines. File.ReadAllLines would bring streams and readers into the program, 60 KB of
/// them.</summary>
internal static class TextLines
{
    /// <summary>Reads a file in UTF-8, with or without byte order mark, with either end of line.</summary>
    /// <exception cref="IOException">The file can't be read.</exception>
    public static string[] Read(string path)
    {
        string[] lines = Encoding.UTF8.GetString(File.ReadAllBytes(path)).TrimStart('\uFEFF').Split('\n');
        for (int i = 0; i < lines.Length; i++) lines[i] = lines[i].TrimEnd('\r');
        return lines;
    }
}
