"""PDF through qpdf's eyes and pdfium's hands; the only file that knows pikepdf and pypdfium2.

Runs in the decoding child only, and only where the two optional libraries are installed (PH-50).
Sources: form-rules PH-30 to PH-35. Structure first (nothing active, nothing hidden), then page images.
"""

import io
from collections.abc import Iterator
from typing import Any, NamedTuple

import pikepdf
import pypdfium2
from pypdfium2.raw import FPDFBitmap_BGR

from enrollment.pictures import limits
from enrollment.pictures.raster import Bitmap

# PH-33: as a key or as the value of /S, /Type or /Subtype, anywhere in the document
ACTIVE = frozenset(
    {
        "/JS",
        "/JavaScript",
        "/Launch",
        "/EmbeddedFile",
        "/EmbeddedFiles",
        "/FileAttachment",
        "/RichMedia",
        "/XFA",
        "/AA",
        "/SubmitForm",
        "/ImportData",
        "/GoToR",
        "/GoToE",
    }
)
KINDS = ("/S", "/Type", "/Subtype")


class DocumentRefused(ValueError):
    """`code`: file_broken, pdf_locked, pdf_active, pdf_pages, pdf_page_size."""

    def __init__(self, code: str, pages: int = 0) -> None:
        self.code = code
        self.pages = pages
        super().__init__(code)


class Page(NamedTuple):
    width: float  # points, upright
    height: float


def accept(data: bytes) -> list[Bitmap]:
    """The page images of a harmless PDF of 1 to 10 pages; raises `DocumentRefused`."""
    pages = _checked(data)
    return _rendered(data, pages)


def _checked(data: bytes) -> list[Page]:
    try:
        # without recovery, because a document that must be guessed at is one that somebody cut (PH-30)
        with pikepdf.open(io.BytesIO(data), attempt_recovery=False, suppress_warnings=True) as document:
            if document.is_encrypted:
                raise DocumentRefused("pdf_locked")
            if any(True for _name in _active(document)):
                raise DocumentRefused("pdf_active")
            return _pages(document)
    except pikepdf.PasswordError:
        raise DocumentRefused("pdf_locked") from None
    except DocumentRefused:
        raise
    except Exception as problem:  # qpdf's and Python's own: all mean that the file does not hold together
        raise DocumentRefused("file_broken") from problem


def _active(document: Any) -> Iterator[str]:
    """Every name that makes a document act or carry another file, through direct dictionaries too (PH-33)."""
    waiting: list[Any] = [document.trailer]
    seen: set[tuple[int, int]] = set()
    visited = 0
    while waiting:
        item = waiting.pop()
        visited += 1
        if visited > limits.PDF_MOST_OBJECTS:
            raise DocumentRefused("file_broken")
        if getattr(item, "is_indirect", False):
            if item.objgen in seen:
                continue
            seen.add(item.objgen)
        if isinstance(item, pikepdf.Dictionary | pikepdf.Stream):
            for key, value in item.items():
                yield from _names(key, value)
                waiting.append(value)
        elif isinstance(item, pikepdf.Array):
            waiting.extend(item)


def _names(key: str, value: Any) -> Iterator[str]:
    if key in ACTIVE:
        yield key
    if key in KINDS and isinstance(value, pikepdf.Name) and str(value) in ACTIVE:
        yield str(value)
    if key == "/OpenAction" and isinstance(value, pikepdf.Dictionary):  # an array only names a place
        yield key


def _pages(document: Any) -> list[Page]:
    count = len(document.pages)
    if count == 0:
        raise DocumentRefused("file_broken")
    if count > limits.PDF_PAGES:
        raise DocumentRefused("pdf_pages", count)
    pages = []
    for page in document.pages:
        for box in (page.mediabox, page.cropbox):
            left, bottom, right, top = (float(edge) for edge in box)
            sides = (abs(right - left), abs(top - bottom))
            if not all(limits.PDF_SMALLEST_POINTS <= side <= limits.PDF_LARGEST_POINTS for side in sides):
                raise DocumentRefused("pdf_page_size")
        pages.append(Page(*sides))
    return pages


def _rendered(data: bytes, pages: list[Page]) -> list[Bitmap]:
    document = pypdfium2.PdfDocument(data)
    try:
        if len(document) != len(pages):
            raise DocumentRefused("file_broken")
        return [_bitmap(document[number]) for number in range(len(pages))]
    except pypdfium2.PdfiumError as problem:
        raise DocumentRefused("file_broken") from problem
    finally:
        document.close()


def _bitmap(page: Any) -> Bitmap:
    """One page on white, its long side at most 1,754 pixels."""
    try:
        scale = min(limits.PDF_PAGE_SIDE / max(page.get_size()), 150 / 72 * 4)
        bitmap = page.render(
            scale=scale, rev_byteorder=True, may_draw_forms=False, force_bitmap_format=FPDFBitmap_BGR
        )
        return Bitmap(bitmap.width, bitmap.height, bitmap.stride, bytes(bitmap.buffer))
    finally:
        page.close()
