"""The signer's own page: what is left of the day, the phones, every signature, and the way to stop it all."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ledger import clock, log
from signing import credentials, sessions
from signing.acts import renewals
from signing.authorising import approvals
from signing.errors import Refused
from signing.models import Authenticator, SignatureRecord, SigningSession
from signing.pages import browser, words

PAGE = 50
P = ParamSpec("P")
_LARGEST_ID = 2**63 - 1


def signed_in(
    view: Callable[Concatenate[HttpRequest, SigningSession, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Hand the living session to the view, or send the person to the sign-in page."""

    @wraps(view)
    def answered(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            session = sessions.find(browser.session_token(request), clock.now())
        except Refused:
            return HttpResponseRedirect(reverse("signing:sign_in"), status=303)
        return browser.private(view)(request, session, *args, **kwargs)

    return answered


@require_safe
@signed_in
def me(request: HttpRequest, session: SigningSession) -> HttpResponse:
    credential = session.credential
    # Of the former certificates too: the person's signatures stay readable when a certificate is succeeded.
    rows = SignatureRecord.objects.filter(credential__signer=credential.signer).select_related(
        "client", "session", "item__activation"
    )
    before = _before(request)
    if before:
        rows = rows.filter(pk__lt=before)
    page = list(rows.order_by("-pk")[: PAGE + 1])
    context = {
        "session": session,
        "left": _hours_and_minutes(session.expires_at - clock.now()),
        "means": words.MEANS[session.means],
        "credential": credential,
        "authority": words.authority(credential.authority),
        "qualification": words.qualification(credential.qualification),
        "phones": Authenticator.objects.filter(credential__signer=credential.signer).order_by("-bound_at"),
        "signatures": [_shown(row) for row in page[:PAGE]],
        "older": page[PAGE - 1].pk if len(page) > PAGE else None,
        "is_first": not before,
        "approvals": len(approvals.waiting(credential.signer, clock.now())),
        "renewal": renewals.newest(credential),
        "may_renew": renewals.is_open(credential, clock.now()),
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
        return render(request, "signing/suspend.html", {"credential": session.credential})
    actor = log.Actor("signer", str(session.credential.signer.public_id))
    credentials.suspend(session.credential, actor, "signer_request", clock.now())
    response = render(request, "signing/ended.html", {"is_suspended": True})
    browser.forget_session(response)
    return response


def _before(request: HttpRequest) -> int:
    given = request.GET.get("before", "")
    number = int(given) if given.isascii() and given.isdigit() and len(given) < 20 else 0
    return min(number, _LARGEST_ID)


def _hours_and_minutes(left: timedelta) -> tuple[int, int]:
    minutes = int(left.total_seconds()) // 60
    return minutes // 60, minutes % 60


def _shown(row: SignatureRecord) -> dict[str, object]:
    description = row.item.activation.description
    made_at: datetime = row.made_at
    return {
        "made_at": made_at,
        "caller": row.client.name,
        "label": bytes(description).decode(errors="replace") if description else "",
        "digest": bytes(row.digest).hex(),
        "means": words.MEANS[row.session.means],
        "entry": f"{row.log_shard}/{row.log_number}-{row.place}",
    }
