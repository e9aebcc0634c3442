"""One request of the CSC API from bytes to bytes, errors included: what the hot path and the views both call."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from django.db import InterfaceError, OperationalError

from ledger import clock
from signing.api import errors, refused, wire
from signing.api.callers import RequestScope, bearer, identify
from signing.api.faces import Face, Requester, Shape, Told
from signing.errors import Refused

logger = logging.getLogger(__name__)

JSON = "application/json"


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def answer(face: Face, method: str, headers: Mapping[str, str], body: bytes) -> Reply:
    """The reply of this version to `method` ("signatures/signHash"); header names in lower case. Never raises."""
    scope, at = RequestScope(headers), clock.now()
    try:
        return told(_carried_out(face, method, scope, body, at))
    except (errors.BadRequest, Refused) as problem:
        refused.note(method, scope, problem.code, at)
        return refusal(face, problem.code, getattr(problem, "name", ""))
    except (InterfaceError, OperationalError):
        logger.exception("%s: the database did not answer", method)
        return refusal(face, "unavailable")
    except Exception:  # the last door: a bare 500 that tells nothing (law 5)
        logger.exception("%s failed", method)
        return refusal(face, "failed")


def read(body: bytes) -> dict[str, object]:
    """The request's JSON object. Raises BadRequest: too_large, not_json."""
    if len(body) > wire.LARGEST_BODY:
        raise errors.BadRequest("too_large")
    try:
        return wire.read_object(body)
    except wire.NotReadable:
        raise errors.BadRequest("not_json") from None


def _carried_out(face: Face, method: str, scope: RequestScope, body: bytes, at: datetime) -> Shape | Told:
    if method in face.not_offered:
        raise errors.BadRequest("not_offered")
    given = read(body)
    if method == "info":
        return face.info(given)
    offered = face.methods[method]
    caller = identify(scope, at)
    wanted = offered.read(given, Requester(caller, bearer(scope)))
    return offered.tell(offered.carry_out(caller, wanted, at))


def refusal(face: Face, code: str, name: str = "") -> Reply:
    """An error of the standard as a reply."""
    answer = errors.told(face.errors, code, name)
    headers = {"Content-Type": JSON, "Cache-Control": "no-store"}
    if answer.retry_after:
        headers["Retry-After"] = str(answer.retry_after)
    if answer.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="csc"'  # RFC 6750 section 3
    body = wire.write({"error": answer.error, "error_description": answer.description})
    return Reply(answer.status, headers, body)


def told(value: Shape | Told) -> Reply:
    """What a face tells as a reply."""
    status, shape = (value.status, value.shape) if isinstance(value, Told) else (200, value)
    return Reply(status, {"Content-Type": JSON, "Cache-Control": "no-store"}, wire.write(shape))
