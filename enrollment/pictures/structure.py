"""What a file is and whether its frame is whole, before any decoder sees it (PH-15, PH-18, PH-25)."""

import re
import struct
import zlib
from mmap import mmap

from enrollment.pictures import limits

MAGIC = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"BM", "bmp"),
    (b"%PDF-", "pdf"),
)
HEIC_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}
NEXT_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")  # in entropy data only 00 and RST may follow FF


class Broken(ValueError):
    """The file does not hold together."""


def sniff(data: bytes) -> str:
    """ "jpeg", "png", "bmp", "pdf" or "", by the first bytes alone (PH-15)."""
    return next((kind for magic, kind in MAGIC if data.startswith(magic)), "")


def is_heic(data: bytes) -> bool:
    """What iPhones store unless told otherwise (PH-26)."""
    return data[4:8] == b"ftyp" and data[8:12] in HEIC_BRANDS


def check(kind: str, data: bytes | mmap) -> None:
    """Raises `Broken` for a JPEG without an end or with too many scans, a PNG with a wrong checksum, a short BMP."""
    checker = {"jpeg": _jpeg, "png": _png, "bmp": _bmp}.get(kind)
    if checker:
        checker(data)


def _jpeg(data: bytes | mmap) -> None:
    at, scans = 2, 0
    while True:
        at = data.find(b"\xff", at)
        while 0 <= at < len(data) and data[at] == 0xFF:
            at += 1
        if not 0 <= at < len(data):
            raise Broken("no end marker")
        marker = data[at]
        at += 1
        if marker == 0xD9:
            return
        if marker in (0x00, 0x01) or 0xD0 <= marker <= 0xD8:
            continue
        at += _segment_length(data, at)
        if marker == 0xDA:
            scans += 1
            following = NEXT_MARKER.search(data, at)
            if following is None or scans > limits.MOST_SCANS:
                raise Broken("no end marker" if following is None else "too many scans")
            at = following.start()


def _segment_length(data: bytes | mmap, at: int) -> int:
    if at + 2 > len(data):
        raise Broken("cut inside a segment")
    (length,) = struct.unpack_from(">H", data, at)
    if length < 2:
        raise Broken("segment without length")
    return int(length)


def _png(data: bytes | mmap) -> None:
    with memoryview(data) as view:
        at = 8
        while True:
            if at + 12 > len(view):
                raise Broken("no end chunk")
            (length,) = struct.unpack_from(">I", view, at)
            name = bytes(view[at + 4 : at + 8])
            end = at + 8 + length
            if end + 4 > len(view):
                raise Broken("chunk longer than the file")
            if at == 8 and name != b"IHDR":  # Apple's CgBI stands there, whose pixels nobody else decodes
                raise Broken("no header first")
            if zlib.crc32(view[at + 4 : end]) != struct.unpack_from(">I", view, end)[0]:
                raise Broken("wrong checksum")
            if name == b"IEND":
                return
            at = end + 4


def _bmp(data: bytes | mmap) -> None:
    """An uncompressed bitmap must hold every row that its header claims."""
    if len(data) < 26:
        raise Broken("no header")
    offset, header = struct.unpack_from("<II", data, 10)
    if header == 12:
        width, height, _planes, bits = struct.unpack_from("<HHHH", data, 18)
        compression = 0
    elif len(data) >= 34:
        width, height, _planes, bits, compression = struct.unpack_from("<iiHHI", data, 18)
    else:
        raise Broken("no header")
    stride = (abs(width) * bits + 31) // 32 * 4
    if compression in (0, 3, 6) and offset + stride * abs(height) > len(data):
        raise Broken("fewer rows than claimed")
