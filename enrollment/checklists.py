"""What an officer looks at before a recommendation and an approval: as data.

Sources: seed 001 p.6 (photo, identity document, licence), p.16 (maiden name); PH-07 to PH-11, NM-20, NM-22.
Beside each question of the officer's stand the lines that a measurement has filled in; they never answer it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from enrollment.problems import gettext_noop as _


class Line(NamedTuple):
    """One question; `applies_to` names the attachment slot that must be there, or "" for always.

    `shown_by` is the slot whose measured lines stand beside it.
    """

    slug: str
    question: str
    applies_to: str = ""
    shown_by: str = ""


LINES = (
    Line("photo", _("顔写真は旅券用の規格に合う（正面・無帽・無背景・6か月以内）"), shown_by="photo"),
    Line("identity_kind", _("身分証は4種のいずれかで、有効期限内である"), shown_by="identity"),
    Line("identity_face", _("身分証の顔と顔写真は同じ人である")),
    Line(
        "licence_agrees",
        _("資格免許証の氏名・登録番号・登録年月日が申請内容と一致する"),
        shown_by="licence_front",
    ),
    Line("licence_back", _("裏面の追記を確認した"), "licence_back", "licence_back"),
    Line(
        "licence_name_proof",
        _("改姓手続き中の書類で旧姓とのつながりを確認した"),
        "licence_name_proof",
        "licence_name_proof",
    ),
    Line("name_proof", _("併記する氏名の書類は、この認証局が定める種類である"), "name_proof", "name_proof"),
)


def lines_for(slots: frozenset[str]) -> tuple[Line, ...]:
    """The lines that apply to a case with these attachment slots."""
    return tuple(line for line in LINES if not line.applies_to or line.applies_to in slots)


def open_lines(slots: frozenset[str], answers: Mapping[str, str]) -> tuple[str, ...]:
    """Slugs that still stand in the way of a recommendation or an approval: unanswered, or answered with fail."""
    return tuple(
        line.slug for line in lines_for(slots) if answers.get(line.slug) not in ("pass", "not_applicable")
    )


# --- what was measured --------------------------------------------------------------------------------------------

FINE, CARE, UNKNOWN = "fine", "care", "unknown"  # 問題なし, 要確認, 未判定


class Measured(NamedTuple):
    """One line that a measurement has filled in. `figure % values` is what was measured, "" where nothing was."""

    slug: str
    what: str
    outcome: str
    figure: str = ""
    values: Mapping[str, Any] = {}


class Seen(NamedTuple):
    """What is kept of one file: hint codes, figures (`images.MEASURES`), the sides of what is shown of the original,
    and, for the photo, the declared day of shooting (ISO).
    """

    slot: str
    warnings: Sequence[str]
    measures: Mapping[str, Any]
    sides: tuple[int, int]
    declared: str = ""


def measured(seen: Seen) -> tuple[Measured, ...]:
    """The pre-filled lines of one file, in the order in which an officer would ask."""
    return tuple(_of_photo(seen) if seen.slot == "photo" else _of_paper(seen))


def _of_photo(seen: Seen) -> Iterator[Measured]:
    width, height = seen.sides
    yield Measured(
        "ratio",
        _("縦横比（45:35）"),
        CARE if "photo_ratio" in seen.warnings else FINE,
        _("縦%(height)s×横%(width)s"),
        {"width": width, "height": height},
    )
    yield from _of_paper(seen)
    yield _faces(seen)
    yield _head(seen)
    yield _day(seen)


def _of_paper(seen: Seen) -> Iterator[Measured]:
    yield _figure(
        seen, "brightness", _("明るさ"), ("picture_dark", "picture_bright"), _("%(figure)s（0〜255の平均）")
    )
    yield _figure(seen, "sharpness", _("鮮明さ"), ("picture_blurred",), _("%(figure)s（0〜1）"))
    if "several_frames" in seen.warnings:
        yield Measured("frames", _("複数の画像を含むファイル（最初の1枚を表示）"), CARE)


def _figure(seen: Seen, name: str, what: str, codes: tuple[str, ...], figure: str) -> Measured:
    value = seen.measures.get(name)
    if not isinstance(value, float):
        return Measured(name, what, UNKNOWN)
    is_noticed = any(code in seen.warnings for code in codes)
    return Measured(name, what, CARE if is_noticed else FINE, figure, {"figure": f"{value:g}"})


def _faces(seen: Seen) -> Measured:
    """The face finder is an optional extra: where it has not looked, the officer must."""
    what = _("顔の数")
    if not seen.measures.get("faces_looked_for"):
        return Measured("faces", what, UNKNOWN)
    count = seen.measures.get("faces", 0)
    return Measured("faces", what, FINE if count == 1 else CARE, _("%(figure)s"), {"figure": count})


def _head(seen: Seen) -> Measured:
    what = _("頭の高さ（頭の上からあごまで）")
    head = seen.measures.get("head")
    if not isinstance(head, float):
        return Measured("head", what, UNKNOWN)
    is_noticed = "head_small" in seen.warnings or "head_large" in seen.warnings
    return Measured(
        "head",
        what,
        CARE if is_noticed else FINE,
        _("写真の高さの約%(figure)s%%（規格は71〜80%%）"),
        {"figure": round(head * 100)},
    )


def _day(seen: Seen) -> Measured:
    """PH-07: what the file records beside what the person declares."""
    what = _("撮影日の記録")
    recorded = str(seen.measures.get("taken_on") or "")
    if not recorded:
        return Measured("day", what, UNKNOWN)
    differs = bool(seen.declared) and seen.declared != recorded
    is_noticed = differs or "photo_taken_long_ago" in seen.warnings
    figure = _("記録は%(recorded)s、申告は%(declared)s") if seen.declared else _("記録は%(recorded)s")
    values = {"recorded": recorded, "declared": seen.declared}
    return Measured("day", what, CARE if is_noticed else FINE, figure, values)
