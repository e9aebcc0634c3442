"""What a caller says of its documents, made fit to be read: names by place, and the rest of the description. Plain.

RAR gives each document a label (CSC 2.0.0.2 `documentDigests`); credentials/authorize has one `description` only. There
a line `#N NAME` names the N-th hash (from 1): "処方箋 2 件\\n#1 処方箋 内科\\n#2 処方箋 皮膚科".
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

LONGEST = 200  # characters of a name, as in authorization_details
_NAMES = re.compile(r"#([1-9][0-9]{0,3})[ \u3000]+(\S.*)")
_UNSEEN = (
    "Cc",
    "Cf",
    "Cs",
    "Co",
    "Cn",
    "Zl",
    "Zp",
)  # controls, bidirectional marks, zero widths, what has no shape
_UNKNOWN = "\ufffd"


class Told(NamedTuple):
    """`text`: the description's other lines. `names`: one per hash, "" where the caller gave none."""

    text: str
    names: tuple[str, ...]


def read(description: str, count: int) -> Told:
    """A line that names no hash, names one twice, or is too long stays in the text: nothing is hidden."""
    names, rest = [""] * count, []
    for line in description.splitlines():
        found = _NAMES.fullmatch(line.strip())
        place = int(found[1]) - 1 if found else count
        if found is None or place >= count or names[place] or len(found[2]) > LONGEST:
            rest.append(line)
        else:
            names[place] = found[2].strip()
    return Told("\n".join(rest).strip(), tuple(names))


def told(description: str, labels: Sequence[str], count: int) -> Told:
    """As `read`; where the protocol carried labels of its own, these count and the description is text alone."""
    found = read(description, count)
    is_own = any(labels) and tuple(labels) != found.names
    return Told(description.strip(), tuple(labels)) if is_own else found


def seen(text: str) -> str:
    """For a page: what cannot be seen, or would turn the text around it, shows as a mark; lines stay lines."""
    return "".join(
        each if each == "\n" or unicodedata.category(each) not in _UNSEEN else _UNKNOWN for each in text
    )
