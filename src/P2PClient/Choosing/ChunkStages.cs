using System.Collections.Generic;
using System.Diagnostics;

namespace P2P.Client;

/// <summary>The stage of each chunk, and how many chunks each stage has. A chunk changes its stage only here.</summary>
internal sealed class ChunkStages
{
    private readonly ChunkStage[] _stages;          // by index; [0] is unused
    private readonly int[] _counts = new int[(int)ChunkStage.Have + 1];

    /// <summary>Begins with the chunks that are held; the tracker was never asked about the others.</summary>
    public ChunkStages(int chunkCount, IEnumerable<int> held)
    {
        _stages = new ChunkStage[chunkCount + 1];
        foreach (int chunkIndex in held)
        {
            Debug.Assert(chunkIndex >= 1 && this[chunkIndex] != ChunkStage.Have, $"chunk {chunkIndex} is held twice");
            _stages[chunkIndex] = ChunkStage.Have;
        }
        for (int chunkIndex = 1; chunkIndex <= chunkCount; chunkIndex++) _counts[(int)_stages[chunkIndex]]++;
    }

    /// <summary>Chunks of the file-set.</summary>
    public int ChunkCount => _stages.Length - 1;

    /// <summary>The stage of a chunk of the file-set.</summary>
    public ChunkStage this[int chunkIndex]
    {
        get
        {
            Debug.Assert(chunkIndex >= 1, "a file-set has no chunk 0");
            return _stages[chunkIndex];
        }
    }

    /// <summary>The number of chunks in a stage.</summary>
    public int CountOf(ChunkStage stage) => _counts[(int)stage];

    /// <summary>The state of one chunk; of an index outside the file-set, <see cref="ChunkState.Missing"/>.</summary>
    public ChunkState StateOf(int chunkIndex)
    {
        if (chunkIndex < 1 || chunkIndex > ChunkCount) return ChunkState.Missing;
        return _stages[chunkIndex] switch
        {
            ChunkStage.Asked or ChunkStage.Refreshing => ChunkState.Asked,
            ChunkStage.Unknown => ChunkState.Unknown,
            ChunkStage.Ready or ChunkStage.Refreshed => ChunkState.Ready,
            ChunkStage.InFlight or ChunkStage.InFlightToAsk => ChunkState.InFlight,
            ChunkStage.Have => ChunkState.Have,
            _ => ChunkState.Missing,
        };
    }

    /// <summary>Moves a chunk to its next stage.</summary>
    public void Move(int chunkIndex, ChunkStage next)
    {
        ChunkStage stage = this[chunkIndex];
        Debug.Assert(MayFollow(stage, next), $"chunk {chunkIndex} was {stage}, and can't be {next}");
        Debug.Assert(_counts[(int)stage] > 0, $"there is no chunk that is {stage}");
        _counts[(int)stage]--;
        _counts[(int)next]++;
        _stages[chunkIndex] = next;
    }

    /// <summary>Asserts that each chunk is counted in one stage.</summary>
    [Conditional("DEBUG")]
    public void Check()
    {
        int sum = 0;
        foreach (int count in _counts) sum += count;
        Debug.Assert(sum == ChunkCount, $"{sum} chunks have a stage, of {ChunkCount}");
    }

    private static bool MayFollow(ChunkStage stage, ChunkStage next) => next switch
    {
        ChunkStage.AskAgain => stage is ChunkStage.Asked or ChunkStage.Have,
        ChunkStage.UnknownDue => stage is ChunkStage.Unknown,
        ChunkStage.Stale => stage is ChunkStage.Ready or ChunkStage.Refreshing,
        ChunkStage.Asked => stage is ChunkStage.NeverAsked or ChunkStage.AskAgain or ChunkStage.UnknownDue,
        ChunkStage.Refreshing => stage is ChunkStage.Stale,
        ChunkStage.Unknown =>
            stage is ChunkStage.Asked or ChunkStage.Refreshing or ChunkStage.Ready or ChunkStage.Refreshed,
        ChunkStage.Ready => stage is ChunkStage.Asked or ChunkStage.Unknown or ChunkStage.Stale or ChunkStage.Refreshed
            or ChunkStage.InFlight,
        ChunkStage.Refreshed => stage is ChunkStage.Refreshing,
        ChunkStage.InFlight => stage is ChunkStage.Ready or ChunkStage.Refreshed or ChunkStage.InFlightToAsk,
        ChunkStage.InFlightToAsk => stage is ChunkStage.InFlight,
        ChunkStage.Have => stage is ChunkStage.InFlight,
        _ => false,
    };
}
