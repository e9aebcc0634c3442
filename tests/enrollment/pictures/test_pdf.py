"""PDF for MEDIS: whole, open, still, and of a sensible size."""

import io
import random
import zlib
from collections.abc import Callable
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String
from PIL import Image

from enrollment import images
from tests.enrollment import samples

Change = Callable[[Pdf], None]
JAVASCRIPT = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))


def pdf(
    pages: int = 1, change: Change | None = None, *, box: tuple[float, float] = (595, 842), **options: Any
) -> bytes:
    document = Pdf.new()
    for _ in range(pages):
        document.add_blank_page(page_size=(100, 100))
        document.pages[-1].obj.MediaBox = Array([0, 0, *box])
    if change:
        change(document)
    out = io.BytesIO()
    document.save(out, **options)
    return out.getvalue()


def verdict(data: bytes, slot: str = "identity") -> str:
    try:
        images.inspect(data, slot=slot, authority="medis")
    except images.PictureRefused as refused:
        return refused.code
    return ""


def open_action(document: Pdf) -> None:
    document.Root.OpenAction = JAVASCRIPT


def open_place(document: Pdf) -> None:
    document.Root.OpenAction = Array([document.pages[0].obj, Name.Fit])


def root_aa(document: Pdf) -> None:
    document.Root.AA = Dictionary(WC=JAVASCRIPT)


def names_tree(document: Pdf) -> None:
    document.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array([String("a"), JAVASCRIPT])))


def page_aa(document: Pdf) -> None:
    document.pages[0].obj.AA = Dictionary(O=JAVASCRIPT)


def annotated(action: Dictionary) -> Change:
    def change(document: Pdf) -> None:
        link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 9, 9]), A=action)
        document.pages[0].obj.Annots = Array([link])

    return change


def attachment(document: Pdf) -> None:
    document.attachments["a.txt"] = b"hidden"


def xfa(document: Pdf) -> None:
    document.Root.AcroForm = Dictionary(XFA=Stream(document, b"<xdp/>"), Fields=Array([]))


def empty_form(document: Pdf) -> None:
    document.Root.AcroForm = Dictionary(Fields=Array([]))


def rich_media(document: Pdf) -> None:
    note = Dictionary(Type=Name.Annot, Subtype=Name.RichMedia, Rect=Array([0, 0, 9, 9]))
    document.pages[0].obj.Annots = Array([note])


def hidden_file(document: Pdf) -> None:
    """A file in a stream that only a key of our own reaches."""
    document.Root.Inkan = Array(
        [Array([Dictionary(EF=Dictionary(F=Stream(document, b"x", Type=Name.EmbeddedFile)))])]
    )


def nested_script(document: Pdf) -> None:
    """The script is the second act of a link, in a direct dictionary in an array."""
    action = Dictionary(S=Name.URI, URI=String("https://example.jp/"), Next=Array([JAVASCRIPT]))
    annotated(action)(document)


def next_action(kind: Name) -> Change:
    return annotated(Dictionary(S=kind, F=String("https://example.jp/")))


def file_annotation(document: Pdf) -> None:
    note = Dictionary(Type=Name.Annot, Subtype=Name.FileAttachment, Rect=Array([0, 0, 9, 9]))
    document.pages[0].obj.Annots = Array([note])


LAUNCH = Dictionary(S=Name.Launch, F=String("calc.exe"))
URI = Dictionary(S=Name.URI, URI=String("https://example.jp/"))
REMOTE = Dictionary(S=Name.GoToR, F=String("other.pdf"), D=Array([0, Name.Fit]))
SUBMIT = Dictionary(S=Name.SubmitForm, F=String("https://example.jp/"))


@pytest.mark.requirement("PH-30", "PH-33", "PH-35")
@pytest.mark.parametrize("change", [None, open_place, annotated(URI), empty_form])
def test_a_quiet_pdf_is_shown_as_pictures(change: Change | None) -> None:
    picture = images.inspect(pdf(2, change), slot="identity", authority="medis")
    shown = samples.shown(picture.shown_jpeg)
    assert (picture.kind, picture.pages) == ("pdf", 2)
    assert shown.format == "JPEG" and shown.size == (picture.width, picture.height * 2 + 12)


@pytest.mark.requirement("PH-33", "PH-34", "PH-47")
@pytest.mark.parametrize(
    "change",
    [
        open_action,
        root_aa,
        names_tree,
        page_aa,
        attachment,
        xfa,
        file_annotation,
        annotated(LAUNCH),
        annotated(REMOTE),
        annotated(SUBMIT),
        annotated(JAVASCRIPT),
        rich_media,
        hidden_file,
        nested_script,
        next_action(Name.ImportData),
        next_action(Name.GoToE),
    ],
)
@pytest.mark.parametrize("streams", [False, True])
def test_an_active_pdf_is_refused(change: Change, streams: bool) -> None:
    mode = pikepdf.ObjectStreamMode.generate if streams else pikepdf.ObjectStreamMode.disable
    assert verdict(pdf(1, change, object_stream_mode=mode)) == "pdf_active"


@pytest.mark.requirement("PH-34")
@pytest.mark.parametrize(
    ("action", "harmless", "escaped"),
    [
        (Dictionary(S=Name("/JavaScriptxx")), b"/JavaScriptxx", b"/#4aavaScript"),
        (Dictionary(JSxx=String("app.alert(1)")), b"/JSxx", b"/#4aS"),
    ],
)
def test_an_escaped_name_is_no_hiding_place(action: Dictionary, harmless: bytes, escaped: bytes) -> None:
    data = pdf(1, annotated(action), object_stream_mode=pikepdf.ObjectStreamMode.disable)
    assert verdict(data) == "" and data.count(harmless) == 1
    assert (
        verdict(data.replace(harmless, escaped)) == "pdf_active"
    )  # the same length: every offset still holds


@pytest.mark.requirement("PH-30", "PH-31", "PH-47")
@pytest.mark.parametrize("passwords", [{"user": "a", "owner": "b"}, {"owner": "b", "user": ""}])
@pytest.mark.parametrize("revision", [4, 6])
def test_any_encryption_is_refused(passwords: dict[str, str], revision: int) -> None:
    locked = pdf(encryption=pikepdf.Encryption(R=revision, **passwords))  # type: ignore[arg-type]
    assert verdict(locked) == "pdf_locked"


@pytest.mark.requirement("PH-30", "PH-32")
def test_pages_and_boxes_have_bounds() -> None:
    assert verdict(pdf(10)) == ""
    assert verdict(pdf(11)) == "pdf_pages"
    assert verdict(pdf(0)) == "file_broken"
    assert verdict(pdf(1, box=(14_400, 14_400))) == ""
    assert verdict(pdf(1, box=(1, 1))) == verdict(pdf(1, box=(1, 14_400))) == ""
    for box in ((0, 842), (595, 0.5), (14_401, 100), (200_000, 200_000)):
        assert verdict(pdf(1, box=box)) == "pdf_page_size"


@pytest.mark.requirement("PH-47")
def test_the_refusal_counts_the_pages() -> None:
    with pytest.raises(images.PictureRefused, match="10ページ以内にしてください。（このPDFは11ページ）"):
        images.inspect(pdf(11), slot="identity", authority="medis")


@pytest.mark.requirement("PH-30")
def test_junk_before_and_cut_files() -> None:
    whole = pdf(3)
    for junk in (b"x" * 500, b"x" * 2_000, b"\n", b"%!PS\n"):
        assert verdict(junk + whole) == "file_type"
    assert verdict(whole[: len(whole) // 2]) == "file_broken"
    assert verdict(b"%PDF-1.7\n") == "file_broken"


@pytest.mark.requirement("PH-01", "PH-25")
def test_only_medis_documents_may_be_pdf() -> None:
    assert verdict(pdf(), slot="photo") == "file_type_medis"
    for authority in ("jma", "jpa"):
        with pytest.raises(images.PictureRefused) as refused:
            images.inspect(pdf(), slot="identity", authority=authority)
        assert refused.value.code == "file_type"


@pytest.mark.requirement("PH-35")
def test_a_flate_bomb_hurts_only_the_child() -> None:
    def bomb(document: Pdf) -> None:
        content = zlib.compress(b"0 0 m " * 30_000_000, 9)
        document.pages[0].obj.Contents = Stream(document, content, Filter=Name.FlateDecode)

    assert verdict(pdf(1, bomb, compress_streams=False)) in ("", "file_broken", "decoder_unavailable")
    assert verdict(pdf()) == ""


@pytest.mark.requirement("PH-05")
@pytest.mark.parametrize("side", [700, 1_000])
def test_ten_pages_full_of_detail_are_shown_small_enough(side: int) -> None:
    def scan(document: Pdf) -> None:
        for page in document.pages:
            noise = samples.saved(Image.effect_noise((side, side * 7 // 5), 120), "JPEG", quality=20)
            picture = Stream(document, noise)
            picture.Type, picture.Subtype, picture.Filter = Name.XObject, Name.Image, Name.DCTDecode
            picture.Width, picture.Height = side, side * 7 // 5
            picture.ColorSpace, picture.BitsPerComponent = Name.DeviceGray, 8
            page.obj.Resources = Dictionary(XObject=Dictionary(P=picture))
            page.obj.Contents = Stream(document, b"595 0 0 842 0 0 cm /P Do")

    picture = images.inspect(pdf(10, scan), slot="identity", authority="medis")
    assert picture.pages == 10 and len(picture.shown_jpeg) <= 4_000_000
    assert samples.shown(picture.shown_jpeg).size == (picture.shown_width, picture.shown_height)


@pytest.mark.requirement("PH-30")
def test_mutated_documents_get_a_verdict() -> None:
    chance = random.Random(20261120)
    seed = pdf(2, annotated(URI))
    found = set()
    for _ in range(20):
        data = bytearray(seed)
        for _ in range(chance.randint(1, 20)):
            data[chance.randrange(5, len(data))] = chance.randrange(256)
        found.add(verdict(bytes(data)))
    assert found <= {"", "file_broken", "pdf_active", "pdf_locked", "pdf_pages", "pdf_page_size", "file_type"}
    assert len(found) > 1


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_the_pages_of_a_lying_pdf_are_turned_one_by_one(turned: int) -> None:
    def mark(document: Pdf) -> None:
        for page in document.pages:
            page.obj.Contents = Stream(document, b"1 0 0 rg 0 742 100 100 re f")  # the upper left corner

    crop = images.Crop(0, 0, 1, 1, turned)
    picture = images.inspect(pdf(2, mark), slot="identity", authority="medis", crop=crop)
    shown = samples.shown(picture.shown_jpeg)
    width, height = (1_754, 1_240) if turned in (90, 270) else (1_240, 1_754)
    assert (picture.width, picture.height, picture.pages) == (width, height, 2)
    assert shown.size == (picture.shown_width, picture.shown_height)
    for top in (0, (shown.height + 12) // 2):
        bottom = top + (shown.height - 12) // 2
        corners = {0: (9, top + 9), 90: (shown.width - 9, top + 9)}
        corners |= {180: (shown.width - 9, bottom - 9), 270: (9, bottom - 9)}
        red = {turn: shown.getpixel(corner)[1] < 99 for turn, corner in corners.items()}  # type: ignore[index]
        assert red == {turn: turn == turned for turn in corners}
