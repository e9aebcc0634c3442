"""Every address of the signing room (contract.md "Addresses")."""

from django.urls import include, path

from signing.api import csc_views, oauth_views
from signing.pages import acts, card_qr, me, my_phone, phone, sign_in, signatures, stopped
from signing.pages.card import certificate, door, my_number_card, start
from signing.pages.card import phone as card_phone

app_name = "signing"

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
    path("me/stopped/act/", stopped.act, name="stopped_act"),
    path("me/sign-in/", sign_in.start, name="sign_in"),
    path("me/sign-in/phone/", sign_in.phone, name="sign_in_phone"),
    path("me/sign-in/card/", sign_in.card, name="sign_in_card"),
    path("me/sign-in/done/", sign_in.done, name="signed_in"),
    path("oauth2/authorize", oauth_views.authorize, name="oauth_authorize"),
    path("oauth2/token", oauth_views.token, name="oauth_token"),
    path("oauth2/revoke", oauth_views.revoke, name="oauth_revoke"),
    path(".well-known/oauth-authorization-server", oauth_views.metadata, name="oauth_metadata"),
    *(path(f"csc/v1/{method}", view) for method, view in csc_views.V1.items()),
]
