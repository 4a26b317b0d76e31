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
    private const int NameBytesMax = 1000;              // in UTF-8; every line of the log begins with it

    private ClientOptions(CommandLine line, bool isFetch)
    {
        IsFetch = isFetch;
        if (line.Positional is not null && line.Has(ClientOption.Folder))
            throw ProgramException.Usage($"unexpected argument '{line.Positional}': -folder is given already");
        string? folder = line.Get(ClientOption.Folder) ?? line.Positional;
        if (folder is { Length: 0 }) throw ProgramException.Usage("the folder's name is empty: give it with -folder");
        OutName = line.Get(ClientOption.Out);
        if (OutName is { Length: 0 }) throw ProgramException.Usage("-out has no name: give that of the file to make");
        OutPath = OutName is null ? null : Path.TrimEndingDirectorySeparator(Path.GetFullPath(OutName));
        if (IsStream) Terminal.KeepStandardOutputFree();
        SeedPath = CheckSeed(line, folder);
        IsInPlace = folder is null && (SeedPath is not null || (isFetch && OutPath is not null));
        if (!IsInPlace && folder is null)
        {
            throw ProgramException.Usage(isFetch
                ? "which file? name it with -out, or give a folder for its chunks with -folder"
                : "which folder? give it with -folder");
        }
        ChunkBytes = line.GetSize(ClientOption.ChunkSize, SplitCommand.DefaultChunkBytes);
        string place = IsInPlace ? SeedPath ?? OutPath! : Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder!));
        Folder = IsInPlace ? Path.GetDirectoryName(place) ?? "/" : place;
        GivenName = line.Get(ClientOption.Name) is { } name ? CheckName(name) : null;
        Name = GivenName is not null ? GivenName
            : IsStream && folder is null ? "client"
            : NameOf(place);
        TransferPort = line.GetPort(ClientOption.TransferPort, 0);
        LogPath = line.Get(ClientOption.Log) ?? "logs.log";
        ChunkBytesMax = line.GetSize(ClientOption.MaxChunkBytes, ClientLimits.ChunkBytesMax);
        UploadLimit = GetRate(line, ClientOption.UploadLimit);
        DownloadLimit = GetRate(line, ClientOption.DownloadLimit);
        UploadSlots =
            line.GetNumber(ClientOption.UploadSlots, 1, "number of uploads") ?? ClientLimits.UploadsAtOnce;
        Allowed = line.GetAllowed();
        if (line.Has(ClientOption.ExitWhenComplete))
        {
            bool isGiven = line.Get(ClientOption.ExitWhenComplete) is not "";
            Linger = TimeSpan.FromSeconds(isGiven
                ? line.GetNumber(ClientOption.ExitWhenComplete, 0, "number of seconds")!.Value
                : ClientLimits.LingerSeconds);
        }
        UntilPeers = line.GetNumber(ClientOption.UntilPeers, 1, "number of peers");
        if (UntilPeers is not null && Linger is null)
            throw ProgramException.Usage("-until_peers goes with -exit_when_complete");
        int? timeout = line.GetNumber(ClientOption.Timeout, 1, "number of seconds");
        if (timeout is not null) Timeout = TimeSpan.FromSeconds(timeout.Value);
        ChunkCount = line.GetNumber(ClientOption.Chunks, 1, "number of chunks");
        if (ChunkCount > ClientLimits.ChunksMax)
        {
            throw ProgramException.Usage(
                $"-chunks {ChunkCount.Value} are too many: {ClientLimits.ChunksMax} are possible");
        }
        Command = line.Get(ClientOption.OnComplete);
        if (line.Has(ClientOption.Json) && line.Has(ClientOption.Quiet))
            throw ProgramException.Usage("-json and -quiet exclude each other: give one of them");
        Style = line.Has(ClientOption.Json) ? ReportStyle.Json
            : line.Has(ClientOption.Quiet) ? ReportStyle.Quiet
            : ReportStyle.Text;
        IsVerbose = line.Has(ClientOption.Verbose);
        Tracker = TrackerHost.Parse(line.Get(ClientOption.Tracker) ?? HostName.Localhost);
        IsBindGiven = line.Has(ClientOption.Bind);
        BindAddresses = line.GetBindAddresses(ClientOption.Bind)
            ?? (IsTrackerLocal ? CommandLine.Loopback : CommandLine.Everywhere);
        Framing = line.Get(ClientOption.Framing) switch
        {
            null or "auto" => Framing.Auto,
            "line" => Framing.Line,
            "unframed" => Framing.Unframed,
            { } other => throw ProgramException.Usage($"-framing '{other}' is none: give auto, line or unframed"),
        };
        UsesLanes = line.Get(ClientOption.Lane) switch
        {
            null or "on" => true,
            "off" => false,
            { } other => throw ProgramException.Usage($"-lane '{other}' is none: give on or off"),
        };
    }

    /// <summary>Full path, without a slash at its end.</summary>
    public string Folder { get; }

    /// <summary>The number of chunks and their sums come from the swarm.</summary>
    public bool IsFetch { get; }

    /// <summary>The chunks lie in the file or folder of the user's, not in files of their own.</summary>
    public bool IsInPlace { get; }

    /// <summary>The file or folder to serve as it is: a full path; null: none.</summary>
    public string? SeedPath { get; }

    /// <summary>Bytes of each chunk of <see cref="SeedPath"/>, but for the last of each file.</summary>
    public long ChunkBytes { get; }

    /// <summary>The name that the client's lines in the log begin with.</summary>
    public string Name { get; }

    /// <summary>The name that the user has given the client, which a tracker of ours may show; null: none.</summary>
    public string? GivenName { get; }

    /// <summary>0 for any free port.</summary>
    public int TransferPort { get; }

    /// <summary>Where peers can connect.</summary>
    public IPAddress[] BindAddresses { get; }

    /// <summary>The user has given -bind.</summary>
    public bool IsBindGiven { get; }

    /// <summary>The tracker and where it is.</summary>
    public TrackerHost Tracker { get; }

    /// <summary>The tracker as the user named it, with its port.</summary>
    public string TrackerName => Tracker.Name;

    /// <summary>Tried in turn; none while the tracker's name is not known.</summary>
    public IPAddress[] TrackerAddresses => Tracker.Addresses;

    public int TrackerPort => Tracker.Port;

    /// <summary>The tracker is on this machine, the assignment's only case, and may be a stranger's.</summary>
    public bool IsTrackerLocal => Tracker.IsLocal;

    public Framing Framing { get; }

    /// <summary>Lanes are spoken (PROTOCOL 9).</summary>
    public bool UsesLanes { get; }

    public string LogPath { get; }

    /// <summary>Largest chunk that is taken, in bytes.</summary>
    public long ChunkBytesMax { get; }

    /// <summary>Bytes of chunks to send, and to receive, in a second at most; 0: no limit.</summary>
    public long UploadLimit { get; }

    /// <inheritdoc cref="UploadLimit"/>
    public long DownloadLimit { get; }

    /// <summary>Chunks that are sent at a time.</summary>
    public int UploadSlots { get; }

    /// <summary>Addresses that may connect; null: all.</summary>
    public AllowedNetworks? Allowed { get; }

    /// <summary>End when complete and idle as a source for so long; null: serve until stopped.</summary>
    public TimeSpan? Linger { get; }

    /// <summary>End not before so many other peers have everything; null: whatever they have.</summary>
    public int? UntilPeers { get; }

    /// <summary>End if not complete by then; null: never.</summary>
    public TimeSpan? Timeout { get; }

    /// <summary>Chunks of the file-set, for a folder that has no list yet; null if not given.</summary>
    public int? ChunkCount { get; }

    /// <summary>The file to join the chunks into, as the user named it; null: none.</summary>
    public string? OutName { get; }

    /// <summary>The chunks go to stdout.</summary>
    public bool IsStream => OutName == "-";

    /// <summary>The same as a full path.</summary>
    public string? OutPath { get; }

    /// <summary>The command to run when all chunks are there; null: none.</summary>
    public string? Command { get; }

    /// <summary>The reasons of events are printed on stderr.</summary>
    public bool IsVerbose { get; }

    /// <summary>The form of the output on stdout.</summary>
    public ReportStyle Style { get; }

    /// <summary>Reads the arguments.</summary>
    /// <returns>Null if they ask for the usage or the version, which is printed.</returns>
    /// <exception cref="ProgramException">They are wrong.</exception>
    public static ClientOptions? Parse(string[] arguments)
    {
        bool isFetch = IsFetchCommand(arguments);
        var line = CommandLine.Parse(arguments.AsSpan(isFetch ? 1 : 0), ClientOption.All, allowsPositional: true);
        bool asksForHelp = line.Has(Option.ShowHelp);
        if (!asksForHelp && !line.Has(Option.ShowVersion)) return new ClientOptions(line, isFetch);
        Terminal.Print(!asksForHelp ? $"P2PClient {NativeProgram.Version}"
            : isFetch ? CommandHelp.Text("fetch")
            : Usage());
        return null;
    }

    /// <summary>True if the arguments are <c>fetch</c>. A folder may have the command's name: then it stands
    /// alone.</summary>
    public static bool IsFetchCommand(string[] arguments) =>
        arguments.Length > 0 && arguments[0] == "fetch" && (arguments.Length > 1 || !Directory.Exists("fetch"));

    /// <summary>Arguments that may be wrong hold <c>-json</c>.</summary>
    public static bool AskForJson(string[] arguments) => Array.Exists(arguments, each => each is "-json" or "--json");

    /// <summary>The usage text.</summary>
    public static string Usage() =>
        $"""
        {UsageText.Synopsis("usage: P2PClient [-folder] <path>", 17, ClientOption.All.AsSpan(1))}
               P2PClient fetch|status|split|join|verify ...   (P2PClient fetch -help
               tells more)

        Fetches the chunks that the folder lacks from the peers that the tracker names,
        and serves those that it has, until it is stopped.

        {UsageText.List(2, 26, ClientOption.All)}

        exit codes
          0    everything is there and done, or ended by a signal
          1    the port is taken, -on_complete failed, or anything else
          2    wrong arguments, or a folder or file that can't be used
          3    chunks are missing, and the time is up (-timeout)
          4    the disk is full, or can't be written
          5    there was no tracker (-timeout)

        examples
          P2PClient -folder part1 -out movie.mkv -exit_when_complete
          P2PClient -folder new -chunks 5 -tracker hub
        """;

    private static string? CheckSeed(CommandLine line, string? folder)
    {
        if (line.Get(ClientOption.SeedOf) is not { } seed)
        {
            if (line.Has(ClientOption.ChunkSize)) throw ProgramException.Usage("-chunk_size goes with -seed");
            return null;
        }
        if (seed.Length == 0) throw ProgramException.Usage("-seed has no name: give that of a file or folder");
        if (folder is not null || line.Has(ClientOption.Out) || line.Has(ClientOption.Chunks))
            throw ProgramException.Usage("-seed serves what is there: it goes without -folder, -chunks and -out");
        return Path.TrimEndingDirectorySeparator(Path.GetFullPath(seed));
    }

    private static long GetRate(CommandLine line, Option option)
    {
        long rate = line.GetSize(option, 0);
        if (rate is 0 or >= ClientLimits.RateMin) return rate;
        throw ProgramException.Usage($"-{option.Name} {rate} is too little: give 1K or more, in bytes a second");
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
}
