"""One spelling per record, so that its hash means something: sorted keys, UTF-8, no white space, no floats."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_PLAIN = frozenset({str, int, bool, type(None)})
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_json(value: Any) -> bytes:
    """Bytes of the one spelling; keys in code point order, strings as they are (no Unicode normalisation).

    Raises ValueError for floats, lone surrogates and what JSON cannot say.
    """
    _refuse_floats(value)
    try:
        text = _ENCODER.encode(value)
    except TypeError as problem:
        raise ValueError(str(problem)) from None
    return text.encode()


def timestamp(at: datetime) -> str:
    """An aware moment as UTC with microseconds: 2026-11-20T03:04:05.000006+00:00."""
    if at.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _refuse_floats(value: Any) -> None:
    if type(value) in _PLAIN:
        return
    if isinstance(value, float):
        raise ValueError("a float has more than one spelling")
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise ValueError("keys are strings")
        for item in value.values():
            _refuse_floats(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_floats(item)
