"""The signer's acts on the certificate at /me/: renew and revoke. Both ask for a fresh proof of who it is (ASVS 7.5.3).

Suspending needs no second proof: whoever is signed in may stop at once. Going on after a suspension has a page of its
own (`stopped`), because a suspended signer has no session.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from ledger import clock, log
from signing import credentials
from signing.acts import renewals, stopped
from signing.errors import Refused
from signing.models import SigningSession
from signing.pages import browser, words
from signing.pages.me import signed_in

REASONS = {
    "key_compromise": _("端末やカードをなくした、または他人に使われたおそれがある"),
    "affiliation_changed": _("氏名など、証明書に記載された内容が変わった"),
    "cessation_of_operation": _("もう使わない"),
    "unspecified": _("その他"),
}
ENDS = (
    _("この電子証明書では、二度と署名できません。失効は取り消せません。"),
    _("登録した端末とマイナンバーカードは、使えなくなります。"),
    _("更新を申し込んでいる場合は、その申込みも中止されます。"),
    _("これまでの署名と、署名の記録は、そのまま残ります。"),
)
WHY_NOT = {
    "too_early": _("更新は、有効期限の90日前から申し込めます。"),
    "credential_not_active": _("この電子証明書は、いま更新できません。認証局の窓口にご連絡ください。"),
    "credential_state": _("この電子証明書の状態が変わったため、操作できませんでした。"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def renew(request: HttpRequest, session: SigningSession) -> HttpResponse:
    """From ninety days before the end (CA-11). What was asked for is shown with the answer so far."""
    at = clock.now()
    code = ""
    if request.method == "POST":
        try:
            renewals.ask(session, at)
            return HttpResponseRedirect(reverse("signing:renew"), status=303)
        except Refused as refused:
            code = refused.code
    credential = session.credential
    context = {
        "credential": credential,
        "request_row": renewals.newest(credential),
        "is_open": renewals.is_open(credential, at),
        "opens_at": renewals.opens_at(credential),
        "is_fresh": renewals.is_fresh(session, at),
        "again": _again("signing:renew"),
        "why_not": WHY_NOT.get(code, ""),
        "authority": words.authority(credential.authority),
        "qualification": words.qualification(credential.qualification),
    }
    return render(request, "signing/renew.html", context, status=422 if code else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def revoke(request: HttpRequest, session: SigningSession) -> HttpResponse:
    """GET says what ends; POST ends it, with a reason."""
    at = clock.now()
    is_fresh, chosen, code = renewals.is_fresh(session, at), request.POST.get("reason", ""), ""
    if request.method == "POST" and is_fresh:
        if chosen not in stopped.REASONS:
            code = "reason_missing"
        else:
            actor = log.Actor("signer", str(session.credential.signer.public_id))
            try:
                credentials.revoke(session.credential, actor, chosen, at)
            except Refused as refused:
                code = refused.code
            else:
                return ended(request)
    context = {
        "credential": session.credential,
        "reasons": reasons(chosen),
        "ends": ENDS,
        "is_fresh": is_fresh,
        "again": _again("signing:revoke"),
        "code": code,
        "is_wrong": code == "reason_missing",
        "why_not": WHY_NOT.get(code, ""),
    }
    return render(request, "signing/revoke.html", context, status=422 if code else 200)


def ended(request: HttpRequest) -> HttpResponse:
    """After a revocation: what follows, and how to begin anew."""
    response = render(request, "signing/revoked.html")
    browser.forget_session(response)
    return response


def reasons(chosen: str) -> list[dict[str, object]]:
    return [
        {"value": value, "label": REASONS[value], "checked": value == chosen} for value in stopped.REASONS
    ]


def _again(name: str) -> str:
    """The sign-in page that leads back here."""
    return f"{reverse('signing:sign_in')}?next={reverse(name)}"
