"""The QR code of an approval: at a browser without an authenticator (`shown`), and on the signer's phone (`read`).

The PC's page works without scripts: it refreshes itself and shows the outcome when the phone has answered. The phone
sees who asks, for what and how many, and the hashes; the documents' names can name patients, so they are shown to a
phone that is signed in as the signer, and otherwise on the PC alone.
"""

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from ledger import clock
from signing import devices, sessions
from signing.authorising import approvals
from signing.authorising import shown as shown_approval
from signing.errors import Refused
from signing.flow import Approval as State
from signing.models import Approval, ShownSignIn, SigningSession
from signing.pages import browser, qr_phone, qr_screen
from signing.pages import shown as records
from signing.pages.approvals import answering, documents, summary
from signing.pages.me import signed_in
from signing.phones import shown_codes


@require_http_methods(["GET", "HEAD", "POST"])
@answering
def shown(request: HttpRequest, approval: Approval, at: datetime) -> HttpResponse:
    """POST shows a QR code or stops; GET shows where things stand."""
    here = reverse("signing:approval_qr", args=[approval.public_id])
    page = reverse("signing:approval", args=[approval.public_id])
    token = browser.token_or_new(request)
    if request.method != "POST":
        row = shown_codes.of_asker(token, at, approval)
        if row is None:
            return HttpResponseRedirect(page, status=303)
        drawn = qr_screen.of(row, "signing:approval_read", at)
        context = {**summary(approval), **documents(approval), **drawn, "here": here}
        return render(request, "signing/approval_qr.html", context)
    if request.POST.get("wish") == "stop":
        shown_codes.give_up(token, at, approval)
        return HttpResponseRedirect(page, status=303)
    session = sessions.find(browser.session_token(request), at)
    kind = devices.kind(request.headers.get("User-Agent", ""))
    shown_codes.show(token, kind, at, approval=approval, session=session)
    response = HttpResponseRedirect(here, status=303)
    browser.remember(response, token)
    return response


@require_safe
@signed_in
def state(request: HttpRequest, session: SigningSession, public_id: UUID) -> JsonResponse:
    """As `qr_screen.told`, or what has become of the approval."""
    at = clock.now()
    try:
        approval = approvals.find(session.credential.signer, public_id)
    except Refused:
        return JsonResponse({"state": "unknown"}, status=404)
    if (standing := approvals.standing(approval, at)) != State.WAITING:
        return JsonResponse({"state": standing})
    return qr_screen.told(shown_codes.of_asker(browser.token(request), at, approval))


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@browser.private
@browser.unreferred
def read(request: HttpRequest, token: str) -> HttpResponse:
    """/me/approvals/qr/read/<token>/ on the phone."""
    return qr_phone.read(request, token, APPROVAL)


def _about(request: HttpRequest, row: ShownSignIn) -> dict[str, object]:
    """Raises Refused("qr_over") where the approval has been withdrawn since."""
    approval, at = shown_approval.of(row), clock.now()
    if approvals.standing(approval, at) not in (State.WAITING, State.APPROVED, State.TAKEN):
        raise Refused("qr_over")
    told = {**summary(approval), **documents(approval)}
    if _is_signed_in(request, approval, at):
        return told
    digests = [("", digest) for _name, digest in documents(approval)["documents"]]
    return {
        **told,
        "about": records.HIDDEN,
        "documents": digests,
        "is_named": False,
        "are_names_hidden": True,
    }


def _is_signed_in(request: HttpRequest, approval: Approval, at: datetime) -> bool:
    try:
        session = sessions.find(browser.session_token(request), at)
    except Refused:
        return False
    return session.credential.signer_id == approval.credential.signer_id


APPROVAL = qr_phone.Kind(
    "approval_read",
    for_approval=True,
    begin=shown_approval.begin,
    prove=shown_approval.prove,
    about=_about,
)
