"""What changed between two versions of the items of consent, clause by clause (CA-16; ux.md: a difference to read)."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from enrollment.authority_data.kinds import ConsentItem

CLAUSE = re.compile(r"[^。.]+(?:。|\.\s*)?")  # a sentence, Japanese or English


class Clause(NamedTuple):
    """One sentence; `kind` is "kept", "added" or "removed"."""

    kind: str
    text: str


class ConsentChange(NamedTuple):
    """One item that is new, gone, or worded anew. `clauses` are in the language of the texts themselves."""

    kind: str  # added, removed, changed
    title: str
    clauses: tuple[Clause, ...]


def changes(former: Sequence[ConsentItem], now: Sequence[ConsentItem]) -> tuple[ConsentChange, ...]:
    """New and changed items in today's order, then those that are gone; a moved item has not changed."""
    before = {item.id: item for item in former}
    found = []
    for item in now:
        old = before.pop(item.id, None)
        if old is None:
            found.append(ConsentChange("added", item.title, _clauses("", item.text)))
        elif old.text != item.text or old.title != item.title:
            found.append(ConsentChange("changed", item.title, _clauses(old.text, item.text)))
    return (
        *found,
        *(ConsentChange("removed", old.title, _clauses(old.text, "")) for old in before.values()),
    )


def _clauses(former: str, now: str) -> tuple[Clause, ...]:
    old, new = CLAUSE.findall(former), CLAUSE.findall(now)
    found: list[Clause] = []
    for what, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            found += [Clause("kept", text) for text in new[c:d]]
            continue
        found += [Clause("removed", text) for text in old[a:b]]
        found += [Clause("added", text) for text in new[c:d]]
    return tuple(found)
