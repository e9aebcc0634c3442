"""Files for the picture tests, drawn and damaged on the spot (form-rules section 12)."""

import io
import struct
import zlib
from typing import Any

from PIL import Image, ImageCms, ImageDraw

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"


def face(width: int = 413, height: int = 531) -> Image.Image:
    """A picture with many tones and an upper left corner that can be told from the others."""
    image = Image.linear_gradient("L").resize((width, height))
    image = Image.merge("RGB", (image, image, image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)))
    draw = ImageDraw.Draw(image)
    draw.ellipse((width // 4, height // 4, width * 3 // 4, height * 3 // 4), fill=(240, 200, 170))
    draw.rectangle((0, 0, width // 8, height // 8), fill=(255, 0, 0))
    return image


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def jpeg(width: int = 413, height: int = 531, **options: Any) -> bytes:
    return saved(face(width, height), "JPEG", **options)


def oriented(width: int, height: int, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return jpeg(width, height, exif=exif)


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def with_segment(data: bytes, marker: int, body: bytes) -> bytes:
    return data[:2] + segment(marker, body) + data[2:]


def padded(data: bytes, length: int) -> bytes:
    """A JPEG grown to exactly so many bytes with comment segments."""
    while len(data) < length:
        room = length - len(data)
        body = min(room - 4, 65_533)
        if 0 < room - 4 - body < 5:
            body -= 5
        data = with_segment(data, 0xFE, b"x" * body)
    assert len(data) == length
    return data


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_header(width: int, height: int, *, depth: int = 8, colour: int = 2) -> bytes:
    return PNG_MAGIC + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def png_of(width: int, height: int, rows: bytes, *, depth: int = 8, colour: int = 2) -> bytes:
    data = chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    return png_header(width, height, depth=depth, colour=colour) + data


def bomb(width: int, height: int) -> bytes:
    """A transparent PNG of so many black pixels, made without holding them."""
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(1 + 4 * width)) for _ in range(height)) + packer.flush()
    return png_header(width, height, colour=6) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def jpeg_claiming(width: int, height: int) -> bytes:
    """A real JPEG whose frame header claims other sides."""
    data = bytearray(jpeg())
    at = data.index(b"\xff\xc0") + 5
    struct.pack_into(">HH", data, at, height, width)
    return bytes(data)


def bmp_claiming_rows(rows: int) -> bytes:
    data = bytearray(saved(face(), "BMP"))
    struct.pack_into("<i", data, 22, rows)
    return bytes(data)


def top_down_bmp() -> bytes:
    image = face(416, 532)
    data = bytearray(saved(image.transpose(Image.Transpose.FLIP_TOP_BOTTOM), "BMP"))
    struct.pack_into("<i", data, 22, -image.height)
    return bytes(data)


def grey_16_bit(value: int | None = None) -> bytes:
    """A ramp of 16-bit grey, or one value everywhere."""
    width, height = 413, 531
    rows = b"".join(
        b"\0"
        + struct.pack(f">{width}H", *((value if value is not None else (x + y) * 69) for x in range(width)))
        for y in range(height)
    )
    return png_of(width, height, rows, depth=16, colour=0)


def animated_png() -> bytes:
    return saved(face(), "PNG", save_all=True, append_images=[face().rotate(180)], duration=100)


def mpo() -> bytes:
    return saved(face(), "MPO", save_all=True, append_images=[face().rotate(180)])


def with_profile(profile: bytes) -> bytes:
    return jpeg(icc_profile=profile)


def big_profile() -> bytes:
    """A valid profile that is not sRGB, followed by megabytes that belong to nobody."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes() + bytes(900_000)


def many_scans(scans: int, image: Image.Image | None = None) -> bytes:
    """A progressive JPEG whose last scan is repeated until there are so many."""
    data = saved(image or face(), "JPEG", progressive=True)
    at = data.rindex(b"\xff\xda")
    last = data[at:-2]
    return data[:at] + last * (scans - data[:at].count(b"\xff\xda")) + b"\xff\xd9"


def taken_on(day: str) -> bytes:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = f"{day} 10:00:00"
    return jpeg(exif=exif)


def shown(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image
