using System;
using System.IO;
using System.Security.Cryptography;
using System.Text;

namespace P2P.Benchmarks.Swarms;

/// <summary>A torrent of one file (BEP 3), without a tracker.</summary>
/// <param name="Path">The torrent file.</param>
/// <param name="PieceBytes">A piece is a chunk, as far as BitTorrent programs know pieces that large.</param>
internal sealed record Torrent(string Path, long PieceBytes)
{
    private const long PieceBytesMax = 16 << 20;

    public static Torrent Make(string dataPath, string name, long chunkBytes, string path)
    {
        long pieceBytes = Math.Min(chunkBytes, PieceBytesMax);
        var hashes = new MemoryStream();
        using (FileStream data = File.OpenRead(dataPath))
        {
            byte[] piece = new byte[pieceBytes];
            for (int count; (count = data.ReadAtLeast(piece, piece.Length, throwOnEndOfStream: false)) > 0;)
                hashes.Write(SHA1.HashData(piece.AsSpan(0, count)));
        }
        // Bencoded: i<number>e, <length>:<text>, d<key><value>...e with ascending keys.
        using FileStream torrent = File.Create(path);
        torrent.Write(Encoding.ASCII.GetBytes(
            $"d4:infod6:lengthi{new FileInfo(dataPath).Length}e4:name{name.Length}:{name}"
            + $"12:piece lengthi{pieceBytes}e6:pieces{hashes.Length}:"));
        hashes.WriteTo(torrent);
        torrent.Write("ee"u8);
        return new Torrent(path, pieceBytes);
    }
}
