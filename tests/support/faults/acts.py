"""What people and workers do, as tasks for the kill sweeps: `subject` is JSON or a public id, a retry looks first.

Two of them (`naive_…`) do it as one would first write it, without one transaction around it: the sweeps must find that.
"""

import json
import secrets
import uuid
from datetime import UTC, datetime
from hashlib import sha256

from django.conf import settings
from django.db import transaction

from enrollment import issuance, moves, notices, review
from enrollment.flow import Actor, State
from enrollment.models import Application
from ledger import clock, log
from signing import authenticators, card_bindings, credentials, links
from signing.flow import Authenticator as Life
from signing.flow import Link
from signing.models import Authenticator, Credential, EnrollmentLink
from staff.models import Officer
from tests.support.phone import Phone

CHECKED = {"photo": "pass", "identity_kind": "pass", "identity_face": "pass", "licence_agrees": "pass"}


def bind_phone(subject: str) -> None:
    """The phone's pages from the opened link to the end, with a new ceremony each time, as after a reload."""
    given = json.loads(subject)
    at = clock.now()
    if links.is_bound_by(links.find(given["token"]), given["browser"], at):
        return
    opened = links.opened_by(given["token"], given["browser"], at)
    offer = authenticators.begin_registration(opened, given["browser"], at)
    answer = Phone(settings.ORIGIN, settings.WEBAUTHN_RP_ID).register(offer.options)
    authenticators.complete_registration(offer.ceremony, given["browser"], answer, user_agent="iPhone", at=at)


def naive_bind_phone(subject: str) -> None:
    """The old phone out, the new one in, the link spent: three statements, three commits."""
    given = json.loads(subject)
    link = links.find(given["token"])
    if link.state == Link.BOUND:
        return
    Authenticator.objects.filter(credential=link.credential, state=Life.ACTIVE).update(state=Life.REPLACED)
    Authenticator.objects.create(
        credential=link.credential,
        webauthn_id=secrets.token_bytes(32),
        public_key=b"k",
        label="iPhone",
        bound_at=clock.now(),
    )
    EnrollmentLink.objects.filter(pk=link.pk).update(state=Link.BOUND)


def open_link(subject: str) -> None:
    given = json.loads(subject)
    links.open(given["token"], given["password"], given["browser"], clock.now())


def bind_card(subject: str) -> None:
    """A renewed My Number Card in the former one's place."""
    credential = Credential.objects.get(public_id=subject)
    fingerprint, end = sha256(subject.encode()).digest(), datetime(2033, 1, 1, tzinfo=UTC)
    card_bindings.bind(credential, fingerprint, end, at=clock.now(), actor=links.SYSTEM)


def naive_deliver(subject: str) -> None:
    """`enrollment.issuance.deliver` in three transactions: the state first, then the link, then the notice."""
    application = Application.objects.filter(credential=uuid.UUID(subject), state=State.ISSUING).first()
    if application is None:
        return
    at = clock.now()
    moves.perform("deliver", application, by=Actor.SYSTEM, actor=issuance.SYSTEM, at=at)
    link = links.create(uuid.UUID(subject), at=at)
    person_id = credentials.facts(uuid.UUID(subject)).person_id
    with transaction.atomic():  # the outbox takes nothing outside of one
        notices.completed(
            application, link.url_path, link.password, link.expires_at, subject, person_id=person_id
        )


def approve(subject: str) -> None:
    """The second officer's word; an officer whose answer was lost looks at the case and sees that it is given."""
    application = Application.objects.get(public_id=subject)
    if application.state == State.APPROVED:
        return
    officer = Officer.objects.get(username="sweep-approver")
    review.approve(application, officer, "", CHECKED, clock.now())


def naive_note(subject: str) -> None:
    """Writes without asking whether it is written."""
    with transaction.atomic():
        log.append("case.viewed", actor=log.SYSTEM, subject=subject)
