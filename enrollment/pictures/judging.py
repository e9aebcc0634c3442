"""From figures to hints: what an officer would stumble over. A hint never refuses (ux.md 3.2, 3.3; PH-08, PH-09)."""

from collections.abc import Iterator

from enrollment.pictures import limits

Measures = dict[str, int | float | str | bool]


def hinted(measures: Measures, *, photo: bool) -> Iterator[str]:
    """Codes of `sentences.WARNINGS`; a figure that is missing accuses nobody."""
    if _figure(measures, "brightness", 255.0) < limits.DARK_MEAN:
        yield "picture_dark"
    if photo and _figure(measures, "bright_share", 0.0) > limits.BRIGHT_SHARE:
        yield "picture_bright"
    softest = limits.PHOTO_SHARPNESS if photo else limits.DOCUMENT_SHARPNESS
    if _figure(measures, "sharpness", 1.0) < softest:
        yield "picture_blurred"
    if photo and measures.get("faces_looked_for"):
        yield from _faces(measures)


def _faces(measures: Measures) -> Iterator[str]:
    count = _figure(measures, "faces", 0)
    if count == 0:
        yield "face_none"
    elif count > 1:
        yield "face_several"
    head = _figure(measures, "head", 0.0)
    if head and head < limits.HEAD_SMALL:
        yield "head_small"
    if head > limits.HEAD_LARGE:
        yield "head_large"


def _figure(measures: Measures, name: str, otherwise: float) -> float:
    value = measures.get(name)
    return float(value) if isinstance(value, int | float) else otherwise
