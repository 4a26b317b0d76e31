using System;
using System.IO;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using P2P.Client;
using P2P.Tests.Support;
using Xunit;

namespace P2P.Tests.Client.Files;

/// <summary>CRC-32C against its published values and a bit-by-bit computation.</summary>
public sealed class Crc32CTests
{
    [Theory]
    [InlineData("", 0x00000000u)]
    [InlineData("123456789", 0xE3069283u)]
    [InlineData("The quick brown fox jumps over the lazy dog", 0x22620404u)]
    public void KnownTexts_HaveTheirSums(string text, uint sum) =>
        Assert.Equal(sum, Crc32C.Finish(Crc32C.Add(Crc32C.Start, System.Text.Encoding.ASCII.GetBytes(text))));

    [Fact]
    public void Rfc3720_32Zeros() => Assert.Equal(0x8A9136AAu, Crc32C.Finish(Crc32C.Add(Crc32C.Start, new byte[32])));

    [Fact]
    public void InWhateverPartsBytesCome_TheSumIsTheSame()
    {
        var random = new Random(1);
        byte[] bytes = new byte[1000];
        random.NextBytes(bytes);
        for (int length = 0; length < 40; length++)
        {
            uint whole = Slow(bytes.AsSpan(0, length));
            for (int cut = 0; cut <= length; cut++)
                Assert.Equal(whole, Crc32C.Finish(
                    Crc32C.Add(Crc32C.Add(Crc32C.Start, bytes.AsSpan(0, cut)), bytes.AsSpan(cut, length - cut))));
        }
    }

    // Several of the parts that are summed side by side, one byte more and less, and states that are not the first one.
    [Theory]
    [InlineData(4079)]
    [InlineData(4080)]
    [InlineData(4081)]
    [InlineData(3 * 4080)]
    [InlineData(50_000)]
    public void ManyBytes_HaveTheSameSum(int length)
    {
        byte[] bytes = new byte[7 + length];
        new Random(length).NextBytes(bytes);
        for (int start = 0; start < 7; start++)
        {
            uint state = Crc32C.Add(Crc32C.Add(Crc32C.Start, bytes.AsSpan(0, start)), bytes.AsSpan(start));
            Assert.Equal(Slow(bytes), Crc32C.Finish(state));
        }
    }

    // What a processor without the instruction of x86-64 runs.
    [Fact]
    public void WithoutTheInstruction_ThreePartsHaveTheirSums()
    {
        byte[] bytes = new byte[3 * Crc32C.PartWords * sizeof(ulong)];
        new Random(3).NextBytes(bytes);
        uint[] states = [Crc32C.Start, Crc32C.Start, Crc32C.Start];
        Crc32C.AddPortably(MemoryMarshal.Cast<byte, ulong>(bytes), ref states[0], ref states[1], ref states[2]);
        for (int i = 0; i < 3; i++)
            Assert.Equal(Slow(bytes.AsSpan(i * bytes.Length / 3, bytes.Length / 3)), Crc32C.Finish(states[i]));
    }

    [Fact]
    public void AFile_HasTheSumOfItsBytes_AndMustBeLongEnough()
    {
        using var folder = new TempFolder();
        byte[] bytes = new byte[100_000];
        new Random(2).NextBytes(bytes);
        File.WriteAllBytes(folder["a"], bytes);
        using SafeFileHandle file = File.OpenHandle(folder["a"]);
        uint state = Crc32C.Start;
        Assert.True(Crc32C.TryAdd(ref state, file, 0, 60_000, new byte[4096]));
        Assert.True(Crc32C.TryAdd(ref state, file, 60_000, 40_000, new byte[4096]));
        Assert.Equal(Slow(bytes), Crc32C.Finish(state));
        Assert.False(Crc32C.TryAdd(ref state, file, 99_999, 2, new byte[4096]));
    }

    [Fact]
    public void Adding_AllocatesNothing()
    {
        byte[] bytes = new byte[10_000];
        uint state = Crc32C.Add(Crc32C.Start, bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) state = Crc32C.Add(state, bytes);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.NotEqual(0u, state);
    }

    private static uint Slow(ReadOnlySpan<byte> bytes)
    {
        uint state = uint.MaxValue;
        foreach (byte each in bytes)
        {
            state ^= each;
            for (int bit = 0; bit < 8; bit++) state = (state >> 1) ^ (0x82F63B78u & (0u - (state & 1)));
        }
        return ~state;
    }
}
