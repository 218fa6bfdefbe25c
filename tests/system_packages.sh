#!/bin/sh
# Installs the programs that the tests use and that no Python package brings, where missing.
set -eu

missing=""
command -v chromium >/dev/null || missing="$missing chromium"
command -v npm >/dev/null || missing="$missing npm"
command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 ||
    missing="$missing postgresql"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "The tests need more programs. As root: apt-get install --no-install-recommends$missing" >&2
    exit 1
fi

echo "Installing$missing for the tests."
export DEBIAN_FRONTEND=noninteractive
apt() {
    apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" >/dev/null
}
apt update
# shellcheck disable=SC2086 # one word per package
apt install -y --no-install-recommends $missing
