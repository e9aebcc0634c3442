"""A form that is sent after the session has ended comes back to the same person, and to nobody else (ST-21)."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from enrollment import drafts
from enrollment.applicants import unsent
from enrollment.models import ApplicantSession, UnsentForm
from ledger import clock
from tests.support.people import Applying

pytestmark = pytest.mark.django_db
TYPED = {"postal_code": "123-45"}  # half a code: it comes back although it is wrong


def expire() -> None:
    ApplicantSession.objects.update(last_seen_at=clock.now() - timedelta(minutes=31))


def late(person: Applying, slug: str = "home", data: dict[str, Any] | None = None) -> Any:
    """What this person's browser is told when it sends a step too late."""
    expire()
    return person.browser.post(reverse("step", args=[slug]), {"version": 0, **(data or TYPED)})


@pytest.fixture
def person() -> Applying:
    made = Applying()
    made.until("home")
    return made


@pytest.mark.requirement("ST-21")
def test_what_was_typed_comes_back_after_signing_in_again(person: Applying) -> None:
    answer = late(person)
    assert answer.url.startswith(reverse("sign_in")) and "ended=kept" in answer.url
    page = person.browser.get(answer.url)
    assert "お預かりしました" in page.content.decode()
    assert person.answer(person.read_card(page), "?next=apply").url == reverse("step", args=["home"])
    shown = person.get("home").content.decode()
    assert 'value="123-45"' in shown and "入力欄に戻しました" in shown
    assert not UnsentForm.objects.exists()
    assert "home" not in drafts.load(person.application, clock.now()).answers


@pytest.mark.requirement("ST-21")
def test_another_person_at_the_same_browser_never_sees_it(person: Applying) -> None:
    late(person)
    other = Applying("dentist")
    other.browser = person.browser
    assert other.sign_in().url == reverse("tasks")
    other.until("home")
    assert "123-45" not in other.get("home").content.decode()
    assert unsent.left_over(other.applicant, clock.now()) == []
    assert UnsentForm.objects.count() == 1
    other.browser.post(reverse("sign_out"))
    assert person.sign_in().url == reverse("step", args=["home"])


def test_it_is_sealed_and_short_lived(person: Applying) -> None:
    late(person)
    with connection.cursor() as cursor:
        cursor.execute("select raw from enrollment_unsentform")
        assert b"123-45" not in bytes(cursor.fetchone()[0])
    row = UnsentForm.objects.get()
    assert row.expires_at - row.sent_at == timedelta(hours=1)
    UnsentForm.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    assert person.sign_in().url == reverse("tasks")


@pytest.mark.parametrize("slug", ["card-pin", "email-code", "consent", "sign", "nothing"])
def test_no_secret_and_no_agreement_is_kept(person: Applying, slug: str) -> None:
    answer = late(person, slug, {"pin": "8305", "again": "8305", "code": "123456", "agree": "on"})
    assert "ended=1" in answer.url and not UnsentForm.objects.exists()


def test_it_keeps_what_the_form_asks_for_and_no_more_than_a_draft(person: Applying) -> None:
    late(person, data={**TYPED, "pin": "8305", "csrfmiddlewaretoken": "x"})
    assert UnsentForm.objects.get().raw == {"postal_code": ["123-45"]}
    UnsentForm.objects.all().delete()
    late(person, data={"postal_code": "1" * 30_000})
    assert UnsentForm.objects.get().raw == {"postal_code": ["1" * drafts.LONGEST_TEXT]}


def test_a_made_up_or_an_old_cookie_keeps_nothing(person: Applying) -> None:
    ApplicantSession.objects.update(last_seen_at=clock.now() - timedelta(days=2))
    assert "ended=1" in person.browser.post(reverse("step", args=["home"]), TYPED).url
    assert unsent.keep("x" * 43, "home", {"postal_code": ["1"]}, 0, clock.now()) is False
    assert not UnsentForm.objects.exists()


def test_what_another_page_answered_meanwhile_is_not_overwritten(person: Applying) -> None:
    """Two tabs: this one expired with other text than the one that was saved."""
    application = person.application
    late(person)
    drafts.save(application, "home", raw={"postal_code": ["1130021"]}, values=None, version=0, at=clock.now())
    answer = person.sign_in()
    assert answer.url == reverse("unsent")
    page = person.browser.get(answer.url).content.decode()
    assert "123-45" in page and reverse("step", args=["home"]) in page
    assert drafts.kept(application, "home").raw == {"postal_code": ["1130021"]}


def test_a_tab_that_was_signed_out_by_another_loses_nothing(person: Applying) -> None:
    cookies = dict(person.browser.cookies.items())
    person.browser.post(reverse("sign_out"))
    person.browser.cookies.update(cookies)
    assert "ended=kept" in person.browser.post(reverse("step", args=["home"]), TYPED).url
    assert person.sign_in().url == reverse("step", args=["home"])
