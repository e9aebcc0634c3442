"""Who is asking: the applicant's cookie on every request, the browser's mark for card readings (decision 2)."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, NamedTuple, ParamSpec, cast

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache

from enrollment.applicants import accounts, unsent
from enrollment.models import Applicant, ApplicantSession
from ledger import clock, log
from ledger.models import Entry
from vault import tokens

logger = logging.getLogger("inkan.applicants")
REFUSED, MOST_REFUSED = "applicant.refused", 30  # entries of one person in an hour
BROWSER_COOKIE = f"{settings.APPLICANT_COOKIE_NAME}-reader"
P = ParamSpec("P")


class Visit(NamedTuple):
    """One request of a signed-in applicant; the time is read once (decision 14)."""

    session: ApplicantSession
    at: datetime

    @property
    def applicant(self) -> Applicant:
        return self.session.applicant


def visitor(request: HttpRequest) -> Visit | None:
    at = clock.now()
    session = accounts.current(request.COOKIES.get(settings.APPLICANT_COOKIE_NAME, ""), at)
    return None if session is None else Visit(session, at)


def signed_in(
    view: Callable[Concatenate[HttpRequest, Visit, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Only for a living session; everybody else is led to the card, and back afterwards."""

    @wraps(view)
    @never_cache
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        visit = visitor(request)
        if visit is None:
            return _to_the_card(request)
        _tell_until(request, visit)
        return view(request, visit, *args, **kwargs)

    return inner


def _tell_until(request: HttpRequest, visit: Visit) -> None:
    """layout.html tells the person until when the session lasts, and warns in time (ST-21)."""
    until = accounts.until(visit.session)
    cast(Any, request).session_until = until
    cast(Any, request).session_seconds = int((until - visit.at).total_seconds())


def _to_the_card(request: HttpRequest) -> HttpResponse:
    """To the sign-in and back; what was just sent to a step is kept for the same person (ST-21)."""
    path = request.path
    wanted = "status" if path.startswith(reverse("status")) else "apply"
    wanted = "name" if path.startswith(reverse("new_name")) else wanted
    token = request.COOKIES.get(settings.APPLICANT_COOKIE_NAME, "")
    ended = {"ended": "1"} if token else {}
    found = request.resolver_match
    if token and request.method == "POST" and found is not None and found.url_name == "step":
        typed = dict(request.POST.lists())
        if unsent.keep(token, found.kwargs["slug"], typed, sent_version(request), clock.now()):
            ended = {"ended": "kept"}
    return redirect(f"{reverse('sign_in')}?{urlencode({'next': wanted, **ended})}")


def sent_version(request: HttpRequest) -> int:
    """The version of the step that the sent page showed; 0 for what is no number."""
    typed = request.POST.get("version", "0")
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 10 else 0


def note_refusal(request: HttpRequest, code: str, problem: object = "") -> None:
    """A refused act is an audit entry where its principal is known, a log line otherwise."""
    visit = visitor(request)
    if visit is None:
        logger.warning("a stranger was refused: %s %s", code, problem)
        return
    subject = str(visit.applicant.public_id)
    lately = Entry.objects.filter(subject=subject, kind=REFUSED, at__gt=visit.at - timedelta(hours=1))
    if lately.count() >= MOST_REFUSED:  # entries are kept for ever, and everybody's wait for the same lock
        logger.warning("%s was refused once more: %s", subject, code)
        return
    with transaction.atomic():
        log.append(REFUSED, actor=accounts.actor(visit.applicant), subject=subject, data={"code": code})


def nothing_there(request: HttpRequest, what: str) -> Http404:
    """For an address that does not exist for this person; raise it. The attempt is in the ledger."""
    note_refusal(request, f"{what}_not_there")
    return Http404()


def set_cookie(response: HttpResponse, name: str, value: str) -> None:
    """A cookie of this browser session: no script reads it, no other site sends it."""
    response.set_cookie(name, value, httponly=True, secure=settings.IS_HTTPS, samesite="Lax", path="/")


def browser_of(request: HttpRequest) -> str:
    """The mark to which card readings are bound; made at the first reading."""
    known = request.COOKIES.get(BROWSER_COOKIE, "")
    return known if 40 <= len(known) <= 60 and known.isascii() else tokens.new_token()
