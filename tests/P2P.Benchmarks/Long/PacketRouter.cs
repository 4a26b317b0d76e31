using System;
using System.Buffers;
using System.Collections.Generic;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Threading;
using P2P.Benchmarks.Support;

namespace P2P.Benchmarks.Long;

/// <summary>
/// Carries IP packets between TUN devices as a long line does: each device has an uplink of a limited rate with a queue
/// as an ordinary router has, every packet arrives later by the same time, and some are lost. The packets of one device
/// stay in order, and one thread carries them. The kernel of this machine may lack netem, which does the same. Several
/// packets of a connection may come as one, up to 64 KiB: that is a tenth of the calls, and a bus of such packets is
/// what network cards do as well. They take the time of all their packets.
/// </summary>
internal sealed unsafe class PacketRouter : IDisposable
{
    // struct virtio_net_hdr: flags, kind, bytes of all heads (2), bytes of a packet's data (2), 4 bytes for sums.
    private const int HeadBytes = 10, AllHeadsOffset = 2, DataOffset = 4, DestinationOffset = HeadBytes + 16;
    private const int PacketBytesMax = HeadBytes + 65536, PacketsPerTurn = 64;
    private static readonly long QueueTicks = Stopwatch.Frequency / 20;     // 50 ms of the uplink's rate

    private readonly int[] _devices;
    private readonly Uplink[] _uplinks;
    private volatile bool _isStopped;

    /// <summary>Starts to carry.</summary>
    /// <param name="devices">Descriptors that don't block, owned from now on. Device n has the address that ends in
    /// n + 1.</param>
    /// <param name="uplinkMegabits">Of each device, in 1e6 bits a second.</param>
    /// <param name="delay">From one device to another.</param>
    /// <param name="loss">The share of packets that never arrive, 0 to 1.</param>
    public PacketRouter(int[] devices, double[] uplinkMegabits, TimeSpan delay, double loss, int seed)
    {
        _devices = devices;
        _uplinks = new Uplink[devices.Length];
        for (int i = 0; i < devices.Length; i++)
            _uplinks[i] = new Uplink(this, i, uplinkMegabits[i], delay, loss, new Random(seed + i));
    }

    public void Dispose()
    {
        _isStopped = true;
        foreach (Uplink uplink in _uplinks) uplink.Thread.Join();
        foreach (int device in _devices) _ = LibC.close(device);
    }

    private readonly record struct Packet(byte[] Bytes, int Length, int To, long DueAt);

    // The packets that one device sends, from there to their arrival.
    private sealed class Uplink
    {
        private readonly PacketRouter _router;
        private readonly int _device;
        private readonly double _bytesPerTick;
        private readonly long _delayTicks;
        private readonly double _loss;
        private readonly Random _random;
        private readonly Queue<Packet> _onTheirWay = [];        // in the order of arrival
        private readonly byte[] _packet = new byte[PacketBytesMax];
        private long _freeAt;

        public Uplink(PacketRouter router, int number, double megabits, TimeSpan delay, double loss, Random random)
        {
            (_router, _device, _loss, _random) = (router, router._devices[number], loss, random);
            _bytesPerTick = megabits * 1e6 / 8 / Stopwatch.Frequency;
            _delayTicks = (long)(delay.TotalSeconds * Stopwatch.Frequency);
            Thread = new Thread(Run) { IsBackground = true };
            Thread.Start();
        }

        public Thread Thread { get; }

        private void Run()
        {
            LibC.PollEntry entry = new() { Descriptor = _device, Events = LibC.POLLIN };
            while (!_router._isStopped)
            {
                TimeSpan wait = DeliverDue();
                var timeout = new LibC.TimeSpec { Seconds = 0, Nanoseconds = (long)wait.TotalNanoseconds };
                if (LibC.ppoll(&entry, 1, &timeout, null) > 0) Take();
            }
        }

        // Returns the time until the next packet is due, at most 50 ms.
        private TimeSpan DeliverDue()
        {
            long now = Stopwatch.GetTimestamp(), next = now + Stopwatch.Frequency / 20;
            while (_onTheirWay.TryPeek(out Packet packet))
            {
                if (packet.DueAt > now)
                {
                    next = Math.Min(next, packet.DueAt);
                    break;
                }
                _onTheirWay.Dequeue();
                // A device that takes no more loses the packet, as a full network card does.
                fixed (byte* bytes = packet.Bytes) _ = LibC.write(_router._devices[packet.To], bytes, packet.Length);
                ArrayPool<byte>.Shared.Return(packet.Bytes);
            }
            return Stopwatch.GetElapsedTime(now, next);
        }

        private void Take()
        {
            for (int count = 0; count < PacketsPerTurn; count++)
            {
                nint length;
                fixed (byte* start = _packet) length = LibC.read(_device, start, PacketBytesMax);
                if (length <= 0) return;
                Send(_packet.AsSpan(0, (int)length));
            }
        }

        // The packet is lost by chance, if the queue is full, or if nobody has its address.
        private void Send(ReadOnlySpan<byte> packet)
        {
            bool isIPv4 = packet.Length > DestinationOffset + 3 && packet[HeadBytes] >> 4 == 4;
            int to = isIPv4 ? packet[DestinationOffset + 3] - 1 : -1;
            if (to < 0 || to >= _router._devices.Length) return;
            long now = Stopwatch.GetTimestamp(), start = Math.Max(now, _freeAt);
            if (start - now > QueueTicks) return;
            _freeAt = start + (long)(BytesOnLine(packet) / _bytesPerTick);
            if (_random.NextDouble() < _loss) return;
            byte[] bytes = ArrayPool<byte>.Shared.Rent(packet.Length);
            packet.CopyTo(bytes);
            _onTheirWay.Enqueue(new Packet(bytes, packet.Length, to, _freeAt + _delayTicks));
        }

        // Packets that came as one have a head each on the line.
        private static int BytesOnLine(ReadOnlySpan<byte> packet)
        {
            int bytes = packet.Length - HeadBytes;
            int heads = MemoryMarshal.Read<ushort>(packet[AllHeadsOffset..]);
            int data = MemoryMarshal.Read<ushort>(packet[DataOffset..]);
            return data == 0 ? bytes : bytes + ((bytes - heads - 1) / data) * heads;
        }
    }
}
