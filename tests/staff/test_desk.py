"""Every address of the review desk, tried by those who must not reach it."""

import re
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, URLResolver
from pytest_django import Settings

from ledger import clock, log
from ledger.models import Entry
from staff import second_factor
from staff.models import Officer, TotpDevice
from tests.staff.conftest import PASSWORD, SEED

SignIn = Callable[..., int]
Code = Callable[..., str]
OPEN = {"login", "join"}


def addresses(patterns: list[URLPattern | URLResolver], prefix: str = "/admin/") -> Iterator[tuple[str, str]]:
    """(name, address) of every pattern, arguments filled in."""
    for pattern in patterns:
        route = re.sub(r"<uuid:\w+>", str(uuid.UUID(int=1)), str(pattern.pattern))
        route = re.sub(r"<(?:\w+:)?\w+>", "1", route)
        route = re.sub(r"\(\?P<\w+>[^)]*\)", "1", route).strip("^$").replace("\\Z", "")
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, prefix + route)
        else:
            yield pattern.name or "", prefix + route


def guarded() -> list[str]:
    found = [address for name, address in addresses(admin.site.get_urls()) if name not in OPEN]
    assert len(found) >= 8
    return found


def assert_nothing_is_reached(client: Client) -> None:
    for address in guarded():
        for method in (client.get, client.post):
            answer = method(address)
            assert answer.status_code == 302, address
            assert answer["Location"].startswith(("/admin/login/", "/admin/")), address
            if answer["Location"] == "/admin/":  # logging out leads to the start, which asks again
                assert address == "/admin/logout/"


def test_a_stranger_reaches_nothing(client: Client, transactional_db: None) -> None:
    assert_nothing_is_reached(client)


def test_a_password_without_the_second_factor_reaches_nothing(client: Client, officer: Officer) -> None:
    client.force_login(officer)
    assert_nothing_is_reached(client)
    assert client.session["_auth_user_id"] == str(officer.pk)  # it was a real session all the while


def test_somebody_elses_device_reaches_nothing(client: Client, officer: Officer) -> None:
    other = Officer.objects.create_officer("jiro", PASSWORD, "承認 次郎", roles=[("jma", "APPROVER")])
    client.force_login(officer)
    session = client.session
    session["otp_device_id"] = other.totp_device().persistent_id
    session.save()
    assert client.get("/admin/").status_code == 302


def test_a_device_taken_away_ends_what_it_opened(client: Client, officer: Officer, sign_in: SignIn) -> None:
    sign_in()
    assert client.get("/admin/").status_code == 200
    TotpDevice.objects.update(confirmed=False)
    assert client.get("/admin/").status_code == 302


def test_after_twelve_hours_even_a_busy_session_ends(
    client: Client, officer: Officer, sign_in: SignIn, later: Callable[[float], None]
) -> None:
    sign_in()
    later(12 * 60 - 1)
    assert client.get("/admin/").status_code == 200
    later(2)
    assert client.get("/admin/").status_code == 302


def test_an_officer_who_leaves_is_out_at_once(client: Client, officer: Officer, sign_in: SignIn) -> None:
    sign_in()
    Officer.objects.update(is_active=False)
    assert client.get("/admin/").status_code == 302


def test_a_new_password_ends_other_sessions(client: Client, officer: Officer, sign_in: SignIn) -> None:
    sign_in()
    officer.set_password("another long password")
    officer.save()
    assert client.get("/admin/").status_code == 302


def test_a_forged_form_is_refused(officer: Officer, code: Code) -> None:
    strict = Client(enforce_csrf_checks=True)
    words = {"username": "hanako", "password": PASSWORD, "otp_token": code()}
    assert strict.post("/admin/login/", words).status_code == 403
    assert not Entry.objects.filter(kind="staff.signed_in").exists()


@pytest.fixture
def later(settings: Settings) -> Callable[[float], None]:
    """Minutes pass, for the product and for the officer's phone."""

    def move(minutes: float) -> None:
        settings.CLOCK_OFFSET += timedelta(minutes=minutes)

    return move


def test_a_dangerous_act_needs_a_code_of_the_last_ten_minutes(
    client: Client, officer: Officer, sign_in: SignIn, code: Code, later: Callable[[float], None]
) -> None:
    real = code(1)
    sign_in()
    assert client.get("/admin/dangerous/").content == b"done"
    later(9.9)
    assert client.get("/admin/dangerous/").content == b"done"
    later(0.2)
    answer = client.get("/admin/dangerous/")
    assert answer["Location"] == "/admin/confirm/?next=%2Fadmin%2Fdangerous%2F"
    assert client.get(answer["Location"]).status_code == 200
    words = {"otp_token": real, "next": "/admin/dangerous/"}
    assert client.post("/admin/confirm/", words)["Location"] == "/admin/dangerous/"
    assert client.get("/admin/dangerous/").content == b"done"
    assert Entry.objects.get(kind="staff.confirmed").actor_id == str(officer.public_id)


def test_a_wrong_code_confirms_nothing_and_counts(
    client: Client, officer: Officer, sign_in: SignIn, later: Callable[[float], None]
) -> None:
    sign_in()
    later(11)
    for _ in range(5):
        answer = client.post("/admin/confirm/", {"otp_token": "00000a"})
        assert answer.status_code == 200
        assert "確認コードが正しくありません" in answer.content.decode()
    assert "まで停止しています" in client.post("/admin/confirm/", {"otp_token": "123456"}).content.decode()
    assert client.get("/admin/dangerous/").status_code == 302


def test_a_recovery_code_opens_the_desk_but_no_dangerous_act(
    client: Client, officer: Officer, sign_in: SignIn
) -> None:
    codes = second_factor.new_recovery_codes(officer, log.SYSTEM)
    assert sign_in(otp_token=codes[0]) == 302
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/dangerous/").status_code == 302
    client.post("/admin/confirm/", {"otp_token": codes[1]})
    assert client.get("/admin/dangerous/").status_code == 302


@pytest.mark.parametrize("wish", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_confirming_leads_nowhere_else(
    client: Client, officer: Officer, sign_in: SignIn, code: Code, wish: str
) -> None:
    sign_in()
    answer = client.post("/admin/confirm/", {"otp_token": code(1), "next": wish})
    assert answer["Location"] == "/admin/"


def test_the_tests_phone_and_the_products_agree(officer: Officer, code: Code) -> None:
    assert bytes(officer.totp_device().seed) == SEED
    assert len(code()) == 6
    assert clock.now().tzinfo is not None
