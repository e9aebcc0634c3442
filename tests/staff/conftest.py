from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from ledger import clock
from staff import totp
from staff.models import Officer

PASSWORD = "correct horse battery"
SEED = b"12345678901234567890"


@pytest.fixture(autouse=True)
def _small_product(settings: Settings) -> None:
    """The desk alone. Scrypt takes a tenth of a second on purpose; what is tested here does not depend on it."""
    settings.ROOT_URLCONF = "tests.staff.urls"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def officer(transactional_db: None) -> Officer:
    return Officer.objects.create_officer(
        "hanako", PASSWORD, "検査 花子", roles=[("jma", "EXAMINER"), ("medis", "APPROVER")], totp_seed=SEED
    )


@pytest.fixture
def code(settings: Settings) -> Callable[..., str]:
    """What the officer's phone shows now, or some steps of 30 s away; it has the real time."""

    def shown(steps: int = 0) -> str:
        return totp.code_at(SEED, clock.now() - settings.CLOCK_OFFSET + timedelta(seconds=30 * steps))

    return shown


@pytest.fixture
def sign_in(client: Client, code: Callable[..., str]) -> Callable[..., int]:
    """Posts the login form and returns the status: 302 is in, 200 is the form again."""

    def post(username: str = "hanako", password: str = PASSWORD, otp_token: str | None = None) -> int:
        words = {
            "username": username,
            "password": password,
            "otp_token": code() if otp_token is None else otp_token,
        }
        return client.post("/admin/login/?next=/admin/", words).status_code

    return post
