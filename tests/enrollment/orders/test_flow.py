"""The picture of orders/README.md is the table of flow.py."""

import re
from pathlib import Path

from enrollment import flow, orders

README = Path(orders.__file__).with_name("README.md").read_text(encoding="utf-8")
DRAWN = re.compile(r"^    (\w+) --> (\w+): (\w+) \(([\w, ]+)\)$", re.MULTILINE)


def test_the_picture_is_the_table() -> None:
    drawn = sorted((name, source, target, who) for source, target, name, who in DRAWN.findall(README))
    assert drawn == sorted(
        (move.name, source.value, move.target.value, ", ".join(actor.value for actor in move.actors))
        for move in flow.ORDER_MOVES
        for source in move.sources
    )
