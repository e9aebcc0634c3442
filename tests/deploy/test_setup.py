"""Set-up says what is missing in words, installs nothing it may not, and is quick when nothing changed."""

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.product import ROOT, clean_environment


def fake(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def only(folder: Path, *names: str) -> str:
    """A PATH of nothing but these programs."""
    for name in names:
        found = shutil.which(name)
        assert found
        (folder / name).symlink_to(found)
    return str(folder)


def ran(script: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/usr/bin/env", "bash", str(script)],
        env=clean_environment() | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A clone as set-up sees it, without anything installed."""
    for name in ("deploy/setup.sh", "deploy/locks/all.txt", "package-lock.json", ".npmrc"):
        (tmp_path / "clone" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / "clone" / name)
    (tmp_path / "bin").mkdir()
    return tmp_path / "clone"


TOOLS = ("bash", "cat", "sha256sum", "dirname", "flock", "env", "mktemp", "rm", "tail")


def test_a_missing_venv_module_is_named_by_its_package(tree: Path) -> None:
    bin_ = tree.parent / "bin"
    fake(bin_, "python3", 'case "$2" in *version_info*) exit 0;; *) exit 1;; esac')
    done = ran(tree / "deploy/setup.sh", PATH=only(bin_, *TOOLS))
    assert done.returncode == 1
    assert "apt-get install python3-venv" in done.stderr


def test_another_python_is_not_taken(tree: Path) -> None:
    bin_ = tree.parent / "bin"
    fake(bin_, "python3", "exit 1")
    done = ran(tree / "deploy/setup.sh", PATH=only(bin_, *TOOLS))
    assert done.returncode == 1
    assert "Inkan needs Python 3.11" in done.stderr


def test_a_second_set_up_is_quick() -> None:
    assert ran(ROOT / "deploy/setup.sh").returncode == 0
    began = time.monotonic()
    assert ran(ROOT / "deploy/setup.sh").returncode == 0
    assert time.monotonic() - began < 3


def test_missing_programs_are_named_where_they_may_not_be_installed(tmp_path: Path) -> None:
    fake(tmp_path, "id", "echo 1000")
    done = ran(ROOT / "deploy/packages.sh", PATH=only(tmp_path, "bash", "env"))
    assert done.returncode == 1
    assert "install them first" in done.stderr
    assert {"redis-server", "poppler-utils", "softhsm2"} <= set(done.stderr.split())
