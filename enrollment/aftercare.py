"""What officers do to a certificate and its link after the case: suspend, resume, revoke, send a new link (RV-7).

Sources: issue 4 point 7 ("suspend, resume, revoke with reason by signer, officer or operator"); BD-15, ST-24 (a new
link by the officer, the older one dies at once); ASVS 5.0 2.3.5 (two people); BR 4.9.1 (a compromised key: 24 hours).
No officer binds a phone: the link and its password go into the person's inbox and are returned to nobody here.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from django.db import IntegrityError, transaction

from enrollment import authorities, issuance
from enrollment.errors import Refused
from enrollment.models import Application, RevocationRequest
from ledger import log
from ledger.clock import today
from signing import credentials
from staff.models import Officer

SUSPENDING = ("EXAMINER", "APPROVER")
DECIDING = ("APPROVER",)
T = TypeVar("T")
# A key in strange hands cannot wait for a second pair of eyes.
BY_ONE = frozenset({"key_compromise"})


def suspend(case: Application, officer: Officer, reason: str, at: datetime) -> None:
    """Stop the certificate for now: always by one officer, for it can be undone."""
    _require(case, officer, SUSPENDING)
    _carry_out(lambda: credentials.suspend(_row(case), _actor(officer), reason, at))


def resume(case: Application, officer: Officer, reason: str, at: datetime) -> None:
    """Let it sign again; not while a revocation of it is asked for."""
    _require(case, officer, DECIDING)
    with transaction.atomic():
        Application.objects.select_for_update().get(pk=case.pk)
        if RevocationRequest.objects.filter(application=case, state=RevocationRequest.OPEN).exists():
            raise Refused("revocation_asked")
        _carry_out(lambda: credentials.resume(_row(case), _actor(officer), reason, at))


def ask_revocation(case: Application, officer: Officer, reason: str, at: datetime) -> bool:
    """Revoke, or have it confirmed by another officer: True when it is done already.

    Until the second word the certificate is suspended, so that nothing is signed with it meanwhile.
    """
    _require(case, officer, SUSPENDING)
    if reason not in credentials.REVOCATION_REASONS:
        raise Refused("reason_unknown")
    needed = 1 if reason in BY_ONE else authorities.revocation_officers(case.authority, today(at))
    try:
        with transaction.atomic():
            Application.objects.select_for_update().get(pk=case.pk)
            row = _row(case)
            request = RevocationRequest.objects.create(
                application=case,
                credential=row.public_id,
                reason=reason,
                officers_needed=needed,
                asked_by=officer,
                asked_at=at,
            )
            if needed == 1:
                _close(request, RevocationRequest.CARRIED_OUT, at)
                _carry_out(lambda: credentials.revoke(row, _actor(officer), reason, at))
                return True
            if row.state == "active":
                _carry_out(lambda: credentials.suspend(row, _actor(officer), "revocation_asked", at))
            elif row.state != "suspended":
                raise Refused("credential_state")
            _carry_out(
                lambda: credentials.hold(row, True)
            )  # nor does its holder go on meanwhile, with the card at home
            _log("credential.revocation_asked", case, officer, reason=reason)
    except IntegrityError as broken:
        raise Refused("revocation_asked") from broken
    return False


def confirm_revocation(case: Application, officer: Officer, at: datetime) -> None:
    """The second officer's word: the certificate is revoked for the reason that the first one gave."""
    _require(case, officer, DECIDING)
    try:
        with transaction.atomic():
            request = _open_request(case)
            if request.asked_by_id == officer.pk:
                raise Refused("same_officer")
            _close(request, RevocationRequest.CARRIED_OUT, at, confirmed_by=officer)
            _carry_out(lambda: credentials.revoke(_row(case), _actor(officer), request.reason, at))
    except IntegrityError as broken:
        raise Refused("same_officer") from broken


def drop_revocation(case: Application, officer: Officer, at: datetime) -> None:
    """Not after all: by an approver, or by the one who asked. The certificate stays suspended until it is resumed."""
    with transaction.atomic():
        request = _open_request(case)
        if request.asked_by_id != officer.pk:
            _require(case, officer, DECIDING)
        _close(request, RevocationRequest.DROPPED, at)
        credentials.hold(_row(case), False)
        _log("credential.revocation_dropped", case, officer, reason=request.reason)


def send_link(case: Application, officer: Officer, reason: str, at: datetime) -> None:
    """A new link into the person's inbox (BD-15, ST-24): the older one is void at once, its clear text is erased."""
    _require(case, officer, SUSPENDING)
    found = standing(case)
    if found is None or found.state != "active":
        raise Refused("credential_state")
    if found.was_bound and authorities.phone_binding_once(case.authority, today(at)):
        raise Refused("phone_once")
    with transaction.atomic():
        issuance.reissue_link(case, actor=_actor(officer), reason=reason, at=at)
        _log("credential.link_sent_again", case, officer, reason=reason)


def standing(case: Application) -> credentials.Standing | None:
    """Of the certificate that stands for this case today: a renewed one takes its predecessor's place."""
    return None if case.credential is None else credentials.standing(credentials.newest_of(case.credential))


def open_request(case: Application) -> RevocationRequest | None:
    return (
        RevocationRequest.objects.filter(application=case, state=RevocationRequest.OPEN)
        .select_related("asked_by")
        .first()
    )


def _open_request(case: Application) -> RevocationRequest:
    """With its row locked, so that two words about it come one after the other."""
    found = (
        RevocationRequest.objects.select_for_update()
        .filter(application=case, state=RevocationRequest.OPEN)
        .first()
    )
    if found is None:
        raise Refused("nothing_asked")
    return found


def _close(request: RevocationRequest, state: str, at: datetime, **more: object) -> None:
    rows = RevocationRequest.objects.filter(pk=request.pk, state=RevocationRequest.OPEN)
    if rows.update(state=state, closed_at=at, **more) != 1:
        raise Refused("nothing_asked")


def _row(case: Application) -> credentials.Credential:
    public_id = case.credential
    if public_id is None:
        raise Refused("credential_state")
    return _carry_out(lambda: credentials.find(credentials.newest_of(public_id)))


def _carry_out(act: Callable[[], T]) -> T:
    """What signing refuses is refused here by the same code."""
    try:
        return act()
    except credentials.Refused as refused:
        raise Refused(refused.code) from refused


def _require(case: Application, officer: Officer, roles: tuple[str, ...]) -> None:
    if not any(officer.holds(role, case.authority) for role in roles):
        raise Refused("not_yours")


def _actor(officer: Officer) -> log.Actor:
    return log.Actor("officer", str(officer.public_id))


def _log(kind: str, case: Application, officer: Officer, **data: str) -> None:
    log.append(
        kind, actor=_actor(officer), subject=str(case.credential), authority=case.authority, data={**data}
    )
