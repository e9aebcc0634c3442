"""Everybody whose case differs, on a desktop and on a phone, undisturbed and with the product dying at every step.

`CHAOS=long` (`make chaos`) tells the whole product of people, profiles and interruptions; the ordinary run has a
selection of it in tests/journeys/form.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.city import City, city
from tests.journeys.eyes import Eyes
from tests.journeys.form.proofs import (
    holds_the_files,
    holds_the_names,
    is_believed_by_openssl,
    reads_every_value,
)
from tests.journeys.form.restarts import applies_with_interruptions
from tests.journeys.stories import STORIES, Story
from tests.support.browser import chromium
from tests.support.product import Product

pytestmark = [pytest.mark.chaos, pytest.mark.journey]


@pytest.fixture(scope="module", params=[Product.embedded, Product.on_servers], ids=["embedded", "servers"])
def town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with (
        chromium() as browser,
        request.param(tmp_path_factory.mktemp("applicants")) as product,
        city(product, browser) as town,
    ):
        yield town


@pytest.mark.parametrize("dies", [False, True], ids=["undisturbed", "interrupted"])
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
@pytest.mark.parametrize("story", STORIES, ids=[story.slug for story in STORIES])
def test_everybody_arrives_on_every_device_whatever_dies(
    town: City, story: Story, phone: bool, dies: bool, tmp_path: Path
) -> None:
    person = town.hero(story, Eyes("seen", is_strict=False), phone=phone)
    if dies:
        receipt = applies_with_interruptions(town, person)
    else:
        person.begins()
        person.fills_everything(until="check")
        reads_every_value(person, story)
        person.fills_everything()
        receipt = person.signs()
    kept = town.product.tells("kept", receipt)[receipt]
    holds_the_names(kept, story)
    holds_the_files(kept, person.sent)
    is_believed_by_openssl(kept, tmp_path)
    person.withdraws()
