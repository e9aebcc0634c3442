"""What was noticed in a file, in words and with the measured figure: for the applicant, who may go on all the same."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from enrollment import images
from enrollment.models import Attachment

CURED_BY_CROP = frozenset({"photo_ratio", "head_small", "head_large"})


class Hint(NamedTuple):
    """What looks wrong and how to do better; `measured` is this file's own figure, "" where none helps."""

    code: str
    title: str
    measured: str
    can_crop: bool


def _sides(row: Attachment) -> str:
    width, height = shown_sides(row)
    return _("この写真は縦%(height)s×横%(width)sです。") % {"height": height, "width": width}


def _head(row: Attachment) -> str:
    head = row.measures.get("head")
    if not isinstance(head, float):
        return ""
    return _("この写真では、写真の高さの約%(percent)s%%です（目安は71〜80%%）。") % {
        "percent": round(head * 100)
    }


def _faces(row: Attachment) -> str:
    faces = row.measures.get("faces")
    return _("見つかった顔：%(faces)s") % {"faces": faces} if faces else ""


def _taken(row: Attachment) -> str:
    day = recorded_day(row.measures)
    return _("記録の撮影日：%(day)s") % {"day": date_format(day, _("Y年n月j日"))} if day else ""


MEASURED: dict[str, Callable[[Attachment], str]] = {
    "photo_ratio": _sides,
    "head_small": _head,
    "head_large": _head,
    "face_several": _faces,
    "photo_taken_long_ago": _taken,
}


def recorded_day(measures: Mapping[str, Any]) -> date | None:
    """The day of shooting that the file itself records."""
    try:
        return date.fromisoformat(str(measures.get("taken_on") or ""))
    except ValueError:
        return None


def shown_sides(row: Attachment) -> tuple[int, int]:
    """Width and height of what is shown, in pixels of the original: the crop's, or the whole picture's."""
    return (row.crop["width"], row.crop["height"]) if row.crop else (row.width, row.height)


def of(row: Attachment) -> list[Hint]:
    """In the order in which they were found; codes that this version does not know are left out."""
    return [
        Hint(
            code,
            _(images.WARNINGS[code]),
            MEASURED[code](row) if code in MEASURED else "",
            code in CURED_BY_CROP and row.slot == "photo",
        )
        for code in row.warnings
        if code in images.WARNINGS
    ]
