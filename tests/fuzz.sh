#!/usr/bin/env bash
# Lets AFL++ look for an input on which a parser of ours does what it must not (tests/P2P.Fuzz has the targets and what
# must hold): installs what is missing, builds, instruments a copy of the assemblies by SharpFuzz, so that AFL++ sees
# which ways through the code an input takes, fuzzes, and makes the corpus as small as it can be without losing a way.
# Works in obj/fuzz, and in memory where there is /dev/shm; changes nothing but tests/P2P.Fuzz/Corpus/<target>.
set -euo pipefail
export DOTNET_CLI_UI_LANGUAGE=en DOTNET_NOLOGO=1 LC_ALL=C
targets=(framer answers lane local_chunks chunks_crc http dns description set_files set_lines stats)
corpus_bytes=30000      # for each target

usage() {
    cat <<END
usage: tests/fuzz.sh <target>|all [<minutes>]     (default 30, of one processor, for each target)
targets: ${targets[*]}
exit code 0: no finding; 1: findings, which are told, and kept in obj/fuzz/<target>/findings; 2: anything else
END
}

die() { echo "fuzz.sh: $*" >&2; exit 2; }

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
target=${1:-}
minutes=${2:-30}
[[ $# -le 2 && $minutes =~ ^[1-9][0-9]*$ ]] || { usage >&2; exit 2; }
if [[ $target == all ]]; then
    worst=0
    for each in "${targets[@]}"; do
        "${BASH_SOURCE[0]}" "$each" "$minutes" || { code=$?; ((code <= worst)) || worst=$code; }
    done
    exit "$worst"
fi
[[ -n $target && " ${targets[*]} " == *" $target "* ]] || { usage >&2; exit 2; }

corpus=$repo/tests/P2P.Fuzz/Corpus/$target
work=$repo/obj/fuzz/$target
tools=$repo/obj/fuzz/tools
mkdir -p "$work" "$tools"

# --- what is needed ---------------------------------------------------------------------------------------------------

command -v dotnet >/dev/null || die "dotnet is not in the PATH: install the .NET SDK, version 10 or later."
# One build at a time, where several targets are fuzzed beside each other.
exec 9>"$repo/obj/fuzz/lock"
flock 9
if ! command -v afl-fuzz >/dev/null || ! command -v afl-cmin >/dev/null; then
    install='apt-get install --yes --no-install-recommends afl++'
    [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null || die "AFL++ is missing: sudo $install"
    echo "Installing AFL++: $install"
    { apt-get update && DEBIAN_FRONTEND=noninteractive $install -o DPkg::Lock::Timeout=300; } \
        </dev/null >"$work/install.log" 2>&1 || { tail -n 5 "$work/install.log" >&2; die "it could not be installed."; }
fi
version=$(sed -nE 's/.*"SharpFuzz" Version="([^"]*)".*/\1/p' "$repo/Directory.Packages.props")
if [[ ! -x $tools/$version/sharpfuzz ]]; then
    dotnet tool install SharpFuzz.CommandLine --version "$version" --tool-path "$tools/$version" \
        >"$work/install.log" 2>&1 || { cat "$work/install.log" >&2; die "SharpFuzz.CommandLine $version could not be installed."; }
fi

# --- building ---------------------------------------------------------------------------------------------------------

# DEBUG: with assertions.
dotnet build "$repo/tests/P2P.Fuzz" --configuration Debug -clp:ErrorsOnly >"$work/build.log" 2>&1 \
    || { cat "$work/build.log" >&2; die "the build failed."; }
rm -rf "$work/plain" "$work/app"
built=$(cd "$repo/tests/P2P.Fuzz/bin/Debug" && echo net*)
cp -r "$repo/tests/P2P.Fuzz/bin/Debug/$built" "$work/plain"
cp -r "$work/plain" "$work/app"
for assembly in P2P.Shared P2PClient P2PTracker; do
    "$tools/$version/sharpfuzz" "$work/app/$assembly.dll" || die "$assembly.dll could not be instrumented."
done
flock -u 9

# --- fuzzing ----------------------------------------------------------------------------------------------------------

memory=/dev/shm
[[ -w $memory ]] || memory=$work
export TMPDIR
TMPDIR=$(mktemp -d "$memory/p2p-fuzz-XXXXXX")
trap 'rm -rf "$TMPDIR"' EXIT
dotnet=$(readlink -f "$(command -v dotnet)")

# try FILE...: runs them once, without instrumentation.
try() { "$dotnet" "$work/plain/P2P.Fuzz.dll" "$target" "$@"; }

try "$corpus"/* || die "the corpus itself shows a mistake: mend that first."
rm -rf "$work/out" "$work/findings"
export AFL_NO_UI=1 AFL_NO_AFFINITY=1 AFL_SKIP_CPUFREQ=1 AFL_SKIP_BIN_CHECK=1 AFL_ALLOW_TMP=1
export AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_TMPDIR=$TMPDIR
echo "Fuzzing $target for $minutes minutes; $work/afl.log tells how it goes."
# -G: the longest message, head or line that anything here takes has 4096 bytes. -t: in milliseconds, what is a hang.
afl-fuzz -i "$corpus" -o "$work/out" -x "$repo/tests/P2P.Fuzz/Dictionaries/$target.dict" -G 6000 -m none -t 5000 \
    -V $((60 * minutes)) -- "$dotnet" "$work/app/P2P.Fuzz.dll" "$target" </dev/null >"$work/afl.log" 2>&1 \
    || { tail -n 20 "$work/afl.log" >&2; die "AFL++ has failed."; }
result=$work/out/default
figure() { sed -nE "s/^$1 *: *//p" "$result/fuzzer_stats"; }

# --- findings ---------------------------------------------------------------------------------------------------------

findings=0
for input in "$result"/crashes/id* "$result"/hangs/id*; do
    [[ -e $input ]] || continue
    mkdir -p "$work/findings"
    finding=$work/findings/kept-$(sha256sum "$input" | cut -c 1-12)
    cp "$input" "$finding"
    code=0
    timeout 20 "$dotnet" "$work/plain/P2P.Fuzz.dll" "$target" "$finding" >"$work/try.log" 2>&1 || code=$?
    # A busy machine may make anything look like a hang.
    [[ $code != 0 || $input == */crashes/* ]] || { rm "$finding"; continue; }
    findings=$((findings + 1))
    echo "Finding: $finding"
    ((code != 124)) || echo "It takes more than 20 s."
    head -n 6 "$work/try.log" | cut -c 1-1000
done

# --- the corpus -------------------------------------------------------------------------------------------------------

# minimise OPTION... NAME: as few inputs as take all the ways that the queue has found, into $work/NAME.
minimise() {
    afl-cmin -i "$work/all" -o "$work/${*: -1}" -m none -t 5000 "${@:1:$#-1}" \
        -- "$dotnet" "$work/app/P2P.Fuzz.dll" "$target" </dev/null >"$work/cmin.log" 2>&1 \
        || { tail -n 20 "$work/cmin.log" >&2; die "the corpus can't be made smaller; it stays as it was."; }
}
rm -rf "$work/all" "$work/edges" "$work/counts"
mkdir "$work/all"
cp "$result"/queue/id* "$work/all/"
minimise -e edges       # each way once
minimise counts         # and how often
find "$corpus" -type f ! -name 'kept-*' -delete
keep() { install -m 644 "$1" "$corpus/$(sha256sum "$1" | cut -c 1-12)"; }
for input in "$work/edges"/*; do keep "$input"; done
# The repository has no room for all of the others; the short ones tell most. What somebody called kept-... stays.
while read -r input; do
    (($(cat "$corpus"/* "$input" | wc -c) <= corpus_bytes)) || break
    keep "$input"
done < <(ls -Sr "$work/counts"/*)
try "$corpus"/* >/dev/null || die "an input of the new corpus shows a mistake."
echo "$target: $(figure execs_done) inputs, $(figure execs_per_sec) a second, $(figure edges_found) edges," \
    "$findings findings; corpus: $(find "$corpus" -type f | wc -l) files, $(cat "$corpus"/* | wc -c) bytes"
((findings == 0))
