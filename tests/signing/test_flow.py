"""The pictures in signing/README.md are the tables of signing/flow.py."""

import re
from pathlib import Path

import pytest

from signing import flow

README = Path(flow.__file__).with_name("README.md").read_text(encoding="utf-8")
TABLES = {
    "Credential": flow.CREDENTIAL_MOVES,
    "Link": flow.LINK_MOVES,
    "Authenticator": flow.AUTHENTICATOR_MOVES,
    "Item": flow.ITEM_MOVES,
    "Approval": flow.APPROVAL_MOVES,
    "Issuance": flow.ISSUANCE_MOVES,
    "Answer": flow.ANSWER_MOVES,
    "Visit": flow.VISIT_MOVES,
    "QR code that a screen shows": flow.SIGN_IN_MOVES,
}
ARROW = re.compile(r"^\s+(\w+) --> (\w+): (\w+) \(([\w, ]+)\)$", re.MULTILINE)


def drawn(name: str) -> list[tuple[str, ...]]:
    """The arrows of the picture under this bold name."""
    after = README.split(f"**{name}**:", 1)[1]
    picture = after.split("```mermaid\n", 1)[1].split("```", 1)[0]
    arrows = ARROW.findall(picture)
    assert len(arrows) == len(picture.strip().splitlines()) - 1, "a line of the picture is no arrow"
    return sorted(arrows)


@pytest.mark.parametrize("name", TABLES)
def test_the_picture_is_the_table(name: str) -> None:
    table = [
        (source.value, move.target.value, move.name, ", ".join(actor.value for actor in move.actors))
        for move in TABLES[name]
        for source in move.sources
    ]
    assert drawn(name) == sorted(table)


@pytest.mark.parametrize("name", TABLES)
def test_every_state_can_be_reached_and_every_move_has_its_own_name(name: str) -> None:
    moves = TABLES[name]
    states = set(type(moves[0].target))
    first = next(iter(type(moves[0].target)))
    assert states - {move.target for move in moves} <= {first}
    assert len({move.name for move in moves}) == len(moves)
