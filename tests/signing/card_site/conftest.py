"""An installation with a card origin, in front of which a test speaks as our nginx does."""

from pathlib import Path

import pytest
from pytest_django import Settings

from tests.support.card_site import hpki
from tests.support.card_site.nginx import SECRET


@pytest.fixture
def card_site(settings: Settings, tmp_path: Path) -> Path:
    """The trust folder, in which a test may revoke."""
    settings.CARD_ORIGIN, settings.PROXY_SECRET = hpki.CARD_ORIGIN, SECRET
    settings.HPKI_TRUST = tmp_path / "hpki"
    return hpki.publish(settings.HPKI_TRUST)
