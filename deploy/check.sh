#!/usr/bin/env bash
# `make check`: every check runs, then the names of those that failed.
set -uo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
home=$(mktemp -d)
log=$(mktemp)
trap 'rm -rf "$home" "$log"' EXIT
failed=()

check() {
    local name=$1
    shift
    if "$@" >"$log" 2>&1; then
        printf '  %-14s ok\n' "$name"
    else
        printf '  %-14s FAILED\n' "$name"
        cat "$log"
        failed+=("$name")
    fi
}

manage() { env -u DATABASE_URL -u BROKER_URL INKAN_ENV=demo INKAN_HOME="$home" "$bin/python" manage.py "$@"; }

check format "$bin/ruff" format --check .
check lint "$bin/ruff" check .
check types "$bin/mypy"
check contracts "$bin/lint-imports" --no-cache
check migrations manage makemigrations --check --dry-run
check system manage check --fail-level WARNING
check translations "$bin/python" -m deploy.catalogue missing

if [ ${#failed[@]} -gt 0 ]; then
    echo "These checks failed: ${failed[*]}" >&2
    exit 1
fi
