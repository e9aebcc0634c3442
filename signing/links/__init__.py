"""The two kinds of link by which a phone is bound; the other door for enrollment.

`inbox`: an address with a password, three months, in the person's notices. `shown`: a QR code on a PC whose person has
just been authenticated, ten minutes. What both have in common is in `life`.
"""

from signing.errors import Refused
from signing.links.inbox import MONTHS, TRIES, NewLink, create, expiry, open, tries_left, want
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
from signing.links.standing import (
    ByNumbers,
    Card,
    OpenLink,
    Phone,
    card_of,
    expired,
    has_phone,
    is_due,
    locked,
    open_link,
    phones_of,
    remove_phone,
    shown_by_numbers,
)
from signing.links.undoing import undo_shown

__all__ = [
    "INBOX",
    "MONTHS",
    "OPEN_FOR",
    "SHOWN",
    "SYSTEM",
    "TRIES",
    "ByNumbers",
    "Card",
    "Facts",
    "NewLink",
    "OpenLink",
    "Phone",
    "Refused",
    "Shown",
    "bind",
    "card_of",
    "close",
    "create",
    "expire_overdue",
    "expired",
    "expiry",
    "find",
    "has_phone",
    "is_bound_by",
    "is_due",
    "locked",
    "locked_credential",
    "open",
    "open_link",
    "opened_by",
    "phones_of",
    "remove_phone",
    "require_usable",
    "show",
    "shown_by_numbers",
    "tries_left",
    "undo_shown",
    "want",
]
