"""Sign-in with the physical card, and the session that it opens."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse

from enrollment import checks
from enrollment.applicants import accounts
from enrollment.models import Applicant, ApplicantSession, Finding
from ledger import clock
from ledger.models import Entry
from tests.support.people import Applying

pytestmark = pytest.mark.django_db
COOKIE = settings.APPLICANT_COOKIE_NAME


@pytest.mark.requirement("ST-04", "ST-27")
def test_the_first_sign_in_makes_the_account_and_the_second_finds_it() -> None:
    first, second = Applying(), Applying()
    assert first.sign_in().url == reverse("tasks")
    assert second.sign_in().url == reverse("tasks")
    assert first.applicant == second.applicant
    assert Applicant.objects.count() == 1
    assert Entry.objects.filter(kind="applicant.signed_in").count() == 2


def test_the_cookie_is_for_the_server_alone_and_its_clear_text_is_stored_nowhere() -> None:
    person = Applying()
    person.sign_in()
    cookie = person.browser.cookies[COOKIE]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and not cookie["domain"]
    row = ApplicantSession.objects.get()
    assert cookie.value.encode() not in bytes(row.token_digest)


@pytest.mark.requirement("ST-21")
def test_a_session_ends_after_thirty_idle_minutes() -> None:
    person = Applying()
    person.sign_in()
    token, now = person.browser.cookies[COOKIE].value, clock.now()
    assert accounts.current(token, now + timedelta(minutes=29)) is not None  # this visit is noted
    assert accounts.current(token, now + timedelta(minutes=58)) is not None
    assert accounts.current(token, now + timedelta(minutes=89)) is None


def test_a_session_that_is_used_all_the_time_ends_after_twelve_hours() -> None:
    person = Applying()
    person.sign_in()
    token, begun = person.browser.cookies[COOKIE].value, person.session.created_at
    for minutes in range(20, 12 * 60, 20):
        found = accounts.current(token, begun + timedelta(minutes=minutes))
        assert found is not None
        assert accounts.until(found) <= begun + accounts.LONGEST
    assert accounts.current(token, begun + accounts.LONGEST) is None
    assert accounts.lately(token, begun + accounts.LONGEST) is not None  # what is sent now is kept (ST-21)


def test_signing_in_again_changes_the_token_and_ends_the_former_session() -> None:
    person = Applying()
    page = person.browser.get(reverse("sign_in"))
    response = person.read_card(page)
    other = Applying()
    other.sign_in()
    former = other.browser.cookies[COOKIE].value
    person.answer(response)
    assert person.browser.cookies[COOKIE].value != former
    assert accounts.current(former, clock.now()) is not None  # another browser stays signed in


def test_signing_out_ends_the_session_on_the_server() -> None:
    person = Applying()
    person.sign_in()
    token = person.browser.cookies[COOKIE].value
    assert person.browser.post(reverse("sign_out")).url == reverse("start")
    assert accounts.current(token, clock.now()) is None
    assert person.browser.get(reverse("tasks")).url.startswith(reverse("sign_in"))


def test_a_renewed_certificate_opens_an_account_of_its_own_and_the_officer_sees_the_same_person() -> None:
    """Decision 7: nothing is joined by a claim; the officer reads that name, birth date and sex are equal."""
    pin = {"pin": "2749", "again": "2749"}  # 8305 is this person's birthday
    before = Applying("renewed", card="renewed-before", card_pin=pin)
    after = Applying("renewed", card_pin=pin)
    first = before.submit()
    assert after.sign_in().url == reverse("tasks")
    assert after.applicant != before.applicant and after.application != first
    page = after.browser.get(reverse("status")).content.decode()
    assert str(first.receipt_number) not in page
    second = after.submit()
    checks.run_all(str(second.public_id))
    found = Finding.objects.get(application=second, check_name="duplicates")
    assert found.outcome == "notice" and "氏名・生年月日・性別が同じ申請がこの認証局に 1 件" in found.detail


@pytest.mark.parametrize("token", ["", "x", "é" * 43, "a" * 43, "a" * 5000])
def test_a_made_up_token_opens_nothing(token: str) -> None:
    assert accounts.current(token, clock.now()) is None


def test_no_officer_is_an_applicant(django_user_model: type) -> None:
    """Decision 2: staff and applicants are principals of their own."""
    person = Applying()
    officer = django_user_model.objects.create(username="o", display_name="o")  # type: ignore[attr-defined]
    person.browser.force_login(officer)
    assert person.browser.get(reverse("tasks")).url.startswith(reverse("sign_in"))
