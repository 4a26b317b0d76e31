using System.Collections.Generic;
using System.ComponentModel;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;

namespace P2P.Posix;

/// <summary>The names in a folder. Directory.EnumerateFiles looks at owners and groups, for which a static executable
/// would have to load libraries.</summary>
public static class FolderListing
{
    /// <summary>Lists a folder, . and .. included.</summary>
    /// <exception cref="IOException">It can't be read.</exception>
    public static unsafe List<string> Read(string folder)
    {
        List<string> names = [];
        nint directory;
        fixed (byte* path = Encoding.UTF8.GetBytes(folder + '\0')) directory = LibC.opendir(path);
        if (directory == 0) throw new IOException(new Win32Exception(Marshal.GetLastPInvokeError()).Message);
        while (LibC.readdir(directory) is var entry && entry is not null)
            names.Add(Marshal.PtrToStringUTF8((nint)entry->Name)!);
        LibC.closedir(directory);
        return names;
    }
}
