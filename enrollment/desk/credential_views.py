"""One page per act on an issued certificate: what it does, the reason, and the authenticator app's code (HTTP only)."""

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from enrollment import aftercare, authorities
from enrollment.desk import credential
from enrollment.desk.access import case_of, note, officer_of, purpose_of, require_deciding
from enrollment.errors import Refused
from enrollment.models import Application
from enrollment.steps.question import Words
from ledger import clock
from staff import sudo
from staff.forms import CodedReasonForm
from staff.models import Officer

REFUSALS: dict[str, Words] = {
    "not_yours": _("この操作をする役割がありません。"),
    "same_officer": _("失効の依頼と確認は、別の審査者が行います。ほかの承認者に依頼してください。"),
    "credential_state": _("証明書の状態が変わったため、この操作はできません。画面の内容を確認してください。"),
    "credential_not_active": _(
        "証明書の状態が変わったため、この操作はできません。画面の内容を確認してください。"
    ),
    "revocation_asked": _("この証明書の失効は、すでに依頼されています。画面の内容を確認してください。"),
    "nothing_asked": _("失効の依頼は、ほかの審査者がすでに処理しました。画面の内容を確認してください。"),
    "phone_once": _("この認証局では、スマートフォンの登録は1回に限られます。"),
}
Done = Callable[[Application, Officer, str, datetime], Words]


def _suspend(case: Application, officer: Officer, reason: str, at: datetime) -> Words:
    aftercare.suspend(case, officer, reason, at)
    return _("証明書を一時停止しました。")


def _resume(case: Application, officer: Officer, reason: str, at: datetime) -> Words:
    aftercare.resume(case, officer, reason, at)
    return _("証明書の利用を再開しました。")


def _revoke(case: Application, officer: Officer, reason: str, at: datetime) -> Words:
    if aftercare.ask_revocation(case, officer, reason, at):
        return _("証明書を失効させました。")
    return _("証明書を停止し、失効の確認を依頼しました。別の承認者が確認すると、失効します。")


def _confirm(case: Application, officer: Officer, reason: str, at: datetime) -> Words:
    aftercare.confirm_revocation(case, officer, at)
    return _("証明書を失効させました。")


def _drop(case: Application, officer: Officer, reason: str, at: datetime) -> Words:
    aftercare.drop_revocation(case, officer, at)
    return _("失効を取りやめました。証明書は停止したままです。")


def _link(case: Application, officer: Officer, reason: str, at: datetime) -> Words:
    aftercare.send_link(case, officer, reason, at)
    return _("新しいURLとパスワードを、本人のお知らせに送りました。")


CARRY_OUT: Mapping[str, Done] = {
    "suspend": _suspend,
    "resume": _resume,
    "revoke": _revoke,
    "confirm": _confirm,
    "drop": _drop,
    "link": _link,
}


@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, public_id: uuid.UUID, name: str) -> HttpResponse:
    """Ask for the reason, then carry the act out once; a refusal is told on the case screen and changes nothing."""
    officer = officer_of(request)
    at = clock.now()
    found = case_of(officer, public_id, asks=False)
    if name not in credential.ACTS or found.credential is None:
        raise Http404
    require_deciding(officer, found, name)
    purpose_of(officer, found, at, back=request.path)
    return _confirmed(request, found, officer, name)


@sudo.required
def _confirmed(request: HttpRequest, case: Application, officer: Officer, name: str) -> HttpResponse:
    at = clock.now()
    back = HttpResponseRedirect(reverse("admin:enrollment_case", args=[case.public_id]))
    if request.method != "POST" and name not in credential.offers(case, officer, at):
        messages.error(request, REFUSALS["credential_state"])
        return back
    row = credential.ACTS[name]
    form = CodedReasonForm(request.POST if request.method == "POST" else None, row.reasons)
    if request.method == "POST" and (form.is_valid() or not row.reasons):
        _carry_out(request, case, officer, name, str(form.cleaned_data.get("reason", "")), at)
        return back
    context = {
        **admin.site.each_context(request),
        "case": case,
        "act": row,
        "form": form,
        "section": credential.section(case, officer, at),
        "back": back.url,
        "fee": authorities.link_reissue_note(case.authority, clock.today(at)) if name == "link" else "",
    }
    return render(request, "desk/credential_act.html", context, status=422 if form.errors else 200)


def _carry_out(
    request: HttpRequest, case: Application, officer: Officer, name: str, reason: str, at: datetime
) -> None:
    try:
        messages.success(request, CARRY_OUT[name](case, officer, reason, at))
    except Refused as refused:
        note(officer, "case.move_refused", str(case.public_id), case.authority, move=name, code=refused.code)
        messages.error(request, REFUSALS.get(refused.code, REFUSALS["credential_state"]))
