"""Rows for the timetable's tests: drafts with everything in them, and cases that have ended."""

import itertools
from datetime import datetime
from hashlib import sha256

from django.conf import settings
from django.test import Client

from deploy import retention
from enrollment.flow import State
from enrollment.models import (
    Applicant,
    ApplicantCertificate,
    Application,
    Attachment,
    SealedPin,
    Statement,
    StepAnswers,
    TimelineEntry,
)
from ledger import clock, erasure
from ledger.clock import JST
from tests.support import cases
from vault import files, tokens

_numbers = itertools.count(1)
RULES = {rule.name: rule for rule in retention.TIMETABLE}


def jst(*when: int) -> datetime:
    """A moment by the clock on the wall in Japan."""
    return datetime(*when, tzinfo=JST)  # type: ignore[misc]  # six numbers at most, and no zone among them


def browser_of(person: Applicant) -> Client:
    """A browser in which this person is signed in."""
    at, token = clock.now(), tokens.new_token()
    certificate = person.certificates.get()
    person.sessions.create(
        token_digest=tokens.digest(token), certificate=certificate, created_at=at, last_seen_at=at
    )
    browser = Client()
    browser.cookies[settings.APPLICANT_COOKIE_NAME] = token
    return browser


def run(name: str, at: datetime) -> int:
    """Carry out one rule; how many batches it erased. Nothing may fail."""
    outcome = erasure.carry_out(RULES[name], at)
    assert outcome.failed == 0
    return outcome.erased


def applicant(at: datetime, **traits: object) -> Applicant:
    number = next(_numbers)
    values = {"email": f"draft{number}@example.jp", "email_verified_at": at, "created_at": at, **traits}
    person = Applicant.objects.create(**values)
    ApplicantCertificate.objects.create(
        applicant=person,
        fingerprint=sha256(f"draft {number}".encode()).digest(),
        issuer_key_id=b"k" * 20,
        serial=f"d{number}",
        not_after=at,
        first_seen_at=at,
    )
    return person


def attach(application: Application, at: datetime, slot: str = "photo") -> Attachment:
    data = f"a picture for {slot}".encode()
    return Attachment.objects.create(
        application=application,
        slot=slot,
        kind="jpeg",
        original_file=files.save(data),
        original_sha256=sha256(data).digest(),
        shown_file=files.save(data),
        shown_sha256=sha256(data).digest(),
        width=413,
        height=531,
        uploaded_at=at,
    )


def seal(application: Application, at: datetime) -> SealedPin:
    return SealedPin.objects.create(application=application, authority="jma", sealed=b"sealed", sealed_at=at)


def draft(at: datetime, **traits: object) -> Application:
    """A draft of everything: answers, a picture, a sealed PIN, a frozen statement; last changed at that moment."""
    person = applicant(at, **traits)
    application = Application.objects.create(
        applicant=person,
        authority="jma",
        qualification="doctor",
        certificate_fingerprint=bytes(person.certificates.get().fingerprint),
        created_at=at,
        changed_at=at,
    )
    TimelineEntry.objects.create(application=application, kind="begin", happened_at=at)
    StepAnswers.objects.create(application=application, step="names", data={"values": {}}, saved_at=at)
    Statement.objects.create(application=application, round=1, content=b"{}", sha256=b"s" * 32, frozen_at=at)
    attach(application, at)
    seal(application, at)
    return application


def ended(state: State, at: datetime) -> Application:
    """A submitted case with findings and an officer's words that ended at this moment."""
    application = cases.submitted(at=at)
    application.findings.create(round=1, check_name="names", outcome="notice", detail="見本", found_at=at)
    application.return_items.create(round=1, step="photo", field="", code="dark", note="暗い写真です")
    decision = {
        "round": 1,
        "verdict": "rejected",
        "note": "見本花子さんの登録を確認できません",
        "decided_at": at,
    }
    application.decisions.create(officer=cases.officer(f"officer{next(_numbers)}"), **decision)
    Application.objects.filter(pk=application.pk).update(
        state=state, changed_at=at, decided_at=at, person_key=b"p" * 32
    )
    application.refresh_from_db()
    return application
