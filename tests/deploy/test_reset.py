"""`make reset` deletes what `make run` made, and nothing else."""

import fcntl
import subprocess
import sys
from pathlib import Path

from tests.support.product import ROOT, clean_environment


def reset(home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.reset"],
        cwd=ROOT,
        env=clean_environment(INKAN_HOME=str(home)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_a_run_made_is_deleted(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "files").mkdir(parents=True)
    (home / "run.lock").touch()
    done = reset(home)
    assert (done.returncode, home.exists(), tmp_path.exists()) == (0, False, True)


def test_a_folder_that_no_run_made_stays(tmp_path: Path) -> None:
    (tmp_path / "dear.txt").write_text("mine")
    done = reset(tmp_path)
    assert (done.returncode, (tmp_path / "dear.txt").exists()) == (1, True)
    assert "was not made by `make run`" in done.stderr


def test_a_running_installation_stays(tmp_path: Path) -> None:
    with (tmp_path / "run.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = reset(tmp_path)
    assert (done.returncode, tmp_path.exists()) == (1, True)
    assert "Stop it first" in done.stderr


def test_nothing_there_is_no_error(tmp_path: Path) -> None:
    assert reset(tmp_path / "none").returncode == 0
