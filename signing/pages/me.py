"""The signer's own page: what is left of the day, the phones, every signature, and the way to stop it all."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ledger import clock, log
from signing import credentials, sessions
from signing.acts import renewals
from signing.authorising import approvals
from signing.errors import Refused
from signing.models import Authenticator, SigningSession
from signing.pages import browser, shown, words
from signing.records import listing, usage

LATEST = 5
P = ParamSpec("P")
# Where a person who has just signed in may be led back to: the pages that a notice names.
_APPROVALS = "/me/approvals/"  # each of them stands in this list
_LED_BACK = (_APPROVALS, "/me/suspend/", "/me/signatures/")


def signed_in(
    view: Callable[Concatenate[HttpRequest, SigningSession, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Hand the living session to the view, or send the person to the sign-in page."""

    @wraps(view)
    def answered(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            session = sessions.find(browser.session_token(request), clock.now())
        except Refused:
            return to_sign_in(request)
        return browser.private(view)(request, session, *args, **kwargs)

    return answered


def to_sign_in(request: HttpRequest) -> HttpResponse:
    page = _APPROVALS if request.path.startswith(_APPROVALS) else request.path
    where = f"?next={page}" if page in _LED_BACK else ""
    return HttpResponseRedirect(f"{reverse('signing:sign_in')}{where}", status=303)


@require_safe
@signed_in
def me(request: HttpRequest, session: SigningSession) -> HttpResponse:
    """Of the former certificates too: the person's signatures stay readable when a certificate is succeeded."""
    credential, at = session.credential, clock.now()
    found = listing.page(credential.signer, listing.Wanted(), size=LATEST)
    context = {
        "session": session,
        "left": _hours_and_minutes(session.expires_at - at),
        "means": words.MEANS[session.means],
        "credential": credential,
        "authority": words.authority(credential.authority),
        "qualification": words.qualification(credential.qualification),
        "phones": Authenticator.objects.filter(credential__signer=credential.signer).order_by("-bound_at"),
        "signatures": [shown.of(row) for row in found.rows],
        "unusual": usage.recent(credential.signer, at),
        "approvals": len(approvals.waiting(credential.signer, at)),
        "renewal": renewals.newest(credential),
        "may_renew": renewals.is_open(credential, at),
        "renewal_opens": renewals.opens_at(credential),
    }
    return render(request, "signing/me.html", context)


@require_POST
@signed_in
def end(request: HttpRequest, session: SigningSession) -> HttpResponse:
    """The day ends at once; what was authorised and not yet signed dies with it."""
    sessions.end(session, at=clock.now())
    response = render(request, "signing/ended.html", {"is_suspended": False})
    browser.forget_session(response)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def suspend(request: HttpRequest, session: SigningSession) -> HttpResponse:
    """GET asks once more; POST stops the credential, its sessions and its open authorisations in one transaction."""
    if request.method != "POST":
        context = {"credential": session.credential, "is_by_phone": session.authenticator is not None}
        return render(request, "signing/suspend.html", context)
    actor = log.Actor("signer", str(session.credential.signer.public_id))
    credentials.suspend(session.credential, actor, "signer_request", clock.now(), session.authenticator)
    response = render(request, "signing/ended.html", {"is_suspended": True})
    browser.forget_session(response)
    return response


def _hours_and_minutes(left: timedelta) -> tuple[int, int]:
    minutes = int(left.total_seconds()) // 60
    return minutes // 60, minutes % 60
