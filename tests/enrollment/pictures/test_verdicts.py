"""The verdict on each kind of file."""

import io
import zipfile
import zlib
from collections.abc import Callable

import pytest
from PIL import Image

from enrollment import images
from enrollment.pictures.sentences import MESSAGES
from tests.enrollment import samples

HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(100)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a", "b")
    return out.getvalue()


def bad_checksum() -> bytes:
    data = bytearray(samples.saved(samples.face(), "PNG"))
    data[data.index(b"IDAT") + 10] ^= 1
    return bytes(data)


def apple_png() -> bytes:
    data = samples.saved(samples.face(), "PNG")
    return data[:8] + samples.chunk(b"CgBI", b"\x50\x00\x20\x02") + data[8:]


def text_bomb() -> bytes:
    data = samples.saved(samples.face(), "PNG")
    bomb = samples.chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(10_000_000), 9))
    return data[:33] + bomb + data[33:]


def one_bit() -> Image.Image:
    return samples.face().convert("1")


ACCEPTED: dict[str, Callable[[], bytes]] = {
    "baseline": samples.jpeg,
    "progressive": lambda: samples.jpeg(progressive=True),
    "grey": lambda: samples.saved(samples.face().convert("L"), "JPEG"),
    "cmyk": lambda: samples.saved(samples.face().convert("CMYK"), "JPEG"),
    "comment": lambda: samples.with_segment(samples.jpeg(), 0xFE, b"a comment"),
    "big profile": lambda: samples.with_profile(samples.big_profile()),
    "broken profile": lambda: samples.with_profile(b"this is no profile" * 10),
    "mpo": samples.mpo,
    "html behind": lambda: samples.jpeg() + b"<html><script>alert(1)</script>",
    "zip behind": lambda: samples.jpeg() + zipped(),
    "png": lambda: samples.saved(samples.face(), "PNG"),
    "png with alpha": lambda: samples.saved(samples.face().convert("RGBA"), "PNG"),
    "png palette": lambda: samples.saved(samples.face().convert("P"), "PNG"),
    "png one bit": lambda: samples.saved(one_bit(), "PNG"),
    "png 16 bit": samples.grey_16_bit,
    "png animated": samples.animated_png,
    "bmp": lambda: samples.saved(samples.face(), "BMP"),
    "bmp one bit": lambda: samples.saved(one_bit(), "BMP"),
    "bmp top down": samples.top_down_bmp,
    "100 scans": lambda: samples.many_scans(100),
}
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "cut in half": (lambda: samples.jpeg()[: len(samples.jpeg()) // 2], "file_broken"),
    "no end marker": (lambda: samples.jpeg()[:-2], "file_broken"),
    "only header": (lambda: samples.jpeg()[:200], "file_broken"),
    "four bytes": (lambda: b"\xff\xd8\xff\xd9", "file_broken"),
    "three bytes": (lambda: b"\xff\xd8\xff", "file_broken"),
    "empty": (lambda: b"", "file_empty"),
    "gif": (lambda: samples.saved(samples.face(), "GIF"), "file_type"),
    "webp": (lambda: samples.saved(samples.face(), "WEBP"), "file_type"),
    "tiff": (lambda: samples.saved(samples.face(), "TIFF"), "file_type"),
    "jpeg 2000": (lambda: samples.saved(samples.face(), "JPEG2000"), "file_type"),
    "avif": (lambda: samples.saved(samples.face(), "AVIF"), "file_type"),
    "heic": (lambda: HEIC, "file_type"),
    "svg": (lambda: SVG, "file_type"),
    "html": (lambda: b"<!doctype html>", "file_type"),
    "exe": (lambda: b"MZ" + bytes(200), "file_type"),
    "zip": (zipped, "file_type"),
    "pdf": (lambda: b"%PDF-1.7\n", "file_type"),
    "png apple": (apple_png, "file_broken"),
    "png checksum": (bad_checksum, "file_broken"),
    "png cut": (lambda: samples.saved(samples.face(), "PNG")[:-20], "file_broken"),
    "png text bomb": (text_bomb, "file_broken"),
    "png 60000": (lambda: samples.png_of(60_000, 60_000, b"\0"), "image_too_large"),
    "png 12001": (lambda: samples.png_of(12_001, 1, b"\0" + bytes(36_003)), "image_too_large"),
    "jpeg 60000": (lambda: samples.jpeg_claiming(60_000, 60_000), "image_too_large"),
    "50 megapixels and one row": (lambda: samples.png_of(10_000, 5_001, b"\0"), "image_too_large"),
    "bmp 60000 rows": (lambda: samples.bmp_claiming_rows(60_000), "file_broken"),
    "bmp cut": (lambda: samples.saved(samples.face(), "BMP")[:1000], "file_broken"),
    "bmp magic": (lambda: b"BM", "file_broken"),
    "101 scans": (lambda: samples.many_scans(101), "file_broken"),
    "one colour": (lambda: samples.saved(Image.new("RGB", (413, 531), "grey"), "PNG"), "photo_blank"),
    "49 tones": (
        lambda: samples.saved(
            Image.linear_gradient("L").resize((413, 531)).point(lambda v: v * 48 // 255), "PNG"
        ),
        "photo_blank",
    ),
    "one colour, palette": (lambda: samples.saved(Image.new("P", (413, 531)), "PNG"), "photo_blank"),
    "one colour, one bit": (lambda: samples.saved(Image.new("1", (413, 531)), "PNG"), "photo_blank"),
}


def refused(data: bytes, slot: str = "photo", authority: str = "jma") -> images.PictureRefused:
    with pytest.raises(images.PictureRefused) as found:
        images.inspect(data, slot=slot, authority=authority)
    return found.value


@pytest.mark.requirement("PH-15", "PH-16", "PH-19", "PH-21", "PH-25")
@pytest.mark.parametrize("sample", ACCEPTED)
def test_accepted_as_a_photo(sample: str) -> None:
    picture = images.inspect(ACCEPTED[sample](), slot="photo", authority="jma")
    found = samples.shown(picture.shown_jpeg)
    assert (found.format, found.mode, found.size) == ("JPEG", "RGB", (picture.width, picture.height))
    assert picture.height >= 531 and picture.width >= 413 and picture.pages == 1
    assert "progressive" not in found.info


@pytest.mark.requirement("PH-15", "PH-17", "PH-18", "PH-24", "PH-25")
@pytest.mark.parametrize("sample", REFUSED)
def test_refused_as_a_photo(sample: str) -> None:
    make, code = REFUSED[sample]
    found = refused(make())
    assert found.code == code
    assert found.message and "%(" not in found.message


NOT_JPEG = [name for name in ACCEPTED if name.startswith(("png", "bmp"))]
NOT_JPEG_REFUSED = [
    name for name, (make, _code) in REFUSED.items() if make() and not make().startswith(b"\xff\xd8\xff")
]


@pytest.mark.requirement("PH-01", "PH-25", "PH-41", "K-07")
@pytest.mark.parametrize("sample", [*NOT_JPEG, *NOT_JPEG_REFUSED])
def test_medis_takes_only_jpeg_photos(sample: str) -> None:
    found = refused((ACCEPTED.get(sample) or REFUSED[sample][0])(), authority="medis")
    assert found.code == "file_type_medis"
    assert found.message.startswith("MEDISへの申請では、顔写真はJPEG(JPG)形式のみ使用できます。")


@pytest.mark.requirement("PH-25")
@pytest.mark.parametrize("sample", [name for name in ACCEPTED if name not in NOT_JPEG])
def test_medis_takes_every_jpeg_photo(sample: str) -> None:
    picture = images.inspect(ACCEPTED[sample](), slot="photo", authority="medis")
    assert picture.kind == "jpeg"
    for tail in (b"<script", b"PK\x03\x04"):  # what stood behind the picture is lost on re-encoding
        assert tail not in picture.shown_jpeg


@pytest.mark.requirement("PH-01", "PH-40")
def test_the_refusal_of_a_kind_lists_what_the_slot_takes() -> None:
    assert "JPEG(JPG)、PNG、BMP）" in refused(SVG).message
    assert "JPEG(JPG)、PDF）" in refused(ACCEPTED["png"](), slot="identity", authority="medis").message
    assert refused(SVG).message.startswith(
        "このファイル形式は使用できません。JPEG(JPG)形式の画像を添付してください。"
    )


@pytest.mark.requirement("PH-26")
@pytest.mark.parametrize(
    ("authority", "slot", "code"),
    [
        ("jma", "photo", "file_type"),
        ("jpa", "identity", "file_type"),
        ("medis", "identity", "file_type"),
        ("medis", "photo", "file_type_medis"),
    ],
)
@pytest.mark.parametrize("brand", [b"heic", b"mif1", b"hevc"])
def test_heic_is_told_what_to_do(authority: str, slot: str, code: str, brand: bytes) -> None:
    found = refused(HEIC.replace(b"ftypheic", b"ftyp" + brand), slot=slot, authority=authority)
    assert found.code == code
    for remedy in ("HEIC", "設定", "カメラ", "フォーマット", "互換性優先", "ブラウザ"):
        assert remedy in found.message


@pytest.mark.requirement("PH-15", "PH-16")
@pytest.mark.parametrize(
    ("sample", "kind"),
    [("baseline", "jpeg"), ("mpo", "jpeg"), ("png", "png"), ("png animated", "png"), ("bmp top down", "bmp")],
)
def test_the_kind_is_that_of_the_content(sample: str, kind: str) -> None:
    assert images.inspect(ACCEPTED[sample](), slot="photo", authority="jma").kind == kind


@pytest.mark.requirement("PH-15")
@pytest.mark.parametrize("before", [b"\0", b"\n", b" "])
@pytest.mark.parametrize("sample", ["baseline", "png", "bmp"])
def test_a_picture_begins_at_its_first_byte(sample: str, before: bytes) -> None:
    assert refused(before + ACCEPTED[sample]()).code == "file_type"


@pytest.mark.requirement("PH-18")
def test_pictures_at_the_limits_are_taken() -> None:
    for width, height in ((10_000, 5_000), (12_000, 4_000), (4_000, 12_000)):
        row = b"\0" + bytes(width // 8)
        data = samples.png_of(width, height, row * height, depth=1, colour=0)
        picture = images.inspect(data, slot="identity", authority="jma")
        assert (picture.width, picture.height) == (width, height)


@pytest.mark.requirement("PH-24")
def test_fifty_tones_are_a_picture() -> None:
    tones = Image.linear_gradient("L").resize((413, 531)).point(lambda value: value * 49 // 255)
    assert len(set(tones.tobytes())) == 50
    assert images.inspect(samples.saved(tones, "PNG"), slot="photo", authority="jma").kind == "png"


@pytest.mark.requirement("PH-04", "PH-43")
@pytest.mark.parametrize(
    ("width", "height", "code"),
    [(413, 531, ""), (412, 531, "photo_pixels"), (413, 530, "photo_pixels"), (531, 413, "photo_pixels")],
)
def test_a_photo_has_531_by_413_pixels(width: int, height: int, code: str) -> None:
    if not code:
        assert images.inspect(samples.jpeg(width, height), slot="photo", authority="jma").width == width
        return
    found = refused(samples.jpeg(width, height))
    assert (found.code, found.width, found.height) == (code, width, height)
    assert f"この写真は縦{height}×横{width}" in found.message


@pytest.mark.requirement("PH-04")
def test_a_document_has_no_least_size() -> None:
    assert images.inspect(samples.jpeg(40, 30), slot="identity", authority="jma").height == 30
    blank = samples.saved(Image.new("RGB", (40, 30), "white"), "PNG")
    assert images.inspect(blank, slot="licence_back", authority="jpa").kind == "png"


@pytest.mark.requirement("PH-04", "PH-20")
@pytest.mark.parametrize("orientation", [6, 8])
def test_orientation_is_applied_before_measuring(orientation: int) -> None:
    picture = images.inspect(samples.oriented(531, 413, orientation), slot="photo", authority="jma")
    assert (picture.width, picture.height) == (413, 531)
    assert samples.shown(picture.shown_jpeg).size == (413, 531)
    found = refused(samples.oriented(413, 531, orientation))
    assert (found.code, found.width, found.height) == ("photo_pixels", 531, 413)


@pytest.mark.requirement("PH-20")
@pytest.mark.parametrize("orientation", [1, 2, 3, 4, 9])
def test_other_orientations_keep_the_sides(orientation: int) -> None:
    picture = images.inspect(samples.oriented(413, 531, orientation), slot="photo", authority="jma")
    corner = {1: (5, 5), 2: (407, 5), 3: (407, 525), 4: (5, 525), 9: (5, 5)}[orientation]
    red, green, blue = samples.shown(picture.shown_jpeg).getpixel(corner)  # type: ignore[misc]
    assert red > 180 and green < 90 and blue < 90


@pytest.mark.requirement("PH-05", "PH-42")
def test_four_megabytes_to_the_byte() -> None:
    assert (
        images.inspect(samples.padded(samples.jpeg(), 4_194_304), slot="photo", authority="jma").kind
        == "jpeg"
    )
    found = refused(samples.padded(samples.jpeg(), 4_194_305))
    assert found.code == "file_size"
    assert found.message == "ファイル容量が4MBを超えています。4MB以下にしてから添付してください。"


@pytest.mark.requirement("PH-40", "PH-41", "PH-42", "PH-43", "PH-44", "PH-45", "PH-46", "PH-47")
@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("file_type", "このファイル形式は使用できません。JPEG(JPG)形式の画像を添付してください。"),
        ("file_type_medis", "MEDISへの申請では、顔写真はJPEG(JPG)形式のみ使用できます。"),
        ("file_size", "ファイル容量が4MBを超えています。4MB以下にしてから添付してください。"),
        (
            "photo_pixels",
            "画像サイズが不足しています。縦531×横413ピクセル以上の写真を添付してください(この写真は縦%(height)s×横%(width)s)。",
        ),
        ("photo_ratio", "縦45mm×横35mmの比率に切り抜いてください。"),
        (
            "file_broken",
            "ファイルを読み込めませんでした。壊れている可能性があります。撮影または保存し直してください。",
        ),
        ("file_empty", "ファイルが空です。"),
        ("image_too_large", "画像が大きすぎます。縦横12,000ピクセル以下にしてください。"),
        ("pdf_locked", "パスワードや制限が設定されたPDFは使用できません。"),
        (
            "pdf_active",
            "動作や添付ファイルを含むPDFは使用できません。印刷またはスキャンし直したPDFを添付してください。",
        ),
        ("pdf_pages", "PDFは10ページ以内にしてください。"),
    ],
)
def test_the_sentences_are_those_of_the_paper(code: str, sentence: str) -> None:
    assert ({**MESSAGES, **images.WARNINGS})[code].startswith(sentence)


@pytest.mark.requirement("PH-45", "PH-46")
def test_messages_say_what_was_measured() -> None:
    assert refused(b"").message == MESSAGES["file_empty"]
    assert refused(b"\xff\xd8\xff").message == MESSAGES["file_broken"]
    large = refused(samples.jpeg_claiming(60_000, 50_000))
    assert (large.width, large.height) == (60_000, 50_000) and "縦50000×横60000" in large.message


def test_a_wrong_slot_is_the_caller_s_mistake() -> None:
    with pytest.raises(LookupError):
        images.inspect(samples.jpeg(), slot="selfie", authority="jma")
