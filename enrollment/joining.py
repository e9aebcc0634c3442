"""A renewed My Number Card of a person who holds no HPKI card joins the account of the former card (BD-14, BD-16).

The person signs a frozen statement with the new card's signature key; the certificate's birth date, sex and name are
compared with the newest signed statement of every living certificate's case (NM-07; the address may have changed).
One case: an officer confirms, or where the authority has said so the match suffices. None or several: nothing is
revealed, and an officer may order it after a check, by the code that only the person was shown.
"""

import secrets
import unicodedata
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from django.db import transaction

from cards import cms, jpki
from cards.exchange import CardResponse
from cards.profile import CertificateKind
from enrollment import authorities, names, signed, uploads
from enrollment.applicants import accounts, readings
from enrollment.errors import Refused
from enrollment.flow import LIVING, OrderKind, OrderState, State
from enrollment.models import (
    Applicant,
    ApplicantCertificate,
    ApplicantSession,
    Application,
    CardReading,
    CertificateOrder,
    JoinRequest,
)
from enrollment.names import Match
from enrollment.problems import gettext_noop as _
from ledger import canonical, log
from ledger.clock import today
from signing import credentials
from staff import lockout
from staff.models import Officer
from vault import keyring

VERSION = 1
BLOCKING = [state.value for state in (*LIVING, State.ISSUED) if state is not State.DRAFT]
OPEN = ("asked", "waiting", "unmatched")
SYSTEM = log.Actor("system", "joining")
TRIES = "join-code:"  # before an officer's id: whose tries are counted; no user name looks so
DECLARES = _(
    "更新後のマイナンバーカードの利用者証明用電子証明書を、更新前のカードで発行された電子署名に登録してください。"
)


def may_ask(applicant: Applicant) -> bool:
    """An account with an application under way or granted joins nothing: one living application per person (CA-12)."""
    return not Application.objects.of(applicant).filter(state__in=BLOCKING).exists()


def current(applicant: Applicant) -> JoinRequest | None:
    return JoinRequest.objects.filter(applicant=applicant).order_by("-pk").first()


def freeze(session: ApplicantSession, at: datetime) -> JoinRequest:
    """The statement to be signed; one that waits for its signature is kept. Raises Refused("pending", "not_now")."""
    if not may_ask(session.applicant):
        raise Refused("pending")
    with transaction.atomic():
        Applicant.objects.select_for_update().get(pk=session.applicant_id)
        found = JoinRequest.objects.filter(applicant=session.applicant, state__in=OPEN).first()
        if found is not None:
            return found
        content = canonical.canonical_json(
            {
                "version": VERSION,
                "kind": "join_renewed_card",
                "account": str(session.applicant.public_id),
                "authentication_certificate_sha256": bytes(session.certificate.fingerprint).hex(),
                "declares": DECLARES,
                "frozen_at": canonical.timestamp(at),
                "nonce": secrets.token_hex(16),
            }
        )
        return JoinRequest.objects.create(
            applicant=session.applicant,
            certificate=session.certificate,
            content=content,
            sha256=sha256(content).digest(),
            frozen_at=at,
        )


def prove(
    reading: CardReading, response: CardResponse, session: ApplicantSession, at: datetime
) -> JoinRequest:
    """The new card signed exactly what was shown; whom it belongs to is then looked for.

    Raises Refused: what the reader could not do, other_card, statement_changed, signature_*, pending.
    """
    readings.require_answer(response)
    readings.require_same_card(response, session)
    asked = JoinRequest.objects.filter(applicant=session.applicant, state="asked").first()
    if asked is None or bytes(asked.sha256) != bytes(reading.digest or b""):
        raise Refused("statement_changed")
    result = jpki.check_signature(response, asked.content, at, readings.trust())
    readings.require_valid(result, "signature")
    if not may_ask(session.applicant):
        raise Refused("pending")
    matches = [] if result.attributes is None else _matches(result.attributes, session.applicant)
    one = matches[0] if len(matches) == 1 else None
    with transaction.atomic():
        changes: dict[str, Any] = {"state": "unmatched"}
        if one is not None:
            case, how, moved = one
            changes = {
                "state": "waiting",
                "application": case,
                "name_match": how.value,
                "address_changed": moved,
            }
        asked.cms = cms.detached(asked.content, response.signature, response.signature_certificate)
        if JoinRequest.objects.filter(pk=asked.pk, state="asked").update(signed_at=at, **changes) != 1:
            raise Refused("statement_changed")
        asked.save(update_fields=["cms"])
        actor = accounts.actor(session.applicant)
        _log("asked", asked, actor, one[0].authority if one else "", found=len(matches))
    asked.refresh_from_db()
    if one is not None and not authorities.join_needs_officer(one[0].authority, today(at)):
        _join(asked, None, SYSTEM, at)
    return asked


def _matches(holder: jpki.SignatureAttributes, applicant: Applicant) -> list[tuple[Application, Match, bool]]:
    """Issued cases of other accounts whose signed person is this one under NM-07."""
    same = "\n".join((names.search_key(holder.name), holder.birth_date.isoformat(), holder.sex))
    key = keyring.web().mac("enrollment.person", same.encode())
    rows = Application.objects.filter(person_key=key, state=State.ISSUED, credential__isnull=False)
    found: list[tuple[Application, Match, bool]] = []
    for case in rows.exclude(applicant=applicant).select_related("applicant"):
        card = signed.facts(case)["answers"]["card"]
        match = names.compare(_name_today(case) or card["name"], holder.name)
        agrees = card["birth_date"] == holder.birth_date.isoformat() and card["sex"] == holder.sex
        if agrees and match is not Match.MISMATCH and _is_living(case):
            moved = names.compare(card["address"], holder.address) is Match.MISMATCH
            found.append((case, match, moved))
    return found


def _name_today(case: Application) -> str:
    """The name of the newest certificate, where it has changed since the application; "" where it has not."""
    orders = CertificateOrder.objects.filter(application=case, kind=OrderKind.NAME_CHANGE)
    newest = orders.filter(state=OrderState.ISSUED).order_by("-pk").first()
    return str(signed.new_name(newest)["card"]["name"]) if newest else ""


def _is_living(case: Application) -> bool:
    return case.credential is not None and (
        credentials.facts(credentials.newest_of(case.credential)).state == "active"
    )


# --- the officer --------------------------------------------------------------------------------------------------


def _require(officer: Officer, authority: str) -> log.Actor:
    if not any(officer.holds(role, authority) for role in ("EXAMINER", "APPROVER")):
        raise Refused("not_yours")
    return log.Actor("officer", str(officer.public_id))


def confirm(request: JoinRequest, officer: Officer, at: datetime) -> None:
    """Seen and right: the accounts are one from now on. Raises Refused: not_yours, not_now, and signing's as card_*."""
    if request.application is None:
        raise Refused("not_now")
    _join(request, officer, _require(officer, request.application.authority), at)


def refuse(request: JoinRequest, officer: Officer, at: datetime) -> None:
    """Not the same person, or not certain: nothing is joined, the person may turn to the CA."""
    if request.application is None:
        raise Refused("not_now")
    actor = _require(officer, request.application.authority)
    with transaction.atomic():
        rows = JoinRequest.objects.filter(pk=request.pk, state="waiting")
        if rows.update(state="refused", decided_by=officer, decided_at=at) != 1:
            raise Refused("not_now")
        _log("refused", request, actor, request.application.authority)


def order(case: Application, code: str, officer: Officer, at: datetime) -> None:
    """After a check of its own the officer joins a request that was not matched, by the code the person was shown.

    A wrong code is one of the officer's five tries, counted before it is looked up (ASVS 5.0 6.3.1). A name may have
    changed since the case, a birth date has not: nobody's card is joined to a stranger's account by one officer alone.
    Raises Refused: not_yours, codes_locked, code_unknown, another_person, and what `confirm` raises.
    """
    actor = _require(officer, case.authority)
    if case.state != State.ISSUED:
        raise Refused("not_now")
    tries = f"{TRIES}{officer.public_id}"
    try:
        lockout.count_try(tries, at)
    except lockout.LockedOut as locked:
        raise Refused("codes_locked") from locked
    typed = _plain(code)
    with transaction.atomic():
        if (
            JoinRequest.objects.filter(code=typed, state="unmatched").update(
                state="waiting", application=case
            )
            != 1
        ):
            raise Refused("code_unknown")
        found = JoinRequest.objects.get(code=typed)
        if _birth_date(found) != date.fromisoformat(signed.facts(case)["answers"]["card"]["birth_date"]):
            raise Refused("another_person")
        _join(found, officer, actor, at)
        lockout.forgive(tries)


def _plain(typed: str) -> str:
    """As people read it aloud and type it; what cannot be a code finds nothing."""
    plain = "".join(unicodedata.normalize("NFKC", typed).upper().replace("-", "").split())
    return plain if plain.isascii() and plain.isalnum() else ""


def _birth_date(request: JoinRequest) -> date:
    """By the certificate that signed the statement; raises Refused("statement_broken")."""
    try:
        certificate = cms.verify(bytes(request.cms or b""), bytes(request.content))
    except cms.CmsError as broken:
        raise Refused("statement_broken") from broken
    at = request.signed_at or request.frozen_at
    holder = jpki.verify(certificate, CertificateKind.SIGNATURE, at, readings.trust()).attributes
    if holder is None:
        raise Refused("statement_broken")
    return holder.birth_date


def _join(request: JoinRequest, officer: Officer | None, actor: log.Actor, at: datetime) -> None:
    """One transaction: certificate, sessions, draft, binding. The former card stops at once and N16 goes out."""
    case = request.application
    assert case is not None and case.credential is not None
    with transaction.atomic():
        rows = JoinRequest.objects.filter(pk=request.pk, state="waiting")
        if rows.update(state="joined", decided_by=officer, decided_at=at) != 1:
            raise Refused("not_now")
        Applicant.objects.select_for_update().get(pk=request.applicant_id)
        if not may_ask(request.applicant):
            raise Refused("pending")
        for draft in Application.objects.of(request.applicant).filter(state=State.DRAFT):
            uploads.erase_all(draft)
            draft.delete()
        certificate = ApplicantCertificate.objects.get(pk=request.certificate_id)
        ApplicantSession.objects.filter(certificate=certificate, ended_at=None).update(ended_at=at)
        ApplicantCertificate.objects.filter(pk=certificate.pk).update(applicant=case.applicant)
        try:
            credentials.bind_card(
                credentials.newest_of(case.credential),
                bytes(certificate.fingerprint),
                certificate.not_after,
                at=at,
                actor=actor,
            )
        except credentials.Refused as refused:  # suspended or revoked meanwhile, or bound elsewhere (BD-16)
            raise Refused("card_not_bound", problem=refused.code) from refused
        _log("joined", request, actor, case.authority, application=str(case.public_id))
    request.refresh_from_db()


def _log(
    what: str, request: JoinRequest, actor: log.Actor, authority: str, **data: str | int | bool | None
) -> None:
    log.append(
        f"account.join_{what}",
        actor=actor,
        subject=str(request.public_id),
        authority=authority,
        data={"account": str(request.applicant.public_id), **data},
    )
