"""What an officer may be, and which rooms of the review desk a role opens (least privilege).

A role is held for one authority; which rows it reaches is decided by the row's own manager (decision 4).
"""

from collections.abc import Iterable

EXAMINER = "EXAMINER"
APPROVER = "APPROVER"
AUDITOR = "AUDITOR"
OPERATOR = "OPERATOR"
ROLES = (EXAMINER, APPROVER, AUDITOR, OPERATOR)

# The only role that may stand above the authorities: it runs the machine and sees no personal data (decision 6).
WITHOUT_AUTHORITY = (OPERATOR,)

# role -> (app, action) as in Django's permission names "app.action_model". Nobody adds or deletes in the admin.
MAY: dict[str, frozenset[tuple[str, str]]] = {
    EXAMINER: frozenset({("enrollment", "view"), ("enrollment", "change")}),
    APPROVER: frozenset({("enrollment", "view"), ("enrollment", "change")}),
    AUDITOR: frozenset({("enrollment", "view"), ("signing", "view"), ("staff", "view"), ("ledger", "view")}),
    OPERATOR: frozenset({("signing", "view"), ("signing", "change"), ("staff", "view"), ("outbox", "view")}),
}


def may(role: str, permission: str) -> bool:
    """Whether the role includes a permission like "enrollment.view_application"."""
    app, _dot, codename = permission.partition(".")
    return (app, codename.partition("_")[0]) in MAY[role]


def may_enter(role: str, app: str) -> bool:
    """Whether the role includes anything in this app."""
    return any(app == allowed for allowed, _action in MAY[role])


# Who reads everything must have decided nothing, and who runs the machine decides on nobody (separation of duties).
ALONE = frozenset({AUDITOR, OPERATOR})


def clashes(held: Iterable[str], role: str) -> bool:
    """Whether somebody who holds these roles, for whichever authority, must not hold this one as well."""
    return any(one != role and (one in ALONE or role in ALONE) for one in held)
