#!/usr/bin/env bash
# .venv-face/: the same packages as .venv/, and beside them the optional extra `face` of deploy/locks/face.txt, so that
# the tests try face finding for real while .venv/ stays what an installation without the extra has.
set -euo pipefail
cd "$(dirname "$0")/.."

stamp=.venv-face/.inkan-stamp
wanted=$(cat deploy/locks/face.txt deploy/face.sh | sha256sum)
[ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && exit 0

exec 9>.setup.lock
flock 9
[ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && exit 0

echo "The optional face finder goes into .venv-face/ (about 160 MB, for the tests only)." >&2
log=$(mktemp) only=$(mktemp)
trap 'rm -f "$log" "$only"' EXIT
# what the extra adds; everything else is in .venv/ in the same versions
awk '/^[a-z]/ { wanted = /^(numpy|opencv-python-headless)==/ } wanted' deploy/locks/face.txt >"$only"
if ! {
    .venv/bin/python -m venv --clear --without-pip .venv-face &&
        folder=$(.venv-face/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))') &&
        .venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' >"$folder/inkan.pth" &&
        .venv/bin/python -m pip --python .venv-face/bin/python install --quiet --disable-pip-version-check --no-input \
            --no-deps --require-hashes -r "$only"
} >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    echo "The face finder could not be installed." >&2
    exit 1
fi
printf '%s\n' "$wanted" >"$stamp"
