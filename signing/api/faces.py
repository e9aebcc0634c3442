"""What a face is made of: per method how to read what is asked, what the engine does, how to tell the answer."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from signing.activation import Caller
from signing.api.asked import Body, Signing
from signing.api.errors import Answer
from signing.errors import Refused

Shape = dict[str, Any]
SERVICE = "service"


class Requester(NamedTuple):
    """Who asks: the caller, and the access token in clear, which v2 lets stand for the SAD."""

    caller: Caller
    bearer: str


def for_service(requester: Requester) -> Caller:
    """The caller, if its token is of scope `service`: a token of scope `credential` only signs its own hashes.

    Raises Refused("token_scope").
    """
    if requester.caller.scope != SERVICE:
        raise Refused("token_scope")
    return requester.caller


def own_sad(requester: Requester, wanted: Signing) -> Signing:
    """A token of scope `credential` is its own SAD and stands for no other. Raises Refused("sad_unknown")."""
    if requester.caller.scope != SERVICE and wanted.sad != requester.bearer:
        raise Refused("sad_unknown")
    return wanted


class Told(NamedTuple):
    """An answer that is not 200."""

    status: int
    shape: Shape


class Method(NamedTuple):
    """One method of the standard. `read` is pure; `tell` gives names to what `carry_out` returned."""

    read: Callable[[Body, Requester], Any]
    carry_out: Callable[[Caller, Any, datetime], Any]
    tell: Callable[[Any], Shape | Told]


class Face(NamedTuple):
    """One version of the API. `info` is open to everybody; every other method knows its caller.

    `not_offered`: the version's methods that we do not have; they answer 501 and stand in no `info`.
    """

    version: str
    info: Callable[[Body], Shape]
    methods: Mapping[str, Method]
    not_offered: tuple[str, ...]
    errors: Mapping[str, Answer]

    @property
    def names(self) -> list[str]:
        """Every method that is offered."""
        return ["info", *self.methods]
