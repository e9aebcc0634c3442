"""The statement: the exact bytes that the applicant sees and signs (decision 25, ST-09). Plain.

Canonical JSON: sorted keys, no spaces, UTF-8, no Unicode normalisation. The same facts give the same bytes.
"""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

VERSION = 1


class File(NamedTuple):
    """One attachment: what was uploaded and what pages show, by their SHA-256."""

    slot: str
    ordinal: int
    kind: str
    original_sha256: bytes
    shown_sha256: bytes


class Facts(NamedTuple):
    """What goes into a statement. `consents` are (id, version); `previous_sha256` is empty in the first round."""

    application: str
    round: int
    authority: str
    qualification: str
    certificate_fingerprint: bytes
    answers: Mapping[str, Mapping[str, Any]]
    consents: Sequence[tuple[str, str]]
    agreed_at: str
    declarations: Mapping[str, bool]
    files: Sequence[File]
    price: int
    frozen_at: str
    nonce: bytes
    previous_sha256: bytes
    checked_sha256: bytes = (
        b""  # what ⑨ showed, as `checked` gives it: nothing came between seeing and signing
    )


def content(facts: Facts) -> bytes:
    """The bytes to be shown, hashed and signed."""
    return canonical(
        {
            "version": VERSION,
            "application": facts.application,
            "round": facts.round,
            "authority": facts.authority,
            "qualification": facts.qualification,
            "authentication_certificate_sha256": facts.certificate_fingerprint.hex(),
            "answers": {step: dict(values) for step, values in facts.answers.items()},
            "consents": [{"id": name, "version": version} for name, version in facts.consents],
            "agreed_at": facts.agreed_at,
            "declarations": dict(facts.declarations),
            "files": [_file(file) for file in sorted(facts.files)],
            "price": facts.price,
            "frozen_at": facts.frozen_at,
            "nonce": facts.nonce.hex(),
            "previous_sha256": facts.previous_sha256.hex(),
            "checked_sha256": facts.checked_sha256.hex(),
        }
    )


def checked(
    authority: str,
    qualification: str,
    answers: Mapping[str, Mapping[str, Any]],
    files: Sequence[File],
    price: int,
) -> bytes:
    """The digest of what the check page shows: the same answers, files and price give the same (ST-08, ST-09)."""
    return digest(
        canonical(
            {
                "authority": authority,
                "qualification": qualification,
                "answers": {step: dict(values) for step, values in answers.items()},
                "files": [_file(file) for file in sorted(files)],
                "price": price,
            }
        )
    )


def _file(file: File) -> dict[str, str | int]:
    return {
        "slot": file.slot,
        "ordinal": file.ordinal,
        "kind": file.kind,
        "original_sha256": file.original_sha256.hex(),
        "shown_sha256": file.shown_sha256.hex(),
    }


def canonical(value: Mapping[str, Any]) -> bytes:
    """Sorted keys, no spaces, UTF-8, every code point as it is; ValueError for NaN and lone surrogates."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8")


def digest(data: bytes) -> bytes:
    return sha256(data).digest()


def read(data: bytes) -> dict[str, Any]:
    """The facts of a statement, for showing exactly what is signed."""
    found = json.loads(data)
    if not isinstance(found, dict):
        raise ValueError("not a statement")
    return found


class Difference(NamedTuple):
    """One thing that two statements of an application say differently; None where it is not there.

    `part` is a step's slug, "files" (then `name` is the slot), or "" for what belongs to the whole statement.
    """

    part: str
    name: str
    before: Any
    now: Any


# Of the whole statement; its round, nonce, times and digests differ by nature.
WHOLE = (
    "authority",
    "qualification",
    "consents",
    "declarations",
    "price",
    "authentication_certificate_sha256",
)


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[Difference]:
    """What an officer must look at again after a correction (ST-14), from the facts of two statements."""
    found = [
        Difference("", name, before.get(name), now.get(name))
        for name in WHOLE
        if before.get(name) != now.get(name)
    ]
    old, new = before.get("answers", {}), now.get("answers", {})
    for step in sorted({*old, *new}):
        former, latter = old.get(step, {}), new.get(step, {})
        found += [
            Difference(step, name, former.get(name), latter.get(name))
            for name in sorted({*former, *latter})
            if former.get(name) != latter.get(name)
        ]
    papers, pages = _by_slot(before), _by_slot(now)
    return found + [
        Difference("files", slot, papers.get(slot), pages.get(slot))
        for slot in sorted({*papers, *pages})
        if papers.get(slot) != pages.get(slot)
    ]


def _by_slot(facts: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for file in facts.get("files", ()):
        found.setdefault(file["slot"], []).append((file["original_sha256"], file["shown_sha256"]))
    return found
