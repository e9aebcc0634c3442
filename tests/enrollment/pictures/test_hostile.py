"""Files that mean harm, and a decoder that dies."""

import os
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from enrollment import images
from enrollment.pictures.client import ROOT, Killed, Unavailable, Zygote, zygote
from tests.enrollment import samples

SLOWEST = 10.0


def verdict(data: bytes, slot: str = "identity", authority: str = "jma") -> str:
    """A code, or "" for accepted; within ten seconds whatever it was."""
    begun = time.monotonic()
    try:
        images.inspect(data, slot=slot, authority=authority)
        code = ""
    except images.PictureRefused as refused:
        code = refused.code
    assert time.monotonic() - begun < SLOWEST
    return code


@pytest.mark.requirement("PH-18")
def test_a_scan_bomb_is_refused_at_once() -> None:
    begun = time.monotonic()
    data = samples.many_scans(6_000, Image.new("L", (2_000, 2_000)))
    assert len(data) < images.MOST_BYTES
    assert verdict(data) == "file_broken"
    assert time.monotonic() - begun < 2


@pytest.mark.requirement("PH-18")
def test_a_bomb_of_one_colour_leaves_the_caller_s_memory_alone() -> None:
    verdict(samples.jpeg())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert verdict(samples.bomb(7_000, 7_000)) == ""
    assert verdict(samples.png_of(13_300, 13_300, b"\0", colour=6)) == "image_too_large"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000


@pytest.mark.requirement("PH-18")
def test_the_slowest_file_that_the_limits_allow_ends_in_time() -> None:
    assert verdict(samples.many_scans(100, Image.new("L", (7_000, 7_000)))) in (
        "",
        "file_broken",
        "decoder_unavailable",
    )
    assert verdict(samples.jpeg()) == ""


def decoder(trick: str, *changes: str) -> Zygote:
    """A decoder process in which decoding a picture does something else."""
    lines = [
        "import mmap, resource, signal, socket, time",
        "from enrollment.pictures import limits, raster, zygote",
    ]
    lines += [*changes, trick, "raster.accept = burn", "zygote.serve(socket.socket(fileno=0))"]
    return Zygote((sys.executable, "-c", "\n".join(lines)))


def spent(pid: int) -> float:
    """CPU seconds of a process's children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(field) for field in fields[13:15]) / os.sysconf("SC_CLK_TCK")


BURN = "def burn(*a, **k):\n    while True: pass"
SLEEP = "def burn(*a, **k):\n    time.sleep(60)"
STUBBORN = (
    "def burn(*a, **k):\n"
    "    signal.setitimer(signal.ITIMER_REAL, 0)\n"
    "    signal.signal(signal.SIGXCPU, signal.SIG_IGN)\n"
    "    time.sleep(60)"
)
# what it has got is told as the width of a picture that is too large
HOARD = (
    "def burn(*a, **k):\n"
    "    got = []\n"
    "    try:\n"
    "        while True: got.append(mmap.mmap(-1, 8_000_000))\n"
    "    except (MemoryError, OSError):\n"
    "        megabytes = len(got) * 8\n"
    "        got.clear()\n"
    "        raise raster.TooLarge(megabytes, 1)"
)
ABORT = (
    "import ctypes\n"
    "def burn(*a, **k):\n"
    "    while True: ctypes.memset(ctypes.CDLL(None).malloc(8_000_000), 1, 8_000_000)"
)


@pytest.mark.requirement("PH-35")
def test_a_child_is_killed_when_it_has_used_its_five_seconds_of_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by the clock on the wall, which is set far away here."""
    monkeypatch.setattr("enrollment.pictures.limits.PATIENCE_SECONDS", 90.0)
    other = decoder(BURN, "limits.WALL_SECONDS = 90.0")
    try:
        with pytest.raises(Killed):
            other.ask({"kind": "jpeg", "photo": False}, samples.jpeg())
        until = time.monotonic() + 5
        while (
            spent(other.pid) < 3.5 and time.monotonic() < until
        ):  # the zygote collects its children in rounds
            time.sleep(0.1)
        assert 4 < spent(other.pid) < 6.5  # the kernel counts in ticks
    finally:
        other.stop()


@pytest.mark.requirement("PH-35")
def test_a_child_gets_512_megabytes_and_no_more() -> None:
    other = decoder(HOARD)
    try:
        head = other.ask({"kind": "jpeg", "photo": False}, samples.jpeg()).head
    finally:
        other.stop()
    assert head["code"] == "image_too_large" and 300 < head["width"] <= 512


def test_a_child_whose_library_cannot_bear_the_limit_is_gone_and_nobody_else() -> None:
    other = decoder(ABORT)
    try:
        with pytest.raises(Killed):
            other.ask({"kind": "jpeg", "photo": False}, samples.jpeg())
        first = other.pid
        with pytest.raises(Killed):
            other.ask({"kind": "jpeg", "photo": False}, samples.jpeg())
        assert other.pid == first
    finally:
        other.stop()


@pytest.mark.parametrize("trick", [SLEEP, STUBBORN])
def test_a_child_that_sleeps_is_ended_in_time(trick: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one has put its own timer off."""
    monkeypatch.setattr("enrollment.pictures.limits.PATIENCE_SECONDS", 6.0)
    other = decoder(trick, "limits.WALL_SECONDS = 2.0")
    begun = time.monotonic()
    try:
        with pytest.raises(
            Unavailable, match="no time"
        ):  # it had not its CPU: nothing is said about the file
            other.ask({"kind": "jpeg", "photo": False}, samples.jpeg())
    finally:
        other.stop()
    assert time.monotonic() - begun < SLOWEST


def test_a_decoder_that_cannot_start_says_nothing_about_the_file() -> None:
    for command in (("false",), (sys.executable, "-c", "print()")):
        with pytest.raises(Unavailable):
            Zygote(command).ask({"kind": "jpeg", "photo": False}, samples.jpeg())


def test_a_killed_decoder_is_started_anew() -> None:
    assert verdict(samples.jpeg()) == ""
    first = zygote.pid
    os.kill(first, signal.SIGKILL)
    assert verdict(samples.jpeg()) == ""
    assert zygote.pid not in (0, first)


def test_many_threads_share_one_decoder() -> None:
    good, bad = samples.jpeg(), samples.jpeg()[:-2]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(verdict, [good, bad] * 12))
    assert found == ["", "file_broken"] * 12


def test_the_decoder_dies_with_its_parent() -> None:
    script = (
        "import os, signal\nfrom enrollment.pictures.client import zygote\n"
        "zygote._running()\nprint(zygote.pid, flush=True)\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, timeout=30)
    pid = int(done.stdout)
    until = time.monotonic() + 10
    while (
        Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().split(")")[1][:3]
    ):
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_forked_process_starts_its_own_decoder() -> None:
    assert verdict(samples.jpeg()) == ""
    ours = zygote.pid
    child = os.fork()
    if child == 0:
        os._exit(0 if verdict(samples.jpeg()) == "" and zygote.pid != ours else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert zygote.pid == ours and verdict(samples.jpeg()) == ""


def test_the_decoder_knows_no_secret_of_ours() -> None:
    verdict(samples.jpeg())
    known = Path(f"/proc/{zygote.pid}/environ").read_bytes()
    assert b"INKAN" not in known and b"DATABASE" not in known
