"""The door for uploaded files: bytes in, an upright, bounded, metadata-free picture or a reason out.

Sources: form-rules PH-01 to PH-35, PH-40 to PH-47, PH-50. Nothing is decoded in this process: `pictures` does it
in a child with limits (decision 28), and Pillow is not even imported here.
"""

import logging
from collections.abc import Iterator, Mapping
from datetime import date
from hashlib import sha256
from importlib.util import find_spec
from typing import Any, NamedTuple

from enrollment import authorities, days
from enrollment.pictures import limits, structure
from enrollment.pictures.client import Killed, Unavailable, zygote
from enrollment.pictures.judging import Measures, hinted
from enrollment.pictures.placing import TURNS, Crop
from enrollment.pictures.sentences import HEIC, HEIC_MEDIS, MESSAGES, PDF_MISSING, WARNINGS
from enrollment.pictures.wire import Frame
from enrollment.problems import Problem

__all__ = [
    "MEASURES",
    "MOST_BYTES",
    "WARNINGS",
    "Crop",
    "Picture",
    "PictureRefused",
    "inspect",
    "is_pdf_missing",
    "pdf_available",
    "taken_kinds",
]

log = logging.getLogger(__name__)
MOST_BYTES = limits.MOST_BYTES
KIND_NAMES = {"jpeg": "JPEG(JPG)", "png": "PNG", "bmp": "BMP", "pdf": "PDF"}

# What `Picture.measures` may hold, each with its shape. The hints rest on these figures, and officers see them.
MEASURES: dict[str, type] = {
    "brightness": float,  # mean luminance, 0 to 255
    "contrast": float,  # luminance between the darkest and the brightest hundredth, 0 to 255
    "bright_share": float,  # of the place where a photo has its face: what is blown out
    "sharpness": float,  # 0 to 1; missing where nothing is drawn that could be sharp
    "faces_looked_for": bool,  # False: no photo, or the optional face finder is not installed here
    "faces": int,
    "head": float,  # of the only face: crown to chin as a share of the picture's height, estimated
    "taken_on": str,  # ISO date, as the file's own record says
}


class Picture(NamedTuple):
    """An accepted file. `width` and `height` are those of the whole, upright and turned (of a PDF's first page);
    `shown_*` those of `shown_jpeg`, which may be a part and shrunk; `warnings` are codes of `WARNINGS`;
    `measures` as `MEASURES` says; `taken_on` is what the file's own record says, if anything.
    """

    shown_jpeg: bytes
    width: int
    height: int
    kind: str
    sha256_original: bytes
    sha256_shown: bytes
    warnings: tuple[str, ...]
    pages: int
    taken_on: date | None
    shown_width: int
    shown_height: int
    measures: Measures


class PictureRefused(Problem):
    """`code`, `template` and `values` as in `Problem`; `message` is the Japanese sentence."""

    def __init__(self, code: str, template: str, /, **values: str | int) -> None:
        super().__init__(code, template, **values)
        self.message = str(self)
        self.width = _side(values.get("width"))
        self.height = _side(values.get("height"))


def _side(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _refused(code: str, **values: str | int) -> PictureRefused:
    return PictureRefused(code, MESSAGES[code], **values)


def pdf_available() -> bool:
    """Whether the two optional libraries are installed (PH-50); asked without loading them."""
    return find_spec("pikepdf") is not None and find_spec("pypdfium2") is not None


def taken_kinds(authority: str, slot: str) -> frozenset[str]:
    """Kinds that a slot takes on this installation (PH-01, PH-50)."""
    return authorities.formats(authority, slot, with_pdf=pdf_available())


def is_pdf_missing(authority: str, slot: str) -> bool:
    """Whether the slot would take PDF if the two optional libraries were here, which must then be said (PH-50)."""
    return not pdf_available() and "pdf" in authorities.formats(authority, slot)


def inspect(
    data: bytes, *, slot: str, authority: str, on: date | None = None, crop: Crop | None = None
) -> Picture:
    """Decide on one file within about ten seconds; `on` is the day against which the shooting date is compared.

    With `crop` only that part is shown, while PH-04 holds for the whole and for the part. A PDF is only turned, as a
    whole: its box is not looked at. Raises `PictureRefused` with a code of `MESSAGES`, or `UnknownAuthority` for a
    wrong slot or authority.
    """
    kind = _kind(data, slot, authority)
    photo = slot == "photo"
    if crop and crop.turned not in TURNS:
        raise _refused("crop_outside", width=0, height=0)
    answer = _decoded({"kind": kind, "photo": photo, "crop": crop}, data)
    width, height = _number(answer.head, "width"), _number(answer.head, "height")
    part = (crop.width, crop.height) if crop and kind != "pdf" else (width, height)
    if photo:
        _check_photo(answer.head, width, height, part)
    taken = _taken(answer.head)
    measures = _measures(answer.head, taken)
    return Picture(
        answer.body,
        width,
        height,
        kind,
        sha256(data).digest(),
        sha256(answer.body).digest(),
        tuple(_warnings(answer.head, measures, part, taken if on else None, on, photo=photo)),
        max(1, _number(answer.head, "pages")),
        taken,
        _number(answer.head, "shown_width"),
        _number(answer.head, "shown_height"),
        measures,
    )


def _decoded(question: dict[str, Any], data: bytes) -> Frame:
    try:
        answer = zygote.ask(question, data)
    except Killed:
        raise _refused("file_broken") from None
    except Unavailable:
        log.exception("no decoder")
        raise _refused("decoder_unavailable") from None
    if answer.head.get("code") != "":
        raise _told(answer.head)
    if not answer.body.startswith(b"\xff\xd8\xff"):
        raise _refused("file_broken")
    return answer


def _kind(data: bytes, slot: str, authority: str) -> str:
    kinds = taken_kinds(authority, slot)
    if not data:
        raise _refused("file_empty")
    if len(data) > limits.MOST_BYTES:
        raise _refused("file_size")
    kind = structure.sniff(data)
    if kind in kinds:
        return kind
    names = "、".join(name for code, name in KIND_NAMES.items() if code in kinds)
    only_jpeg = authority == "medis" and slot == "photo"
    code = "file_type_medis" if only_jpeg else "file_type"
    if structure.is_heic(data):
        raise PictureRefused(code, HEIC_MEDIS if only_jpeg else HEIC, kinds=names)
    if kind == "pdf" and is_pdf_missing(authority, slot):
        raise PictureRefused(code, PDF_MISSING, kinds=names)
    raise _refused(code, kinds=names)


def _number(head: Mapping[str, Any], name: str) -> int:
    """A child that decoded a hostile file may answer anything: only a sane number counts."""
    value = head.get(name)
    return value if isinstance(value, int) and 0 <= value <= 1_000_000 else 0


def _told(head: Mapping[str, Any]) -> PictureRefused:
    code = head.get("code")
    if code in ("image_too_large", "crop_outside"):
        return _refused(code, width=_number(head, "width"), height=_number(head, "height"))
    if code == "pdf_pages":
        return _refused(code, pages=_number(head, "pages"))
    return _refused(code if code in ("pdf_locked", "pdf_active", "pdf_page_size") else "file_broken")


def _check_photo(head: Mapping[str, Any], width: int, height: int, part: tuple[int, int]) -> None:
    """PH-04 for the whole and for what is shown of it (PH-10), PH-24."""
    for code, (across, down) in (("photo_pixels", (width, height)), ("crop_too_small", part)):
        if down < limits.PHOTO_HEIGHT or across < limits.PHOTO_WIDTH:
            raise _refused(code, width=across, height=down)
    if _number(head, "tones") < limits.FEWEST_TONES:
        raise _refused("photo_blank", width=width, height=height)


def _taken(head: Mapping[str, Any]) -> date | None:
    try:
        return date.fromisoformat(str(head.get("taken") or ""))
    except ValueError:
        return None


def _measures(head: Mapping[str, Any], taken: date | None) -> Measures:
    """Only what `MEASURES` names, in its shape, whatever the child says."""
    told = head.get("measures")
    found: Measures = {}
    for name, shape in MEASURES.items():
        value: Any = told.get(name) if isinstance(told, dict) else None
        if type(value) is shape and isinstance(value, int | float) and 0 <= value <= 1_000_000:
            found[name] = value
    if taken:
        found["taken_on"] = taken.isoformat()
    return {"faces_looked_for": False} | found


def _warnings(
    head: Mapping[str, Any],
    measures: Measures,
    part: tuple[int, int],
    taken: date | None,
    on: date | None,
    *,
    photo: bool,
) -> Iterator[str]:
    if photo and abs(part[0] / part[1] / limits.PHOTO_RATIO - 1) > limits.PHOTO_RATIO_TOLERANCE:
        yield "photo_ratio"
    if _number(head, "frames") > 1:
        yield "several_frames"
    if photo and taken and on and taken < days.months_from(on, -6):
        yield "photo_taken_long_ago"
    yield from hinted(measures, photo=photo)
