"""A QR code for a phone: ten minutes, one use, one phone, and the newest of a credential only."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from ledger.models import Entry
from outbox.models import Job
from signing import links
from signing.errors import Refused
from signing.links import shown
from signing.models import Authenticator, Credential, EnrollmentLink
from tests.support.credentials import NOON, active_credential
from vault import tokens

pytestmark = pytest.mark.django_db
PC, PHONE, STRANGER = (tokens.new_token() for _ in range(3))
SECOND = timedelta(seconds=1)
END = NOON + timedelta(minutes=10)


def refusal(action: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        action()
    return caught.value.code


def show(credential: Credential | None = None, means: str = "hpki_card", **about: object) -> links.Shown:
    at = about.pop("at", NOON)
    return links.show(credential or active_credential(), means=means, browser_token=PC, at=at)  # type: ignore[arg-type]


def token_of(link: links.Shown) -> str:
    return link.url_path.split("/")[2]


def enter(link: links.Shown, browser: str = PHONE, at: object = NOON) -> EnrollmentLink:
    return shown.enter(token_of(link), browser, "iPhone", at)  # type: ignore[arg-type]


def old_phone(credential: Credential) -> Authenticator:
    return Authenticator.objects.create(
        credential=credential,
        webauthn_id=tokens.new_token().encode(),
        public_key=b"key",
        label="Android 2026-11-19",
        bound_at=NOON,
    )


@pytest.mark.requirement("BD-04")
def test_a_qr_code_is_dead_after_ten_minutes() -> None:
    link = show()
    assert link.expires_at == END
    assert enter(link, at=END - SECOND).opened_until == END
    assert refusal(lambda: enter(link, at=END)) == "link_expired"
    assert refusal(lambda: links.opened_by(token_of(link), PHONE, END)) == "link_expired"
    assert shown.state(EnrollmentLink.objects.get(), END) == "expired"


@pytest.mark.requirement("BD-04")
def test_a_newer_qr_code_ends_the_older_one_and_leaves_the_inbox_link_alone() -> None:
    credential = active_credential()
    links.create(credential, at=NOON)
    first, second = show(credential), show(credential)
    assert refusal(lambda: enter(first)) == "link_void"
    assert enter(second)
    assert EnrollmentLink.objects.get(kind="inbox").state == "open"


def test_a_new_link_of_the_inbox_ends_the_qr_code() -> None:
    link = show(credential := active_credential())
    links.create(credential, at=NOON)
    assert refusal(lambda: enter(link)) == "link_void"


@pytest.mark.requirement("BD-04", "ST-20")
def test_one_phone_holds_it_and_a_second_is_told_so() -> None:
    link = show()
    enter(link)
    assert refusal(lambda: enter(link, STRANGER)) == "link_elsewhere"
    assert enter(link)  # its own holder may press again
    assert links.opened_by(token_of(link), PHONE, NOON)
    assert refusal(lambda: links.opened_by(token_of(link), STRANGER, NOON)) == "wrong_browser"


def test_the_number_belongs_to_the_phone_that_opened_it() -> None:
    link = show()
    row = enter(link)
    number = shown.number(row)
    assert number is not None
    assert 10 <= number <= 99
    shown.renew(row, at=NOON)
    assert shown.number(EnrollmentLink.objects.latest("pk")) is None


def test_no_password_opens_a_qr_code_and_no_button_opens_an_inbox_link() -> None:
    link, new = show(), links.create(active_credential(), at=NOON)
    for password in ("", "wrong", "!"):
        assert refusal(lambda: links.open(token_of(link), password, PHONE, NOON)) == "link_unknown"  # noqa: B023
    assert EnrollmentLink.objects.get(kind="shown").attempts == 0
    assert refusal(lambda: shown.enter(new.url_path.split("/")[2], PHONE, "iPhone", NOON)) == "link_unknown"


@pytest.mark.requirement("BD-08")
def test_the_numbers_on_the_card_serve_for_a_first_phone_only_and_its_holder_is_told() -> None:
    credential = active_credential()
    show(credential, "jma_numbers")
    assert list(Job.objects.values_list("kind", "subject")) == [
        ("signing.qr_shown", str(credential.public_id))
    ]
    old_phone(credential)
    assert refusal(lambda: show(credential, "jma_numbers")) == "phone_exists"
    assert show(credential, "hpki_card")


def test_who_was_not_authenticated_by_a_known_means_gets_no_qr_code() -> None:
    credential = active_credential()
    assert refusal(lambda: show(credential, "password")) == "means_unknown"
    assert refusal(lambda: links.show(credential, means="hpki_card", browser_token="", at=NOON)) == (
        "means_unknown"
    )
    assert refusal(lambda: show(active_credential(state="suspended"))) == "credential_not_active"
    assert refusal(lambda: show(active_credential(state="revoked"))) == "credential_not_active"


def test_the_address_stands_sealed_in_the_row_until_it_is_spent() -> None:
    link = show()
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM signing_enrollmentlink")
        assert token_of(link).encode() not in repr(cursor.fetchall()).encode()
    row = EnrollmentLink.objects.select_related("credential__signer").get()
    assert row.shown_token == token_of(link)
    links.bind(row, at=NOON, data={})
    row.refresh_from_db()
    assert row.shown_token is None
    assert token_of(link) not in repr(list(Entry.objects.values_list("data", flat=True)))


def test_an_overdue_qr_code_is_forgotten_by_the_clock_and_told_to_nobody() -> None:
    show()
    assert links.expire_overdue(END) == 1
    row = EnrollmentLink.objects.get()
    assert (row.state, row.shown_token) == ("expired", None)
    assert not Job.objects.exists()


def test_binding_one_way_ends_the_other_ways() -> None:
    credential = active_credential()
    new = links.create(credential, at=NOON)
    link = show(credential)
    links.bind(enter(link), at=NOON, data={})
    code = refusal(lambda: links.open(new.url_path.split("/")[2], new.password, PHONE, NOON))
    assert code == "link_void"


@pytest.mark.requirement("BD-05", "BD-18")
def test_the_old_phone_is_asked_about_first_and_no_leaves_it_alone() -> None:
    credential = active_credential()
    old = old_phone(credential)
    show(credential)
    row = shown.of_asker(PC)
    assert row is not None
    assert shown.state(row, NOON) == "asking"
    assert shown.living_phone(row) == old
    shown.agree(row)
    row.refresh_from_db()
    assert shown.state(row, NOON) == "waiting"
    shown.give_up(row)
    row.refresh_from_db()
    old.refresh_from_db()
    assert (row.state, old.state) == ("void", "active")


def test_another_qr_code_needs_an_authentication_of_the_last_ten_minutes() -> None:
    show()
    row = EnrollmentLink.objects.get()
    shown.renew(row, at=END - SECOND)
    newest = EnrollmentLink.objects.latest("pk")
    assert newest.expires_at == END - SECOND + timedelta(minutes=10)
    assert refusal(lambda: shown.renew(newest, at=END)) == "authentication_old"
    assert refusal(lambda: shown.renew(row, at=NOON)) == "authentication_old"  # no longer the newest


def test_only_the_asking_browser_finds_its_qr_code() -> None:
    show()
    assert shown.of_asker(STRANGER) is None
    assert shown.of_asker("") is None
    row = shown.of_asker(PC)
    assert row is not None
    shown.leave(row)
    assert shown.of_asker(PC) is None
