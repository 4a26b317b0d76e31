using System.Text;
using P2P.Posix;

namespace P2P.Cli;

/// <summary>Whole lines to the user. Straight to the descriptors: the Console class would cost 140 KB a program.</summary>
public static class Terminal
{
    /// <summary>News, to stdout.</summary>
    public static void Say(string line) => Write(1, line);

    /// <summary>Trouble, to stderr.</summary>
    public static void Complain(string line) => Write(2, line);

    // Nobody can be told when telling fails.
    private static unsafe void Write(int file, string line)
    {
        byte[] text = Encoding.UTF8.GetBytes(line + '\n');
        fixed (byte* bytes = text)
        {
            for (int written = 0; written < text.Length;)
            {
                nint result = LibC.write(file, bytes + written, text.Length - written);
                if (result < 0) return;
                written += (int)result;
            }
        }
    }
}
