"""How many faces a photo shows and how large; only where the optional extra `face` is installed. OpenCV's only file.

Runs in the decoding child. Haar cascades find upright faces that look ahead; they know nobody and prove nothing, so
what they find is a hint for the applicant and the officer, never a refusal (PH-09, ux.md 3.3).
"""

from typing import NamedTuple

import cv2
import numpy

cv2.setNumThreads(1)  # the process that loads this forks; threads would not survive that
SMALLEST = 1 / 8  # of the long side
ALSO_A_FACE = 0.4  # as tall as that part of the largest; smaller finds are buttons and ears
NEIGHBOURS = 4
STEP = 1.06
AROUND = (
    0.3  # of the long side, the edge's tones repeated: without room around it a large face is found too small
)
# of the cascades in the wheel the one with the fewest false finds
CASCADE = cv2.CascadeClassifier(f"{cv2.data.haarcascades}haarcascade_frontalface_alt2.xml")
if CASCADE.empty():
    raise ImportError("this OpenCV has no cascades")


class Face(NamedTuple):
    """In pixels of the picture that was looked at."""

    left: int
    top: int
    width: int
    height: int


def find(grey: bytes, width: int, height: int) -> list[Face]:
    """The faces in rows of 8-bit grey, the largest first."""
    rows = numpy.frombuffer(grey, numpy.uint8).reshape(height, width)
    smallest, around = max(20, int(max(width, height) * SMALLEST)), int(max(width, height) * AROUND)
    wide = numpy.pad(rows, around, mode="edge")
    boxes = CASCADE.detectMultiScale(wide, STEP, NEIGHBOURS, minSize=(smallest, smallest))
    found = (Face(int(x) - around, int(y) - around, int(w), int(h)) for x, y, w, h in boxes)
    return _apart(sorted(found, key=lambda face: -face.height))


def _apart(faces: list[Face]) -> list[Face]:
    """Without those that lie in a larger one or are far smaller."""
    kept: list[Face] = []
    for face in faces:
        if face.height >= faces[0].height * ALSO_A_FACE and not any(_overlap(face, other) for other in kept):
            kept.append(face)
    return kept


def _overlap(one: Face, other: Face) -> bool:
    across = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    down = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    return across > 0 and down > 0
