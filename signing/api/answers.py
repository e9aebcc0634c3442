"""One request of the CSC API from bytes to bytes, errors included: what the hot path and the views both call."""

import logging
from collections.abc import Mapping
from typing import NamedTuple

from django.db import InterfaceError, OperationalError

from ledger import clock
from signing.api import csc_v1, errors, wire
from signing.api.callers import RequestScope
from signing.errors import Refused

logger = logging.getLogger(__name__)

JSON = "application/json"


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def v1(method: str, headers: Mapping[str, str], body: bytes) -> Reply:
    """The reply of CSC 1.0.4 to `method` ("signatures/signHash"); header names in lower case. Never raises."""
    try:
        if len(body) > wire.LARGEST_BODY:
            raise errors.BadRequest("too_large")
        return _good(csc_v1.METHODS[method](RequestScope(headers), wire.read_object(body), clock.now()))
    except wire.NotReadable:
        return refusal("not_json")
    except errors.BadRequest as bad:
        return refusal(bad.code, bad.name)
    except Refused as refused:
        return refusal(refused.code)
    except (InterfaceError, OperationalError):
        logger.exception("%s: the database did not answer", method)
        return refusal("unavailable")
    except Exception:  # the last door: a bare 500 that tells nothing (law 5)
        logger.exception("%s failed", method)
        return refusal("failed")


def refusal(code: str, name: str = "") -> Reply:
    """An error of the standard as a reply."""
    answer = errors.v1(code, name)
    headers = {"Content-Type": JSON, "Cache-Control": "no-store"}
    if answer.retry_after:
        headers["Retry-After"] = str(answer.retry_after)
    if answer.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="csc"'  # RFC 6750 section 3
    body = wire.write({"error": answer.error, "error_description": answer.description})
    return Reply(answer.status, headers, body)


def _good(value: dict[str, object]) -> Reply:
    return Reply(200, {"Content-Type": JSON, "Cache-Control": "no-store"}, wire.write(value))
