"""A demo person's pictures in the other formats that an authority takes, and papers that nobody takes."""

from functools import cache
from pathlib import Path

from PIL import Image

FORMATS = {"jpg": "JPEG", "png": "PNG", "bmp": "BMP", "pdf": "PDF"}
OWN = ("photo", "identity", "licence-front", "name-proof")  # what the demo's drawings are made for


@cache
def of(picture: Path, purpose: str, kind: str) -> Path:
    """The picture as a file of this kind, made once for each purpose.

    Two slots may not hold the same bytes (PH-27), so each purpose has a drawing of its own size.
    """
    made = picture.with_name(f"{picture.stem}-{purpose}.{kind}")
    with Image.open(picture) as drawn:
        if kind == "jpg" and purpose.startswith(picture.stem.replace("_", "-")) and purpose in OWN:
            return picture
        smaller = drawn.convert("RGB")
        if purpose != "photo":
            smaller = smaller.resize((drawn.width - sum(purpose.encode()) % 97, drawn.height))
        smaller.save(made, FORMATS[kind])
    return made


def blank(folder: Path) -> Path:
    """A white sheet of the photo's size (PH-24)."""
    path = folder / "blank.png"
    Image.new("RGB", (826, 1062), "white").save(path)
    return path


def small(picture: Path, folder: Path) -> Path:
    """One pixel too narrow (PH-04)."""
    path = folder / "small.jpg"
    with Image.open(picture) as drawn:
        drawn.convert("RGB").resize((412, 531)).save(path, "JPEG")
    return path


def cut(picture: Path, folder: Path) -> Path:
    """The first half of a file (PH-25)."""
    path = folder / "cut.jpg"
    data = picture.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    return path


def heic(folder: Path) -> Path:
    """What an iPhone keeps: only the head of such a file is needed to know it (PH-26)."""
    path = folder / "IMG_0001.HEIC"
    path.write_bytes(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(2000))
    return path


def large(folder: Path) -> Path:
    """One byte more than 4 MB (PH-05)."""
    path = folder / "large.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0" + bytes(4_194_305 - 4))
    return path


def empty(folder: Path) -> Path:
    path = folder / "empty.jpg"
    path.write_bytes(b"")
    return path
