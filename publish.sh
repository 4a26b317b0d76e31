#!/usr/bin/env bash
# Builds P2PTracker and P2PClient as native executables; with --demo it also lets them share a real file.
# Needs the .NET SDK; a missing C linker is installed, or named with the command that installs it.
# Everything intermediate stays in obj/native, apart from what `dotnet build` and `dotnet test` keep in obj folders
# of their own, so that all of them can run beside each other.
set -euo pipefail
export LC_ALL=C

usage() {
    cat <<'END'
usage: ./publish.sh [--dynamic | --checked] [-o|--output DIR] [--demo [FILE]]

Builds P2PTracker and P2PClient, with their symbols beside them (P2PTracker.dbg, P2PClient.dbg).

  (nothing)         fully static, into out/: they run on any Linux, without any library
  --dynamic         against this machine's libc, into out/dynamic/
  --checked         fully static, with the assertions of the source, into out/checked/: for tests, not for users
  -o, --output DIR  into DIR instead
  --demo [FILE]     then split FILE (default: the largest dll of the .NET SDK) into chunks, deal them to four
                    clients, and see every client end up with the whole of it
  -h, --help        this text
END
}

# The form "origin: error: text" is also what msbuild shows as an error when it runs this script.
die() { echo "publish.sh: error: $*" >&2; exit 1; }

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
programs=(P2PTracker P2PClient)
kind=static
output=
demo=false
file=

while (($#)); do
    case $1 in
        --dynamic) kind=dynamic ;;
        --checked) kind=checked ;;
        -o | --output) [[ -n ${2:-} ]] || { usage >&2; exit 2; }; output=$2; shift ;;
        --demo) demo=true; if [[ $# -gt 1 && $2 != -* ]]; then file=$2; shift; fi ;;
        -h | --help) usage; exit 0 ;;
        *) echo "publish.sh: unknown argument: $1" >&2; usage >&2; exit 2 ;;
    esac
    shift
done
if [[ -z $output ]]; then
    output=$repo/out
    [[ $kind == static ]] || output=$repo/out/$kind
fi

# --- building ---------------------------------------------------------------------------------------------------------

# Links a program of one line: finds out in one go whether there is a linker, its start files and the libc it needs.
linker_works() {
    linker=$(command -v gcc || command -v clang) || return 1
    local flag=; [[ $kind == dynamic ]] || flag=-static
    echo 'int main(void) { return 0; }' | "$linker" -x c $flag -o "$work/probe" - -lm 2>"$work/probe.log"
}

require_tools() {
    command -v dotnet >/dev/null || die "dotnet is not in the PATH: install the .NET SDK, version 10 or later."
    linker_works && return
    local install='apt-get install --yes --no-install-recommends gcc libc6-dev'
    if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
        echo "Installing the C linker and libc: $install"
        { apt-get update && DEBIAN_FRONTEND=noninteractive $install; } </dev/null >"$work/probe.log" 2>&1 \
            || { cat "$work/probe.log" >&2; die "could not install it."; }
        linker_works && return
    fi
    cat "$work/probe.log" >&2
    die "no C linker with a $kind libc. Install it: sudo $install  (elsewhere: gcc and glibc's static library)"
}

# changed PATH...: prints something when any of it is newer than the last build, or when there was none.
changed() {
    find "$@" \( -name obj -o -name bin \) -prune -o -newer "$work/built" -print -quit 2>&1
}

compile() {
    local log=$work/publish.log
    # msbuild sees new code, but does not link again for a new setting of the linker: then start afresh.
    if [[ -n $(changed "$repo"/src/*.pro* "$repo"/src/*/*.csproj "$repo/Directory.Packages.props" "$repo/publish.sh") ]]
    then
        rm -rf "$work"/{bin,obj,publish,built}
    fi
    [[ -n $(changed "$repo/src") ]] || return 0
    touch "$work/started"
    echo "Building ${programs[*]}, $kind"
    # No build server: it would outlive this script and keep its lock and its output open. No analyzers: dotnet build
    # runs them; what matters for a native program the native compiler says itself.
    if ! dotnet msbuild "$repo/src/Programs.proj" -target:Publish -maxCpuCount -nodeReuse:false -warnAsError -nologo \
            -property:Configuration=Release -property:_IsPublishing=true -property:UseSharedCompilation=false \
            -property:RunAnalyzers=false \
            -property:ArtifactsPath="$work" -property:_CommandLineDefinedArtifactsPath=true \
            -property:CppCompilerAndLinker="$linker" -property:Static=$([[ $kind == dynamic ]] || echo true) \
            -property:Checked=$([[ $kind != checked ]] || echo true) \
            </dev/null >"$log" 2>&1 9>&- \
            || grep -qE 'warning( [A-Z]+[0-9]+)?:' "$log"; then
        cat "$log" >&2
        # What was linked with a warning is up to date for msbuild, and would pass without a word the next time.
        rm -rf "$work"/{bin,obj,publish}
        die "the programs were not built: see the errors and warnings above."
    fi
    mv "$work/started" "$work/built"
}

publish() {
    local program
    work=$repo/obj/native/$kind
    mkdir -p "$work" "$output"
    exec 9>"$work/lock"
    flock 9
    require_tools
    # When msbuild runs this script, its own variables are not meant for the msbuild that we run.
    unset "${!MSBUILD@}" "${!MSBuild@}"
    export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_CLI_UI_LANGUAGE=en
    compile
    for program in "${programs[@]}"; do
        install -m 755 "$work/publish/$program/release/$program" "$output/$program"
        install -m 644 "$work/publish/$program/release/$program.dbg" "$output/$program.dbg"
        awk -v bytes="$(stat -c %s "$output/$program")" -v name="$output/$program" -v kind=$kind \
            'BEGIN { printf "%s  %.2f MB  %s\n", name, bytes / 1e6, kind }'
    done
    exec 9>&-
}

# --- the demonstration ------------------------------------------------------------------------------------------------

clients=(client_1 client_2 client_3 client_4)
chunks_wanted=64
seconds_max=60

# Prints the largest dll that comes with the newest SDK.
largest_dll() {
    local sdk
    sdk=$(dotnet --list-sdks | tail -n 1 | sed -E 's/^([^ ]+) \[(.*)\]$/\2\/\1/')
    find "$sdk" -name '*.dll' -printf '%s %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2-
}

# Stops what the demonstration started, and removes what it wrote, however it ends.
clean_up() {
    trap '' INT TERM HUP
    stop_all 2>/dev/null || true
    rm -rf "$demo_folder"
}

# Asks every process to stop, and ends the ones that have not within 5 seconds. Fails if any did not stop cleanly.
stop_all() {
    local name pid tries clean=true
    ((${#running[@]})) || return 0
    kill -TERM "${running[@]}" 2>/dev/null || true
    for name in "${!running[@]}"; do
        pid=${running[$name]}
        for ((tries = 0; tries < 100; tries++)); do kill -0 "$pid" 2>/dev/null || break; sleep 0.05; done
        kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || { echo "$name did not stop cleanly: exit code $?." >&2; clean=false; }
    done
    running=()
    $clean
}

# start NAME COMMAND...: runs it in the demonstration's folder; ${lines[NAME]} becomes what it prints.
start() {
    local name=$1 fd; shift
    mkfifo "$demo_folder/$name.out"
    (cd "$demo_folder" && exec "$@" </dev/null >"$name.out" 2>"$name.err") & running[$name]=$!
    exec {fd}<"$demo_folder/$name.out"
    lines[$name]=$fd
}

# await NAME TEXT: returns when NAME prints a line with TEXT in it.
await() {
    local line= left=$((deadline - SECONDS))
    while ((left > 0)) && IFS= read -r -t "$left" -u "${lines[$1]}" line; do
        [[ $line != *"$2"* ]] || return 0
        left=$((deadline - SECONDS))
    done
    cat "$demo_folder"/*.err >&2
    ((deadline - SECONDS > 0)) || die "$1 did not say \"$2\" within $seconds_max seconds."
    die "$1 ended before it said \"$2\"."
}

# Splits $file into chunk_1, chunk_2, ... and deals them: each to one client at random, every fourth to another one too.
deal_chunks() {
    local bytes name i first
    bytes=$(stat -L -c %s "$file")
    ((bytes > 0)) || die "$file is empty."
    mkdir "$demo_folder/dealt" "${clients[@]/#/$demo_folder/}"
    split -a 3 -d -b $(((bytes + chunks_wanted - 1) / chunks_wanted)) "$file" "$demo_folder/dealt/"
    chunk_count=0
    for name in "$demo_folder"/dealt/*; do
        i=$((++chunk_count))
        first=$((RANDOM % 4))
        give_chunk "$name" $i "${clients[first]}"
        ((RANDOM % 4)) || give_chunk "$name" $i "${clients[(first + 1 + RANDOM % 3) % 4]}"
    done
    rm -r "$demo_folder/dealt"
    for name in "${clients[@]}"; do echo "$chunk_count,LASTCHUNK" >>"$demo_folder/$name/local_chunks.txt"; done
    awk -v file="$file" -v bytes="$bytes" -v count=$chunk_count \
        'BEGIN { printf "%s: %.1f MB in %d chunks, dealt to four clients.\n", file, bytes / 1e6, count }'
}

give_chunk() {
    ln "$1" "$demo_folder/$3/chunk_$2"
    echo "$2,chunk_$2" >>"$demo_folder/$3/local_chunks.txt"
    echo "$3,HAD,$2" >>"$demo_folder/had"
}

# Prints a table of what each client did: had and announced chunks tell what it fetched, its requests from whom.
print_deeds() {
    awk -F , -v names="${clients[*]}" '
        $2 == "HAD" { had[$1]++ }
        $2 == "LOCAL_CHUNKS" && $1 != "P2PTracker" { owner[$5] = $1; if (!seen[$1, $3]++) have[$1]++ }
        $2 == "REQUEST_CHUNK" { asked[++requests] = $1; port[requests] = $5 }
        END {
            for (i = 1; i <= requests; i++) {
                from = owner[port[i]]; served[from]++
                if (!met[asked[i], from]++) { sources[asked[i]]++; takers[from]++ }
            }
            printf "%-10s %5s %9s %12s %9s %11s\n", "", "had", "fetched", "from peers", "served", "to peers"
            count = split(names, name, " ")
            for (i = 1; i <= count; i++)
                printf "%-10s %5d %9d %12d %9d %11d\n", name[i], had[name[i]], have[name[i]] - had[name[i]],
                    sources[name[i]], served[name[i]], takers[name[i]]
        }' "$demo_folder/had" "$demo_folder/logs.log"
}

run_demo() {
    local name port started finished bin
    [[ -n $file ]] || file=$(largest_dll)
    [[ -f $file && -r $file ]] || die "cannot read $file."
    bin=$(cd "$output" && pwd)
    demo_folder=$(mktemp -d)
    declare -gA running=() lines=()
    trap clean_up EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    deal_chunks

    # A port that nobody listens on, below those that the kernel gives to clients.
    until port=$((20000 + RANDOM % 10000)); ! (exec 3<>"/dev/tcp/localhost/$port") 2>/dev/null; do :; done
    deadline=$((SECONDS + seconds_max))
    start tracker "$bin/P2PTracker" -port $port
    await tracker 'P2PTracker listening on '
    started=$(date +%s%N)
    for name in "${clients[@]}"; do
        start "$name" "$bin/P2PClient" -folder "$demo_folder/$name" -name "$name" -tracker "localhost:$port"
    done
    for name in "${clients[@]}"; do await "$name" complete; done
    finished=$(date +%s%N)
    stop_all || die "not every program stopped cleanly: $(cat "$demo_folder"/*.err)"

    print_deeds
    for name in "${clients[@]}"; do
        (cd "$demo_folder/$name" && cat $(seq -f 'chunk_%.0f' $chunk_count)) | cmp - "$file" \
            || die "$name's copy differs from $file."
        [[ $(tail -n 1 "$demo_folder/$name/local_chunks.txt") == "$chunk_count,LASTCHUNK" \
            && $(wc -l <"$demo_folder/$name/local_chunks.txt") == $((chunk_count + 1)) ]] \
            || die "$name's local_chunks.txt does not list all $chunk_count chunks."
    done
    awk -v ns=$((finished - started)) \
        'BEGIN { printf "All four have every chunk, byte for byte, %.2f s after the clients were started.\n", ns / 1e9 }'
}

publish
if $demo; then run_demo; fi
