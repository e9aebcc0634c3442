"""Pages that ask for the card: sign-in (②), ④, ⑪; and the one address to which the reader answers."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from cards.exchange import CardResponse
from enrollment import drafts, flow, joining, submission
from enrollment.applicants import accounts, readings, unsent, ways
from enrollment.errors import Refused
from enrollment.models import ApplicantSession, CardReading
from enrollment.orders import name_changes
from enrollment.views import refusals
from enrollment.views.door import BROWSER_COOKIE, Visit, browser_of, set_cookie, signed_in, visitor
from ledger import clock

NEXT = {"apply": "tasks", "status": "status", "name": "new_name"}  # where a sign-in may lead to


@require_safe
@never_cache
def sign_in(request: HttpRequest) -> HttpResponse:
    """② The card opens the account (ST-04, ST-26, ST-27)."""
    wanted = _wanted(request.GET)
    if visitor(request) is not None:
        return redirect(NEXT[wanted])
    ended = request.GET.get("ended", "")
    context: dict[str, object] = {"pin": "authenticate", "ended": ended, "wanted": wanted}
    query = {"next": wanted} | ({"ended": ended} if ended in ("1", "kept") else {})
    return reader_page(request, "enrollment/sign_in.html", context, readings.SIGN_IN, query=query)


def _wanted(query: Mapping[str, str]) -> str:
    wanted = query.get("next", "apply")
    return wanted if wanted in NEXT else "apply"


def reader_page(
    request: HttpRequest,
    template: str,
    context: dict[str, object],
    purpose: str,
    *,
    session: ApplicantSession | None = None,
    digest: bytes = b"",
    query: Mapping[str, str] | None = None,
) -> HttpResponse:
    """A page whose button posts a card request to the reader, or shows a QR code for a phone.

    The way of the sign-in is the one that is offered first; `?way=` chooses another (ST-26).
    """
    browser = browser_of(request)
    reading = readings.ask(purpose, browser, clock.now(), session=session, digest=digest)
    usual = session.way if session else ways.guessed(request.headers.get("User-Agent", ""))
    way = ways.known(request.GET.get("way", "")) or usual or ways.READER
    carried = {"way": way} | ({"next": query["next"]} if query and "next" in query else {})
    asked = readings.request_of(reading, f"{reverse('card_answer')}?{urlencode(carried)}")
    context |= {
        "reader_url": settings.READER_URL,
        "request_json": asked,
        "reading": reading.public_id,
        "purpose": purpose,
        "way": ways.WAY[way],
        "ways": [(row, f"?{urlencode({**(query or {}), 'way': row.code})}") for row in ways.WAYS],
        "carried": carried,
    }
    response = render(request, template, context)
    set_cookie(response, BROWSER_COOKIE, browser)
    return response


@csrf_exempt  # the answer proves itself: its `state` is known to this browser's cookie only, and spent once
@require_POST
@never_cache
def answer(request: HttpRequest) -> HttpResponse:
    """What the reader says."""
    return carry_out(request, request.POST.get("response", ""), request.GET)


class Answered(NamedTuple):
    """An answer whose row was found and spent, the address's query, and the moment."""

    reading: CardReading
    response: CardResponse
    query: Mapping[str, str]
    at: datetime


def carry_out(request: HttpRequest, text: str, query: Mapping[str, str]) -> HttpResponse:
    """Do what the reader's answer is for; the row of its state tells what it was asked for (④, ⑪, sign-in).

    The row stays locked until it is done, so the second answer of a button that was pressed twice finds the first
    one's work: it does nothing new and leads to the same page.
    """
    at = clock.now()
    back = reverse("sign_in")
    is_second = False
    with transaction.atomic():
        try:
            reading, response, is_second = readings.take(text, request.COOKIES.get(BROWSER_COOKIE, ""), at)
            back = asked_on(reading)
            return ANSWERS[reading.purpose](request, Answered(reading, response, query, at))
        except Refused as refused:
            may_lead = refused.code in (SECOND if is_second else UNTAKEN)
            led = led_on(request, readings.find_of(text), query) if may_lead else None
            return led or refusals.page(request, refused, back=back)


# What an answer is refused with that comes late, or after the cookie was taken away by the first; and what a second one
# is refused with by the work of the first. A first answer to what was changed meanwhile is told so.
UNTAKEN = ("reading_spent", "reading_unknown")
SECOND = ("statement_changed", "name_statement_changed")


def led_on(
    request: HttpRequest, reading: CardReading | None, query: Mapping[str, str]
) -> HttpResponse | None:
    """Where the first answer of this session's reading has led to; None where it led nowhere, or is not theirs."""
    visit = visitor(request)
    if visit is None or reading is None or reading.spent_at is None or reading.session_id != visit.session.pk:
        return None
    if reading.purpose == readings.SIGN_IN:
        return redirect(NEXT[_wanted(query)])
    if reading.purpose == readings.SIGN:  # ST-11: a double click or a reload ends at the same receipt
        return redirect("step", flow.DONE) if submission.handed_in(visit.applicant) else None
    if reading.purpose == readings.ATTRIBUTES:
        application = drafts.current(visit.applicant)
        return redirect("step", "card-check") if application and drafts.answers(application, "card") else None
    return redirect(PAGES[reading.purpose])  # which shows what has become of it


PAGES = {readings.JOIN: "new_card", readings.NEW_NAME: "new_name", readings.SIGN_NEW_NAME: "new_name"}


def asked_on(reading: CardReading) -> str:
    """The page that asked for this reading."""
    pages = {
        readings.JOIN: "new_card",
        readings.NEW_NAME: "new_name_card",
        readings.SIGN_NEW_NAME: "new_name_sign",
    }
    if reading.purpose in pages:
        return reverse(pages[reading.purpose])
    slugs = {readings.ATTRIBUTES: "card", readings.SIGN: flow.SIGN}
    return reverse("step", args=[slugs[reading.purpose]]) if reading.purpose in slugs else reverse("sign_in")


def _signed_in(request: HttpRequest, answered: Answered) -> HttpResponse:
    proof = readings.prove_sign_in(answered.reading, answered.response, answered.at)
    visit = visitor(request)
    former = answered.reading.session or (visit.session if visit else None)
    way = ways.known(answered.query.get("way", ""))
    session, token = accounts.sign_in(proof, answered.at, former, way=way)
    CardReading.objects.filter(pk=answered.reading.pk).update(session=session)
    page = _first_page(request, session, answered)
    set_cookie(page, settings.APPLICANT_COOKIE_NAME, token)
    page.delete_cookie(BROWSER_COOKIE, path="/", samesite="Lax")
    return page


def _first_page(request: HttpRequest, session: ApplicantSession, answered: Answered) -> HttpResponse:
    """Where the person wanted to go; first of all to what was typed before the last session ended (ST-21)."""
    wanted = _wanted(answered.query)
    if wanted != "apply":
        return redirect(NEXT[wanted])
    try:
        drafts.begin(session, answered.at)
    except Refused as refused:
        return refusals.page(request, refused)
    step = unsent.give_back(session.applicant, answered.at)
    if unsent.left_over(session.applicant, answered.at):
        return redirect("unsent")
    if not step:
        return redirect("tasks")
    words = _("ログインが切れたときに送られた内容を、入力欄に戻しました。確かめて、次へお進みください。")
    messages.info(request, words)
    return redirect("step", step)


def _same_session(request: HttpRequest, reading: CardReading) -> Visit:
    visit = visitor(request)
    if visit is None or reading.session_id != visit.session.pk:
        raise Refused("reading_unknown")
    return visit


def _read_attributes(request: HttpRequest, answered: Answered) -> HttpResponse:
    visit = _same_session(request, answered.reading)
    application = drafts.require_current(visit.applicant)
    drafts.keep_card(application, visit.session, answered.response, answered.at)
    return redirect("step", "card-check")


def _signed(request: HttpRequest, answered: Answered) -> HttpResponse:
    visit = _same_session(request, answered.reading)
    submission.submit(answered.reading, answered.response, visit.session, answered.at)
    return redirect("step", flow.DONE)


def _new_card(request: HttpRequest, answered: Answered) -> HttpResponse:
    visit = _same_session(request, answered.reading)
    joining.prove(answered.reading, answered.response, visit.session, answered.at)
    return redirect("new_card")


def _new_name(request: HttpRequest, answered: Answered) -> HttpResponse:
    visit = _same_session(request, answered.reading)
    name_changes.keep_card(visit.session, answered.response, answered.at)
    return redirect("new_name")


def _new_name_signed(request: HttpRequest, answered: Answered) -> HttpResponse:
    visit = _same_session(request, answered.reading)
    name_changes.prove(answered.reading, answered.response, visit.session, answered.at)
    return redirect("new_name")


ANSWERS: dict[str, Callable[[HttpRequest, Answered], HttpResponse]] = {
    readings.SIGN_IN: _signed_in,
    readings.ATTRIBUTES: _read_attributes,
    readings.SIGN: _signed,
    readings.JOIN: _new_card,
    readings.NEW_NAME: _new_name,
    readings.SIGN_NEW_NAME: _new_name_signed,
}


@require_POST
@signed_in
def sign_out(request: HttpRequest, visit: Visit) -> HttpResponse:
    accounts.sign_out(visit.session, visit.at)
    page = redirect("start")
    page.delete_cookie(settings.APPLICANT_COOKIE_NAME, path="/", samesite="Lax")
    return page
