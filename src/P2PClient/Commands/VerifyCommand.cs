using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using Microsoft.Win32.SafeHandles;
using P2P.Cli;

namespace P2P.Client;

/// <summary><c>P2PClient verify</c>: reads every chunk of a folder and compares it with chunks.crc.</summary>
internal static class VerifyCommand
{
    private const int ReadBytes = 256 * 1024;
    private const long StepBytes = 32 << 20;        // some ten milliseconds, after which a signal is seen

    /// <summary>Reads all chunks, and names on stderr those that are wrong or missing.</summary>
    /// <returns>0; 1 if a chunk is wrong; else 3 if one is missing.</returns>
    public static int Run(string folder)
    {
        var chunks = new ChunkFolder(folder);
        if (chunks.Sums is null)
        {
            Terminal.PrintError(
                $"{folder}: there is no {ChunkSums.FileName}, so what the chunks hold can't be checked; "
                + "copy it from where the chunks come from");
        }
        int count = chunks.Store.ChunkCount;
        HashSet<int> wrong = [];
        long bytes = 0;
        byte[] buffer = new byte[ReadBytes];
        using var interruption = new Interruption();
        using (var progress = new CommandProgress($"verifying {folder}", chunks.Bytes))
        {
            for (int chunkIndex = 1; chunkIndex <= count; chunkIndex++)
            {
                if (chunks.Has(chunkIndex) && !TryRead(chunks, chunkIndex, buffer, OnRead)) wrong.Add(chunkIndex);
            }

            void OnRead(long read)
            {
                interruption.Check("verify", "the folder is as it was");
                progress.Show(bytes += read);
            }
        }
        if (wrong.Count > 0)
        {
            (string files, string them) = wrong.Count == 1 ? ("its file", "it") : ("their files", "them");
            Terminal.PrintError($"{folder}: {IndexRanges.Tell(count, wrong.Contains, "wrong")}: remove {files}, and a "
                + $"client fetches {them} again");
        }
        if (!chunks.IsComplete)
        {
            string them = chunks.Missing == 1 ? "it" : "them";
            Terminal.PrintError($"{folder}: {chunks.DescribeMissing()}: a client fetches {them}");
        }
        if (wrong.Count > 0) return ExitCode.Failure;
        if (!chunks.IsComplete) return ExitCode.Incomplete;
        string check = chunks.Sums is null ? "" : ", every sum right";
        string all = count == 1 ? "the only chunk is" : $"all {count} chunks are";
        Terminal.Print($"{folder}: {all} there{check}, {Quantity.Bytes(bytes)}");
        return ExitCode.Success;
    }

    // Without sums the chunk is read, too: the disk may have become unreadable.
    private static bool TryRead(ChunkFolder chunks, int chunkIndex, byte[] buffer, Action<long> onRead)
    {
        using SafeFileHandle? file = chunks.Store.TryOpenRead(chunkIndex, out long bytes);
        if (file is null) return false;
        Debug.Assert(bytes >= 0, "an open chunk has a size");
        uint state = Crc32C.Start;
        try
        {
            for (long done = 0, step; done < bytes; done += step)
            {
                step = Math.Min(StepBytes, bytes - done);
                if (!Crc32C.TryAdd(ref state, file, done, step, buffer)) return false;
                onRead(step);
            }
        }
        catch (IOException)
        {
            return false;
        }
        return chunks.Sums is null || Crc32C.Finish(state) == chunks.Sums.SumOf(chunkIndex);
    }
}
