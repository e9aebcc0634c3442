"""Pages that ask for the card: sign-in (②), ④; and the one address to which the reader answers (④, ⑪, sign-in)."""

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from cards.exchange import CardResponse
from enrollment import drafts, flow, submission
from enrollment.applicants import accounts, readings
from enrollment.errors import Refused
from enrollment.flow import State
from enrollment.models import ApplicantSession, Application, CardReading
from enrollment.views import refusals
from enrollment.views.door import BROWSER_COOKIE, Visit, browser_of, set_cookie, signed_in, visitor
from ledger import clock

NEXT = ("apply", "status")


@require_safe
@never_cache
def sign_in(request: HttpRequest) -> HttpResponse:
    """② The card opens the account (ST-04, ST-27)."""
    wanted = request.GET.get("next", "apply")
    wanted = wanted if wanted in NEXT else "apply"
    if visitor(request) is not None:
        return redirect("status" if wanted == "status" else "tasks")
    context = {"pin": "authenticate", "ended": bool(request.GET.get("ended")), "wanted": wanted}
    return reader_page(
        request, "enrollment/sign_in.html", context, readings.SIGN_IN, return_query=f"?next={wanted}"
    )


def reader_page(
    request: HttpRequest,
    template: str,
    context: dict[str, object],
    purpose: str,
    *,
    session: ApplicantSession | None = None,
    digest: bytes = b"",
    return_query: str = "",
) -> HttpResponse:
    """A page whose button posts a card request to the reader."""
    browser = browser_of(request)
    asked = readings.ask(
        purpose,
        browser,
        clock.now(),
        return_to=reverse("card_answer") + return_query,
        session=session,
        digest=digest,
    )
    context |= {"reader_url": settings.READER_URL, "request_json": asked, "purpose": purpose}
    response = render(request, template, context)
    set_cookie(response, BROWSER_COOKIE, browser)
    return response


@csrf_exempt  # the answer proves itself: its `state` is known to this browser's cookie only, and spent once
@require_POST
@never_cache
def answer(request: HttpRequest) -> HttpResponse:
    """What the reader says; the row of its state tells what it was asked for."""
    at = clock.now()
    back = reverse("sign_in")
    try:
        reading, response = readings.take(
            request.POST.get("response", ""), request.COOKIES.get(BROWSER_COOKIE, ""), at
        )
        back = _asked_on(reading)
        return ANSWERS[reading.purpose](request, reading, response, at)
    except Refused as refused:
        if refused.code == "reading_spent" and refused.detail.get("purpose") == readings.SIGN:
            return _already_signed(request, refused)
        return refusals.page(request, refused, back=back)


def _asked_on(reading: CardReading) -> str:
    slugs = {readings.ATTRIBUTES: "card", readings.SIGN: flow.SIGN}
    return reverse("step", args=[slugs[reading.purpose]]) if reading.purpose in slugs else reverse("sign_in")


def _already_signed(request: HttpRequest, refused: Refused) -> HttpResponse:
    """ST-11: a double click or a reload ends at the same receipt."""
    visit = visitor(request)
    if visit and Application.objects.of(visit.applicant).filter(state=State.SUBMITTED).exists():
        return redirect("step", flow.DONE)
    return refusals.page(request, refused)


def _signed_in(
    request: HttpRequest, reading: CardReading, response: CardResponse, at: datetime
) -> HttpResponse:
    proof = readings.prove_sign_in(reading, response, at)
    former = visitor(request)
    session, token = accounts.sign_in(proof, at, former.session if former else None)
    if request.GET.get("next") == "status":
        page: HttpResponse = redirect("status")
    else:
        try:
            drafts.begin(session, at)
            page = redirect("tasks")
        except Refused as refused:
            page = refusals.page(request, refused)
    set_cookie(page, settings.APPLICANT_COOKIE_NAME, token)
    page.delete_cookie(BROWSER_COOKIE, path="/", samesite="Lax")
    return page


def _same_session(request: HttpRequest, reading: CardReading) -> Visit:
    visit = visitor(request)
    if visit is None or reading.session_id != visit.session.pk:
        raise Refused("reading_unknown")
    return visit


def _read_attributes(
    request: HttpRequest, reading: CardReading, response: CardResponse, at: datetime
) -> HttpResponse:
    visit = _same_session(request, reading)
    drafts.keep_card(drafts.require_current(visit.applicant), visit.session, response, at)
    return redirect("step", "card-check")


def _signed(request: HttpRequest, reading: CardReading, response: CardResponse, at: datetime) -> HttpResponse:
    visit = _same_session(request, reading)
    submission.submit(reading, response, visit.session, at)
    return redirect("step", flow.DONE)


ANSWERS = {readings.SIGN_IN: _signed_in, readings.ATTRIBUTES: _read_attributes, readings.SIGN: _signed}


@require_POST
@signed_in
def sign_out(request: HttpRequest, visit: Visit) -> HttpResponse:
    accounts.sign_out(visit.session, visit.at)
    page = redirect("start")
    page.delete_cookie(settings.APPLICANT_COOKIE_NAME, path="/", samesite="Lax")
    return page
