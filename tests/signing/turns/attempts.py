"""authorize and signHash as tasks of tests.support.killing: a front of its own, which dies somewhere on the way.

Whatever leaves is written down at that very moment, so that it is known of a process that was killed.
"""

import json
import os
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from signing.signer.client import Signed
from signing.turns.calls import Asked, Reserved
from signing.turns.keys import Keys
from tests.signing.turns.running import Hot
from tests.support.csc import RSA_SHA256


class Attempt(NamedTuple):
    """The task's subject, as JSON. `left`: the file of replies, one body a line; `hashes` in base64."""

    credential: str
    bearer: str
    hashes: list[str]
    left: str


def pair(subject: str) -> None:
    """The hot path's two calls, as one caller asks them."""
    wanted = Attempt(*json.loads(subject))
    descriptor = os.open(wanted.left, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    whose = {"credentialID": wanted.credential, "hash": wanted.hashes}
    with Hot() as hot:
        hot.left = lambda body: os.write(descriptor, body + b"\n")
        asked = hot.ask(
            "credentials/authorize", {**whose, "numSignatures": len(wanted.hashes)}, wanted.bearer
        )
        spent = {**whose, "SAD": asked.body["SAD"], "signAlgo": RSA_SHA256}
        assert hot.ask("signatures/signHash", spent, wanted.bearer).status == 200


def naive_pair(subject: str) -> None:
    """As one would first write it: the caller is told as soon as the signer has signed, the rows are written then."""
    tell_at_once(setattr)
    pair(subject)


def tell_at_once(patch: Callable[[object, str, Any], None]) -> None:
    """`patch` as in tests.support.faults.exchanges."""
    sign = Keys.sign

    async def hasty(keys: Keys, calls: Sequence[Reserved], wrapped: dict[int, bytes]) -> list[Asked]:
        made = await sign(keys, calls, wrapped)
        for each in made:
            signatures = [one.signature for one in each.results if isinstance(one, Signed)]
            if signatures:
                each.reserved.call.say(signatures)
        return made

    patch(Keys, "sign", hasty)
