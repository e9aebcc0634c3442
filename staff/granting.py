"""Roles: an operator proposes, somebody else who answers for the authority confirms, and the database keeps them apart.

Source: issue 4 point 4 (least privilege; no operator makes himself an approver); ASVS 5.0 2.3.5, 8.3.1; security.md
threat 24. Taking a role away needs one operator: it can only make somebody's power smaller.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from ledger import log
from staff import lockout, roles, sign_in
from staff.errors import Refused
from staff.models import Invitation, Officer, OfficerRole, RoleProposal


def is_operator(officer: Officer) -> bool:
    """Officers' administration is the operators' who stand above the authorities."""
    return officer.holds(roles.OPERATOR, "")


def may_decide(officer: Officer, authority: str, role: str) -> bool:
    """An approver of the authority; a role above them all is confirmed by another operator."""
    return officer.holds(roles.APPROVER, authority) if authority else is_operator(officer)


def propose(operator: Officer, officer: Officer, authority: str, role: str, at: datetime) -> RoleProposal:
    """Raises Refused: oneself, not_yours, role_unknown, role_held, role_clashes, role_proposed."""
    _require_operator(operator, officer)
    if role not in roles.ROLES or (not authority and role not in roles.WITHOUT_AUTHORITY):
        raise Refused("role_unknown")
    try:
        with transaction.atomic():
            _require_room(officer, authority, role)
            proposal = RoleProposal.objects.create(
                officer=officer, authority=authority, role=role, proposed_by=operator, proposed_at=at
            )
            _log("staff.role_proposed", operator, officer, authority, role=role)
    except IntegrityError as broken:
        raise Refused("role_proposed") from broken
    return proposal


def confirm(decider: Officer, proposal: RoleProposal, at: datetime) -> None:
    """Raises Refused: not_yours, same_person, decided, role_held, role_clashes."""
    with transaction.atomic():
        officer = _decide(decider, proposal, RoleProposal.CONFIRMED, at)
        _require_room(officer, proposal.authority, proposal.role)
        OfficerRole.objects.create(officer=officer, authority=proposal.authority, role=proposal.role)
        _log("staff.role_confirmed", decider, officer, proposal.authority, role=proposal.role)


def refuse(decider: Officer, proposal: RoleProposal, at: datetime) -> None:
    """Raises Refused: not_yours, same_person, decided."""
    with transaction.atomic():
        officer = _decide(decider, proposal, RoleProposal.REFUSED, at)
        _log("staff.role_refused", decider, officer, proposal.authority, role=proposal.role)


def withdraw(
    operator: Officer, officer: Officer, authority: str, role: str, reason: str, at: datetime
) -> None:
    """Take a role away at once. Raises Refused: oneself, not_yours, role_unknown."""
    _require_operator(operator, officer)
    with transaction.atomic():
        gone, _rows = officer.roles.filter(authority=authority, role=role).delete()
        if not gone:
            raise Refused("role_unknown")
        _log("staff.role_withdrawn", operator, officer, authority, role=role, reason=reason)


def deactivate(operator: Officer, officer: Officer, reason: str, at: datetime) -> None:
    """An officer leaves: every session ends, an open invitation dies. Raises Refused: oneself, not_yours, decided."""
    _require_operator(operator, officer)
    with transaction.atomic():
        if Officer.objects.filter(pk=officer.pk, is_active=True).update(is_active=False) != 1:
            raise Refused("decided")
        Invitation.objects.filter(officer=officer, used_at=None, is_void=False).update(is_void=True)
        drop_proposals(officer)
        _log("staff.deactivated", operator, officer, reason=reason)


def drop_proposals(officer: Officer) -> int:
    """Nobody confirms later what was proposed for the officer as they were: the account may be in other hands by then.

    Inside the transaction of the act that ends them. Returns how many; the ledger keeps that they were proposed.
    """
    dropped, _rows = RoleProposal.objects.filter(officer=officer, state=RoleProposal.OPEN).delete()
    return dropped


def unlock(operator: Officer, officer: Officer, reason: str, at: datetime) -> None:
    """Give a name that is locked out its five tries back. Raises Refused: oneself, not_yours."""
    _require_operator(operator, officer)
    with transaction.atomic():
        lockout.forgive(officer.username)
        _log("staff.unlocked", operator, officer, reason=reason)


def waiting_for(decider: Officer) -> Sequence[RoleProposal]:
    """Open proposals that this officer may decide, oldest first."""
    rows = RoleProposal.objects.filter(state=RoleProposal.OPEN).exclude(officer=decider)
    rows = rows.exclude(proposed_by=decider).select_related("officer", "proposed_by").order_by("pk")
    return [row for row in rows if may_decide(decider, row.authority, row.role)]


def _decide(decider: Officer, proposal: RoleProposal, state: str, at: datetime) -> Officer:
    """Inside a transaction: one conditional update, then the officer's row locked, so that roles are not counted past
    each other."""
    if not may_decide(decider, proposal.authority, proposal.role):
        raise Refused("not_yours")
    if decider.pk in (proposal.proposed_by_id, proposal.officer_id):
        raise Refused("same_person")
    mine = RoleProposal.objects.filter(pk=proposal.pk, state=RoleProposal.OPEN)
    if mine.update(state=state, decided_by=decider, decided_at=at) != 1:
        raise Refused("decided")
    return Officer.objects.select_for_update().get(pk=proposal.officer_id)


def _require_room(officer: Officer, authority: str, role: str) -> None:
    held = set(Officer.objects.select_for_update().get(pk=officer.pk).roles.values_list("authority", "role"))
    if (authority, role) in held:
        raise Refused("role_held")
    if roles.clashes({one for _authority, one in held}, role):
        raise Refused("role_clashes")


def _require_operator(operator: Officer, officer: Officer) -> None:
    if not is_operator(operator):
        raise Refused("not_yours")
    if operator.pk == officer.pk:
        raise Refused("oneself")


def _log(kind: str, who: Officer, officer: Officer, authority: str = "", **data: str) -> None:
    log.append(
        kind,
        actor=sign_in.actor(who),
        subject=str(officer.public_id),
        authority=authority,
        data={**data} or None,
    )
