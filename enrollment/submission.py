"""Freeze the draft into a statement, verify its JPKI signature, submit (ST-09 to ST-11, ST-23; decision 25)."""

import secrets
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from cards import cms, jpki
from cards.exchange import CardResponse
from enrollment import authorities, drafts, flow, moves, names, notices, statement, uploads
from enrollment.applicants import accounts, corrections, readings, receipts
from enrollment.errors import Refused
from enrollment.models import (
    Applicant,
    ApplicantSession,
    Application,
    Attachment,
    CardReading,
    SealedPin,
    Statement,
)
from ledger.clock import today
from vault import keyring

DRAWS = 20  # receipt numbers tried before giving up: a million a day


def freeze(application: Application, at: datetime) -> Statement:
    """Make the statement of this round from the rows as they are now; one that waits unsigned is replaced.

    Raises Refused("incomplete", step=…) where an answer no longer holds, Refused("authority_closed"),
    Refused("unchanged", asked=…) where nothing of what was returned has been changed (ST-14), and
    Refused("statement_changed") where ⑨ showed something else than what would be signed (ST-09).
    """
    with transaction.atomic():
        frozen = _frozen(drafts.lock(application), at)
    if frozen is None:
        raise Refused("statement_changed")
    return frozen


def _frozen(locked: Application, at: datetime) -> Statement | None:
    """The new statement; None, and ⑨ and ⑩ to be done again, where ⑨ showed something else."""
    drafts.recheck(locked, at)
    draft = drafts.load(locked, at)
    if not authorities.is_open(locked.authority, locked.qualification, today(at)):
        raise Refused("authority_closed")
    if not flow.is_open(flow.STEP[flow.SIGN], draft):
        raise Refused("incomplete", step=flow.first_open(draft).slug)
    if corrections.is_untouched(locked, draft):
        raise Refused("unchanged", asked=[row.label for row in corrections.unchanged(locked, draft)])
    if draft.answer(flow.CHECK, "shown") != checked(locked, draft, at).hex():
        drafts.forget_consent(locked)
        return None
    Statement.objects.filter(application=locked, signed_at=None).delete()
    content = statement.content(_facts(locked, draft, at))
    return Statement.objects.create(
        application=locked,
        round=locked.round + 1,
        content=content,
        sha256=statement.digest(content),
        frozen_at=at,
    )


def checked(application: Application, draft: flow.Draft, at: datetime) -> bytes:
    """The digest of what ⑨ shows at this moment."""
    return statement.checked(
        application.authority,
        application.qualification,
        _answers(draft),
        _files(application, draft),
        price_of(draft, today(at)).amount,
    )


def handed_in(applicant: Applicant) -> Application | None:
    """The newest application that has been sent and is not back in the applicant's hands (⑫, ST-11)."""
    under_way = set(flow.LIVING) - {flow.State.DRAFT, flow.State.RETURNED}
    mine = Application.objects.of(applicant).filter(state__in=[state.value for state in under_way])
    return mine.order_by("-submitted_at").first()


def waiting(application: Application) -> Statement | None:
    """The frozen statement that waits for its signature."""
    return Statement.objects.filter(
        application=application, round=application.round + 1, signed_at=None
    ).first()


def price_of(draft: flow.Draft, day: date) -> authorities.Price:
    """The price of the day for this applicant (CA-05)."""
    wants_card = draft.answer("qualification", "wants_card") != drafts.NO_CARD
    is_member = draft.answer("membership", "member") == "yes"
    return authorities.price(draft.authority, is_member, day, wants_card=wants_card)


def submit(
    reading: CardReading, response: CardResponse, session: ApplicantSession, at: datetime
) -> Application:
    """Check the signature over exactly the frozen bytes and hand the application in, all in one transaction.

    Raises Refused: what the reader could not do, other_card, statement_changed, signature_*, other_person, not_now.
    """
    readings.require_answer(response)
    readings.require_same_card(response, session)
    application = Application.objects.of(session.applicant).filter(state__in=drafts.OPEN_STATES).first()
    frozen = None if application is None else waiting(application)
    if application is None or frozen is None or bytes(frozen.sha256) != bytes(reading.digest or b""):
        raise Refused("statement_changed")
    if bytes(application.certificate_fingerprint) != bytes(session.certificate.fingerprint):
        raise Refused("other_card")
    if application.return_until is not None and at >= application.return_until:
        raise Refused("not_now")  # ST-13: past its deadline, though the clock has not withdrawn it yet
    result = jpki.check_signature(response, frozen.content, at, readings.trust())
    readings.require_valid(result, "signature")
    require_same_person(drafts.answers(application, "card"), result)
    _require_still_true(application, frozen, at)
    with transaction.atomic():
        locked = drafts.lock(application)
        frozen.cms = cms.detached(frozen.content, response.signature, response.signature_certificate)
        frozen.signature_certificate = response.signature_certificate
        frozen.jpki_outcome, frozen.signed_at = result.outcome.value, at
        if not Statement.objects.filter(pk=frozen.pk, signed_at=None).exists():
            raise Refused("statement_changed")
        frozen.save(update_fields=["cms", "signature_certificate", "jpki_outcome", "signed_at"])
        _hand_in(locked, session, frozen, at)
    application.refresh_from_db()
    return application


def withdraw(application: Application, at: datetime) -> None:
    """取下げ (ST-13, ST-35): only while no officer has recommended it. PIN and files are erased with it (DQ-23)."""
    with transaction.atomic():
        # the case before its files, as an officer's erasure does (review.erase_file): neither waits for the other
        locked = Application.objects.select_for_update().filter(pk=application.pk).first()
        if locked is None:
            raise Refused("not_now")
        SealedPin.objects.filter(application=application).delete()
        if not locked.legal_hold:  # placed since the page was asked for, it counts too
            uploads.erase_all(application)
        notices.withdrawn(application)
        moves.perform(
            "withdraw",
            application,
            by=flow.Actor.APPLICANT,
            actor=accounts.actor(application.applicant),
            at=at,
            changes={"claimed_by": None, "claimed_at": None, "claimed_until": None},
        )


def _facts(application: Application, draft: flow.Draft, at: datetime) -> statement.Facts:
    consent = draft.answers["consent"]
    former = Statement.objects.filter(application=application, round=application.round).first()
    return statement.Facts(
        application=str(application.public_id),
        round=application.round + 1,
        authority=application.authority,
        qualification=application.qualification,
        certificate_fingerprint=bytes(application.certificate_fingerprint),
        answers=_answers(draft),
        consents=[(name, version) for name, version in consent["items"]],
        agreed_at=consent["agreed_at"],
        declarations={
            "holds_no_hpki_card": draft.answer("qualification", "hpki_card") == "none",
            "applies_in_person": True,
            "card_data_is_right": bool(draft.answer("card-check", "is_right")),
            "photo_is_recent": bool(draft.answer("photo", "is_recent")),
        },
        files=_files(application, draft),
        price=price_of(draft, today(at)).amount,
        frozen_at=at.isoformat(),
        nonce=secrets.token_bytes(16),
        previous_sha256=bytes(former.sha256) if former else b"",
        checked_sha256=bytes.fromhex(str(draft.answer(flow.CHECK, "shown"))),
    )


def _answers(draft: flow.Draft) -> dict[str, Mapping[str, Any]]:
    """What is asked under today's choices; the card PIN is in no statement (DQ-23)."""
    asked = {row.slug for row in flow.ASKED if row.applies(draft)} - {"card-pin"}
    return {slug: values for slug, values in draft.answers.items() if slug in asked}


def _files(application: Application, draft: flow.Draft) -> list[statement.File]:
    wanted = {row.slug.replace("-", "_") for row in flow.ASKED if row.applies(draft)}
    return [
        statement.File(row.slot, row.ordinal, row.kind, bytes(row.original_sha256), bytes(row.shown_sha256))
        for row in Attachment.objects.filter(application=application, slot__in=wanted)
    ]


def _require_still_true(application: Application, frozen: Statement, at: datetime) -> None:
    """Between freezing and signing days may pass: rules and price are asked again (PH-52, CA-05, CA-11)."""
    with transaction.atomic():
        locked = drafts.lock(application)
        failed = drafts.recheck(locked, at)
        draft = drafts.load(locked, at)
        is_closed = not authorities.is_open(locked.authority, locked.qualification, today(at))
        costs_more = price_of(draft, today(at)).amount != statement.read(frozen.content)["price"]
        if failed or is_closed or costs_more:
            drafts.forget_consent(locked)
    if is_closed:
        raise Refused("authority_closed")
    if failed or costs_more:
        raise Refused("incomplete" if failed else "statement_changed")


def require_same_person(card: Any, result: jpki.JpkiResult) -> None:
    """ST-10: birth date and sex equal, name and address equal under NM-07.

    Where the certificate itself says that a character stands for another one (NM-06), a differing name or address
    goes to the officer instead: the automatic checks compare both again from the stored certificate.
    """
    holder = result.attributes
    if holder is None:
        raise Refused("signature_error", problem="attributes")
    if holder.birth_date.isoformat() != card["birth_date"] or holder.sex != card["sex"]:
        raise Refused("other_person")
    differs = names.Match.MISMATCH in (
        names.compare(card["name"], holder.name),
        names.compare(card["address"], holder.address),
    )
    if differs and not holder.has_substitutes:
        raise Refused("other_person")


def _hand_in(application: Application, session: ApplicantSession, frozen: Statement, at: datetime) -> None:
    facts = statement.read(frozen.content)
    application.receipt_number = application.receipt_number or _receipt(today(at))
    application.round = frozen.round
    notices.received(application, at)
    needed = authorities.officers_needed(application.authority, today(at))
    try:
        moves.perform(
            "submit",
            application,
            by=flow.Actor.APPLICANT,
            actor=accounts.actor(session.applicant),
            at=at,
            guard={"round": frozen.round - 1},
            changes={
                "round": frozen.round,
                "receipt_number": application.receipt_number,
                "submitted_at": at,
                "price": facts["price"],
                "person_key": person_key(facts["answers"]["card"]),
                "return_until": None,
                "reminded_on": None,
                "approvals_needed": needed.approvals,
                "rejections_needed": needed.rejections,
            },
            news=[moves.News("enrollment.submitted", settings.REVIEW_QUEUES[application.authority])],
            data={"round": frozen.round, "statement": bytes(frozen.sha256).hex()},
        )
    except IntegrityError as broken:  # one living application per certificate (CA-13)
        raise Refused("pending") from broken


def _receipt(day: date) -> str:
    for _draw in range(DRAWS):
        drawn = receipts.number(day, secrets.randbelow(1_000_000))
        if not Application.objects.filter(receipt_number=drawn).exists():
            return drawn
    raise Refused("not_now")


def person_key(card: dict[str, Any]) -> bytes:
    """Name, birth date and sex as one keyed digest, for finding the same person (decision 7)."""
    same = "\n".join((names.search_key(card["name"]), card["birth_date"], card["sex"]))
    return keyring.web().mac("enrollment.person", same.encode())
