"""From figures to hints: what an officer would stumble over. A hint never refuses (ux.md 3.2)."""

from collections.abc import Iterator

from enrollment.pictures import limits

Measures = dict[str, int | float | str | bool]


def hinted(measures: Measures, *, photo: bool) -> Iterator[str]:
    """Codes of `sentences.WARNINGS`."""
    if _figure(measures, "brightness", 255.0) < limits.DARK_MEAN:
        yield "picture_dark"


def _figure(measures: Measures, name: str, otherwise: float) -> float:
    value = measures.get(name)
    return float(value) if isinstance(value, int | float) else otherwise
