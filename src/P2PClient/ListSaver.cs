using System;
using System.IO;
using P2P.Posix;
using P2P.Transport;

namespace P2P.Client;

/// <summary>
/// Keeps local_chunks.txt in step with the chunks that are here: the list is rewritten at most once a second (PROTOCOL
/// 4.4), and later again if the disk refuses it. On the loop.
/// </summary>
internal sealed class ListSaver
{
    private readonly FileSet _files;
    private readonly Action<string> _onDiskFailure;
    private readonly LoopTimer _timer;

    /// <summary>Makes it for a list that names every chunk that is here.</summary>
    /// <param name="onDiskFailure">Gets the reason when the list can't be saved.</param>
    public ListSaver(EventLoop loop, FileSet files, Action<string> onDiskFailure)
    {
        (_files, _onDiskFailure) = (files, onDiskFailure);
        _timer = new LoopTimer(loop, Save);
    }

    /// <summary>The folder's list names every chunk that is here, and no other.</summary>
    public bool IsSaved { get; private set; } = true;

    /// <summary>The list no longer names the chunks that are here.</summary>
    /// <param name="isUrgent">The list is saved at once, not within a second.</param>
    public void OnChange(bool isUrgent)
    {
        IsSaved = false;
        if (isUrgent) Save();
        else if (!_timer.IsRunning) _timer.Start(ClientLimits.SaveInterval);
    }

    /// <summary>Saves the list for the last time, if it has changed.</summary>
    public void Stop()
    {
        if (!IsSaved) Save();
        _timer.Stop();
    }

    private void Save()
    {
        try
        {
            _files.Store.SaveList(_files.Has);
            IsSaved = true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _onDiskFailure(DiskError.Describe(e));
            _timer.Start(ClientLimits.PeerPauseMax);
        }
    }
}
