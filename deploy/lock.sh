#!/usr/bin/env bash
# Writes deploy/locks/runtime.txt and all.txt anew from pyproject.toml: every version with its hashes, no addresses,
# so that any index that serves the same files will do. uv lives in a scratch environment, not in .venv/.
set -euo pipefail
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
.venv/bin/python -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install --quiet --quiet --disable-pip-version-check uv
lock() {
    local target=$1
    shift
    "$scratch/venv/bin/uv" pip compile pyproject.toml --python-version 3.11 --generate-hashes --no-header \
        --no-emit-index-url --no-emit-find-links --quiet --output-file "deploy/locks/$target" "$@"
}
lock runtime.txt --extra pdf --extra pkcs11
lock all.txt --extra pdf --extra pkcs11 --extra test --extra bench
lock face.txt --extra face --constraint deploy/locks/all.txt
echo "deploy/locks/runtime.txt, all.txt and face.txt are new; read the difference before you commit it."
