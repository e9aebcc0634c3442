"""Pillow is spoken here and nowhere else: pixels in, an upright, bounded, metadata-free JPEG out.

Runs in the decoding child only. Sources: form-rules PH-04, PH-16 to PH-24; decision 28.
"""

import io
from datetime import date
from typing import IO, NamedTuple

from PIL import Image, ImageCms, MpoImagePlugin, TiffImagePlugin

from enrollment.pictures import limits

# The limits of this house are checked before pixels are loaded (PH-18); Pillow's own would only warn.
Image.MAX_IMAGE_PIXELS = None
Image.preinit()
LOADED_EARLY = (MpoImagePlugin, TiffImagePlugin)  # what Pillow would import in each child: frames and Exif

FORMATS = {"jpeg": ["JPEG"], "png": ["PNG"], "bmp": ["BMP"]}
NATIVE = ("RGB", "L", "CMYK")  # modes that are shrunk as they are
EXIF_ORIENTATION, EXIF_IFD, EXIF_TAKEN = 0x0112, 0x8769, 0x9003
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SRGB = ImageCms.createProfile("sRGB")
STRIP_ROWS = 512
PLANTED = (b"<?php", b"<script", b"PK\x03\x04")  # PH-22


def drawn(kind: str) -> IO[bytes]:
    """A small picture of a kind, for warming up."""
    out = io.BytesIO()
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = 1
    Image.linear_gradient("L").convert("RGB").save(out, FORMATS[kind][0], exif=exif)
    out.seek(0)
    return out


class TooLarge(ValueError):
    """More pixels than anybody needs; the measured sides are its arguments."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        super().__init__(f"{width} x {height}")


class Raster(NamedTuple):
    """`width` and `height` of the upright original, which may be larger than the shown copy."""

    shown: bytes
    width: int
    height: int
    frames: int
    tones: int
    mean: float
    taken: date | None


class Bitmap(NamedTuple):
    """A rendered page: rows of 8-bit RGB."""

    width: int
    height: int
    stride: int
    pixels: bytes


def accept(kind: str, file: IO[bytes], *, photo: bool) -> Raster:
    """Decode the first frame; raises `TooLarge` before loading, anything else for a broken file (PH-17)."""
    with Image.open(file, formats=FORMATS[kind]) as image:
        width, height = image.size
        if width > limits.MOST_SIDE or height > limits.MOST_SIDE or width * height > limits.MOST_PIXELS:
            raise TooLarge(width, height)
        orientation, taken = _exif(image)
        frames = int(getattr(image, "n_frames", 1))
        profile = image.info.get("icc_profile")
        factor = _factor(kind, width, height, photo=photo)
        image.draft(
            None, (width // factor, height // factor)
        )  # JPEG alone decodes at a half, a quarter, an eighth
        image.load()
        tones, mean = _tones(image)
        small = _shrunk(image, max(1, factor * image.width // width))
    colour = _srgb(small, profile)
    if orientation in UPRIGHT:
        colour = colour.transpose(UPRIGHT[orientation])
    if orientation >= 5:
        width, height = height, width
    return Raster(_jpeg(colour), width, height, frames, tones, mean, taken)


def _exif(image: Image.Image) -> tuple[int, date | None]:
    """Orientation 1 to 8 and the day of shooting; odd metadata counts as none."""
    try:
        exif = image.getexif()
        orientation = exif.get(EXIF_ORIENTATION, 1)
        written = exif.get_ifd(EXIF_IFD).get(EXIF_TAKEN, "")
    except Exception:
        return 1, None
    if not isinstance(orientation, int) or not 1 <= orientation <= 8:
        orientation = 1
    try:
        taken = date(*(int(part) for part in str(written)[:10].split(":")))
    except (ValueError, TypeError):
        taken = None
    return orientation, taken


def _factor(kind: str, width: int, height: int, *, photo: bool) -> int:
    """By how many the sides are divided: a whole number is cheap, and a power of two is free for JPEG.

    The long side keeps at least 1,600 pixels, and a photo both sides that PH-04 asks for (either way up).
    """
    factor = max(width, height) // limits.SHOWN_SIDE
    if photo:
        factor = min(
            factor, min(width, height) // limits.PHOTO_WIDTH, max(width, height) // limits.PHOTO_HEIGHT
        )
    factor = max(1, factor)
    return 1 << (factor.bit_length() - 1) if kind == "jpeg" else factor


def _tones(image: Image.Image) -> tuple[int, float]:
    """Distinct luminance values and their mean over a sample of original pixels (PH-24).

    Palette and one-bit pictures of a face have few tones, which stand for many: there, means of small blocks count,
    and two colours that stay two are still a picture (PH-25): only one of a single colour is blank.
    """
    step = max(1, int((image.width * image.height / 100_000) ** 0.5))
    sample = image
    if step > 1:
        size = (max(1, image.width // step), max(1, image.height // step))
        sample = image.resize(size, Image.Resampling.NEAREST)
    grey = _plain(sample).convert("L")
    counts = grey.histogram()
    found = sum(1 for count in counts if count)
    mean = sum(tone * count for tone, count in enumerate(counts)) / max(1, sum(counts))
    if image.mode == "P":
        found = sum(1 for count in grey.reduce(4).histogram() if count)
    elif image.mode == "1" and found > 1:
        found = limits.FEWEST_TONES
    return found, mean


def _shrunk(image: Image.Image, factor: int) -> Image.Image:
    """The picture in RGB, L or CMYK, its sides divided; large ones in strips, so that no full copy is made."""
    if image.mode in NATIVE and "transparency" not in image.info:
        return image.reduce(factor) if factor > 1 else image
    return _in_strips(image, factor) if factor > 1 else _plain(image)


def _in_strips(image: Image.Image, factor: int) -> Image.Image:
    rows = STRIP_ROWS // factor * factor or factor
    small = Image.new("RGB", (-(-image.width // factor), -(-image.height // factor)))
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(image.height, top + rows)))
        small.paste(_plain(strip).convert("RGB").reduce(factor), (0, top // factor))
    return small


def _plain(image: Image.Image) -> Image.Image:
    """RGB, L or CMYK of any mode: transparency on white, 16-bit grey by its high byte (PH-19, PH-21)."""
    if image.mode.startswith("I;16"):
        high = image.tobytes()[0 if image.mode.endswith("B") else 1 :: 2]
        return Image.frombytes("L", image.size, high)
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        clear = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(clear, mask=clear.getchannel("A"))
        return white
    if image.mode in NATIVE:
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _srgb(image: Image.Image, profile: object) -> Image.Image:
    """A good colour profile is applied, a broken or foreign one ignored (PH-21)."""
    if isinstance(profile, bytes) and b"sRGB" not in profile[:4096]:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, SRGB, outputMode="RGB")
            if converted is not None:
                return converted
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass  # the picture is shown in its plain colours, as a viewer without colour management would
    return image if image.mode == "RGB" else image.convert("RGB")


def _jpeg(image: Image.Image) -> bytes:
    """Baseline JPEG without metadata, at most 4,000,000 bytes (PH-05, PH-22).

    Pillow writes what `info` holds, comments too: therefore it is emptied. Bytes that look planted are compressed
    away by another quality.
    """
    image.info.clear()
    for quality in limits.SHOWN_QUALITIES:
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality)
        shown = out.getvalue()
        if len(shown) <= limits.MOST_SHOWN_BYTES and not any(mark in shown for mark in PLANTED):
            return shown
    raise ValueError("cannot be made small enough")


def stacked(pages: list[Bitmap]) -> bytes:
    """The pages of a document below one another, with a grey line between them (PH-35)."""
    gap = 12
    width = max(page.width for page in pages)
    height = sum(page.height for page in pages) + gap * (len(pages) - 1)
    sheet = Image.new("RGB", (width, height), (128, 128, 128))
    top = 0
    for page in pages:
        size = (page.width, page.height)
        sheet.paste(Image.frombuffer("RGB", size, page.pixels, "raw", "RGB", page.stride, 1), (0, top))
        top += page.height + gap
    return _jpeg(sheet)
