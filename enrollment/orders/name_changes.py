"""A changed name, from the card to an order (issue 4 item 7, CA-11): read, spelled, frozen, signed.

The My Number Card proves the name: JPKI revokes the signature certificate at a change of name, so that a valid one
says today's (domain.md 3.3), and no paper is asked for. What the person signs is a frozen statement with the former
and the new name; birth date, sex, name and address of the signature certificate must be the card's (ST-10), and birth
date and sex the former certificate's. Officers decide on every one (a constraint of the database).
"""

import secrets
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import transaction

from cards import cms, jpki
from cards.exchange import CardResponse
from enrollment import names, statement, submission
from enrollment.applicants import readings
from enrollment.errors import Refused
from enrollment.flow import State
from enrollment.models import (
    Applicant,
    ApplicantSession,
    Application,
    CardReading,
    CertificateOrder,
    NameChange,
)
from enrollment.names import Match
from enrollment.orders import placing, subjects
from enrollment.problems import gettext_noop as _
from ledger import canonical
from signing import credentials

VERSION = 1
DECLARES = _(
    "氏名が変わったため、新しい氏名の電子証明書の発行を申し込みます。発行されたときは、これまでの電子証明書を失効してください。"
)


def standing(applicant: Applicant) -> subjects.Known:
    """The certificate whose name would change; raises Refused("no_certificate", "certificate_suspended")."""
    cases = Application.objects.of(applicant).filter(state=State.ISSUED, certificate_ended_at=None)
    case = cases.filter(credential__isnull=False).order_by("-pk").first()
    if case is None or case.credential is None:
        raise Refused("no_certificate")
    facts = credentials.facts(credentials.newest_of(case.credential))
    if facts.state == "suspended":
        raise Refused("certificate_suspended")
    if facts.state != "active":
        raise Refused("no_certificate")
    return subjects.known(facts.public_id)


def under_way(person: subjects.Known) -> CertificateOrder | None:
    """The open order to succeed this certificate, of whatever kind."""
    return CertificateOrder.objects.open().filter(former=person.facts.public_id).first()


def begin(applicant: Applicant) -> subjects.Known:
    """The certificate, where a change may be prepared now; raises Refused as `standing`, and "order_open"."""
    person = standing(applicant)
    if under_way(person) is not None:
        raise Refused("order_open")
    return person


def current(applicant: Applicant, person: subjects.Known) -> NameChange | None:
    """What has been prepared for this very certificate."""
    return NameChange.objects.filter(applicant=applicant, former=person.facts.public_id).first()


def keep_card(session: ApplicantSession, response: CardResponse, at: datetime) -> None:
    """What the card says now; the same reading again keeps the names that were given.

    Raises Refused: what the reader could not do, other_card, nothing_changed, name_not_proven, and as `begin`.
    """
    readings.require_answer(response)
    readings.require_same_card(response, session)
    if response.attributes is None:
        raise Refused("reader_error")
    person = begin(session.applicant)
    card = asdict(response.attributes) | {"birth_date": response.attributes.birth_date.isoformat()}
    _require_new(subjects.subject_of(person), card)
    with transaction.atomic():
        Applicant.objects.select_for_update(no_key=True).get(pk=session.applicant_id)
        row, made = NameChange.objects.get_or_create(
            applicant=session.applicant,
            defaults={"former": person.facts.public_id, "card": card, "changed_at": at},
        )
        if made or (row.card == card and row.former == person.facts.public_id):
            return
        row.former, row.card, row.typed, row.names = person.facts.public_id, card, {}, {}
        row.content, row.sha256, row.changed_at = None, None, at
        row.save()


def _require_new(before: Mapping[str, Any], card: Mapping[str, Any]) -> None:
    """A name that is the former one changes nothing (another kanji form of it does: the certificate shows it)."""
    if card["birth_date"] != before["birth_date"] or (before["sex"] and card["sex"] != before["sex"]):
        raise Refused("name_not_proven", problem="another_person")
    if names.compare(before["name_kanji"], card["name"]) is Match.EQUAL:
        raise Refused("nothing_changed")


def keep_names(row: NameChange, typed: Mapping[str, Any], values: Mapping[str, Any], at: datetime) -> None:
    """What the form was sent with, and what it means where it is right; raises Refused("name_statement_changed")."""
    kept = {"typed": dict(typed), "names": dict(values), "content": None, "sha256": None, "changed_at": at}
    with transaction.atomic():
        locked = NameChange.objects.select_for_update().filter(pk=row.pk).first()
        if locked is None:  # signed in another window
            raise Refused("name_statement_changed")
        for name, value in kept.items():
            setattr(locked, name, value)
        locked.save(update_fields=list(kept))


def freeze(session: ApplicantSession, at: datetime) -> NameChange:
    """The statement to be signed; one that waits for its signature is kept.

    Raises Refused as `begin`, and "name_statement_changed" where nothing has been prepared.
    """
    person = begin(session.applicant)
    with transaction.atomic():
        rows = NameChange.objects.select_for_update().filter(applicant=session.applicant)
        row = rows.filter(former=person.facts.public_id).first()
        if row is None or not row.names:
            raise Refused("name_statement_changed")
        if row.content is None:
            content = canonical.canonical_json(_said(row, person, session, at))
            row.content, row.sha256 = content, sha256(content).digest()
            row.save(update_fields=["content", "sha256"])
    return row


def _said(row: NameChange, person: subjects.Known, session: ApplicantSession, at: datetime) -> dict[str, Any]:
    before, given, facts = subjects.subject_of(person), row.names, person.facts
    return {
        "version": VERSION,
        "kind": "name_change",
        "account": str(session.applicant.public_id),
        "certificate": str(facts.public_id),
        "certificate_serial": facts.serial,
        "person_id": facts.person_id,
        "authority": facts.authority,
        "qualification": facts.qualification,
        "authentication_certificate_sha256": bytes(session.certificate.fingerprint).hex(),
        "before": {name: before[name] for name in ("name_kanji", "family_romaji", "given_romaji")},
        "subject": {
            "family_romaji": given["family_romaji"],
            "given_romaji": given["given_romaji"],
            "name_kanji": names.joined(given["family"], given["given"]),
            "birth_date": row.card["birth_date"],
            "sex": row.card["sex"],
        },
        "names": given,
        "card": row.card,
        "declares": DECLARES,
        "frozen_at": canonical.timestamp(at),
        "nonce": secrets.token_hex(16),
    }


def prove(
    reading: CardReading, response: CardResponse, session: ApplicantSession, at: datetime
) -> CertificateOrder:
    """The card signed exactly what was shown, and its signature certificate says the new name: the order is placed.

    Raises Refused: what the reader could not do, other_card, signature_*, name_statement_changed, name_not_proven,
    order_open, and as `standing`.
    """
    readings.require_answer(response)
    readings.require_same_card(response, session)
    row = NameChange.objects.filter(applicant=session.applicant).first()
    if row is None or row.content is None or bytes(row.sha256 or b"") != bytes(reading.digest or b""):
        raise Refused("name_statement_changed")
    content = bytes(row.content)
    result = jpki.check_signature(response, content, at, readings.trust())
    readings.require_valid(result, "signature")
    try:
        submission.require_same_person(row.card, result)
    except Refused as refused:
        raise Refused("name_not_proven", problem=refused.code) from refused
    with transaction.atomic():
        # Law 1: whoever takes the row away places the order; another answer to the same statement finds it gone.
        if NameChange.objects.filter(pk=row.pk, sha256=bytes(row.sha256 or b"")).delete()[0] != 1:
            raise Refused("name_statement_changed")
        person = standing(session.applicant)
        if person.facts.public_id != row.former:  # renewed meanwhile
            raise Refused("name_statement_changed")
        return placing.place_name_change(
            person,
            {
                "subject": statement.read(content)["subject"],
                "content": content,
                "cms": cms.detached(content, response.signature, response.signature_certificate),
                "signature_certificate": response.signature_certificate,
                "jpki_outcome": result.outcome.value,
            },
            at,
        )
