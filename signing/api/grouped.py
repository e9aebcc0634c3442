"""A request of the hot path as a call among others: read here, carried out in a turn (`signing.turns`), told here."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TypeAlias

from django.conf import settings
from django.db import close_old_connections, connections

from signing import activation
from signing.activation_store import Wanted
from signing.api import answers, asked, errors, facilities, refused
from signing.api.answers import Reply
from signing.api.callers import RequestScope, bearer
from signing.api.faces import Face, Method, Requester
from signing.authorising import policy, policy_rows
from signing.errors import Refused
from signing.turns.calls import STRANGER, Authorise, Call, Known, No, Outcome, Slowly, Spend, Wish
from signing.turns.engine import Engine
from vault import tokens

logger = logging.getLogger(__name__)

_CALLER = "signing.api.callers.oauth_client"  # whose question `signing.turns` asks of many at once
_POLICY = "signing.authorising.policy.reasons"  # whose plain reasons are known here
_NOT_OURS = ("cursor_factory", "context", "prepare_threshold")  # of Django's own cursors
Tell: TypeAlias = Callable[[Reply | None], None]
"""Gets the reply, or None where only the slow path can answer. Raises nothing."""

_beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="csc-why")  # reasons are few and can wait
_engines: dict[asyncio.AbstractEventLoop, Engine] = {}  # one, but for tests that begin another loop


def engine(loop: asyncio.AbstractEventLoop) -> Engine | None:
    """The running loop's engine, begun at the first request; None where the database is not PostgreSQL."""
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


def answer(
    running: Engine, face: Face, method: str, headers: Mapping[str, str], body: bytes, tell: Tell
) -> None:
    """As `answers.answer`, for the two methods of the hot path; `tell` is called once, on this loop. Never raises."""
    try:
        _answer(running, face, method, headers, body, tell)
    except Exception:  # the last door: a bare 500 that tells nothing (law 5)
        logger.exception("%s failed", method)
        tell(answers.refusal(face, "failed"))


def _answer(
    running: Engine, face: Face, method: str, headers: Mapping[str, str], body: bytes, tell: Tell
) -> None:
    offered = face.methods[method]
    problem, given = "", {}
    try:
        given = answers.read(body)
    except errors.BadRequest as bad:
        problem = bad.code
    try:
        token = bearer(RequestScope(headers))
    except Refused as no:
        code = problem or no.code
        refused.stranger(method, code)
        tell(answers.refusal(face, code))
        return

    def read(known: Known, at: datetime) -> Wish | Slowly:
        if not _is_bound_rightly(known, headers, at):
            return STRANGER
        return No(problem) if problem else _wish(offered, given, Requester(known.caller, token), known)

    def told(outcome: Outcome) -> None:
        try:
            reply = _reply(face, method, outcome, problem)
        except Exception:  # the last door, and nobody else's turn is broken
            logger.exception("%s failed", method)
            reply = answers.refusal(face, "failed")
        tell(reply)

    running.ask(method, tokens.digest(token), _size(given), read, told)


def _reply(face: Face, method: str, outcome: Outcome, problem: str) -> Reply | None:
    """`problem`: why the body could not be read."""
    if isinstance(outcome, Slowly):
        return None
    if not isinstance(outcome, No):
        return answers.told(face.methods[method].tell(outcome))
    if outcome == STRANGER:
        outcome = No(problem or outcome.code)
        refused.stranger(method, outcome.code)
    return answers.refusal(face, outcome.code, outcome.name)


def _is_bound_rightly(known: Known, headers: Mapping[str, str], at: datetime) -> bool:
    """As `callers.oauth_client` asks (RFC 8705 section 3)."""
    caller = known.caller
    if not caller.certificate:
        return not known.is_bound
    shown = facilities.shown(headers)
    begins, ends = known.certificate_begins, known.certificate_ends
    is_living = begins is not None and ends is not None and begins <= at < ends
    return shown is not None and shown.hex() == caller.thumbprint and is_living


def _may_step_up(known: Known, wanted: asked.Authorisation) -> bool:
    """Whether the policy may want the signer's own act: then it is asked itself, on the slow path."""
    asked_for = settings.SIGNING_STEP_UP
    if asked_for != _POLICY:
        return bool(asked_for)
    wish = known.policy or policy_rows.default()
    is_new = wish.for_new_callers and not known.has_signed
    return is_new or bool(policy.told(wish, len(wanted.digests) + wanted.room, wanted.description))


def _wish(offered: Method, given: asked.Body, requester: Requester, known: Known) -> Wish | Slowly:
    try:
        read = offered.read(given, requester)
    except errors.BadRequest as bad:
        return No(bad.code, bad.name)
    except Refused as no:
        return No(no.code)
    if isinstance(read, asked.Authorisation):
        if _may_step_up(known, read):
            return Slowly()
        return Authorise(read.credential, read.digests, read.description, read.room)
    assert isinstance(read, asked.Signing)
    sad = tokens.digest(read.sad)
    return Spend(read.credential, sad, read.digests, read.algorithm, read.is_bearer)


def _size(given: asked.Body) -> int:
    found = given.get("hash", given.get("hashes"))
    return len(found) if isinstance(found, list) else 1  # checked later


async def _why_not(spends: Sequence[tuple[Call, Spend]], at: datetime) -> list[No]:
    wanted = []
    for call, spend in spends:
        assert call.known is not None
        caller = call.known.caller
        wanted.append(
            Wanted(
                spend.sad_digest,
                spend.credential,
                caller.session,
                caller.client,
                spend.digests,
                caller.certificate,
            )
        )
    loop = asyncio.get_running_loop()
    codes = await loop.run_in_executor(_beside, _look, wanted, at)
    return [_no(code, spend) for code, (_, spend) in zip(codes, spends, strict=True)]


def _no(code: str, spend: Spend) -> No:
    """A bearer that is no SAD was none (as `engine.sign_many`)."""
    return No("sad_missing" if code == "sad_unknown" and spend.is_bearer else code)


def _look(wanted: list[Wanted], at: datetime) -> list[str]:
    close_old_connections()
    try:
        return activation.why_not(wanted, at)
    finally:
        close_old_connections()
