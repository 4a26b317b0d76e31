#!/usr/bin/env bash
# Installs what some tests need besides the .NET SDK and a C compiler, where it is missing and can be had: a browser for
# the tests of the tracker's page, `ip` for those with several machines, a name server, and tmux, a terminal. The build
# of P2P.Tests runs it. Where nothing can be installed, the tests that need it are skipped, and say so.
set -uo pipefail

packages=()
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || packages+=(chromium fonts-dejavu-core)
command -v ip >/dev/null || packages+=(iproute2)
command -v dnsmasq >/dev/null || packages+=(dnsmasq-base)
command -v tmux >/dev/null || packages+=(tmux)
((${#packages[@]})) || exit 0

install="apt-get install --yes --no-install-recommends ${packages[*]}"
if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
    echo "Some tests will be skipped. For all of them: sudo $install"
    exit 0
fi
echo "Installing what some tests need: $install"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Somebody else may be installing something just now; a prompt would wait for ever.
if ! { apt-get update && DEBIAN_FRONTEND=noninteractive $install -o DPkg::Lock::Timeout=300; } </dev/null >"$log" 2>&1; then
    tail -n 5 "$log"
    echo "They could not be installed: the tests that need them are skipped."
fi
