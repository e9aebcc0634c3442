"""The door for uploaded files: bytes in, an upright, bounded, metadata-free picture or a reason out.

Sources: form-rules PH-01 to PH-35, PH-40 to PH-47, PH-50. Nothing is decoded in this process: `pictures` does it
in a child with limits (decision 28), and Pillow is not even imported here.
"""

import logging
from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from importlib.util import find_spec
from typing import Any, NamedTuple

from enrollment import authorities, days
from enrollment.pictures import limits, structure
from enrollment.pictures.client import Killed, Unavailable, zygote
from enrollment.problems import Problem
from enrollment.problems import gettext_noop as _

__all__ = ["MOST_BYTES", "WARNINGS", "Picture", "PictureRefused", "inspect", "pdf_available", "taken_kinds"]

log = logging.getLogger(__name__)
MOST_BYTES = limits.MOST_BYTES
KIND_NAMES = {"jpeg": "JPEG(JPG)", "png": "PNG", "bmp": "BMP", "pdf": "PDF"}

# PH-26 and PH-40 to PH-47
MESSAGES = {
    "file_type": _(
        "このファイル形式は使用できません。JPEG(JPG)形式の画像を添付してください。（使用できる形式：%(kinds)s）"
    ),
    "file_type_medis": _("MEDISへの申請では、顔写真はJPEG(JPG)形式のみ使用できます。"),
    "file_size": _("ファイル容量が4MBを超えています。4MB以下にしてから添付してください。"),
    "photo_pixels": _(
        "画像サイズが不足しています。縦531×横413ピクセル以上の写真を添付してください"
        "(この写真は縦%(height)s×横%(width)s)。"
    ),
    "photo_blank": _("写真に何も写っていないようです。撮影し直してください。"),
    "file_broken": _(
        "ファイルを読み込めませんでした。壊れている可能性があります。撮影または保存し直してください。"
    ),
    "file_empty": _("ファイルが空です。"),
    "image_too_large": _(
        "画像が大きすぎます。縦横12,000ピクセル以下にしてください。"
        "（この画像は縦%(height)s×横%(width)s。全体で5,000万画素まで使用できます。）"
    ),
    "pdf_locked": _("パスワードや制限が設定されたPDFは使用できません。"),
    "pdf_active": _(
        "動作や添付ファイルを含むPDFは使用できません。印刷またはスキャンし直したPDFを添付してください。"
    ),
    "pdf_pages": _("PDFは10ページ以内にしてください。（このPDFは%(pages)sページ）"),
    "pdf_page_size": _(
        "PDFのページの大きさが正しくありません。印刷またはスキャンし直したPDFを添付してください。"
    ),
    "decoder_unavailable": _("いま画像を確認できません。少し待ってから、もう一度添付してください。"),
}
HEIC = _(
    "iPhoneのHEIC形式は使用できません。「設定」→「カメラ」→「フォーマット」で「互換性優先」を選んで撮影し直すか、"
    "「写真」からブラウザで選び直してください（多くの場合、JPEGに変換されます）。"
)

# Hints that never refuse; each is shown to the applicant and to the officer.
WARNINGS = {
    "photo_ratio": _("縦45mm×横35mmの比率に切り抜いてください。"),
    "several_frames": _("複数の画像が含まれています。最初の1枚だけを使います。"),
    "photo_taken_long_ago": _("画像の記録では、撮影から6か月を過ぎています。"),
    "picture_dark": _("画像が暗いようです。明るい場所で撮影すると、審査が早く進みます。"),
}


class Picture(NamedTuple):
    """An accepted file. `width` and `height` are those of the upright original (of the first page of a PDF);
    `warnings` are codes of `WARNINGS`; `taken_on` is what the file's own record says, if anything.
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


def inspect(data: bytes, *, slot: str, authority: str, on: date | None = None) -> Picture:
    """Decide on one file within about ten seconds; `on` is the day against which the shooting date is compared.

    Raises `PictureRefused` with a code of `MESSAGES`, or `UnknownAuthority` for a wrong slot or authority.
    """
    kind = _kind(data, slot, authority)
    photo = slot == "photo"
    try:
        answer = zygote.ask({"kind": kind, "photo": photo}, data)
    except Killed:
        raise _refused("file_broken") from None
    except Unavailable:
        log.exception("no decoder")
        raise _refused("decoder_unavailable") from None
    if answer.head.get("code") != "":
        raise _told(answer.head)
    if not answer.body.startswith(b"\xff\xd8\xff"):
        raise _refused("file_broken")
    width, height = _number(answer.head, "width"), _number(answer.head, "height")
    if photo:
        _check_photo(answer.head, width, height)
    taken = _taken(answer.head)
    return Picture(
        answer.body,
        width,
        height,
        kind,
        sha256(data).digest(),
        sha256(answer.body).digest(),
        _warnings(answer.head, width, height, taken if on else None, on, photo=photo),
        max(1, _number(answer.head, "pages")),
        taken,
    )


def _kind(data: bytes, slot: str, authority: str) -> str:
    kinds = taken_kinds(authority, slot)
    if not data:
        raise _refused("file_empty")
    if len(data) > limits.MOST_BYTES:
        raise _refused("file_size")
    kind = structure.sniff(data)
    if kind in kinds:
        return kind
    if authority == "medis" and slot == "photo":
        raise _refused("file_type_medis")
    names = "、".join(name for code, name in KIND_NAMES.items() if code in kinds)
    if structure.is_heic(data):
        raise PictureRefused("file_type", HEIC, kinds=names)
    raise _refused("file_type", kinds=names)


def _number(head: Mapping[str, Any], name: str) -> int:
    """A child that decoded a hostile file may answer anything: only a sane number counts."""
    value = head.get(name)
    return value if isinstance(value, int) and 0 <= value <= 1_000_000 else 0


def _told(head: Mapping[str, Any]) -> PictureRefused:
    code = head.get("code")
    if code == "image_too_large":
        return _refused(code, width=_number(head, "width"), height=_number(head, "height"))
    if code == "pdf_pages":
        return _refused(code, pages=_number(head, "pages"))
    return _refused(code if code in ("pdf_locked", "pdf_active", "pdf_page_size") else "file_broken")


def _check_photo(head: Mapping[str, Any], width: int, height: int) -> None:
    if height < limits.PHOTO_HEIGHT or width < limits.PHOTO_WIDTH:
        raise _refused("photo_pixels", width=width, height=height)
    if _number(head, "tones") < limits.FEWEST_TONES:
        raise _refused("photo_blank", width=width, height=height)


def _taken(head: Mapping[str, Any]) -> date | None:
    try:
        return date.fromisoformat(str(head.get("taken") or ""))
    except ValueError:
        return None


def _warnings(
    head: Mapping[str, Any], width: int, height: int, taken: date | None, on: date | None, *, photo: bool
) -> tuple[str, ...]:
    mean = head.get("mean")
    found = {
        "photo_ratio": photo and abs(width / height / limits.PHOTO_RATIO - 1) > limits.PHOTO_RATIO_TOLERANCE,
        "several_frames": _number(head, "frames") > 1,
        "photo_taken_long_ago": photo and bool(taken and on and taken < days.months_from(on, -6)),
        "picture_dark": isinstance(mean, float) and mean < limits.DARK_MEAN,
    }
    return tuple(code for code, is_so in found.items() if is_so)
