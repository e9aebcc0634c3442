import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def fast_passwords(request: pytest.FixtureRequest, settings: Settings) -> None:
    """Slow hashes are tried in test_links, and where the server is a process of its own."""
    if request.module.__name__.rpartition(".")[2] not in ("test_links", "test_phone_browser"):
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
