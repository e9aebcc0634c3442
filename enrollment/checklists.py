"""What an officer looks at before a recommendation and an approval: as data.

The questions are dated rows (`authority_data.checklists`); sources stand there. Beside each question stand the lines
that a measurement has filled in (PH-07 to PH-11); they never answer it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from enrollment.authority_data.checklists import CHECKLISTS, Line
from enrollment.authority_data.kinds import row_on
from enrollment.problems import gettext_noop as _

__all__ = [
    "CARE",
    "FINE",
    "UNKNOWN",
    "Checklist",
    "Line",
    "Measured",
    "Seen",
    "checklist",
    "lines_for",
    "measured",
]


ANSWERS = ("pass", "fail", "not_applicable")


class Checklist(NamedTuple):
    """What one authority asked its officers on one day; the answers name its version."""

    version: str
    lines: tuple[Line, ...]

    def lines_for(self, slots: Collection[str]) -> tuple[Line, ...]:
        """The lines that apply to a case with these attachment slots."""
        return tuple(line for line in self.lines if not line.applies_to or line.applies_to in slots)


def checklist(authority: str, on: date) -> Checklist:
    """The version of a day; a case keeps the one of the day on which it was handed in. Raises LookupError."""
    row = row_on(CHECKLISTS[authority], on)
    if row is None:
        raise LookupError(authority)
    return Checklist(row.version, row.lines)


def lines_for(slots: Collection[str], authority: str = "jma", on: date = date.max) -> tuple[Line, ...]:
    """The lines of the newest version, or of a day, that apply to a case with these attachment slots."""
    return checklist(authority, on).lines_for(slots)


def open_lines(
    lines: Iterable[Line], answers: Mapping[str, str], notes: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """Slugs that stand in the way of a recommendation or an approval.

    Open is what is unanswered, what failed, and what is said not to apply without a word why: nobody passes a case by
    saying that nothing applies to it.
    """
    return tuple(line.slug for line in lines if not _is_settled(line.slug, answers, notes or {}))


def _is_settled(slug: str, answers: Mapping[str, str], notes: Mapping[str, str]) -> bool:
    answer = answers.get(slug)
    return answer == "pass" or (answer == "not_applicable" and bool(notes.get(slug, "").strip()))


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
