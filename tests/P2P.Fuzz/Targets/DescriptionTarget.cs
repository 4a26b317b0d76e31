using System;
using System.Linq;
using P2P.Client;
using P2P.Tests.Faults.Fuzz;
using static P2P.Tests.Faults.Fuzz.FuzzException;

namespace P2P.Fuzz;

/// <summary>
/// Any description of a set, as it comes from a peer: taken or not, and understood, as the slow reading has it. What is
/// taken is written the same to the byte, so that all clients call the set by the same id; under another id it is not
/// taken; and no chunk belongs outside of the folder.
/// </summary>
internal static class DescriptionTarget
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        ulong id = ChunkSums.IdOf(input);
        var sums = ChunkSums.TryReadDescription(input, id);
        string? expected = ReferenceSet.Read(input.ToArray());
        Expect(sums is not null == expected is not null, $"taken: {sums is not null}");
        Expect(ChunkSums.TryReadDescription(input, id + 1) is null, "taken under another id");
        if (sums is null) return;

        string said = ReferenceSet.Describe(sums);
        if (said != expected) throw new FuzzException($"Read: {said}\nExpected: {expected}");
        Expect(sums.Text.AsSpan().SequenceEqual(input) && sums.Id == id, "not written the same");
        long total = Enumerable.Range(1, sums.ChunkCount).Sum(sums.SizeOf);
        Expect(sums.TotalBytes == total && total >= 0, "the sum of sizes is another");
        if (sums.Files is not { } files) return;
        Expect(files.Places.Count == sums.ChunkCount, "a chunk has no place");
        Expect(files.All.Sum(file => file.Data.Sum(range => range.Bytes)) == total, "bytes without a place");
        const string root = "/folder/.photos.part";
        for (int i = 0; i < files.Places.Count; i++)
        {
            SetFile file = files.All[files.Places[i].File];
            string path = System.IO.Path.Combine(root, file.Path);
            Expect(System.IO.Path.GetFullPath(path) == path && path.StartsWith($"{root}/", StringComparison.Ordinal),
                $"chunk {i + 1} belongs to {path}");
            Expect(file.Kind == SetFileKind.File && files.Places[i].Start + sums.SizeOf(i + 1) <= file.Bytes,
                $"chunk {i + 1} does not lie in {path}");
        }
    }
}
