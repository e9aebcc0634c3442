"""The two kinds of link by which a phone is bound; the other door for enrollment.

`inbox`: an address with a password, three months, in the person's notices. `shown`: a QR code on a PC whose person has
just been authenticated, ten minutes. What both have in common is in `life`.
"""

from signing.links.inbox import MONTHS, TRIES, NewLink, create, open, tries_left
from signing.links.life import (
    INBOX,
    OPEN_FOR,
    SHOWN,
    SYSTEM,
    Facts,
    bind,
    close,
    expire_overdue,
    find,
    is_bound_by,
    locked_credential,
    opened_by,
    require_usable,
)
from signing.links.shown import Shown, show

__all__ = [
    "INBOX",
    "MONTHS",
    "OPEN_FOR",
    "SHOWN",
    "SYSTEM",
    "TRIES",
    "Facts",
    "NewLink",
    "Shown",
    "bind",
    "close",
    "create",
    "expire_overdue",
    "find",
    "is_bound_by",
    "locked_credential",
    "open",
    "opened_by",
    "require_usable",
    "show",
    "tries_left",
]
