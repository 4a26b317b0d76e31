using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.Faults;

/// <summary>What the programs hold in memory at most: never a chunk, and little for a connection.</summary>
[Waits(13)]
public sealed class MemoryTests(ITestOutputHelper output) : SystemTest(output)
{
    private readonly ITestOutputHelper _output = output;

    [Fact]
    public void AChunkOf2Gibibytes_PassesWithLessThan32MegabytesOnBothSides()
    {
        const long bytes = 2L << 30;
        const int peakMax = 32 << 20;
        TrackerProcess tracker = StartTracker();
        File.WriteAllText(Path.Combine(Folder.MakeFolder("sender"), "local_chunks.txt"), "1,chunk_1\n1,LASTCHUNK\n");
        File.WriteAllText(Path.Combine(Folder.MakeFolder("fetcher"), "local_chunks.txt"), "1,LASTCHUNK\n");
        string path = Path.Combine(Folder["sender"], "chunk_1");
        long[] marks = new[] { 0L, bytes / 3, bytes - 8 };
        using (SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write))
        {
            foreach (long mark in marks)
                RandomAccess.Write(file, BitConverter.GetBytes(mark ^ 0x5a5a5a5a5a5a), mark);
        }
        ClientProcess sender = StartClient("sender", tracker.Port);
        ClientProcess fetcher = StartClient("fetcher", tracker.Port);
        fetcher.WaitUntilComplete();

        string received = Path.Combine(Folder["fetcher"], "chunk_1");
        Assert.Equal(bytes, new FileInfo(received).Length);
        using (SafeFileHandle file = File.OpenHandle(received))
        {
            byte[] value = new byte[8];
            foreach (long mark in marks)
            {
                RandomAccess.Read(file, value, mark);
                Assert.Equal(mark ^ 0x5a5a5a5a5a5a, BitConverter.ToInt64(value));
            }
        }
        foreach (ClientProcess client in new[] { sender, fetcher })
        {
            long peak = LimitedProcess.PeakBytes(client);
            _output.WriteLine($"{client.Name}: {peak / 1e6:F1} MB at most");
            Assert.InRange(peak, 1, peakMax);
        }
    }

    [Fact]
    public void ATrackerWith10000IdleConnections_StaysBelow100Megabytes()
    {
        const int count = 10_000;
        LimitedProcess tracker = Own(new LimitedProcess(12_000, NativePrograms.Tracker, Folder.Path, "-port", "0"));
        int port = tracker.Port;
        long before = tracker.ResidentBytes();
        var sockets = new List<Socket>();
        try
        {
            for (int i = 0; i < count; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                sockets.Add(socket);
                socket.Connect(IPAddress.Loopback, port);
            }
            // Each says something once, as a client does, and is answered.
            byte[] buffer = new byte[100];
            foreach (Socket socket in sockets)
                socket.Send("LOCAL_CHUNKS,1,localhost,4001\nWHERE_CHUNK,2\n"u8);
            foreach (Socket socket in sockets)
                Assert.Equal("CHUNK_LOCATION_UNKNOWN,2\n".Length, socket.Receive(buffer));
            long resident = tracker.ResidentBytes();
            _output.WriteLine($"{resident / 1e6:F1} MB, {(resident - before) / 1024.0 / count:F2} KB a connection");
            Assert.InRange(resident, 1, 100_000_000);
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }
    }
}
