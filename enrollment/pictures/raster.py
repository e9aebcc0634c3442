"""Pillow is spoken here and nowhere else: pixels in, an upright, bounded, metadata-free JPEG out.

Runs in the decoding child only. Sources: form-rules PH-04, PH-16 to PH-24; decision 28.
"""

import io
from datetime import date
from typing import IO, NamedTuple

from PIL import Image, ImageCms, MpoImagePlugin, TiffImagePlugin

from enrollment.pictures import hints, limits
from enrollment.pictures.placing import Box, Crop, placed

# The limits of this house are checked before pixels are loaded (PH-18); Pillow's own would only warn.
Image.MAX_IMAGE_PIXELS = None
Image.preinit()
LOADED_EARLY = (MpoImagePlugin, TiffImagePlugin)  # what Pillow would import in each child: frames and Exif

FORMATS = {"jpeg": ["JPEG"], "png": ["PNG"], "bmp": ["BMP"]}
NATIVE = ("RGB", "L", "CMYK")  # modes that are shrunk as they are
EXIF_ORIENTATION, EXIF_IFD, EXIF_TAKEN = 0x0112, 0x8769, 0x9003
UPRIGHT = {
    (True, 0): Image.Transpose.FLIP_LEFT_RIGHT,
    (False, 180): Image.Transpose.ROTATE_180,
    (True, 180): Image.Transpose.FLIP_TOP_BOTTOM,
    (True, 270): Image.Transpose.TRANSPOSE,
    (False, 90): Image.Transpose.ROTATE_270,  # Pillow counts against the clock
    (True, 90): Image.Transpose.TRANSVERSE,
    (False, 270): Image.Transpose.ROTATE_90,
}
SRGB = ImageCms.createProfile("sRGB")
STRIP_ROWS = 512
SAMPLED = 100_000  # pixels whose tones are counted
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
    """`width` and `height` of the whole turned picture, which may be larger than the shown copy of it or of a part."""

    shown: bytes
    width: int
    height: int
    shown_width: int
    shown_height: int
    frames: int
    tones: int
    measures: dict[str, int | float | bool]
    taken: date | None


class Sheet(NamedTuple):
    """A copy for pages and authorities, with its own sides."""

    shown: bytes
    width: int
    height: int


class Bitmap(NamedTuple):
    """A rendered page: rows of 8-bit RGB."""

    width: int
    height: int
    stride: int
    pixels: bytes


def accept(
    kind: str,
    file: IO[bytes],
    *,
    photo: bool,
    crop: Crop | None = None,
    find_faces: hints.Finder | None = None,
) -> Raster:
    """Decode the first frame, or the crop of it; faces are looked for in photos, where somebody can.

    Raises `TooLarge` and `CropOutside` before loading, anything else for a broken file (PH-17).
    """
    with Image.open(file, formats=FORMATS[kind]) as image:
        width, height = image.size
        if width > limits.MOST_SIDE or height > limits.MOST_SIDE or width * height > limits.MOST_PIXELS:
            raise TooLarge(width, height)
        orientation, taken = _exif(image)
        frames = int(getattr(image, "n_frames", 1))
        profile = image.info.get("icc_profile")
        placing = placed(width, height, orientation, crop.turned if crop else 0)
        part = placing.shown(crop)
        factor = _factor(kind, (crop.width, crop.height) if crop else placing.size, photo=photo)
        image.draft(None, (width // factor, height // factor))  # JPEG alone decodes at 1/2, 1/4, 1/8
        image.load()
        left = max(1, factor * image.width // width)  # what decoding has not divided yet
        box = _decoded(part, factor // left) if crop else Box(0, 0, *image.size)
        tones = _tones(image, box)
        small = _shrunk(image, box, left)
    colour = _srgb(small, profile)
    if (placing.mirrored, placing.turned) in UPRIGHT:
        colour = colour.transpose(UPRIGHT[placing.mirrored, placing.turned])
    measures: dict[str, int | float | bool] = dict(hints.measured(colour, photo=photo))
    if photo and find_faces:
        measures |= hints.with_faces(colour, find_faces)
    sheet = _jpeg(colour, photo=photo)
    return Raster(sheet.shown, *placing.size, sheet.width, sheet.height, frames, tones, measures, taken)


def _decoded(part: Box, divided: int) -> Box:
    """A part of the stored picture in one whose sides decoding has divided; never less than the part divided."""
    left, top = part.left // divided, part.top // divided
    return Box(
        left,
        top,
        left + max(1, (part.right - part.left) // divided),
        top + max(1, (part.bottom - part.top) // divided),
    )


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


def _factor(kind: str, size: tuple[int, int], *, photo: bool) -> int:
    """By how many the sides are divided: a whole number is cheap, and a power of two is free for JPEG.

    `size` is that of the shown part, turned. Its long side keeps at least 1,600 pixels, and a photo both sides that
    PH-04 asks for.
    """
    factor = max(size) // limits.SHOWN_SIDE
    if photo:
        factor = min(factor, size[0] // limits.PHOTO_WIDTH, size[1] // limits.PHOTO_HEIGHT)
    factor = max(1, factor)
    return 1 << (factor.bit_length() - 1) if kind == "jpeg" else factor


def _tones(image: Image.Image, box: Box) -> int:
    """Distinct luminance values over a sample of original pixels (PH-24).

    Palette and one-bit pictures of a face have few tones, which stand for many: there, means of small blocks count,
    and two colours that stay two are still a picture (PH-25): only one of a single colour is blank.
    """
    width, height = box.right - box.left, box.bottom - box.top
    step = max(1, int((width * height / SAMPLED) ** 0.5))
    size = (max(1, width // step), max(1, height // step))
    grey = _plain(image.resize(size, Image.Resampling.NEAREST, box=box)).convert("L")
    found = sum(1 for count in grey.histogram() if count)
    if image.mode == "P":
        return sum(1 for count in grey.reduce(4).histogram() if count)
    if image.mode == "1" and found > 1:
        return limits.FEWEST_TONES
    return found


def _shrunk(image: Image.Image, box: Box, factor: int) -> Image.Image:
    """The box in RGB, L or CMYK, its sides divided; large ones in strips, so that no full copy is made."""
    plain = image.mode in NATIVE and "transparency" not in image.info
    if factor > 1:
        return image.reduce(factor, box) if plain else _in_strips(image, box, factor)
    part = image if box == (0, 0, *image.size) else image.crop(box)
    return part if plain else _plain(part)


def _in_strips(image: Image.Image, box: Box, factor: int) -> Image.Image:
    rows = STRIP_ROWS // factor * factor or factor
    width, height = box.right - box.left, box.bottom - box.top
    small = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    for top in range(box.top, box.bottom, rows):
        strip = image.crop((box.left, top, box.right, min(box.bottom, top + rows)))
        small.paste(_plain(strip).convert("RGB").reduce(factor), (0, (top - box.top) // factor))
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


def _jpeg(image: Image.Image, *, photo: bool = False) -> Sheet:
    """Baseline JPEG without metadata, at most 4,000,000 bytes (PH-05, PH-22); smaller where nothing else helps.

    Pillow writes what `info` holds, comments too: therefore it is emptied. Bytes that look planted are compressed
    away by another quality.
    """
    image.info.clear()
    least = (limits.PHOTO_WIDTH, limits.PHOTO_HEIGHT) if photo else (1, 1)
    for divided, quality in limits.SHOWN_TRIES:
        width, height = image.width // divided, image.height // divided
        if divided > 1 and (width < least[0] or height < least[1]):
            continue
        out = io.BytesIO()
        smaller = image.reduce(divided) if divided > 1 else image
        smaller.save(out, "JPEG", quality=quality)
        shown = out.getvalue()
        if len(shown) <= limits.MOST_SHOWN_BYTES and not any(mark in shown for mark in PLANTED):
            return Sheet(shown, *smaller.size)
    raise ValueError("cannot be made small enough")


def stacked(pages: list[Bitmap], turned: int = 0) -> Sheet:
    """The pages of a document, each turned clockwise, below one another with a grey line between them (PH-35)."""
    gap = 12
    turning = UPRIGHT.get((False, turned))
    sides = [placed(page.width, page.height, 1, turned).size for page in pages]
    width = max(side[0] for side in sides)
    height = sum(side[1] for side in sides) + gap * (len(pages) - 1)
    sheet = Image.new("RGB", (width, height), (128, 128, 128))
    top = 0
    for page, side in zip(pages, sides, strict=True):
        size = (page.width, page.height)
        drawn = Image.frombuffer("RGB", size, page.pixels, "raw", "RGB", page.stride, 1)
        sheet.paste(drawn if turning is None else drawn.transpose(turning), (0, top))
        top += side[1] + gap
    return _jpeg(sheet)
