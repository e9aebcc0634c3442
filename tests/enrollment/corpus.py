"""Files that nobody should send: good ones of every kind, mutated, each found again by its number."""

import io
import random
import struct
import zlib
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import pikepdf
from PIL import Image

from tests.enrollment import samples

SEED = 20261120
EXTREMES = (
    b"\0\0\0\0",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\x7f",
    b"\x00\x00\x2e\xe1",
    b"\xe1\x2e\x00\x00",
)
PARTS = {
    "jpeg": (b"\xff\xd9", b"\xff\xda", b"\xff\xc0", b"\xff\xc2", b"\xff\xfe", b"\xff\xe1"),
    "png": (b"IHDR", b"IDAT", b"IEND", b"acTL", b"fcTL", b"zTXt", b"tRNS", b"PLTE"),
    "bmp": (b"BM", b"\x28\0\0\0", b"\x01\0\x18\0", b"\x04\0\0\0"),
    "pdf": (
        b"endobj",
        b"stream",
        b"/Kids",
        b"/JS",
        b"/Length",
        b"xref",
        b"trailer",
        b"/#4aavaScript",
        b"<<",
        b"]",
    ),
}


class Sample(NamedTuple):
    kind: str
    number: int
    data: bytes


@lru_cache
def seeds() -> dict[str, list[bytes]]:
    """Good files, small, so that a change hits their structure often."""
    face = samples.face
    return {
        "jpeg": [
            samples.jpeg(),
            samples.jpeg(progressive=True),
            samples.saved(face().convert("CMYK"), "JPEG"),
            samples.saved(face().convert("L"), "JPEG", restart_marker_rows=4),
            samples.oriented(413, 531, 6),
            samples.mpo(),
            samples.with_profile(samples.big_profile()[:3_000]),
        ],
        "png": [
            samples.saved(face(), "PNG"),
            samples.saved(face().convert("P"), "PNG"),
            samples.saved(face().convert("RGBA"), "PNG"),
            samples.saved(face().convert("1"), "PNG"),
            samples.grey_16_bit(),
            samples.animated_png(),
        ],
        "bmp": [
            samples.saved(face(120, 160), "BMP"),
            samples.saved(face(120, 160).convert("P"), "BMP"),
            samples.saved(face(413, 531).convert("1"), "BMP"),
            samples.top_down_bmp(),
            samples.saved(face(120, 160).convert("RGBA"), "BMP"),
        ],
        "pdf": [document(streams=False), document(streams=True), document(pages=9, streams=False)],
    }


def document(*, streams: bool, pages: int = 2) -> bytes:
    """A PDF with print, a picture, a link and an empty form."""
    made = pikepdf.Pdf.new()
    picture = zlib.compress(samples.face(60, 80).tobytes())
    for number in range(pages):
        page = made.add_blank_page(page_size=(595, 842))
        image = pikepdf.Stream(made, picture)
        for name, value in {
            "/Type": pikepdf.Name.XObject,
            "/Subtype": pikepdf.Name.Image,
            "/Width": 60,
            "/Height": 80,
            "/BitsPerComponent": 8,
            "/ColorSpace": pikepdf.Name.DeviceRGB,
            "/Filter": pikepdf.Name.FlateDecode,
        }.items():
            image[name] = value
        page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(P=image))
        page.obj.Contents = pikepdf.Stream(made, b"q 400 0 0 500 90 200 cm /P Do Q 0 0 m %d 99 l S" % number)
        link = pikepdf.Dictionary(S=pikepdf.Name.URI, URI=pikepdf.String("https://example.jp/"))
        note = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=pikepdf.Array([0, 0, 9, 9]), A=link
        )
        page.obj.Annots = pikepdf.Array([note])
    made.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([]))
    out = io.BytesIO()
    mode = pikepdf.ObjectStreamMode.generate if streams else pikepdf.ObjectStreamMode.disable
    made.save(out, object_stream_mode=mode, compress_streams=streams)
    return out.getvalue()


def bombs() -> list[Sample]:
    """Files made to be slow or large; the first sends pdfium through 10^9 drawings."""
    found = [
        ("pdf", laughing_pdf()),
        ("pdf", large_picture_pdf()),
        ("jpeg", samples.many_scans(100, Image.new("L", (7_000, 7_000)))),
        ("jpeg", samples.many_scans(6_000)),
        ("png", samples.bomb(7_000, 7_000)),
        ("png", samples.png_of(60_000, 60_000, b"\0")),
        ("bmp", samples.bmp_claiming_rows(60_000)),
    ]
    return [Sample(kind, -number, data) for number, (kind, data) in enumerate(found, 1)]


def laughing_pdf() -> bytes:
    """Nine forms, each of which draws the next one ten times."""
    made = pikepdf.Pdf.new()
    page = made.add_blank_page(page_size=(595, 842))
    inner = pikepdf.Stream(made, b"0 0 500 800 re f")
    for level in range(10):
        inner.Type, inner.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
        inner.BBox = pikepdf.Array([0, 0, 595, 842])
        below = inner
        inner = pikepdf.Stream(made, b"/F Do " * 10)
        inner.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(F=below))
        assert level < 10
    page.obj.Contents = pikepdf.Stream(made, b"/F Do " * 10)
    page.obj.Resources = inner.Resources
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def large_picture_pdf() -> bytes:
    """A page that shows a picture of 900 megapixels."""
    made = pikepdf.Pdf.new()
    page = made.add_blank_page(page_size=(595, 842))
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(3 * 30_000)) for _ in range(30_000)) + packer.flush()
    image = pikepdf.Stream(made, rows)
    image.Type, image.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
    image.Width = image.Height = 30_000
    image.BitsPerComponent, image.ColorSpace = 8, pikepdf.Name.DeviceRGB
    image.Filter = pikepdf.Name.FlateDecode
    page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(P=image))
    page.obj.Contents = pikepdf.Stream(made, b"500 0 0 700 40 40 cm /P Do")
    out = io.BytesIO()
    made.save(out, compress_streams=False)
    return out.getvalue()


def mutated(count: int, first: int = 0) -> Iterator[Sample]:
    """`count` files, the kinds in turn; the same number is the same file in every run."""
    kinds = list(seeds())
    for number in range(first, first + count):
        kind = kinds[number % len(kinds)]
        chance = random.Random(SEED * 100_003 + number)
        yield Sample(kind, number, _mutated(chance, kind))


def _mutated(chance: random.Random, kind: str) -> bytes:
    data = bytearray(chance.choice(seeds()[kind]))
    for _ in range(chance.choice((1, 1, 2, 3, 5, 8, 13))):
        at = chance.randrange(len(data)) if chance.random() < 0.6 else chance.randrange(min(len(data), 200))
        _change(chance, kind, data, at)
        if not data:
            break
    if kind == "png" and chance.random() < 0.7:
        return _with_right_checksums(bytes(data))
    return bytes(data)


def _change(chance: random.Random, kind: str, data: bytearray, at: int) -> None:
    how = chance.randrange(7)
    if how == 0:
        data[at] = chance.randrange(256)
    elif how == 1:
        data[at] ^= 1 << chance.randrange(8)
    elif how == 2:
        data[at : at + 4] = chance.choice(EXTREMES)
    elif how == 3:
        del data[at : at + chance.choice((1, 2, 16, 400, 5_000))]
    elif how == 4:
        data[at:at] = chance.choice(PARTS[kind])
    elif how == 5:
        length = chance.choice((4, 64, 2_000))
        data[at:at] = data[chance.randrange(len(data)) :][:length] * chance.choice((1, 1, 30))
    elif chance.random() < 0.2:
        del data[at:]


def _with_right_checksums(data: bytes) -> bytes:
    """Otherwise the checksum would hide what lies behind it."""
    out, at = bytearray(data[:8]), 8
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        end = at + 8 + length
        if end + 4 > len(data):
            break
        out += data[at:end] + struct.pack(">I", zlib.crc32(data[at + 4 : end]))
        at = end + 4
    return bytes(out + data[at:])
