"""The demo people whose cases differ, each from the start page to the receipt (issue 3, "What must be shown").

At ⑨ every value is compared with what must be read there; afterwards the rows and the signed statement are compared
code point by code point, the files byte by byte, and openssl, a stranger to us, verifies the signature.
"""

from pathlib import Path

import pytest

from tests.journeys.city import City
from tests.journeys.eyes import Eyes
from tests.journeys.form.proofs import (
    holds_the_files,
    holds_the_names,
    is_believed_by_openssl,
    reads_every_value,
)
from tests.journeys.stories import STORIES, Story

SEEN = Eyes("seen", is_strict=False)  # test_every_page.py looks


@pytest.mark.parametrize("story", STORIES, ids=[story.id for story in STORIES])
def test_a_person_applies_and_every_name_arrives_as_the_card_has_it(
    town: City, story: Story, tmp_path: Path
) -> None:
    person = town.hero(story, SEEN)
    person.begins()
    person.fills_everything(until="check")
    reads_every_value(person, story)
    person.fills_everything()
    receipt = person.signs()
    kept = town.product.tells("kept", receipt)[receipt]
    assert kept["state"] == "submitted"
    holds_the_names(kept, story)
    holds_the_files(kept, person.sent)
    is_believed_by_openssl(kept, tmp_path)
    person.withdraws()  # the other stories of this product may begin anew
