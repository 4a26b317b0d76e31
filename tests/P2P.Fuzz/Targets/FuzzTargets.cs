using System;
using System.IO;
using P2P.Tests.Support;

namespace P2P.Fuzz;

/// <summary>A parser with what must hold of it for any input: throws when that doesn't hold.</summary>
/// <param name="input">Whatever the fuzzer, or the corpus, has.</param>
internal delegate void FuzzProperty(ReadOnlySpan<byte> input);

/// <summary>The targets by name, as the script and the folders of the corpus call them.</summary>
internal static class FuzzTargets
{
    public static readonly string[] Names =
    [
        "framer", "answers", "lane", "local_chunks", "chunks_crc", "http", "dns", "description", "set_files",
        "set_lines", "stats",
    ];

    /// <param name="folder">For the targets that read a file.</param>
    public static FuzzProperty Get(string name, string folder) => name switch
    {
        "framer" => FramerTarget.Run,
        "answers" => AnswersTarget.Run,
        "lane" => LaneTarget.Run,
        "local_chunks" => new LocalChunksTarget(folder).Run,
        "chunks_crc" => new ChunkSumsTarget(folder).Run,
        "http" => HttpRequestTarget.Run,
        "dns" => DnsTarget.Run,
        "description" => DescriptionTarget.Run,
        "set_files" => new SetFilesTarget(folder).Run,
        "set_lines" => SetLinesTarget.Run,
        "stats" => StatsTarget.Run,
        _ => throw new ArgumentException($"There is no target '{name}'."),
    };
}

/// <summary>A target with a folder of its own, in memory where that can be.</summary>
internal sealed class FuzzTarget : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FuzzProperty _property;

    private FuzzTarget(string name) => _property = FuzzTargets.Get(name, _folder.Path);

    public static FuzzTarget Open(string name) => new(name);

    /// <exception cref="Exception">Something is wrong with the parser.</exception>
    public void Run(ReadOnlySpan<byte> input) => _property(input);

    public void Dispose() => _folder.Dispose();
}
