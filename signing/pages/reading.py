"""Who may read the records: the signer of a living day, or one whose certificate is suspended, for ten minutes.

The second has proven who they are at /me/stopped/ and has no session: records, files and proofs are all that opens.
"""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Concatenate, NamedTuple, ParamSpec
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ledger import clock
from signing import sessions
from signing.acts import stopped
from signing.errors import Refused
from signing.models import Credential
from signing.pages import browser
from signing.pages.me import to_sign_in

P = ParamSpec("P")


class Reader(NamedTuple):
    """`session`: the day's, None while the certificate is suspended; until `expires_at` the records are open.

    `sees_labels`: what callers called the documents can name patients (see `acts.stopped`).
    """

    credential: Credential
    session: UUID | None
    sees_labels: bool
    expires_at: datetime

    @property
    def is_stopped(self) -> bool:
        return self.session is None


def readers(
    view: Callable[Concatenate[HttpRequest, Reader, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Hand the reader to the view, or send the person to the sign-in page."""

    @wraps(view)
    def answered(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            reader = _reader(browser.session_token(request), clock.now())
        except Refused:
            return to_sign_in(request)
        return browser.private(view)(request, reader, *args, **kwargs)

    return answered


def _reader(token: str, at: datetime) -> Reader:
    """Raises Refused."""
    try:
        session = sessions.find(token, at)
    except Refused:
        proof = stopped.proven(token, at)
        return Reader(proof.credential, None, proof.may_resume, proof.expires_at)
    return Reader(session.credential, session.public_id, True, session.expires_at)
