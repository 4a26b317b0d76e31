using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using P2P.Benchmarks.Support;

namespace P2P.Benchmarks.Long;

/// <summary>
/// Carries IP packets between TUN devices as a long line does: each device has an uplink of a limited rate with a queue
/// as an ordinary router has, every packet arrives later by the same time, and some are lost. The packets of one device
/// stay in order. One thread; the kernel of this machine may lack netem, which does the same.
/// </summary>
internal sealed unsafe class PacketRouter : IDisposable
{
    private const int PacketBytesMax = 2048, PacketsPerTurn = 64, DestinationOffset = 16;
    private static readonly long QueueTicks = Stopwatch.Frequency / 20;     // 50 ms of the uplink's rate

    private readonly int[] _devices;
    private readonly double[] _bytesPerTick;
    private readonly long _delayTicks;
    private readonly double _loss;
    private readonly Random _random;
    private readonly Queue<Packet>[] _onTheirWay;   // by the device that sent them; each in the order of arrival
    private readonly long[] _uplinkFreeAt;
    private readonly Stack<byte[]> _idle = [];
    private readonly Thread _thread;
    private volatile bool _isStopped;

    /// <summary>Starts to carry.</summary>
    /// <param name="devices">Descriptors that don't block, owned from now on. Device n has the address that ends in
    /// n + 1.</param>
    /// <param name="uplinkMegabits">Of each device, in 1e6 bits a second.</param>
    /// <param name="delay">From one device to another.</param>
    /// <param name="loss">The share of packets that never arrive, 0 to 1.</param>
    public PacketRouter(int[] devices, double[] uplinkMegabits, TimeSpan delay, double loss, int seed)
    {
        (_devices, _loss, _random) = (devices, loss, new Random(seed));
        _bytesPerTick = Array.ConvertAll(uplinkMegabits, megabits => megabits * 1e6 / 8 / Stopwatch.Frequency);
        _delayTicks = (long)(delay.TotalSeconds * Stopwatch.Frequency);
        _onTheirWay = Array.ConvertAll(devices, _ => new Queue<Packet>());
        _uplinkFreeAt = new long[devices.Length];
        _thread = new Thread(Run) { IsBackground = true };
        _thread.Start();
    }

    public void Dispose()
    {
        _isStopped = true;
        _thread.Join();
        foreach (int device in _devices) _ = LibC.close(device);
    }

    private void Run()
    {
        LibC.PollEntry* entries = stackalloc LibC.PollEntry[_devices.Length];
        for (int i = 0; i < _devices.Length; i++) entries[i] = new() { Descriptor = _devices[i], Events = LibC.POLLIN };
        while (!_isStopped)
        {
            TimeSpan wait = DeliverDue();
            var timeout = new LibC.TimeSpec { Seconds = 0, Nanoseconds = (long)wait.TotalNanoseconds };
            if (LibC.ppoll(entries, (nuint)_devices.Length, &timeout, null) <= 0) continue;
            for (int i = 0; i < _devices.Length; i++)
            {
                if (entries[i].Returned != 0) TakeFrom(i);
            }
        }
    }

    // Returns the time until the next packet is due, at most 50 ms.
    private TimeSpan DeliverDue()
    {
        long now = Stopwatch.GetTimestamp(), next = now + Stopwatch.Frequency / 20;
        foreach (Queue<Packet> packets in _onTheirWay)
        {
            while (packets.TryPeek(out Packet packet))
            {
                if (packet.DueAt > now)
                {
                    next = Math.Min(next, packet.DueAt);
                    break;
                }
                packets.Dequeue();
                // A device that takes no more loses the packet, as a full network card does.
                fixed (byte* bytes = packet.Bytes) _ = LibC.write(_devices[packet.To], bytes, packet.Length);
                _idle.Push(packet.Bytes);
            }
        }
        return Stopwatch.GetElapsedTime(now, next);
    }

    private void TakeFrom(int device)
    {
        for (int count = 0; count < PacketsPerTurn; count++)
        {
            byte[] bytes = _idle.TryPop(out byte[]? idle) ? idle : new byte[PacketBytesMax];
            nint length;
            fixed (byte* start = bytes) length = LibC.read(_devices[device], start, PacketBytesMax);
            if (length <= 0)
            {
                _idle.Push(bytes);
                return;
            }
            if (!TrySend(device, new Packet(bytes, (int)length))) _idle.Push(bytes);
        }
    }

    // False if the packet is lost: by chance, since the uplink's queue is full, or since nobody has its address.
    private bool TrySend(int device, Packet packet)
    {
        bool isIPv4 = packet.Length > DestinationOffset + 3 && packet.Bytes[0] >> 4 == 4;
        int to = isIPv4 ? packet.Bytes[DestinationOffset + 3] - 1 : -1;
        if (to < 0 || to >= _devices.Length) return false;
        long now = Stopwatch.GetTimestamp(), start = Math.Max(now, _uplinkFreeAt[device]);
        if (start - now > QueueTicks) return false;
        _uplinkFreeAt[device] = start + (long)(packet.Length / _bytesPerTick[device]);
        if (_random.NextDouble() < _loss) return false;
        _onTheirWay[device].Enqueue(packet with { To = to, DueAt = _uplinkFreeAt[device] + _delayTicks });
        return true;
    }

    private readonly record struct Packet(byte[] Bytes, int Length, int To = 0, long DueAt = 0);
}
