"""Short lives as tables: credential, link, authenticator, signing session; the spending of a SAD, an answer.

Sources: seed 001 steps 13, 14 and annexes; form-rules ST-17, ST-18, ST-24, BD-05, BD-10; decisions 11, 12.
"""

from enum import StrEnum
from typing import NamedTuple


class Credential(StrEnum):
    ORDERED = "ordered"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    EXPIRED = "expired"


class Issuance(StrEnum):
    ORDERED = "ordered"
    KEYED = "keyed"  # the wrapped key is stored
    INTENDED = "intended"  # serial and to-be-signed bytes are stored: only now may the CA sign
    ISSUED = "issued"
    STOPPED = "stopped"  # something is wrong with the key or with what was drawn up: nothing was signed


class Answer(StrEnum):
    """What enrollment has said so far to a request for another certificate."""

    WAITING = "waiting"
    ACCEPTED = "accepted"  # an order exists; officers decide, or the certificate is being made
    REFUSED = "refused"
    ISSUED = "issued"


class Link(StrEnum):
    OPEN = "open"
    BOUND = "bound"
    LOCKED = "locked"
    EXPIRED = "expired"
    VOID = "void"  # replaced by a newer link


class Authenticator(StrEnum):
    ACTIVE = "active"
    STOPPED = "stopped"  # its counter went back: perhaps somebody has a copy of its key
    REPLACED = "replaced"
    REMOVED = "removed"


class Item(StrEnum):
    """One authorised hash occurrence (decision 12)."""

    AUTHORISED = "authorised"
    RESERVED = "reserved"
    SIGNED = "signed"
    FAILED = "failed"  # outcome unknown: never signed again
    DEAD = "dead"  # revoked, suspended, session ended or SAD extended before it was used


class Approval(StrEnum):
    """A set of hashes that its signer must approve by an act of their own (step-up)."""

    WAITING = "waiting"
    APPROVED = "approved"  # the caller has not fetched the SAD yet
    TAKEN = "taken"
    REFUSED = "refused"
    EXPIRED = "expired"
    VOID = "void"  # the caller's token, its certificate or its day ended first


class Visit(StrEnum):
    """A visit of the site for holders of an HPKI card (decision 40)."""

    BEGUN = "begun"  # the browser was sent to the origin that asks for the card
    IDENTIFIED = "identified"  # the card was believed; a ticket is on its way back, for sixty seconds
    OPEN = "open"
    ENDED = "ended"


class SignIn(StrEnum):
    """A QR code that a browser shows to a phone: by it the phone opens that browser's day, or approves one approval."""

    SHOWN = "shown"
    OPENED = "opened"  # by one phone: both screens show its number
    PROVED = "proved"  # the phone has proved its owner; the browser that shows the code may go on
    TAKEN = "taken"  # it has gone on
    VOID = "void"  # given up, or a newer one is shown


class Actor(StrEnum):
    SIGNER = "signer"
    OFFICER = "officer"
    OPERATOR = "operator"
    CALLER = "caller"
    SYSTEM = "system"


class Move(NamedTuple):
    name: str
    sources: tuple[StrEnum, ...]
    target: StrEnum
    actors: tuple[Actor, ...]


def move(name: str, sources: tuple[StrEnum, ...], target: StrEnum, *actors: Actor) -> Move:
    return Move(name, sources, target, actors)


C, I, L, N, T, P, V, A = Credential, Issuance, Link, Authenticator, Item, Approval, Visit, Actor  # noqa: E741
Q = SignIn

# fmt: off
CREDENTIAL_MOVES = (
    move("activate",  (C.ORDERED,),                     C.ACTIVE,     A.SYSTEM),
    move("hold",      (C.ORDERED,),                     C.SUSPENDED,  A.SYSTEM),  # its former one was suspended
    move("stop",      (C.ORDERED,),                     C.REVOKED,    A.SYSTEM),  # its former one was revoked
    move("suspend",   (C.ACTIVE,),                      C.SUSPENDED,  A.SIGNER, A.OFFICER, A.OPERATOR),
    move("resume",    (C.SUSPENDED,),                   C.ACTIVE,     A.SIGNER, A.OFFICER),
    move("revoke",    (C.ACTIVE, C.SUSPENDED),          C.REVOKED,    A.SIGNER, A.OFFICER, A.OPERATOR),
    move("supersede", (C.ACTIVE, C.SUSPENDED),          C.REVOKED,    A.SYSTEM),
    move("expire",    (C.ACTIVE, C.SUSPENDED),          C.EXPIRED,    A.SYSTEM),
)
W = Answer
ANSWER_MOVES = (
    move("accept",    (W.WAITING,),                     W.ACCEPTED,   A.SYSTEM),
    move("refuse",    (W.WAITING, W.ACCEPTED),          W.REFUSED,    A.SYSTEM),
    move("fulfil",    (W.WAITING, W.ACCEPTED),          W.ISSUED,     A.SYSTEM),
)
ISSUANCE_MOVES = (
    move("key",       (I.ORDERED,),                     I.KEYED,      A.SYSTEM),
    move("intend",    (I.KEYED,),                       I.INTENDED,   A.SYSTEM),
    move("issue",     (I.INTENDED,),                    I.ISSUED,     A.SYSTEM),
    move("stop",      (I.KEYED,),                       I.STOPPED,    A.SYSTEM),
    move("retry",     (I.STOPPED,),                     I.ORDERED,    A.OPERATOR),
)
LINK_MOVES = (
    move("bind",      (L.OPEN,),                        L.BOUND,      A.SIGNER),
    move("lock",      (L.OPEN,),                        L.LOCKED,     A.SYSTEM),
    move("expire",    (L.OPEN,),                        L.EXPIRED,    A.SYSTEM),
    move("void",      (L.OPEN, L.LOCKED, L.EXPIRED),    L.VOID,       A.OFFICER, A.SIGNER, A.SYSTEM),
)
AUTHENTICATOR_MOVES = (
    move("stop",      (N.ACTIVE,),                      N.STOPPED,    A.SYSTEM),
    move("replace",   (N.ACTIVE, N.STOPPED),            N.REPLACED,   A.SIGNER),
    move("remove",    (N.ACTIVE, N.STOPPED),            N.REMOVED,    A.SIGNER, A.OFFICER),
    move("restore",   (N.REPLACED,),                    N.ACTIVE,     A.SIGNER),
)
ITEM_MOVES = (
    move("reserve",   (T.AUTHORISED,),                  T.RESERVED,   A.CALLER),
    move("give_back", (T.RESERVED,),                    T.AUTHORISED, A.SYSTEM),
    move("sign",      (T.RESERVED,),                    T.SIGNED,     A.SYSTEM),
    move("fail",      (T.RESERVED,),                    T.FAILED,     A.SYSTEM),
    move("kill",      (T.AUTHORISED,),                  T.DEAD,       A.SIGNER, A.CALLER, A.SYSTEM),
)
APPROVAL_MOVES = (
    move("approve",   (P.WAITING,),                     P.APPROVED,   A.SIGNER),
    move("refuse",    (P.WAITING,),                     P.REFUSED,    A.SIGNER),
    move("take",      (P.APPROVED,),                    P.TAKEN,      A.CALLER),
    move("expire",    (P.WAITING, P.APPROVED),          P.EXPIRED,    A.SYSTEM),
    move("void",      (P.WAITING, P.APPROVED),          P.VOID,       A.SIGNER, A.CALLER, A.SYSTEM),
)
VISIT_MOVES = (
    move("identify",  (V.BEGUN,),                       V.IDENTIFIED, A.SYSTEM),
    move("open",      (V.IDENTIFIED,),                  V.OPEN,       A.SIGNER),
    move("end",       (V.OPEN,),                        V.ENDED,      A.SIGNER),
)
SIGN_IN_MOVES = (
    move("open",      (Q.SHOWN,),                       Q.OPENED,     A.SIGNER),
    move("prove",     (Q.OPENED,),                      Q.PROVED,     A.SIGNER),
    move("take",      (Q.PROVED,),                      Q.TAKEN,      A.SIGNER),
    move("void",      (Q.SHOWN, Q.OPENED, Q.PROVED),    Q.VOID,       A.SIGNER, A.SYSTEM),
)
# fmt: on
