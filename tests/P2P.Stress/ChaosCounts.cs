using System.Threading;

namespace P2P.Stress;

/// <summary>What happened, in one round or in all. Bad transfers are counted from the bad peers' threads.</summary>
internal sealed class ChaosCounts
{
    private int _badTransfers;

    public int Kills { get; set; }
    public int Stops { get; set; }
    public int TrackerRestarts { get; set; }
    public int BadTransfers => _badTransfers;
    public long ChunksFetched { get; set; }
    public long Bytes { get; set; }
    public long WrongBytes { get; set; }
    public int HungClients { get; set; }
    public int OtherFaults { get; set; }

    /// <summary>Nothing wrong, nothing hung.</summary>
    public bool IsGood => WrongBytes == 0 && HungClients == 0 && OtherFaults == 0;

    public void OnBadTransfer() => Interlocked.Increment(ref _badTransfers);

    public void Add(ChaosCounts other)
    {
        Kills += other.Kills;
        Stops += other.Stops;
        TrackerRestarts += other.TrackerRestarts;
        Interlocked.Add(ref _badTransfers, other.BadTransfers);
        ChunksFetched += other.ChunksFetched;
        Bytes += other.Bytes;
        WrongBytes += other.WrongBytes;
        HungClients += other.HungClients;
        OtherFaults += other.OtherFaults;
    }

    public override string ToString() => $"{Kills} kills, {Stops} stops, {TrackerRestarts} tracker restarts, {BadTransfers} bad transfers, "
        + $"{ChunksFetched} chunks fetched, {Bytes / 1e6:F1} MB, {WrongBytes} wrong bytes, {HungClients} hung clients, {OtherFaults} other faults";
}
