using System;
using System.IO;
using System.Net;
using System.Text;
using P2P.Cli;
using P2P.Protocol;

namespace P2P.Client;

/// <summary>How messages to the tracker end (PROTOCOL 2.4).</summary>
internal enum Framing
{
    /// <summary>Unframed toward a tracker on this machine, which may be a stranger's; lines toward any other.</summary>
    Auto,

    /// <summary>Each message ends in a newline, and many may be in flight.</summary>
    Line,

    /// <summary>One message per send with nothing behind it, and no second before the first is read.</summary>
    Unframed,
}

/// <summary>The client's arguments, checked.</summary>
internal sealed class ClientOptions
{
    public const string Usage = """
        usage: P2PClient [-folder] <path> [-transfer_port <port>] [-name <name>] [-tracker <host[:port]>]
                         [-bind <address>] [-framing auto|line|unframed] [-max_chunk_bytes <size>] [-log <path>]
                         [-chunks <count>] [-out <file>] [-on_complete <command>]
                         [-exit_when_complete [<seconds>]] [-timeout <seconds>] [-quiet] [-json]
                         [-verbose]
               P2PClient split|join|verify ...   (P2PClient split -help tells more)
          -folder <path>          the folder with local_chunks.txt and the chunks
          -transfer_port <port>   the port that peers fetch chunks from (default: any free one)
          -name <name>            the name in the log (default: the folder's name)
          -tracker <host[:port]>  the tracker (default localhost:5100)
          -bind <address>         the address that peers can reach (default: this machine alone if the tracker
        """ + " serves no other, else all)\n" + """
          -framing <dialect>      how messages to the tracker end (default auto: as any tracker on this machine
        """ + " understands)\n" + """
          -max_chunk_bytes <size> the largest chunk to accept, as 500M or 16G (default 16G)
          -log <path>             the common log (default logs.log in the current directory)
          -chunks <count>         begin with nothing: make the folder and its list for so many chunks
          -out <file>             join the chunks into this file as soon as all are there
          -on_complete <command>  run this, through /bin/sh -c, as soon as all is there
          -exit_when_complete [<seconds>]  end when all is there and nobody has fetched anything for so long (default 5)
          -timeout <seconds>      end with exit code 3 if not all is there by then
          -quiet                  say nothing but trouble
          -json                   print events as lines of JSON
          -verbose                tell on stderr why sources are refused and connections closed, and more
          -help, -version
        """;

    private const int DefaultTrackerPort = 5100;        // PROTOCOL 8.1
    private const int NameBytesMax = 1000;              // in UTF-8; every line of the log begins with it

    private ClientOptions(CommandLine line)
    {
        if (line.Positional is not null && line.Has("folder"))
            throw ProgramException.Usage($"unexpected argument '{line.Positional}': -folder is given already");
        string folder = line.Get("folder") ?? line.Positional
            ?? throw ProgramException.Usage("which folder? give it with -folder");
        if (folder.Length == 0) throw ProgramException.Usage("the folder's name is empty: give it with -folder");
        Folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        Name = line.Get("name") is { } name ? CheckName(name) : NameOf(Folder);
        TransferPort = line.GetPort("transfer_port", 0);
        LogPath = line.Get("log") ?? "logs.log";
        ChunkBytesMax = line.GetSize("max_chunk_bytes", ClientLimits.ChunkBytesMax);
        if (line.Has("exit_when_complete"))
        {
            bool isGiven = line.Get("exit_when_complete") is not "";
            Linger = TimeSpan.FromSeconds(isGiven
                ? line.GetNumber("exit_when_complete", 0, "number of seconds")!.Value
                : ClientLimits.LingerSeconds);
        }
        if (line.GetNumber("timeout", 1, "number of seconds") is { } seconds) Timeout = TimeSpan.FromSeconds(seconds);
        ChunkCount = line.GetNumber("chunks", 1, "number of chunks");
        if (ChunkCount > ClientLimits.ChunksMax)
        {
            throw ProgramException.Usage(
                $"-chunks {ChunkCount.Value} are too many: {ClientLimits.ChunksMax} are possible");
        }
        OutName = line.Get("out");
        if (OutName is { Length: 0 }) throw ProgramException.Usage("-out has no name: give that of the file to make");
        OutPath = OutName is null ? null : Path.GetFullPath(OutName);
        Command = line.Get("on_complete");
        if (line.Has("json") && line.Has("quiet"))
            throw ProgramException.Usage("-json and -quiet exclude each other: give one of them");
        Style = line.Has("json") ? ReportStyle.Json : line.Has("quiet") ? ReportStyle.Quiet : ReportStyle.Text;
        IsVerbose = line.Has("verbose");
        (TrackerName, TrackerAddresses, TrackerPort) = ParseTracker(line.Get("tracker") ?? HostName.Localhost);
        IsTrackerLocal = HostName.IsLoopback(TrackerAddresses[0]);
        IsBindGiven = line.Has("bind");
        BindAddresses = line.GetBindAddresses("bind")
            ?? (IsTrackerLocal ? CommandLine.Loopback : CommandLine.Everywhere);
        Framing = line.Get("framing") switch
        {
            null or "auto" => Framing.Auto,
            "line" => Framing.Line,
            "unframed" => Framing.Unframed,
            { } other => throw ProgramException.Usage($"-framing '{other}' is none: give auto, line or unframed"),
        };
    }

    /// <summary>Full path, without a slash at its end.</summary>
    public string Folder { get; }

    /// <summary>What the client's lines in the log begin with.</summary>
    public string Name { get; }

    /// <summary>0 for any free port.</summary>
    public int TransferPort { get; }

    /// <summary>Where peers can connect.</summary>
    public IPAddress[] BindAddresses { get; }

    /// <summary>The user has said so.</summary>
    public bool IsBindGiven { get; }

    /// <summary>The tracker as the user named it, with its port.</summary>
    public string TrackerName { get; }

    /// <summary>Tried in turn; at least one.</summary>
    public IPAddress[] TrackerAddresses { get; }

    public int TrackerPort { get; }

    /// <summary>The tracker is on this machine, the assignment's only case: it may be a stranger's.</summary>
    public bool IsTrackerLocal { get; }

    public Framing Framing { get; }

    public string LogPath { get; }

    /// <summary>Largest chunk that is taken, in bytes.</summary>
    public long ChunkBytesMax { get; }

    /// <summary>End when complete and idle as a source for so long; null: serve until stopped.</summary>
    public TimeSpan? Linger { get; }

    /// <summary>End if not complete by then; null: never.</summary>
    public TimeSpan? Timeout { get; }

    /// <summary>Chunks of the file-set, for a folder that has no list yet; null if not given.</summary>
    public int? ChunkCount { get; }

    /// <summary>The file to join the chunks into, as the user named it; null: none.</summary>
    public string? OutName { get; }

    /// <summary>The same as a full path.</summary>
    public string? OutPath { get; }

    /// <summary>What to run when all is there; null: nothing.</summary>
    public string? Command { get; }

    /// <summary>Why things happen is told on stderr.</summary>
    public bool IsVerbose { get; }

    /// <summary>What is printed on stdout.</summary>
    public ReportStyle Style { get; }

    /// <summary>Reads the arguments.</summary>
    /// <returns>Null if they ask for the usage or the version, which is printed.</returns>
    /// <exception cref="ProgramException">They are wrong.</exception>
    public static ClientOptions? Parse(string[] arguments)
    {
        CommandLine line = CommandLine.Parse(
            arguments,
            ["folder", "transfer_port", "name", "tracker", "bind", "framing", "max_chunk_bytes", "log", "timeout",
                "chunks", "out", "on_complete"],
            ["help", "version", "quiet", "json", "verbose"],
            allowsPositional: true,
            ["exit_when_complete"]);
        if (!line.Has("help") && !line.Has("version")) return new ClientOptions(line);
        Terminal.Print(line.Has("help") ? Usage : $"P2PClient {NativeProgram.Version}");
        return null;
    }

    // The log has no quoting: a name must not look like more than one field, or more than one line (PROTOCOL 5.4).
    private static string CheckName(string name)
    {
        int bytes = Encoding.UTF8.GetByteCount(name);
        if (bytes is 0 or > NameBytesMax)
            throw ProgramException.Usage($"-name has {bytes} bytes: give one of 1 to {NameBytesMax}");
        foreach (char c in name)
        {
            if (!IsNameCharacter(c))
                throw ProgramException.Usage("-name must not hold a comma, white space or a control character");
        }
        return name;
    }

    private static string NameOf(string folder)
    {
        string name = Path.GetFileName(folder);
        if (name.Length == 0) return "client";      // of the root folder
        return string.Create(name.Length, name, static (result, source) =>
        {
            for (int i = 0; i < source.Length; i++) result[i] = IsNameCharacter(source[i]) ? source[i] : '_';
        });
    }

    private static bool IsNameCharacter(char c) => c != ',' && !char.IsWhiteSpace(c) && !char.IsControl(c);

    private static bool LooksLikePort(ReadOnlySpan<char> text) =>
        text.Length >= 4 && !text.ContainsAnyExceptInRange('0', '9');

    // <host>, <host>:<port>, <IPv6 address> or [<IPv6 address>]:<port>
    private static (string Name, IPAddress[] Addresses, int Port) ParseTracker(string text)
    {
        string host = text;
        int port = DefaultTrackerPort;
        int colon = text.LastIndexOf(':');
        bool isBareIPv6 = colon != text.IndexOf(':') && !text.StartsWith('[');
        if (isBareIPv6 && LooksLikePort(text.AsSpan(colon + 1)) && IPAddress.TryParse(text[..colon], out _))
        {
            throw ProgramException.Usage(
                $"-tracker '{text}' may be an address, or an address and a port: "
                + $"give [{text}] or [{text[..colon]}]:{text[(colon + 1)..]}");
        }
        if (colon >= 0 && !isBareIPv6 && !text.EndsWith(']'))
        {
            host = text[..colon];
            port = CommandLine.ParsePort(text[(colon + 1)..], 1, "-tracker's port");
        }
        host = host.TrimStart('[').TrimEnd(']');
        IPAddress[] addresses = HostTable.Resolve(host);
        string whereKnown = " in /etc/hosts";
#if !STATIC_EXECUTABLE
        if (addresses.Length == 0) addresses = SystemResolver.Resolve(host);
        whereKnown = " that this machine can resolve";
#endif
        if (addresses.Length == 0)
        {
            throw ProgramException.Usage(
                $"-tracker '{host}' is not known here: give localhost, a numeric address or a name{whereKnown}");
        }
        return (host.Contains(':') ? $"[{host}]:{port}" : $"{host}:{port}", addresses, port);
    }
}
