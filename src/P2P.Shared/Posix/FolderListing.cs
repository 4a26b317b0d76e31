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
    private const byte Unknown = 0, Folder = 4, File = 8, Link = 10;        // DT_UNKNOWN, DT_DIR, DT_REG, DT_LNK

    /// <summary>Lists a folder, . and .. included.</summary>
    /// <returns>The names, and whether each is something that reading might wait for: a pipe, a socket, a device.</returns>
    /// <exception cref="IOException">It can't be read.</exception>
    public static unsafe List<(string Name, bool IsSpecial)> Read(string folder)
    {
        List<(string, bool)> names = [];
        nint directory;
        fixed (byte* path = Encoding.UTF8.GetBytes(folder + '\0')) directory = LibC.opendir(path);
        if (directory == 0) throw new IOException(new Win32Exception(Marshal.GetLastPInvokeError()).Message);
        while (LibC.readdir(directory) is var entry && entry is not null)
            names.Add((Marshal.PtrToStringUTF8((nint)entry->Name)!, entry->Kind is not (Unknown or Folder or File or Link)));
        LibC.closedir(directory);
        return names;
    }
}
