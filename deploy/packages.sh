#!/usr/bin/env bash
# The programs that the tests start themselves. Installs what is missing where it may, else names it and fails.
# No service is left running: the tests bring up their own, on loopback and in folders of their own.
set -euo pipefail

# Debian package -> a file or command that shows it is there
declare -A shows=(
    [postgresql]="/usr/lib/postgresql/*/bin/initdb"
    [redis-server]=redis-server
    [softhsm2]=softhsm2-util
    [nginx-light]=nginx
    [chromium]=chromium
    [chromium-l10n]="/usr/share/chromium/locales/ja.pak /usr/lib/chromium/locales/ja.pak"
    [fonts-noto-cjk]="/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
    [poppler-utils]=pdfsig
    [openssl]=openssl
    [xmlsec1]=xmlsec1
    [clamav-daemon]=clamd
)

is_there() {
    local sign
    for sign in $1; do
        if [[ $sign == /* ]]; then compgen -G "$sign" >/dev/null && return 0
        else command -v "$sign" >/dev/null && return 0; fi
    done
    [ -x "/usr/sbin/$1" ]
}

missing=()
for package in "${!shows[@]}"; do
    is_there "${shows[$package]}" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "The tests need these programs; install them first (Debian's names): ${missing[*]}" >&2
    exit 1
fi

echo "Installing what the tests start: ${missing[*]}" >&2
log=$(mktemp)
made_policy=
cleanup() {
    rm -f "$log"
    [ -z "$made_policy" ] || rm -f /usr/sbin/policy-rc.d
}
trap cleanup EXIT
# Debian's packages would start their services and make a database cluster: neither is wanted
if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
    made_policy=yes
fi
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    mkdir -p /etc/postgresql-common
    echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
fi
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get update -qq && apt-get -o DPkg::Lock::Timeout=120 install -y -qq --no-install-recommends \
    -o Dpkg::Options::=--force-confold "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
    tail -n 30 "$log" >&2
    echo "These packages could not be installed: ${missing[*]}" >&2
    exit 1
fi
