"""Face finding for real: the optional extra, in an environment of its own (deploy/face.sh), inside the limited child.

Drawn faces only, nobody's: Haar cascades take them for faces as they take photographs.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from enrollment.pictures.client import ROOT, Zygote
from tests.enrollment import samples
from tests.enrollment.pictures.test_hints import page, portrait

PYTHON = ROOT / ".venv-face" / "bin" / "python"
HINTS = {"face_none", "face_several", "head_small", "head_large"}
ASK = """
import json, os, sys
from enrollment import images
from enrollment.pictures.client import zygote
answers = {}
for name in sys.argv[1:]:
    slot = "identity" if "document" in name else "photo"
    with open(name, "rb") as file:
        found = images.inspect(file.read(), slot=slot, authority="jma")
    answers[os.path.basename(name)] = {"warnings": found.warnings, "measures": found.measures}
answers["threads"] = len(os.listdir(f"/proc/{zygote.pid}/task"))
with open(f"/proc/{zygote.pid}/maps") as maps:
    answers["in the decoder"] = "cv2" in maps.read()
answers["here"] = "cv2" in sys.modules
print(json.dumps(answers))
"""


def on_a_wall(share: float, faces: int = 1) -> Image.Image:
    """Portraits on a light wall; a portrait's head is 34/45 of it."""
    wall = Image.new("RGB", (826, 1_062), (221, 229, 239))
    height = int(1_062 * share)
    face = portrait().resize((height * 35 // 45, height))
    for number in range(faces):
        wall.paste(face, (number * 826 // faces + (826 // faces - face.width) // 2, (1_062 - height) // 2))
    return wall


def close_up() -> Image.Image:
    """The head fills the picture from crown to chin."""
    return portrait().crop((101, 94, 725, 897)).resize((826, 1_062))


DRAWN: dict[str, Callable[[], Image.Image]] = {
    "portrait": portrait,
    "grey": lambda: portrait().convert("L"),
    "dark": lambda: portrait().point(lambda value: value * 30 // 100),
    "leaning": lambda: portrait().rotate(8, Image.Resampling.BICUBIC, fillcolor=(221, 229, 239)),
    "small": lambda: on_a_wall(0.5),
    "large": close_up,
    "two": lambda: on_a_wall(0.5, faces=2),
    "upside down": lambda: portrait().rotate(180),
    "print": lambda: page(24).resize((826, 1_062)),
    "shapes": lambda: samples.face(826, 1_062),
    "document": portrait,
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    if not PYTHON.exists():
        pytest.fail("the optional face finder is missing; deploy/face.sh (part of `make test`) installs it")
    folder = tmp_path_factory.mktemp("faces")
    for name, draw in DRAWN.items():
        draw().save(folder / name, "JPEG", quality=92)
    paths = [str(folder / name) for name in DRAWN]
    done = subprocess.run(
        [PYTHON, "-c", ASK, *paths],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("portrait", set()),
        ("grey", set()),
        ("dark", set()),
        ("leaning", set()),
        ("small", {"head_small"}),
        ("large", {"head_large"}),
        ("two", {"face_several"}),
        ("upside down", {"face_none"}),
        ("print", {"face_none"}),
        ("shapes", {"face_none"}),
        ("document", set()),
    ],
)
def test_what_the_finder_says_of_a_drawing(told: dict[str, Any], name: str, expected: set[str]) -> None:
    assert set(told[name]["warnings"]) & HINTS == expected
    assert told[name]["measures"]["faces_looked_for"] is (name != "document")


@pytest.mark.requirement("PH-09")
def test_the_estimated_head_of_a_right_portrait_lies_about_the_right_size(told: dict[str, Any]) -> None:
    measures = told["portrait"]["measures"]
    assert measures["faces"] == 1
    assert 0.66 < measures["head"] < 0.86  # drawn: 34 of 45


def test_the_finder_lives_in_the_decoder_alone_and_starts_no_threads(told: dict[str, Any]) -> None:
    assert (told["in the decoder"], told["here"], told["threads"]) == (True, False, 1)


def test_the_finder_s_own_libraries_do_not_eat_the_file_s_memory(tmp_path: Path) -> None:
    """A picture that fills half of the limit is still decoded beside them, and looked at."""
    large = samples.bomb(6_000, 6_000)
    (tmp_path / "large").write_bytes(samples.saved(portrait().resize((4_800, 5_850)), "JPEG", quality=30))
    (tmp_path / "document").write_bytes(large)
    done = subprocess.run(
        [PYTHON, "-c", ASK, str(tmp_path / "large"), str(tmp_path / "document")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["large"]["measures"]["faces"] == 1


def test_a_hoarding_child_is_stopped_beside_the_finder_too() -> None:
    script = (
        "import socket\ndef burn(*a, **k):\n    return bytearray(600_000_000)\n"
        "from enrollment.pictures import raster, zygote\nassert zygote.beside_the_limit > 50_000_000\n"
        "raster.accept = burn\nzygote.serve(socket.socket(fileno=0))\n"
    )
    ask = (
        "import sys\nfrom enrollment.pictures.client import Zygote\n"
        f"other = Zygote((sys.executable, '-c', {script!r}))\n"
        "print(other.ask({'kind': 'jpeg', 'photo': True}, sys.stdin.buffer.read()).head['code'])\n"
    )
    done = subprocess.run(
        [PYTHON, "-c", ask], cwd=ROOT, input=samples.jpeg(), capture_output=True, timeout=60, check=False
    )
    assert done.stdout.decode().strip() == "file_broken", done.stderr


def test_an_unfit_opencv_costs_the_hint_and_nothing_else(tmp_path: Path) -> None:
    """Release 5 has no cascades; a decoder that would not start for it would stop every upload."""
    (tmp_path / "cv2.py").write_text("def setNumThreads(count): pass\n")
    script = (
        f"import sys, socket\nsys.path.insert(0, {str(tmp_path)!r})\n"
        "from enrollment.pictures import zygote\nzygote.serve(socket.socket(fileno=0))\n"
    )
    other = Zygote((sys.executable, "-c", script))
    try:
        told = other.ask({"kind": "jpeg", "photo": True}, samples.jpeg()).head
    finally:
        other.stop()
    assert told["code"] == "" and "faces_looked_for" not in told["measures"]
