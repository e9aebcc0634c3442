"""Whether what the desk shows is what was signed, asked anew at each display (RV-2; decision 25).

The words come from the statement whose signature holds; each picture's bytes are compared with the digest in it.
Where anything differs the screen says so, nobody can recommend or approve (`signed.require_intact` has the last word),
and the ledger knows.
"""

import uuid
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from enrollment import signed
from enrollment.desk.access import note
from enrollment.errors import Refused
from enrollment.models import Application, Attachment
from staff.models import Officer
from vault import files

Answers = Mapping[str, Mapping[str, Any]]
WRONG, DAMAGED = "not_as_signed", "damaged"


class Look(NamedTuple):
    """`facts` is empty where the statement does not hold; `wrong`: attachment -> WRONG or DAMAGED; `lost`: slots
    that were signed and are not there."""

    facts: Mapping[str, Any]
    before: Mapping[str, Any]
    problem: str = ""
    wrong: Mapping[uuid.UUID, str] = {}
    lost: tuple[str, ...] = ()

    @property
    def answers(self) -> Answers:
        found: Answers = self.facts.get("answers", {})
        return found

    @property
    def answers_before(self) -> Answers:
        found: Answers = self.before.get("answers", {})
        return found

    @property
    def is_broken(self) -> bool:
        return bool(self.problem or self.wrong or self.lost)


def look(case: Application, rows: list[Attachment]) -> Look:
    """One look at the whole case."""
    try:
        facts = signed.facts(case)
    except Refused as refused:
        return Look({}, {}, str(refused.detail.get("problem", "signature")))
    listed = _listed(facts)
    wrong = {row.public_id: state for row in rows if (state := _state(row, listed))}
    there = {(row.slot, row.ordinal) for row in rows} | {
        (row.slot, row.ordinal) for row in signed.erased(case)
    }
    lost = tuple(sorted({slot for slot, ordinal in listed if (slot, ordinal) not in there}))
    return Look(facts, _before(case), "", wrong, lost)


def _before(case: Application) -> Mapping[str, Any]:
    """The facts of the round before, for telling what changed; empty in the first round, and where they do not hold."""
    for row in case.statements.all():  # fetched with the case (desk.access)
        if row.round == case.round - 1 and row.signed_at is not None:
            try:
                return signed.verified(row)
            except Refused:
                return {}
    return {}


def _listed(facts: Mapping[str, Any]) -> dict[tuple[str, int], Mapping[str, str]]:
    return {(file["slot"], file["ordinal"]): file for file in facts["files"]}


def _state(row: Attachment, listed: Mapping[tuple[str, int], Mapping[str, str]]) -> str:
    """ "" where the picture's shown copy is the one that was signed, and the original's row still says the same."""
    file = listed.get((row.slot, row.ordinal))
    if file is None or bytes(row.original_sha256).hex() != file["original_sha256"]:
        return WRONG
    try:
        data = files.read(row.shown_file)
    except (files.FileMissing, files.FileDamaged):
        return DAMAGED
    return "" if sha256(data).hexdigest() == file["shown_sha256"] else WRONG


def is_as_signed(case: Application, row: Attachment, data: bytes, *, original: bool) -> bool:
    """Whether these bytes are the ones in the signed statement of the case."""
    try:
        file = _listed(signed.facts(case)).get((row.slot, row.ordinal))
    except Refused:
        return False
    name = "original_sha256" if original else "shown_sha256"
    return file is not None and sha256(data).hexdigest() == file[name]


def report(case: Application, officer: Officer, found: Look) -> None:
    """The ledger's entry of a display on which something differed."""
    if found.is_broken:
        problem = found.problem or ",".join(sorted({*found.wrong.values(), *("lost" for _ in found.lost)}))
        note(
            officer,
            "case.not_as_signed",
            str(case.public_id),
            case.authority,
            problem=problem,
            files=len(found.wrong) + len(found.lost),
        )
