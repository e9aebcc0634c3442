"""The account's mail address, changed later (DQ-21, DQ-28): the old one serves until the new one is confirmed."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from enrollment import drafts
from enrollment.applicants import emails
from enrollment.errors import Refused
from enrollment.flow import Draft
from enrollment.models import Applicant
from enrollment.steps.email import Address, Code
from enrollment.views import refusals
from enrollment.views.door import Visit, signed_in
from enrollment.views.pages import code_context


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def address(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The address and the wish to be reminded; a new address is confirmed on the next page."""
    applicant = visit.applicant
    draft = Draft(confirmed_email=applicant.email if applicant.email_verified_at else "")
    if request.method != "POST":
        form = Address(draft=draft, at=visit.at, initial={"wants_reminders": applicant.wants_reminders})
        return _address_page(request, applicant, form, visit)
    form = Address(request.POST, draft=draft, at=visit.at)
    if not form.is_valid():
        return _address_page(request, applicant, form, visit)
    applicant.wants_reminders = bool(form.cleaned_data["wants_reminders"])
    applicant.save(update_fields=["wants_reminders"])
    wanted = str(form.cleaned_data["address"])
    if emails.is_confirmed(applicant, wanted):
        messages.success(request, _("メールの設定を保存しました。"))
        return redirect("status")
    try:
        emails.send_code(applicant, wanted, visit.at)
    except Refused as refused:
        form.add_error("address", _wait(refused))
        return _address_page(request, applicant, form, visit)
    return redirect("account_code")


def _wait(refused: Refused) -> str:
    return refusals.wait_sentence(refused.code, int(str(refused.detail["seconds"])))


def _address_page(request: HttpRequest, applicant: Applicant, form: Address, visit: Visit) -> HttpResponse:
    context = code_context(applicant, applicant.email, visit.at) | {"form": form}
    context["is_confirmed"] = applicant.email_verified_at is not None
    return render(request, "enrollment/account_address.html", context)


def _send_again(request: HttpRequest, applicant: Applicant, wanted: str, visit: Visit) -> None:
    try:
        emails.send_code(applicant, wanted, visit.at)
        messages.success(request, _("確認コードを送りました。届くまでに数分かかることがあります。"))
    except Refused as refused:
        messages.warning(request, _wait(refused))


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def code(request: HttpRequest, visit: Visit) -> HttpResponse:
    """確認コード for the address that was typed last."""
    applicant = visit.applicant
    sent = emails.newest(applicant)
    if sent is None or emails.is_confirmed(applicant, sent.address):
        return redirect("account_address")
    if "resend" in request.POST:
        _send_again(request, applicant, sent.address, visit)
        return redirect("account_code")
    form = Code(request.POST if request.method == "POST" else None, draft=Draft(), at=visit.at)
    if form.is_bound and form.is_valid():
        try:
            emails.confirm(applicant, sent.address, form.cleaned_data["code"], visit.at)
        except Refused as refused:
            form.add_error("code", refusals.code_sentence(refused))
        else:
            drafts.adopt_address(applicant, sent.address, visit.at)
            messages.success(request, _("メールアドレスを確認しました。お知らせはこのアドレスに届きます。"))
            return redirect("status")
    context = code_context(applicant, sent.address, visit.at) | {
        "form": form,
        "resend_url": request.path,
        "change_url": reverse("account_address"),
    }
    return render(request, "enrollment/account_code.html", context)
