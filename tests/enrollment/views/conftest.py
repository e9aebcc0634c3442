from collections.abc import Iterator

import pytest
from django.conf import settings

from deploy.demo import authority_keys, people
from ledger import clock
from tests.support.web import served


@pytest.fixture
def server() -> Iterator[str]:
    """The product's web server over the test's database (`tests.support.marks.BESIDE`)."""
    with served() as address:
        yield address


@pytest.fixture
def demo_people() -> None:
    """Their cards lie on the demo's reader."""
    people.ensure(settings.HOME, clock.now())
    authority_keys.make(settings.HOME)
