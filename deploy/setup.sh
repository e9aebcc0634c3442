#!/usr/bin/env bash
# Makes .venv/ and node_modules/ as the locks say; does nothing when they already are so.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

find_python() {
    local name
    for name in "${PYTHON:-}" python3.11 python3; do
        [ -n "$name" ] || continue
        if "$name" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    say "Inkan needs Python 3.11 and finds none (python3.11, python3). On Debian 12: apt-get install python3 python3-venv"
    exit 1
}

stamp=.venv/.inkan-stamp
wanted=$(cat deploy/locks/all.txt package-lock.json .npmrc deploy/setup.sh | sha256sum)
catalogues() { .venv/bin/python -m deploy.catalogue compile; }

if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && [ -d node_modules ]; then
    catalogues
    exit 0
fi

# one set-up at a time: a second one waits and then finds everything done
exec 9>.setup.lock
flock 9
if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && [ -d node_modules ]; then
    catalogues
    exit 0
fi

python=$(find_python)
if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    say "Python's venv module is missing. On Debian and Ubuntu: apt-get install python3-venv"
    exit 1
fi

say "Setting up Inkan: the Python packages of deploy/locks/all.txt go into .venv/ (a few minutes the first time)."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
run_quietly() {
    if ! "$@" >"$log" 2>&1; then
        tail -n 40 "$log" >&2
        say "Setting up failed at: $*"
        exit 1
    fi
}
[ -x .venv/bin/python ] && .venv/bin/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' ||
    run_quietly "$python" -m venv --clear .venv
run_quietly .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input \
    --require-hashes -r deploy/locks/all.txt

npm=$(command -v npm || true)
if [ -z "$npm" ]; then
    npm=$PWD/.venv/bin/npm
    PATH="$PWD/.venv/bin:$PATH"
fi
say "The design tokens and the accessibility checker go into node_modules/."
run_quietly "$npm" ci --no-audit --no-fund --loglevel error
catalogues
printf '%s\n' "$wanted" >"$stamp"
say "Set-up is complete."
