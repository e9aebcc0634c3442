"""/card/jma/: 既に医師資格証をお持ちですか, the two numbers, the code, and the way to undo it (BD-08, BD-13)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from enrollment import authorities, values
from enrollment.applicants import card_numbers
from enrollment.errors import Refused
from enrollment.flow import Draft
from enrollment.models import CardNumbersVisit
from enrollment.problems import Problem
from enrollment.steps.email import Code
from enrollment.views import refusals
from enrollment.views.card.offices import office
from enrollment.views.pages import code_context
from ledger import clock
from vault import tokens

COOKIE = f"{settings.CARD_COOKIE_NAME}-numbers"
LONGEST_CARD_ID = 16
P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, datetime, P], HttpResponse]


class Numbers(forms.Form):
    """What is printed on the card's face; kept nowhere as it was typed."""

    use_required_attribute = False
    number = forms.CharField(
        label=gettext_lazy("医籍登録番号"),
        max_length=20,
        help_text=gettext_lazy("医師資格証の券面に印字されています。数字だけを入力してください。"),
        error_messages={"required": gettext_lazy("医籍登録番号を入力してください。")},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "width-12"}),
    )
    card_id = forms.CharField(
        label=gettext_lazy("カードID"),
        max_length=40,
        help_text=gettext_lazy("医師資格証の券面に印字されている英数字です。"),
        error_messages={"required": gettext_lazy("カードIDを入力してください。")},
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "class": "width-12", "autocapitalize": "characters", "lang": "en"}
        ),
    )

    def clean_number(self) -> str:
        try:
            return values.registration_number(self.cleaned_data["number"])
        except Problem as problem:
            raise forms.ValidationError(_(problem.template) % problem.values, code=problem.code) from None

    def clean_card_id(self) -> str:
        """What cannot be one was mistyped: it is told, and costs no try."""
        typed = values.card_id(self.cleaned_data["card_id"])
        if not typed or len(typed) > LONGEST_CARD_ID:
            raise forms.ValidationError(
                _("カードIDは16文字以内の半角英数字です。券面をもう一度ご確認ください。"), code="card_id"
            )
        return typed


def open_here(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Only while the authority takes the numbers at all: a dated setting (BD-13)."""

    @wraps(view)
    @never_cache
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        at = clock.now()
        if not authorities.takes_card_numbers(card_numbers.AUTHORITY, clock.today(at)):
            raise Http404
        return view(request, at, *args, **kwargs)

    return inner


@require_safe
@open_here
def question(request: HttpRequest, at: datetime) -> HttpResponse:
    """既に医師資格証をお持ちですか: いいえ leads to the advice to apply, はい to the numbers."""
    has_card = request.GET.get("holds") != "no"
    context = {"has_card": has_card, "office": office(card_numbers.AUTHORITY)}
    return render(request, "enrollment/card/jma_question.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@open_here
def numbers(request: HttpRequest, at: datetime) -> HttpResponse:
    form = Numbers(request.POST if request.method == "POST" else None, label_suffix="")
    if form.is_bound and form.is_valid():
        try:
            begun = card_numbers.begin(form.cleaned_data["number"], form.cleaned_data["card_id"], at)
        except Refused as refused:
            form.add_error(None, REFUSALS[refused.code])
        else:
            _send(request, begun.visit, at, is_first=True)
            response = redirect("card_jma_code")
            _keep(response, COOKIE, begun.token, card_numbers.VISIT)
            return response
    context = {"form": form, "office": office(card_numbers.AUTHORITY)}
    return render(request, "enrollment/card/jma_numbers.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@open_here
def code(request: HttpRequest, at: datetime) -> HttpResponse:
    """確認コード; the right one leads to the QR code."""
    try:
        visit = card_numbers.find(request.COOKIES.get(COOKIE, ""), at)
    except Refused:
        return redirect("card_jma")
    if "resend" in request.POST:
        _send(request, visit, at)
        return redirect("card_jma_code")
    form = Code(request.POST if request.method == "POST" else None, draft=Draft(), at=at)
    if form.is_bound and form.is_valid():
        browser_token = request.COOKIES.get(settings.BROWSER_COOKIE_NAME) or tokens.new_token()
        try:
            card_numbers.confirm(visit, form.cleaned_data["code"], browser_token, at)
        except Refused as refused:
            if refused.code not in ("code_gone", "code_wrong"):
                return _ended(request, refused.code)
            form.add_error("code", refusals.code_sentence(refused))
        else:
            response = redirect(reverse("signing:card_qr"))
            _keep(response, settings.BROWSER_COOKIE_NAME, browser_token, None)
            _forget(response)
            return response
    return render(
        request,
        "enrollment/card/jma_code.html",
        _waiting(visit, form, at),
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@open_here
def undo(request: HttpRequest, at: datetime, token: str) -> HttpResponse:
    """The address in the notice: a GET asks, a POST undoes; the address itself is the proof, so no cookie is needed.

    No request that leaves the site names it: the site's referrer policy is same-origin.
    """
    try:
        visit = card_numbers.to_undo(token, at)
    except Refused:
        return render(request, "enrollment/card/jma_undo_gone.html", status=404)
    if request.method == "POST":
        card_numbers.undo(visit, at)
        visit.refresh_from_db()
    return render(request, "enrollment/card/jma_undo.html", {"visit": visit})


REFUSALS = {
    "numbers_wrong": gettext_lazy(
        "医籍登録番号とカードIDの組み合わせを確認できませんでした。券面を見て、両方をもう一度入力してください。"
        "有効期限が切れたカードや失効したカードでは登録できません。5回間違えると、24時間受け付けを止めます。"
    ),
    "numbers_locked": gettext_lazy(
        "この医籍登録番号での受け付けを、24時間止めています。急ぐときは、HPKIカードでの登録をご利用になるか、"
        "日本医師会 電子認証センターへお問い合わせください。"
    ),
    "numbers_no_mail": gettext_lazy(
        "認証局にメールアドレスが届け出られていないため、確認コードを送れません。"
        "日本医師会 電子認証センターへお問い合わせください。"
    ),
}


def _send(request: HttpRequest, visit: CardNumbersVisit, at: datetime, *, is_first: bool = False) -> None:
    try:
        card_numbers.send_code(visit.holder, at)
    except Refused as refused:
        seconds = int(str(refused.detail["seconds"]))
        messages.warning(request, refusals.wait_sentence(refused.code, seconds))
    else:
        if not is_first:
            messages.success(request, _("確認コードを送りました。届くまでに数分かかることがあります。"))


def _waiting(visit: CardNumbersVisit, form: Code, at: datetime) -> dict[str, Any]:
    """As at ⑧, but the address is not the visitor's to change, nor to read in full."""
    told = code_context(visit.holder, visit.holder.email, at)
    return told | {
        "form": form,
        "address": hidden(visit.holder.email),
        "resend_url": reverse("card_jma_code"),
        "change_url": "",
    }


def hidden(address: str) -> str:
    """「s•••@people.example」: enough for its owner, not for who found the card."""
    name, _at, host = address.partition("@")
    return f"{name[:1]}•••@{host}"


def _ended(request: HttpRequest, code: str) -> HttpResponse:
    context = {
        "code": code,
        "office": office(card_numbers.AUTHORITY),
        "is_available": bool(settings.CARD_ORIGIN),
    }
    response = render(request, "enrollment/card/jma_ended.html", context, status=409)
    _forget(response)
    return response


def _keep(response: HttpResponse, name: str, value: str, lifetime: timedelta | None) -> None:
    response.set_cookie(
        name, value, max_age=lifetime, path="/", secure=settings.IS_HTTPS, httponly=True, samesite="Lax"
    )


def _forget(response: HttpResponse) -> None:
    _keep(response, COOKIE, "", timedelta())
