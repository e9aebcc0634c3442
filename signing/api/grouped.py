"""A request of the hot path as a call among others: read here, carried out in a turn (`signing.turns`), told here."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from django.conf import settings
from django.db import close_old_connections, connections

from signing import activation, signatures
from signing.activation import NewSad
from signing.activation_store import Wanted
from signing.api import answers, asked, errors, refused
from signing.api.answers import Reply
from signing.api.callers import RequestScope, bearer
from signing.api.faces import Face, Method
from signing.errors import Refused
from signing.turns.calls import Authorise, Call, Made, No, Spend, Wish
from signing.turns.engine import Engine
from vault import tokens

logger = logging.getLogger(__name__)

_CALLER = "signing.api.callers.oauth_client"  # whose question `signing.turns` asks of many at once
_NOT_OURS = ("cursor_factory", "context", "prepare_threshold")  # of Django's own cursors
_beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="csc-why")  # reasons are few and can wait
_engines: dict[asyncio.AbstractEventLoop, Engine] = {}  # one, but for tests that begin another loop


def engine() -> Engine | None:
    """This loop's engine, begun at the first request; None where the database is not PostgreSQL."""
    loop = asyncio.get_running_loop()
    found = _engines.get(loop)
    if found is None:
        connection = connections["default"]
        if connection.vendor != "postgresql" or settings.SIGNING_CALLER != _CALLER:
            return None
        given = connection.get_connection_params()
        parameters = {name: value for name, value in given.items() if name not in _NOT_OURS}
        found = _engines[loop] = Engine(parameters, settings.SIGNER_SOCKET, _why_not)
    return found


async def close() -> None:
    """End this loop's engine; whatever waits is answered first."""
    loop = asyncio.get_running_loop()
    found = _engines.pop(loop, None)
    if found is not None:
        await found.close()
        await loop.run_in_executor(_beside, connections.close_all)


async def answer(running: Engine, face: Face, method: str, headers: Mapping[str, str], body: bytes) -> Reply:
    """As `answers.answer`, for the two methods of the hot path. Never raises."""
    try:
        return await _answer(running, face, method, headers, body)
    except Exception:  # the last door: a bare 500 that tells nothing (law 5)
        logger.exception("%s failed", method)
        return answers.refusal(face, "failed")


async def _answer(running: Engine, face: Face, method: str, headers: Mapping[str, str], body: bytes) -> Reply:
    offered = face.methods[method]
    problem, given = "", {}
    try:
        given = answers.read(body)
    except errors.BadRequest as bad:
        problem = bad.code
    try:
        token = tokens.digest(bearer(RequestScope(headers)))
    except Refused as no:
        code = problem or no.code
        refused.stranger(method, code)
        return answers.refusal(face, code)

    def read() -> Wish:
        return No(problem) if problem else _wish(offered, given)

    outcome = await running.ask(method, token, _size(given), read)
    if isinstance(outcome, Made):
        return answers.good(offered.tell(NewSad(outcome.sad, outcome.expires_in)))
    if isinstance(outcome, list):
        return answers.good(offered.tell(outcome))
    if outcome.code == "token_invalid":
        outcome = No(problem or outcome.code)
        refused.stranger(method, outcome.code)
    return answers.refusal(face, outcome.code, outcome.name)


def _wish(offered: Method, given: asked.Body) -> Wish:
    try:
        read = offered.read(given)
    except errors.BadRequest as bad:
        return No(bad.code, bad.name)
    except Refused as no:
        return No(no.code)
    if isinstance(read, asked.Authorisation):
        return Authorise(read.credential, read.digests, read.description)
    assert isinstance(read, asked.Signing)
    sad = tokens.digest(read.sad)
    return Spend(read.credential, sad, read.digests, signatures.ALGORITHMS[read.algorithm])


def _size(given: asked.Body) -> int:
    found = given.get("hash", given.get("hashes"))
    return len(found) if isinstance(found, list) else 1  # checked later


async def _why_not(spends: Sequence[tuple[Call, Spend]], at: datetime) -> list[No]:
    wanted = []
    for call, spend in spends:
        assert call.known is not None
        caller = call.known.caller
        wanted.append(
            Wanted(spend.sad_digest, spend.credential, caller.session, caller.client, spend.digests)
        )
    loop = asyncio.get_running_loop()
    return [No(code) for code in await loop.run_in_executor(_beside, _look, wanted, at)]


def _look(wanted: list[Wanted], at: datetime) -> list[str]:
    close_old_connections()
    try:
        return activation.why_not(wanted, at)
    finally:
        close_old_connections()
