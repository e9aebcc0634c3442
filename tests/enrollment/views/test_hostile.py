"""What a hostile applicant or visitor tries, and what it must come to nothing by (security.md 4, rows 27 and 29)."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from enrollment import drafts
from enrollment.applicants import phone_readings
from enrollment.models import ApplicantSession, CardReading, PhoneReading
from enrollment.views import door
from ledger import clock
from ledger.models import Entry
from tests.enrollment.views.test_correcting import LICENCE, returned
from tests.support.people import Applying

pytestmark = pytest.mark.django_db


def late(person: Applying, slug: str, data: dict[str, Any]) -> None:
    """Send a step after the session has ended, then sign in again."""
    version = person.application.answers.get(step=slug).version
    ApplicantSession.objects.update(last_seen_at=clock.now() - timedelta(minutes=31))
    person.browser.post(reverse("step", args=[slug]), {"version": version, **data})
    person.sign_in()


@pytest.mark.requirement("ST-14")
@pytest.mark.parametrize("slug", ["names", "membership", "workplace", "home", "email"])
def test_a_form_sent_too_late_opens_no_field_of_a_returned_application(slug: str) -> None:
    person = Applying()
    application = returned(person, LICENCE)
    before = drafts.kept(application, slug)
    name = next(iter(before.raw))
    late(person, slug, {name: "x"})
    opened = drafts.open_fields(application, drafts.load(application, clock.now()), clock.now()) or {}
    assert set(opened) == {"licence"}
    assert drafts.kept(application, slug) == before


@pytest.mark.requirement("ST-14")
def test_too_much_text_opens_no_other_field_of_a_returned_application() -> None:
    person = Applying()
    application = returned(person, LICENCE)
    person.post("licence", {"registration_number": ["222222"] * 250 + ["x" * 30_000]})
    opened = drafts.open_fields(application, drafts.load(application, clock.now()), clock.now()) or {}
    assert opened["licence"] == {"registration_number"}
    assert drafts.kept(application, "licence").raw["registered_on"]


def test_an_answer_that_is_too_long_to_be_kept_does_not_escape_the_second_look() -> None:
    person = Applying()
    person.until("photo")
    answers = person.answers("photo")
    person.post("photo", {**answers, "taken_on": ["y" * 300] * 200 + [answers["taken_on"]]})
    kept = drafts.kept(person.application, "photo")
    assert kept.values and kept.raw["taken_on"] == [answers["taken_on"]]


def test_a_stranger_s_wrong_numbers_write_nothing_into_the_ledger() -> None:
    before = Entry.objects.count()
    for _time in range(3):
        pc, phone = Client(), Client()
        pc.get(reverse("sign_in"))
        reading = CardReading.objects.latest("pk")
        pc.post(reverse("qr_begin"), {"reading": reading.public_id})
        row = PhoneReading.objects.latest("pk")
        assert phone.post(reverse("qr_read", args=[row.token]), {"number": "1"}).status_code == 409
        assert phone_readings.state(PhoneReading.objects.get(pk=row.pk), clock.now()) == "refused"
    assert Entry.objects.count() == before


def test_one_person_s_refusals_do_not_fill_the_ledger() -> None:
    person = Applying()
    person.sign_in()
    for _time in range(door.MOST_REFUSED + 3):
        assert person.browser.get(reverse("notice", args=[uuid.uuid4()])).status_code == 404
    refused = Entry.objects.filter(kind=door.REFUSED)
    assert refused.count() == door.MOST_REFUSED
