using System;
using System.Diagnostics;

namespace P2P.Client;

/// <summary>
/// Deals chunks to folders by chance, each chunk to a given number of different ones. The same seed deals the same way
/// always and everywhere: System.Random promises that for no longer than one version.
/// </summary>
internal sealed class Dealer
{
    private readonly int[] _folders;
    private readonly int _copies;
    private ulong _state;

    /// <summary>Makes a dealer.</summary>
    /// <param name="folders">Folders, numbered from 0.</param>
    /// <param name="copies">Folders that get each chunk, 1 to <paramref name="folders"/>.</param>
    public Dealer(int folders, int copies, ulong seed)
    {
        Debug.Assert(copies >= 1 && copies <= folders, "the copies of a chunk go to different folders");
        _folders = new int[folders];
        for (int i = 0; i < folders; i++) _folders[i] = i;
        (_copies, _state) = (copies, seed);
    }

    /// <summary>The folders that get the next chunk; good until the next call.</summary>
    public ReadOnlySpan<int> Next()
    {
        for (int i = 0; i < _copies; i++)
        {
            int other = i + (int)(Random() % (ulong)(_folders.Length - i));
            (_folders[i], _folders[other]) = (_folders[other], _folders[i]);
        }
        return _folders.AsSpan(0, _copies);
    }

    // SplitMix64.
    private ulong Random()
    {
        ulong mixed = _state += 0x9E3779B97F4A7C15;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }
}
