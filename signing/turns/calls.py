"""What a turn takes: calls with their wishes, and who is calling. Plain."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, TypeAlias
from uuid import UUID

from signing.activation import Caller
from signing.authorising.policy_rows import Policy
from signing.keystore import Algorithm
from signing.signer.client import Result


class Known(NamedTuple):
    """An access token and what it leads to, as the database said at `checked` (seconds of the loop's clock)."""

    caller: Caller
    session_id: bytes  # the UUID's 16 octets
    means: str
    has_signed: bool  # this signer by this client for this facility, ever
    policy: Policy | None  # when a step-up is wanted of this caller; None: as the settings say
    is_bound: bool  # the client is answered over its facility's certificate only
    certificate_begins: datetime | None
    certificate_ends: datetime | None
    credential_id: UUID
    credential_octets: bytes  # of that id
    authority: str
    state: str
    not_after: datetime | None
    expires_at: datetime  # the token's own end
    checked: float


class Authorise(NamedTuple):
    """credentials/authorize: a SAD for these digests, all of one length."""

    credential: UUID
    digests: tuple[bytes, ...]
    description: str
    room: int


class Spend(NamedTuple):
    """signatures/signHash: these digests under that SAD."""

    credential: UUID
    sad_digest: bytes
    digests: tuple[bytes, ...]
    algorithm: Algorithm
    is_bearer: bool = False


class Slowly(NamedTuple):
    """It needs more than a turn knows, the signer's approval for example: the slow pages' functions answer it."""


class Made(NamedTuple):
    """A SAD and its seconds; it exists in clear only here."""

    sad: str
    expires_in: int


class No(NamedTuple):
    """A refusal by its code in the error table; `name` is the parameter's."""

    code: str
    name: str = ""


STRANGER = No("token_invalid")
Wish: TypeAlias = Authorise | Spend | No
Outcome: TypeAlias = Made | list[bytes] | Slowly | No
Read: TypeAlias = Callable[[Known, datetime], Wish | Slowly]
Answer: TypeAlias = Callable[[Outcome], None]
"""Called on the engine's loop, in the middle of its work: quick, and raises nothing."""


class Call:
    """One request on its way: `answer` is called when everything that it caused is committed.

    `token`: the access token's digest. `size`: about how many hashes it brings. `read` gives the wish, or why it is
    none; it is asked once the caller is known.
    """

    __slots__ = ("answer", "is_reopened", "known", "method", "read", "size", "token", "tries", "wish")

    def __init__(
        self,
        method: str,
        token: bytes,
        size: int,
        read: Read,
        answer: Answer,
    ) -> None:
        self.method, self.token, self.size, self.read = method, token, size, read
        self.answer: Answer | None = answer
        self.wish: Wish | None = None
        self.known: Known | None = None
        self.tries = 0  # turns with it that were rolled back
        self.is_reopened = False  # its key was opened once more

    def say(self, outcome: Outcome) -> None:
        """Once: what is said later is not heard."""
        answer, self.answer = self.answer, None
        if answer is not None:
            answer(outcome)


class Item(NamedTuple):
    """One reserved hash occurrence: its row id as PostgreSQL sends it, its public id (16 bytes), its digest."""

    pk: bytes
    public_id: bytes
    digest: bytes


class Reserved(NamedTuple):
    """A call whose items are reserved and committed, in the order of its digests."""

    call: Call
    known: Known
    activation: bytes  # its public id
    algorithm: Algorithm
    items: list[Item]


class Asked(NamedTuple):
    """A reserved call with the signer's word for each item."""

    reserved: Reserved
    results: list[Result]
