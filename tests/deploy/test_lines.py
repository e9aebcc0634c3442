import io
import logging
import logging.config
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client

from vault import tokens


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the product's own handler would write."""
    written = io.StringIO()
    configured = dict(settings.LOGGING["formatters"]["line"])
    made = logging.config.DictConfigurator({"version": 1}).configure_formatter(configured)
    handler = logging.StreamHandler(written)
    handler.setFormatter(made)
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


@pytest.mark.django_db
@pytest.mark.parametrize("rest", ["", "complete/", "done/", "nowhere/"])
def test_a_refused_request_for_a_link_does_not_write_the_link_down(log: io.StringIO, rest: str) -> None:
    token = tokens.new_token()
    Client().delete(f"/r/{token}/{rest}")
    assert "/r/..." in log.getvalue()
    assert token not in log.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize("screen", ["/apply", "/me/sign-in", "/me/approvals"])
def test_nor_the_address_behind_a_qr_code_that_is_on_some_screen(log: io.StringIO, screen: str) -> None:
    token = tokens.new_token()
    Client().post(f"{screen}/qr/read/{token}/", {"enter": "1"})
    assert f"{screen}/qr/read/..." in log.getvalue()
    assert token not in log.getvalue()


def test_a_traceback_does_not_either(log: io.StringIO) -> None:
    token = tokens.new_token()
    try:
        raise LookupError(f"no page for /r/{token}/done/")
    except LookupError:
        logging.getLogger("inkan.test").exception("failed")
    assert "no page for /r/..." in log.getvalue()
    assert token not in log.getvalue()
