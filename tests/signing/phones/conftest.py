import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def fast_passwords(request: pytest.FixtureRequest, settings: Settings) -> None:
    """Slow hashes are tried in test_links alone."""
    if request.module.__name__.rpartition(".")[2] != "test_links":
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
