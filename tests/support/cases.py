"""Submitted cases and officers for the tests of the review side, with a real signature over a real statement."""

import itertools
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from django.conf import settings

from cards import cms
from cards.pki import Hierarchy, new_key
from cards.profile import CertificateKind, CertifiedFacts
from deploy.demo import people
from enrollment import authorities, review, statement
from enrollment.applicants import receipts
from enrollment.flow import State
from enrollment.models import Applicant, ApplicantCertificate, Application, Attachment, Statement, StepAnswers
from ledger import clock
from signing import links
from signing.links import NewLink
from staff.models import Officer
from tests.support.credentials import active_credential
from vault import files

_numbers = itertools.count(1)
ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "card": {
        "name": "見本　花子",
        "birth_date": "1985-04-02",
        "sex": "2",
        "address": "東京都千代田区見本１－１",
    },
    "names": {
        "family": "見本",
        "given": "花子",
        "family_kana": "ミホン",
        "given_kana": "ハナコ",
        "family_romaji": "MIHON",
        "given_romaji": "Hanako",
    },
    "licence": {"registered_on": "2010-05-01"},
}


@lru_cache(maxsize=1)
def hierarchy() -> Hierarchy:
    """The run's TEST JPKI, the one that the demo people's cards come from and that the settings trust."""
    people.ensure(settings.HOME, clock.now())
    return Hierarchy.load(settings.HOME / "cards" / "authorities")


@lru_cache(maxsize=1)
def _key() -> Any:
    return new_key()


def _signed(content: bytes, at: datetime) -> tuple[bytes, bytes]:
    """A signature certificate of the person and a detached CMS over the bytes."""
    person = ANSWERS["card"]
    facts = CertifiedFacts(
        name=person["name"],
        sex=person["sex"],
        birth_date=date.fromisoformat(person["birth_date"]),
        address=person["address"],
    )
    issuer = hierarchy().current(CertificateKind.SIGNATURE)
    certificate = issuer.signature_certificate(
        facts, _key(), at - timedelta(days=1), at + timedelta(days=900)
    )
    signature = _key().sign(content, padding.PKCS1v15(), SHA256())
    return certificate, cms.detached(content, signature, certificate)


def officer(name: str, *roles: tuple[str, str]) -> Officer:
    """An officer with (authority, role) pairs."""
    return Officer.objects.create_officer(name, "a long demo password", f"審査者{name}", roles)


def _applicant(number: int, at: datetime) -> tuple[Applicant, bytes]:
    fingerprint = sha256(f"certificate {number}".encode()).digest()
    applicant = Applicant.objects.create(
        created_at=at, email=f"case{number}@example.jp", email_verified_at=at
    )
    ApplicantCertificate.objects.create(
        applicant=applicant,
        fingerprint=fingerprint,
        issuer_key_id=b"k" * 20,
        serial=str(number),
        not_after=at + timedelta(days=900),
        first_seen_at=at,
    )
    return applicant, fingerprint


def _attach(
    application: Application, slot: str, picture: bytes, at: datetime, original: bytes = b""
) -> Attachment:
    original = original or picture
    return Attachment.objects.create(
        application=application,
        slot=slot,
        kind="jpeg",
        original_file=files.save(original),
        original_sha256=sha256(original).digest(),
        shown_file=files.save(picture),
        shown_sha256=sha256(picture).digest(),
        width=800,
        height=600,
        uploaded_at=at,
    )


def _statement(
    application: Application, attached: list[Attachment], answers: Mapping[str, Any], at: datetime
) -> None:
    listed = [
        statement.File(row.slot, 0, "jpeg", bytes(row.original_sha256), bytes(row.shown_sha256))
        for row in attached
    ]
    facts = statement.Facts(
        application=str(application.public_id),
        round=1,
        authority=application.authority,
        qualification=application.qualification,
        certificate_fingerprint=bytes(application.certificate_fingerprint),
        answers=answers,
        consents=[("terms", "1")],
        agreed_at=at.isoformat(),
        declarations={"applies_in_person": True},
        files=listed,
        price=0,
        frozen_at=at.isoformat(),
        nonce=b"n" * 16,
        previous_sha256=b"",
    )
    content = statement.content(facts)
    certificate, signed = _signed(content, at)
    Statement.objects.create(
        application=application,
        round=1,
        content=content,
        sha256=statement.digest(content),
        frozen_at=at,
        cms=signed,
        signature_certificate=certificate,
        jpki_outcome="valid",
        signed_at=at,
    )


def submitted(
    authority: str = "jma",
    qualification: str = "doctor",
    registration_number: str = "",
    at: datetime | None = None,
    *,
    answers: Mapping[str, Mapping[str, Any]] = ANSWERS,
    picture: bytes = b"",
    original: bytes = b"",
    slot: str = "licence_front",
    pictures: Mapping[str, bytes] | None = None,
) -> Application:
    """A case in state SUBMITTED with answers, one picture of its own (or `pictures` by slot), a signed statement.

    `original`: the bytes that were sent, where they are not the picture that is shown.
    """
    at = at or clock.now()
    number = next(_numbers)
    registration = registration_number or str(400_000 + number)
    applicant, fingerprint = _applicant(number, at)
    needed = authorities.officers_needed(authority, clock.today(at))
    application = Application.objects.create(
        applicant=applicant,
        state=State.SUBMITTED,
        authority=authority,
        qualification=qualification,
        certificate_fingerprint=fingerprint,
        registration_number=registration,
        receipt_number=receipts.number(clock.today(at), number),
        round=1,
        created_at=at,
        changed_at=at,
        submitted_at=at,
        approvals_needed=needed.approvals,
        rejections_needed=needed.rejections,
    )
    answers = {**answers, "licence": {**answers["licence"], "registration_number": registration}}
    for step, values in answers.items():
        StepAnswers.objects.create(application=application, step=step, data={"values": values}, saved_at=at)
    drawn = picture or f"\xff\xd8 a drawn licence {number} \xff\xd9".encode("latin-1")
    given = pictures or {slot: drawn}
    attached = [_attach(application, slot, data, at, original) for slot, data in given.items()]
    _statement(application, attached, answers, at)
    return application


def issued(case: Application, at: datetime) -> NewLink:
    """As if both officers had decided and its link had been handed over: the rows alone, no certificate."""
    credential = active_credential(at=at)
    case.state = State.ISSUED
    case.recommended_by, case.approved_by = (
        officer("first", (case.authority, "EXAMINER")),
        officer("second", (case.authority, "APPROVER")),
    )
    case.credential = credential.public_id
    case.save()
    case.timeline.create(kind="deliver", happened_at=at)
    return links.create(credential.public_id, at=at)


def leaves(case: Application) -> None:
    """The ten seconds of the last word on the case are over (decision 32): what it tells the applicant is told."""
    before = settings.CLOCK_OFFSET
    settings.CLOCK_OFFSET += review.UNDO + timedelta(seconds=1)
    try:
        review.leave(str(case.public_id))
    finally:
        settings.CLOCK_OFFSET = before


def revoked(case: Application, settings: Any, folder: Path) -> None:
    """From now on the TEST JPKI's list, in a folder of this test's own, names the case's signature certificate."""
    own = Hierarchy.load(settings.HOME / "cards" / "authorities")
    certificate = bytes(case.statements.get(round=case.round).signature_certificate or b"")
    own.current(CertificateKind.SIGNATURE).revoke(certificate, clock.now() - timedelta(minutes=1))
    own.publish(folder, clock.now())
    settings.JPKI_TRUST = folder
