"""What can be measured of a picture without knowing what it shows; the hints rest on these figures.

Sharpness after ux.md 3.2, which warns of the plain Laplacian: it falls alike for a blurred, an enlarged and a dark
picture. So every picture is brought to one size and one contrast first, and then its own strongest edges are compared
with those of the same picture blurred once more: what was soft before hardly changes. Noise, darkness and enlargement
leave that share alone (tests/enrollment/pictures/test_hints.py holds the calibration).
"""

from collections.abc import Callable, Sequence

from PIL import Image, ImageChops, ImageFilter, ImageOps

from enrollment.pictures import limits

# rows of 8-bit grey, width, height -> boxes (left, top, width, height), the largest first
Finder = Callable[[bytes, int, int], Sequence[tuple[int, int, int, int]]]

PHOTO_WIDTH = 200
DOCUMENT_SIDE = 640  # print stays print
STRONGEST = 0.005  # of all edges: the outline of a head, a line of print
LEAST_CONTRAST = 24  # of 255: below that nothing is there that could be sharp
SMALLEST = 16  # pixels that the middle has at least
BRIGHTEST = 250
SAMPLED_SIDE = 256
FACES_SIDE = 320


def measured(picture: Image.Image, *, photo: bool) -> dict[str, float]:
    """Figures of an upright RGB picture, named as in `enrollment.images.MEASURES`."""
    counts = _sampled(picture).histogram()
    middle = _middle(picture, photo=photo)
    inner, face = middle.histogram(), _core(middle).histogram()
    found = {
        "brightness": round(_mean(counts), 1),
        "contrast": float(_tone(counts, 0.99) - _tone(counts, 0.01)),
        "bright_share": round(sum(face[BRIGHTEST:]) / max(1, sum(face)), 3),
    }
    if _tone(inner, 0.99) - _tone(inner, 0.01) >= LEAST_CONTRAST and min(middle.size) >= SMALLEST:
        found["sharpness"] = _sharpness(middle)
    return found


def with_faces(picture: Image.Image, find: Finder) -> dict[str, int | float | bool]:
    """What the optional face finder says of an upright photo."""
    grey = picture.convert("L")
    grey.thumbnail((FACES_SIDE, FACES_SIDE), Image.Resampling.BILINEAR)
    boxes = find(grey.tobytes(), *grey.size)
    looked: dict[str, int | float | bool] = {"faces_looked_for": True, "faces": len(boxes)}
    if len(boxes) == 1:
        looked["head"] = round(boxes[0][3] * limits.HEAD_OF_FACE / grey.height, 3)
    return looked


def _sampled(picture: Image.Image) -> Image.Image:
    """Single pixels of the whole: enough for its brightness."""
    step = max(1, max(picture.size) // SAMPLED_SIDE)
    size = (max(1, picture.width // step), max(1, picture.height // step))
    return picture.resize(size, Image.Resampling.NEAREST).convert("L")


def _middle(picture: Image.Image, *, photo: bool) -> Image.Image:
    """Where the face is, or the print, in grey at the one scale: what lies at the edge says nothing about either."""
    width, height = picture.size
    across, down = (width // 6, height // 12) if photo else (width // 4, height // 4)
    factor = PHOTO_WIDTH / width if photo else DOCUMENT_SIDE / max(width, height)
    divided = max(1, int(1 / factor))
    grey = picture.crop((across, down, width - across, height - down)).convert("L").reduce(divided)
    return _at(grey, factor * divided)


def _core(middle: Image.Image) -> Image.Image:
    """The face's place in a photo, without wall and coat."""
    width, height = middle.size
    return middle.crop((width // 5, height // 5, width - width // 5, height - height // 5))


def _at(picture: Image.Image, factor: float) -> Image.Image:
    """Brought to the one size; what is smaller stays as it is."""
    if factor >= 1:
        return picture
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    return picture.resize(size, Image.Resampling.BILINEAR)


def _mean(counts: list[int]) -> float:
    return sum(tone * count for tone, count in enumerate(counts)) / max(1, sum(counts))


def _tone(counts: list[int], share: float) -> int:
    """The tone below which so much of the picture lies."""
    left = sum(counts) * share
    for tone, count in enumerate(counts):
        left -= count
        if left <= 0:
            return tone
    return len(counts) - 1


def _sharpness(grey: Image.Image) -> float:
    """0 for a picture that blurring cannot change, towards 1 for the sharpest."""
    even = ImageOps.autocontrast(grey, cutoff=1)
    before, after = _strongest(even), _strongest(even.filter(ImageFilter.BoxBlur(2)))
    return round(1 - min(1.0, after / max(1.0, before)), 3)


def _strongest(grey: Image.Image) -> float:
    """Mean of the strongest edges, to the right and downwards, in tones."""
    width, height = grey.size
    here = grey.crop((1, 1, width - 1, height - 1))
    right, below = grey.crop((2, 1, width, height - 1)), grey.crop((1, 2, width - 1, height))
    edges = zip(
        ImageChops.difference(here, right).histogram(),
        ImageChops.difference(here, below).histogram(),
        strict=True,
    )
    left = wanted = max(1, round(here.width * here.height * 2 * STRONGEST))
    total = 0
    for tone, count in reversed(list(enumerate(map(sum, edges)))):
        taken = min(count, left)
        total, left = total + taken * tone, left - taken
        if not left:
            break
    return total / wanted
