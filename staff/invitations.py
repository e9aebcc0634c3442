"""An officer comes in: a one-time link, a password of their own, an authenticator app, ten recovery codes.

Sources: ASVS 5.0 6.3.4 and 6.4.1 (no default secrets; initial ones are random, short-lived, changed at once), 6.4.4 (a
lost factor needs proof as strong as at the start), 6.5.5; security.md threat 13. Who holds the link alone gets in
nowhere with a role: a new officer has none until they are confirmed (staff.granting), and a second factor is made anew
only by one who also knows the password.
"""

from datetime import datetime, timedelta

from django.contrib.auth.password_validation import validate_password
from django.db import IntegrityError, transaction

from ledger import log
from staff import granting, lockout, second_factor, sign_in
from staff.errors import Refused
from staff.models import Invitation, Officer, RecoverySheet, TotpDevice
from vault import tokens

VALID = timedelta(hours=72)  # over a weekend, no longer


def invite(operator: Officer, username: str, display_name: str, at: datetime) -> tuple[Officer, str]:
    """A new officer without password, device or role, and the token of the way in, in clear only here.

    Raises Refused("name_taken").
    """
    officer = Officer(username=Officer.normalize_username(username), display_name=display_name)
    officer.set_unusable_password()
    try:
        with transaction.atomic():
            officer.save(force_insert=True)
            token = _make(operator, officer, Invitation.JOIN, at)
            _log("staff.invited", operator, officer)
    except IntegrityError as broken:
        raise Refused("name_taken") from broken
    return officer, token


def renew_second_factor(operator: Officer, officer: Officer, reason: str, at: datetime) -> str:
    """A lost phone: devices and recovery codes die at once, and with them every session; the password stays."""
    _require_other(operator, officer)
    with transaction.atomic():
        _take_devices(officer)
        token = _make(operator, officer, Invitation.SECOND_FACTOR, at)
        _log("staff.second_factor_reset", operator, officer, reason=reason)
    return token


def start_anew(operator: Officer, officer: Officer, reason: str, at: datetime) -> str:
    """Password forgotten, or back after leaving: everything is given anew, and every role must be confirmed anew."""
    _require_other(operator, officer)
    with transaction.atomic():
        _take_devices(officer)
        officer.set_unusable_password()
        officer.is_active = True
        officer.save(update_fields=["password", "is_active"])
        taken = officer.roles.count()
        officer.roles.all().delete()
        granting.drop_proposals(officer)
        token = _make(operator, officer, Invitation.JOIN, at)
        _log("staff.started_anew", operator, officer, reason=reason, roles=taken)
    return token


def find(token: str, at: datetime) -> Invitation:
    """The open invitation behind a link; nothing is changed. Raises Refused("invitation_dead")."""
    found = Invitation.objects.select_related("officer").filter(
        token_digest=tokens.digest(token), used_at=None, is_void=False, expires_at__gt=at
    )
    row = found.first()
    if row is None or not row.officer.is_active:
        raise Refused("invitation_dead")
    return row


def begin(invitation: Invitation, password: str, browser: str, at: datetime) -> None:
    """The password: set by a new officer (validated), or proven by one who is known; then a device waits for its code.

    The first browser that comes so far has the invitation for itself: a second one learns that, and asks for another.
    Raises ValidationError, Refused("wrong_password", "begun_elsewhere"), lockout.LockedOut.
    """
    officer = invitation.officer
    if invitation.kind == Invitation.JOIN:
        validate_password(password, officer)
        officer.set_password(password)  # slow: before anything is locked
    else:
        _prove(officer, password, at)
    with transaction.atomic():
        mine = Invitation.objects.filter(pk=invitation.pk, begun_digest=None, used_at=None, is_void=False)
        if mine.update(begun_digest=tokens.digest(browser)) != 1:
            raise Refused("begun_elsewhere")
        if invitation.kind == Invitation.JOIN:
            officer.save(update_fields=["password"])
        second_factor.new_pending_device(officer)


def is_begun_by(invitation: Invitation, browser: str) -> bool:
    begun = invitation.begun_digest
    return begun is not None and bool(browser) and bytes(begun) == tokens.digest(browser)


def finish(invitation: Invitation, code: str, at: datetime) -> list[str]:
    """The app's first code confirms the device and spends the invitation; ten recovery codes, in clear this once.

    Raises Refused("wrong_code", "invitation_dead"), lockout.LockedOut.
    """
    officer = invitation.officer
    number = lockout.count_try(officer.username, at)
    try:
        return _finish(invitation, officer, code, at)
    except Refused as refused:
        if refused.code == "wrong_code":
            sign_in.note_failure(officer.username, number)
        raise


def _finish(invitation: Invitation, officer: Officer, code: str, at: datetime) -> list[str]:
    with transaction.atomic():
        if not second_factor.confirm_pending_device(officer, code, at):
            raise Refused("wrong_code")
        mine = Invitation.objects.filter(pk=invitation.pk, used_at=None, is_void=False)
        if mine.update(used_at=at) != 1:
            raise Refused("invitation_dead")
        lockout.forgive(officer.username)
        codes = second_factor.new_recovery_codes(officer, sign_in.actor(officer))
        _log("staff.joined", officer, officer, way=invitation.kind)
    return codes


def _prove(officer: Officer, password: str, at: datetime) -> None:
    number = lockout.count_try(officer.username, at)
    if not officer.check_password(password):
        sign_in.note_failure(officer.username, number)
        raise Refused("wrong_password")
    lockout.forgive(officer.username)


def _make(operator: Officer, officer: Officer, kind: str, at: datetime) -> str:
    token = tokens.new_token()
    Invitation.objects.filter(officer=officer, used_at=None, is_void=False).update(is_void=True)
    Invitation.objects.create(
        officer=officer,
        kind=kind,
        token_digest=tokens.digest(token),
        made_by=operator,
        made_at=at,
        expires_at=at + VALID,
    )
    return token


def _take_devices(officer: Officer) -> None:
    TotpDevice.objects.filter(user=officer).delete()
    RecoverySheet.objects.filter(user=officer).delete()


def _require_other(operator: Officer, officer: Officer) -> None:
    if operator.pk == officer.pk:
        raise Refused("oneself")


def _log(kind: str, who: Officer, officer: Officer, **data: str | int) -> None:
    log.append(kind, actor=sign_in.actor(who), subject=str(officer.public_id), data={**data} or None)
