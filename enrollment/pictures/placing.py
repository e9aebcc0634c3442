"""How the stored rows, the upright picture and the shown part of it lie in one another; no pixels here.

Three pictures of the same thing: *stored* as the file holds it, *upright* after the orientation that the camera noted
(PH-20), *turned* after the person has turned that clockwise. A crop is a box in the turned picture.
"""

from typing import NamedTuple

TURNS = (0, 90, 180, 270)
# Exif orientation 1 to 8: mirrored left to right first?, then turned clockwise by
ORIENTATIONS = {
    1: (False, 0),
    2: (True, 0),
    3: (False, 180),
    4: (True, 180),
    5: (True, 270),
    6: (False, 90),
    7: (True, 90),
    8: (False, 270),
}


class Crop(NamedTuple):
    """What is shown of a picture: turned clockwise by 0, 90, 180 or 270, then this box in pixels of the result."""

    left: int
    top: int
    width: int
    height: int
    turned: int


class CropOutside(ValueError):
    """The box is not within the picture; the sides of the turned picture are its arguments."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        super().__init__(f"not within {width} x {height}")


class Box(NamedTuple):
    left: int
    top: int
    right: int
    bottom: int


class Placing(NamedTuple):
    """Stored sides, and what is done to them: mirrored or not, then turned clockwise."""

    width: int
    height: int
    mirrored: bool
    turned: int

    @property
    def size(self) -> tuple[int, int]:
        """The sides after turning."""
        return (self.height, self.width) if self.turned in (90, 270) else (self.width, self.height)

    def shown(self, crop: Crop | None) -> Box:
        """The crop in the stored picture, or all of it; raises `CropOutside`."""
        if crop is None:
            return Box(0, 0, self.width, self.height)
        width, height = self.size
        right, bottom = crop.left + crop.width, crop.top + crop.height
        inside = 0 <= crop.left < right <= width and 0 <= crop.top < bottom <= height
        if not inside or crop.turned not in TURNS:
            raise CropOutside(width, height)
        return self._stored(Box(crop.left, crop.top, right, bottom))

    def _stored(self, box: Box) -> Box:
        """A box of the turned picture in the stored one."""
        width, height = self.width, self.height
        left, top, right, bottom = box
        if self.turned == 90:  # clockwise: a stored (x, y) lies at (height - y, x)
            left, top, right, bottom = top, height - right, bottom, height - left
        elif self.turned == 180:
            left, top, right, bottom = width - right, height - bottom, width - left, height - top
        elif self.turned == 270:
            left, top, right, bottom = width - bottom, left, width - top, right
        if self.mirrored:
            left, right = width - right, width - left
        return Box(left, top, right, bottom)


def placed(width: int, height: int, orientation: int, turned: int = 0) -> Placing:
    """The placing of stored sides under an Exif orientation (any other number counts as 1) and a further turn."""
    mirrored, turn = ORIENTATIONS.get(orientation, ORIENTATIONS[1])
    return Placing(width, height, mirrored, (turn + turned) % 360)
