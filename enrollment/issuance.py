"""Approved: ask signing for a credential and a link, and tell the applicant. Every step may run twice (law 6).

Enrollment stores public ids of signing and nothing else; what happens there arrives as outbox news (decision 3).
"""

import uuid
from datetime import date, datetime

from django.db import transaction

from enrollment import card_orders, moves, notices, signed
from enrollment.errors import Refused
from enrollment.flow import Actor, State
from enrollment.models import Application, TimelineEntry
from enrollment.notices import phone
from enrollment.review.decisions import UNDO
from ledger import clock, log
from outbox import notices as inbox
from signing import credentials, links

SYSTEM = log.Actor("system", "issuance")
SENT_AGAIN = "link_sent_again"  # the timeline's word for a new link (ST-24)


def order(subject: str) -> None:
    """`enrollment.approved`: the ten seconds are over; order the credential. Idempotent by the application's id."""
    at = clock.now()
    application = Application.objects.get(public_id=uuid.UUID(subject))
    if application.state not in (State.APPROVED, State.ISSUING):
        return  # taken back, or ordered and delivered before
    if application.state == State.APPROVED and not _has_left(application, at):
        return  # taken back and approved again: the later word has ten seconds and a job of its own
    with transaction.atomic():
        credential = credentials.issue(_credential_order(application), at)
        card_orders.begin(application, at)
        if application.state == State.APPROVED:
            moves.perform(
                "order",
                application,
                by=Actor.SYSTEM,
                actor=SYSTEM,
                at=at,
                guard={"decided_at": application.decided_at},
                changes={"credential": credential.public_id},
            )


def _has_left(application: Application, at: datetime) -> bool:
    return application.decided_at is None or at >= application.decided_at + UNDO


def deliver(subject: str) -> None:
    """`signing.credential_issued`: make the link, put it with its password into the inbox, mail that it is there.

    A repeated task voids the former link and replaces the notice in the same transaction (decision 19).
    """
    at = clock.now()
    application = Application.objects.filter(credential=uuid.UUID(subject), state=State.ISSUING).first()
    if application is None:
        return
    with transaction.atomic():
        try:
            moves.perform("deliver", application, by=Actor.SYSTEM, actor=SYSTEM, at=at)
        except Refused:
            return  # another worker delivered it
        link = links.create(uuid.UUID(subject), at=at)
        person_id = credentials.facts(uuid.UUID(subject)).person_id
        notices.completed(
            application, link.url_path, link.password, link.expires_at, subject, person_id=person_id
        )


def stopped(subject: str) -> None:
    """`signing.issuance_stopped`: the officers read in the case's timeline that its certificate waits for an operator.

    The applicant's timeline does not show it: the order goes on, or is ended by people who tell the applicant.
    """
    waiting = Application.objects.filter(credential=uuid.UUID(subject), state=State.ISSUING)
    with transaction.atomic():
        application = waiting.select_for_update(no_key=True).first()  # what is read below stays so
        if application is None:
            return
        happened = application.timeline.order_by("-happened_at", "-pk").first()
        if happened is None or happened.kind != "issuance_stopped":
            TimelineEntry.objects.create(
                application=application, kind="issuance_stopped", happened_at=clock.now()
            )


def reissue_link(application: Application, *, actor: log.Actor, reason: str, at: datetime) -> datetime:
    """Send a new link (ST-24, BD-15): the older one dies at once, and so does its clear text. Until when it serves.

    Whether one may be sent is asked before (aftercare); nobody sees link or password. Raises Refused with signing's
    codes credential_unknown and credential_not_active.
    """
    return _send_link(application, actor, reason, at, if_wanted=False)


def send_wanted_link(application: Application, at: datetime) -> None:
    """The signer's own wish (BD-15), once: a repeated message finds it fulfilled."""
    actor = log.Actor("applicant", str(application.applicant.public_id))
    try:
        _send_link(application, actor, "signer_request", at, if_wanted=True)
    except Refused as refused:
        if refused.code not in ("link_not_wanted", "credential_not_active"):
            raise


def _send_link(
    application: Application, actor: log.Actor, reason: str, at: datetime, *, if_wanted: bool
) -> datetime:
    if application.credential is None:
        raise Refused("credential_unknown")
    standing = credentials.newest_of(application.credential)
    subject = str(standing)
    with transaction.atomic():
        try:
            new = links.create(standing, at=at, actor=actor, reason=reason, if_wanted=if_wanted)
        except links.Refused as refused:
            raise Refused(refused.code) from refused
        inbox.erase_secret(subject)
        TimelineEntry.objects.create(application=application, kind=SENT_AGAIN, happened_at=at)
        phone.link_sent(application, new, at, by_signer=if_wanted, about=subject)
    return new.expires_at


def _credential_order(application: Application) -> credentials.CredentialOrder:
    answers = signed.facts(application)["answers"]
    card, names = answers["card"], answers["names"]
    certificate = application.applicant.certificates.get(fingerprint=application.certificate_fingerprint)
    return credentials.CredentialOrder(
        reference=application.public_id,
        applicant=application.applicant.public_id,
        authority=application.authority,
        qualification=application.qualification,
        family_romaji=names["family_romaji"],
        given_romaji=names["given_romaji"],
        name_kanji="\u3000".join(part for part in (names["family"], names["given"]) if part),
        birth_date=date.fromisoformat(card["birth_date"]),
        my_number_card_fingerprint=bytes(application.certificate_fingerprint),
        card_not_after=certificate.not_after,
    )
