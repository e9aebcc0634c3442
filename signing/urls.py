"""Every address of the signing room (contract.md "Addresses")."""

from django.urls import URLPattern, include, path

from signing.api import csc_views, oauth_views, openapi
from signing.pages import (
    acts,
    approval_qr,
    approvals,
    card_qr,
    me,
    my_phone,
    phone,
    sign_in,
    sign_in_qr,
    signatures,
    stopped,
)
from signing.pages.card import certificate, door, my_number_card, start
from signing.pages.card import phone as card_phone

app_name = "signing"


def oauth(base: str, name: str) -> list[URLPattern]:
    """The authorization server below a base address; each of them is the same server."""
    return [
        path(f"{base}/authorize", oauth_views.authorize, name=f"{name}_authorize"),
        path(f"{base}/pushed_authorize", oauth_views.push, name=f"{name}_push"),
        path(f"{base}/token", oauth_views.token, name=f"{name}_token"),
        path(f"{base}/revoke", oauth_views.revoke, name=f"{name}_revoke"),
    ]


urlpatterns = [
    path("", include("signing.issuing.urls")),
    path("r/<str:token>/", phone.link, name="phone_link"),
    path("r/<str:token>/complete/", phone.complete, name="phone_complete"),
    path("r/<str:token>/done/", phone.done, name="phone_done"),
    path("r/<str:token>/stopped/", phone.stopped, name="phone_stopped"),
    path("card/hpki/", door.hpki, name="card_hpki"),
    path("card/enter/", door.enter, name="card_enter"),
    path("card/sign-in/<slug:purpose>/", start.start, name="card_sign_in"),
    path("card/my-number-card/", my_number_card.page, name="card_my_number_card"),
    path("card/my-number-card/answer/", my_number_card.answer, name="card_my_number_card_answer"),
    path("card/phone/", card_phone.page, name="card_phone"),
    path("card/certificate/", certificate.page, name="card_certificate"),
    path("card/certificate/done/", certificate.done, name="card_certificate_done"),
    path("card/done/", my_number_card.done, name="card_done"),
    path("card/phone/qr/", card_qr.card_qr, name="card_qr"),
    path("card/phone/qr/state/", card_qr.state, name="card_qr_state"),
    path("me/", me.me, name="me"),
    path("me/end/", me.end, name="end_session"),
    path("me/phone/", my_phone.my_phone, name="me_phone"),
    path("me/approvals/", approvals.waiting, name="approvals"),
    path("me/approvals/<uuid:public_id>/", approvals.one, name="approval"),
    path("me/approvals/<uuid:public_id>/phone/", approvals.phone, name="approval_phone"),
    path("me/approvals/<uuid:public_id>/card/", approvals.card, name="approval_card"),
    path("me/approvals/<uuid:public_id>/hpki-card/", approvals.hpki_card, name="approval_hpki_card"),
    path("me/approvals/<uuid:public_id>/qr/", approval_qr.shown, name="approval_qr"),
    path("me/approvals/<uuid:public_id>/qr/state/", approval_qr.state, name="approval_qr_state"),
    path("me/approvals/qr/read/<str:token>/", approval_qr.read, name="approval_read"),
    path("me/approvals/<uuid:public_id>/refuse/", approvals.refuse, name="approval_refuse"),
    path("me/signatures/", signatures.signatures, name="signatures"),
    path("me/signatures/export.csv", signatures.as_csv, name="signatures_csv"),
    path("me/signatures/export.json", signatures.as_json, name="signatures_json"),
    path("me/signatures/<uuid:item>/", signatures.signature, name="signature"),
    path("me/signatures/<uuid:item>/proof.json", signatures.proof, name="signature_proof"),
    path("me/suspend/", me.suspend, name="suspend"),
    path("me/renew/", acts.renew, name="renew"),
    path("me/revoke/", acts.revoke, name="revoke"),
    path("me/stopped/", stopped.start, name="stopped"),
    path("me/stopped/card/", stopped.card, name="stopped_card"),
    path("me/stopped/phone/", stopped.phone, name="stopped_phone"),
    path("me/stopped/choice/", stopped.choice, name="stopped_choice"),
    path("me/stopped/act/", stopped.act, name="stopped_act"),
    path("me/stopped/leave/", stopped.leave, name="stopped_leave"),
    path("me/sign-in/", sign_in.start, name="sign_in"),
    path("me/sign-in/phone/", sign_in.phone, name="sign_in_phone"),
    path("me/sign-in/card/", sign_in.card, name="sign_in_card"),
    path("me/sign-in/done/", sign_in.done, name="signed_in"),
    path("me/sign-in/qr/", sign_in_qr.shown, name="sign_in_qr"),
    path("me/sign-in/qr/state/", sign_in_qr.state, name="sign_in_qr_state"),
    path("me/sign-in/qr/read/<str:token>/", sign_in_qr.read, name="sign_in_read"),
    *oauth("oauth2", "oauth"),
    *oauth("csc/v1/oauth2", "csc_v1_oauth"),
    *oauth("csc/v2/oauth2", "csc_v2_oauth"),
    path(".well-known/oauth-authorization-server", oauth_views.about, name="oauth_metadata"),
    *(path(f"csc/{method}", view) for method, view in csc_views.VIEWS.items()),
    path("csc/openapi.json", openapi.document, name="openapi"),
    path("csc/<path:rest>", csc_views.unknown, name="csc_unknown"),
]
