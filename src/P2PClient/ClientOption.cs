using P2P.Cli;

namespace P2P.Client;

/// <summary>The options of the client, and of its commands on files.</summary>
internal static class ClientOption
{
    public static readonly Option Folder = new("folder", "<path>", "the folder with local_chunks.txt and the chunks");
    public static readonly Option TransferPort = new(
        "transfer_port", "<port>", "the port that peers fetch chunks from (default: any free one)");
    public static readonly Option Name = new("name", "<name>", "the name in the log (default: the folder's name)");
    public static readonly Option Tracker = new("tracker", "<host[:port]>", "the tracker (default localhost:5100)");
    public static readonly Option Bind = new(
        "bind", "<address>",
        "the address that peers can reach (default: this machine alone if the tracker serves no other, else all)");
    public static readonly Option Framing = new(
        "framing", "auto|line|unframed",
        "how messages to the tracker end (default auto: as any tracker on this machine understands)");
    public static readonly Option Lane = new(
        "lane", "on|off", "fetch many chunks over one connection, among clients of this program (default on)");
    public static readonly Option MaxChunkBytes = new(
        "max_chunk_bytes", "<size>", "the largest chunk to accept, as 500M or 16G (default 16G)");
    public static readonly Option UploadLimit = new(
        "upload_limit", "<bytes/s>", "send no more a second, as 500K or 2M, to all peers together");
    public static readonly Option DownloadLimit = new(
        "download_limit", "<bytes/s>", "receive no more a second from all peers together");
    public static readonly Option UploadSlots = new(
        "upload_slots", "<number>", "chunks sent at a time (default 2; over long lines twice as many)");
    public static readonly Option Log = new(
        "log", "<path>", "the common log (default logs.log in the current directory)");
    public static readonly Option Chunks = new(
        "chunks", "<count>", "begin with nothing: make the folder and its list for so many chunks");
    public static readonly Option SeedOf = new(
        "seed", "<file|folder>", "serve this, which stays as it is, instead of a folder with chunks");
    public static readonly Option Out = new(
        "out", "<file|->", "join the chunks into this file, or write them to stdout, as soon as all are there");
    public static readonly Option JoinOut = new("out", "<file|->", "the file or folder to make; - is stdout");
    public static readonly Option FetchOut = new(
        "out", "<file|->", "the file or folder to receive into; - is stdout, for a set of one file");
    public static readonly Option FetchFolder = new(
        "folder", "<path>", "keep the chunks there, each in a file of its own");
    public static readonly Option OnComplete = new(
        "on_complete", "<command>", "run this, through /bin/sh -c, as soon as all is there");
    public static readonly Option ExitWhenComplete = new(
        "exit_when_complete", "[<seconds>]",
        "end when all is there and nobody has fetched anything for so long (default 5)");
    public static readonly Option Timeout = new(
        "timeout", "<seconds>", "end with exit code 3 if not all is there by then");
    public static readonly Option UntilPeers = new(
        "until_peers", "<number>", "with -exit_when_complete: not before so many other peers have everything");
    public static readonly Option Watch = new("watch", "", "print it again every second");
    public static readonly Option Quiet = new("quiet", "", "say nothing but trouble");
    public static readonly Option Json = new("json", "", "print events as lines of JSON");
    public static readonly Option StatusJson = new("json", "", "print the tracker's answer, for scripts");
    public static readonly Option Verbose = new(
        "verbose", "", "tell on stderr why sources are refused and connections closed, and more");

    public static readonly Option SplitFolder = new("folder", "<path>", "the folder to make");
    public static readonly Option ChunkSize = new(
        "chunk_size", "<size>", "bytes of each chunk but the last, as 64K, 4M or 1G (default 4M)");
    public static readonly Option Deal = new(
        "deal", "<folders>", "makes so many, <path>1, <path>2 and so on, and deals the chunks to them by chance");
    public static readonly Option Copies = new(
        "copies", "<number>", "gives each chunk to so many of them (default 1)");
    public static readonly Option Seed = new("seed", "<number>", "deals the same way each time");

    /// <summary>Those of a client. The array follows all options: a field is made after those above it.</summary>
    public static readonly Option[] All =
    [
        Folder, TransferPort, Name, Tracker, Bind, Framing, Lane, MaxChunkBytes, UploadLimit, DownloadLimit,
        UploadSlots, Option.Allow, Log, Chunks, SeedOf, ChunkSize, Out, OnComplete, ExitWhenComplete, UntilPeers,
        Timeout, Quiet, Json, Verbose, Option.ShowHelp, Option.ShowVersion,
    ];

    /// <summary>Those of <c>split</c>.</summary>
    public static readonly Option[] OfSplit = [SplitFolder, ChunkSize, Deal, Copies, Seed, Option.ShowHelp];

    /// <summary>Those of <c>join</c>.</summary>
    public static readonly Option[] OfJoin = [Folder, JoinOut, Option.ShowHelp];

    /// <summary>Those of <c>verify</c>.</summary>
    public static readonly Option[] OfVerify = [Folder, Option.ShowHelp];

    /// <summary>Those that receivers want most; <c>fetch</c> takes all.</summary>
    public static readonly Option[] OfFetch =
    [
        FetchOut, Tracker, FetchFolder, ExitWhenComplete, UntilPeers, Timeout, DownloadLimit, UploadLimit, OnComplete,
        Quiet, Json, Option.ShowHelp,
    ];

    /// <summary>Those of <c>status</c>.</summary>
    public static readonly Option[] OfStatus = [Tracker, Watch, StatusJson, Option.ShowHelp];
}
