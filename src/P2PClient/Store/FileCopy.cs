using System;
using System.Diagnostics;
using System.IO;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using P2P.Posix;

namespace P2P.Client;

/// <summary>
/// A part of a file that is known to have data, and the hole before it. To find the end of the data, some file systems
/// look at each page of it, so that whoever copies a large file in small parts looks for it once.
/// </summary>
internal struct DataRange
{
    private long _start, _data, _hole;      // the file has a hole from the start to the data, and data to the next hole

    /// <summary>Finds the first byte at an offset or behind it that is no hole, and the next hole.</summary>
    /// <returns>False if there is nothing but a hole up to the end of the file.</returns>
    public bool TryFind(SafeFileHandle file, long offset, out long data, out long hole)
    {
        bool isKnown = offset >= _start && offset < _hole;
        if (!isKnown)
        {
            (_start, _data, _hole) = (offset, 0, 0);
            if (!NativeFile.TryFindData((int)file.DangerousGetHandle(), offset, out _data, out _hole)) _hole = 0;
        }
        Debug.Assert(_hole == 0 || _data < _hole, "data ends behind its beginning");
        (data, hole) = (Math.Max(_data, offset), _hole);
        return _hole > 0;
    }
}

/// <summary>
/// Copies parts of files within the kernel (<c>copy_file_range</c>, on some file systems no more than a note that
/// blocks are shared), through a buffer where that isn't possible. Holes of the source are not written.
/// </summary>
internal static class FileCopy
{
    private const string TooShort = "the file became shorter meanwhile";
    private const int BufferBytes = 256 * 1024;

    /// <summary>Copies bytes to where a file is new, or a hole.</summary>
    /// <param name="known">What is known about the source's holes; at first nothing.</param>
    /// <exception cref="IOException">The disk refuses, or the source is shorter.</exception>
    public static void Copy(
        SafeFileHandle source, long sourceOffset, SafeFileHandle target, long targetOffset, long bytes,
        ref DataRange known)
    {
        Debug.Assert(sourceOffset >= 0 && targetOffset >= 0 && bytes >= 0, "a part of a file");
        long end = sourceOffset + bytes, shift = targetOffset - sourceOffset;
        while (sourceOffset < end)
        {
            if (!known.TryFind(source, sourceOffset, out long data, out long hole) || data >= end)
            {
                if (RandomAccess.GetLength(source) < end) throw new IOException(TooShort);
                return;
            }
            hole = Math.Min(hole, end);
            CopyData(source, data, target, data + shift, hole - data);
            sourceOffset = hole;
        }
    }

    /// <summary>Copies a whole file over bytes that are there, its holes included.</summary>
    /// <exception cref="IOException">The disk refuses, or the source is shorter.</exception>
    public static void CopyAll(SafeFileHandle source, SafeFileHandle target, long targetOffset, long bytes) =>
        CopyData(source, 0, target, targetOffset, bytes);

    /// <summary>Compares parts of two files byte for byte.</summary>
    /// <param name="buffers">Two of the same length.</param>
    /// <returns>False if they differ, or one file ends before.</returns>
    /// <exception cref="IOException">A file can't be read.</exception>
    public static bool AreSame(
        SafeFileHandle a, long offsetA, SafeFileHandle b, long offsetB, long bytes, (byte[] A, byte[] B) buffers)
    {
        Debug.Assert(buffers.A != buffers.B && buffers.A.Length <= buffers.B.Length, "each file has a buffer");
        for (long done = 0; done < bytes;)
        {
            int most = (int)Math.Min(buffers.A.Length, bytes - done);
            int read = RandomAccess.Read(a, buffers.A.AsSpan(0, most), offsetA + done);
            if (read == 0 || RandomAccess.Read(b, buffers.B.AsSpan(0, read), offsetB + done) != read) return false;
            if (!buffers.A.AsSpan(0, read).SequenceEqual(buffers.B.AsSpan(0, read))) return false;
            done += read;
        }
        return true;
    }

    /// <summary>Gives a new file its size.</summary>
    /// <exception cref="IOException">The disk refuses, also a size that its file system can't have.</exception>
    public static void SetLength(SafeFileHandle file, long bytes)
    {
        try
        {
            RandomAccess.SetLength(file, bytes);
        }
        catch (ArgumentOutOfRangeException)
        {
            throw new IOException(LibC.ErrorText(LibC.EFBIG));
        }
    }

    /// <summary>Tells whether a file holds as many bytes as its size says: those of /proc hold more, those of /sys
    /// fewer, and a device has no size.</summary>
    /// <param name="bytes">The size.</param>
    public static bool HasItsSize(NativeFile file, long bytes)
    {
        Span<byte> one = stackalloc byte[1];
        if (bytes > 0) return file.Read(one, bytes - 1) == 1;
        return LibC.lseek(file.Descriptor, 0, LibC.SEEK_DATA) < 0 && Marshal.GetLastPInvokeError() == LibC.ENXIO
            && file.Read(one, 0) == 0;
    }

    private static unsafe void CopyData(
        SafeFileHandle source, long sourceOffset, SafeFileHandle target, long targetOffset, long bytes)
    {
        while (bytes > 0)
        {
            nint copied = LibC.copy_file_range(
                (int)source.DangerousGetHandle(), &sourceOffset, (int)target.DangerousGetHandle(), &targetOffset,
                (nint)Math.Min(bytes, 1 << 30), 0);
            if (copied > 0)
            {
                bytes -= copied;
                continue;
            }
            int error = Marshal.GetLastPInvokeError();
            if (copied < 0 && error == LibC.EINTR) continue;
            if (copied < 0 && error is LibC.ENOSPC or LibC.EDQUOT or LibC.EFBIG or LibC.EIO)
                throw new IOException(LibC.ErrorText(error));
            // The kernel may be too old, and can't copy between all file systems, nor from a device: this program then
            // copies. Some file systems also report an end of the source that isn't there.
            CopyByHand(source, sourceOffset, target, targetOffset, bytes);
            return;
        }
    }

    private static void CopyByHand(
        SafeFileHandle source, long sourceOffset, SafeFileHandle target, long targetOffset, long bytes)
    {
        byte[] buffer = new byte[Math.Min(BufferBytes, bytes)];
        while (bytes > 0)
        {
            int read = RandomAccess.Read(source, buffer.AsSpan(0, (int)Math.Min(buffer.Length, bytes)), sourceOffset);
            if (read == 0) throw new IOException(TooShort);
            RandomAccess.Write(target, buffer.AsSpan(0, read), targetOffset);
            sourceOffset += read;
            targetOffset += read;
            bytes -= read;
        }
    }
}
