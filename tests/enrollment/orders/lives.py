"""Certificates that stand, with the case or the register's row behind them, for the tests of orders."""

import uuid
from datetime import date, datetime, timedelta

from enrollment import checklists, issuance, review
from enrollment.flow import State
from enrollment.models import Application, CardHolder
from enrollment.orders import news, placing
from ledger import clock
from signing import card_orders
from signing import issuance as signing_issuance
from signing.acts import renewals
from signing.models import Credential, SecondCertificateRequest, SigningSession
from staff.models import Officer
from tests.support import cases
from vault import tokens

DAY = timedelta(days=1)


def issued(authority: str = "jma") -> tuple[Application, Credential]:
    """An issued case with its certificate; needs the fixture `signers` and the authorities set up."""
    case = cases.submitted(authority)
    return case, certified(case)


def certified(case: Application) -> Credential:
    """The certificate of a submitted case, as if two officers had granted it."""
    examiner = cases.officer(f"first-{case.pk}", (case.authority, "EXAMINER"))
    approver = cases.officer(f"second-{case.pk}", (case.authority, "APPROVER"))
    Application.objects.filter(pk=case.pk).update(
        state=State.APPROVED,
        recommended_by=examiner,
        approved_by=approver,
        decided_at=clock.now() - review.UNDO,
    )
    issuance.order(str(case.public_id))
    credential = Credential.objects.get(signer__applicant=case.applicant.public_id)
    signing_issuance.carry_out(str(credential.public_id))
    news.on_issued(str(credential.public_id))
    for row in (case, credential):
        row.refresh_from_db()
    return credential


def ending(credential: Credential, days: int) -> None:
    """As if it ended in so many days."""
    Credential.objects.filter(pk=credential.pk).update(not_after=clock.now() + timedelta(days=days))
    credential.refresh_from_db()


def session(credential: Credential, at: datetime, means: str = "my_number_card") -> SigningSession:
    return SigningSession.objects.create(
        token_digest=tokens.digest(tokens.new_token()),
        credential=credential,
        means=means,
        started_at=at,
        expires_at=at + timedelta(hours=18),
    )


def holder(number: str = "300001", **changes: object) -> CardHolder:
    fields: dict[str, object] = {
        "authority": "jma",
        "qualification": "doctor",
        "registration_number": number,
        "birth_date": date(1970, 1, 2),
        "status": "valid",
        "person_id": f"H{number}",
        "name_kanji": "所持\u3000太郎",
        "family_romaji": "SHOJI",
        "given_romaji": "Taro",
        "email": f"holder{number}@example.jp",
    }
    return CardHolder.objects.create(**{**fields, **changes})


def asks(person: CardHolder, at: datetime | None = None) -> SecondCertificateRequest:
    at = at or clock.now()
    return card_orders.request(
        authority=person.authority,
        person_id=person.person_id,
        qualification=person.qualification,
        card_certificate_fingerprint=uuid.uuid4().bytes * 2,
        card_certificate_not_after=at + 100 * DAY,
        at=at,
    )


def renews(day: SigningSession) -> None:
    """The signer's wish of this session, and what it becomes."""
    renewals.ask(day, clock.now())
    placing.renewal_wanted(str(day.credential.public_id))


def recommended(case: Application, examiner: Officer) -> None:
    Application.objects.filter(pk=case.pk).update(state=State.RECOMMENDED, recommended_by=examiner)
    case.refresh_from_db()


def approve(case: Application, approver: Officer) -> None:
    """The second officer's word on an application, through the review's own door."""
    answers = {line.slug: "pass" for line in checklists.lines_for(frozenset({"licence_front"}))}
    review.approve(case, approver, "", answers, clock.now())
