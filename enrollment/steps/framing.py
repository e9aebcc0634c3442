"""The frame of a passport photo over a picture: bigger, smaller, moved, turned, never too small (PH-04, PH-09, PH-10).

All in pixels of the whole picture after it has been turned. The frame is as wide as it is told and as high as 35:45
asks; it always lies within the picture.
"""

from typing import NamedTuple

from enrollment.images import Crop
from enrollment.pictures.limits import PHOTO_HEIGHT, PHOTO_WIDTH

STEP = 0.04  # of the frame's own width or height, for one press
GROWTH = 1.08
# PH-09, of the frame's height: crown 24 to 71 px and chin 59 to 106 px from the edges of 531
CROWN = (24 / PHOTO_HEIGHT, 71 / PHOTO_HEIGHT)
CHIN = (1 - 106 / PHOTO_HEIGHT, 1 - 59 / PHOTO_HEIGHT)


class Whole(NamedTuple):
    """The upright picture's sides, and how far it is turned clockwise."""

    width: int
    height: int
    turned: int = 0

    @property
    def sides(self) -> tuple[int, int]:
        return (self.height, self.width) if self.turned in (90, 270) else (self.width, self.height)


class Frame(NamedTuple):
    left: int
    top: int
    width: int
    height: int


def largest(whole: Whole) -> Frame:
    """As much as fits, in the middle, nearer to the top: there the head is."""
    across, down = whole.sides
    width = min(across, down * PHOTO_WIDTH // PHOTO_HEIGHT)
    height = min(down, _height(width))
    return Frame((across - width) // 2, (down - height) // 3, width, height)


def fits(whole: Whole) -> bool:
    """Whether a photo of the least size can be cut out of it this way round."""
    across, down = whole.sides
    return across >= PHOTO_WIDTH and down >= PHOTO_HEIGHT


def placed(whole: Whole, left: int, top: int, width: int) -> Frame:
    """The frame nearest to the wish that lies within the picture and is large enough."""
    across, down = whole.sides
    width = max(PHOTO_WIDTH, min(width, largest(whole).width))
    height = min(down, _height(width))
    return Frame(max(0, min(left, across - width)), max(0, min(top, down - height)), width, height)


def pressed(whole: Whole, frame: Frame, button: str) -> tuple[Whole, Frame]:
    """After one press: bigger, smaller, left, right, up, down or turn; anything else changes nothing.

    Bigger and smaller speak of the face: a smaller frame shows it bigger.
    """
    if button == "turn":
        turned = whole._replace(turned=(whole.turned + 90) % 360)
        return turned, largest(turned)
    if button in ("bigger", "smaller"):
        width = round(frame.width / GROWTH if button == "bigger" else frame.width * GROWTH)
        wanted = placed(whole, 0, 0, width)
        left = frame.left + (frame.width - wanted.width) // 2
        top = frame.top + (frame.height - wanted.height) // 2
        return whole, placed(whole, left, top, wanted.width)
    across = {"left": -1, "right": 1}.get(button, 0) * max(1, round(frame.width * STEP))
    down = {"up": -1, "down": 1}.get(button, 0) * max(1, round(frame.height * STEP))
    return whole, placed(whole, frame.left + across, frame.top + down, frame.width)


def crop_of(whole: Whole, frame: Frame) -> Crop:
    return Crop(*frame, whole.turned)


def _height(width: int) -> int:
    """45:35 of the width, and 531 for 413."""
    return max(PHOTO_HEIGHT, round(width * PHOTO_HEIGHT / PHOTO_WIDTH))
