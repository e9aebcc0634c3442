"""Every address of the product and what everybody gets there; tests/test_everybody_and_every_address.py asks."""

LOGIN, CARD, SIGN_IN = "/admin/login/", "/apply/sign-in/", "/me/sign-in/"
OFFICERS = ("examiner_jma", "approver_jma", "auditor_jma", "examiner_medis", "auditor_medis", "operator")

STRANGERS = (
    *(
        "anonymous",
        "applicant_a",
        "examiner_jma",
        "approver_jma",
        "auditor_jma",
        "operator",
        "no_second_factor",
    ),
    *("signer", "officer_elsewhere", "applicant_b_elsewhere", "signer_elsewhere"),
)
RIGHTFUL = ("applicant_b", "examiner_medis", "auditor_medis")
UNTRIED = "untried"  # it would end the very session, or rightly change the object; other tests do that
Row = dict[str, str]
NO: Row = {"*": "405"}
ALL: Row = {"*": "200"}
MISSING: Row = {"*": "404"}


def desk(status: str, **others: str) -> Row:
    """Officers with a second factor; everybody else is led to the sign-in."""
    return {"*": f"302 {LOGIN}", **dict.fromkeys(OFFICERS, status), **others}


def case(examiner: str, auditor: str = "") -> Row:
    """MEDIS's officers; for all others the case does not exist. The auditor must first say what for."""
    return desk("404", examiner_medis=examiner, auditor_medis=auditor or examiner)


def applicants(a: str, b: str) -> Row:
    return {"*": f"302 {CARD}", "applicant_a": a, "applicant_b": b}


def signers(status: str, elsewhere: int = 303) -> Row:
    return {"*": f"{elsewhere} {SIGN_IN}", "signer": status}


UNAUTHORISED: Row = {"*": "401"}
NOT_OFFERED: Row = {"*": "501"}
PURPOSE = "302 /admin/enrollment/application/case/ID/purpose/"
CASE = "admin/enrollment/application/case/<uuid:public_id>/"

ORDER = "admin/enrollment/certificateorder/order/<uuid:public_id>/"

# What everybody at the desk does with their own session and words; no auditor's POST there touches another's rows.
OWN = (
    *("admin/login/", "admin/logout/", "admin/confirm/", "admin/password_change/"),
    f"{CASE}purpose/",
    *("admin/enrollment/application/filters/", "admin/enrollment/application/beat/"),
    *("admin/join/<str:token>/", "admin/second-factor/"),
    *("admin/second-factor/codes/", "admin/second-factor/device/"),
)
# Lists that answer a POST as a GET: Django's change list without actions, and the desk's start.
HARMLESS = (
    "admin/",
    "admin/enrollment/application/",
    "admin/^(?P<app_label>staff|ledger|signing|outbox|enrollment)/$",
)

# route -> GET, POST
ADDRESSES: dict[str, tuple[Row, Row]] = {
    "healthz": (ALL, NO),
    "readyz": ({"*": "503"}, NO),  # no signer runs in this test
    "metrics": (ALL, NO),
    "language/": ({"*": "302 /"}, {"*": "302 /"}),
    "admin/": (desk("200"), desk("200")),
    "admin/confirm/": (desk("200"), desk("200")),
    "admin/login/": ({**ALL, **dict.fromkeys(OFFICERS, "302 /admin/")}, ALL),
    "admin/logout/": (
        {"*": "302 /admin/", **dict.fromkeys(OFFICERS, "405")},
        {"*": "302 /admin/", **dict.fromkeys(OFFICERS, UNTRIED), "no_second_factor": UNTRIED},
    ),
    "admin/password_change/": (desk("200"), desk("200")),
    "admin/password_change/done/": (desk("200"), desk("405")),
    "admin/jsi18n/": (desk("200"), desk("405")),
    "admin/join/<str:token>/": ({"*": "410"}, {"*": "410"}),  # the token of a phone's link invites nobody
    "admin/second-factor/": (desk("200"), desk("405")),
    "admin/second-factor/codes/": (desk("405"), desk("200")),
    "admin/second-factor/device/": (desk("200"), desk("422")),
    "admin/staff/officer/": (desk("403", operator="200"), desk("403", operator="422")),
    "admin/staff/officer/<uuid:officer>/": (desk("404", operator="200"), desk("405")),
    "admin/staff/officer/<uuid:officer>/<slug:name>/": (
        desk("405"),
        desk("404", operator="302 /admin/staff/officer/ID/"),
    ),
    "admin/staff/roleproposal/": (desk("403", approver_jma="200", operator="200"), desk("405")),
    "admin/staff/roleproposal/<uuid:proposal>/<slug:name>/": (desk("405"), desk("404")),
    "admin/ledger/entry/": (desk("403", auditor_jma="200", auditor_medis="200"), desk("405")),
    "admin/ledger/entry/export/": (desk("403", auditor_jma="200", auditor_medis="200"), desk("405")),
    "admin/signing/credential/": (desk("403", operator="200"), desk("405")),
    "admin/signing/credential/<uuid:credential>/<slug:name>/": (
        desk("404", operator="200"),
        desk("404", operator="422"),
    ),
    "admin/signing/stepuppolicy/": (desk("403", operator="200"), desk("405")),
    "admin/signing/stepuppolicy/add/": (desk("403", operator="200"), desk("403", operator="422")),
    "admin/signing/stepuppolicy/<int:policy>/": (
        desk("404", operator="200"),
        desk("404", operator="422"),
    ),
    "admin/signing/stepuppolicy/<int:policy>/delete/": (
        desk("404", operator="200"),
        desk("404", operator=UNTRIED),
    ),
    "admin/outbox/job/": (desk("403", operator="200"), desk("405")),
    "admin/outbox/job/<int:job>/retry/": (
        desk("405"),
        desk("404", operator="302 /admin/outbox/job/"),
    ),
    CASE: (case("200", PURPOSE), desk("405")),
    f"{CASE}purpose/": (case("200"), case("422")),
    f"{CASE}looks/": (case("404", "200"), desk("405")),
    f"{CASE}credential/<slug:name>/": (case("404"), case("404")),  # this case has no certificate
    f"{CASE}checklist/": (
        case("302 /admin/enrollment/application/case/ID/"),
        case("302 /admin/enrollment/application/case/ID/", "403"),
    ),
    f"{CASE}<slug:name>/": (
        case("302 /admin/enrollment/application/case/ID/"),
        case("302 /admin/enrollment/application/case/ID/", "403"),
    ),
    "admin/enrollment/application/new-cards/": (desk("200"), desk("405")),
    "admin/enrollment/application/new-cards/<uuid:public_id>/<slug:name>/": (
        desk("302 /admin/enrollment/application/new-cards/"),
        desk("404", auditor_medis="403"),
    ),
    f"{CASE}new-card/order/": (
        case("302 /admin/enrollment/application/case/ID/", "403"),
        case("302 /admin/enrollment/application/case/ID/", "403"),
    ),
    "admin/enrollment/application/card-orders/": (desk("200", operator="404"), desk("405")),
    "admin/enrollment/application/card-orders/hand-over/": (
        desk("403", approver_jma="302 /admin/enrollment/application/card-orders/"),
        desk("403", approver_jma="302 /admin/enrollment/application/card-orders/"),
    ),
    "admin/enrollment/application/card-orders/<slug:name>/": (
        desk("302 /admin/enrollment/application/card-orders/"),
        desk("404", auditor_jma="403", auditor_medis="403", operator="403"),
    ),
    f"{CASE}files/<uuid:attachment>/": (case("200", PURPOSE), desk("405")),
    f"{CASE}files/<uuid:attachment>/erase/": (case("200", PURPOSE), case(UNTRIED, "403")),
    f"{CASE}checks/<slug:name>/": (
        case("302 /admin/enrollment/application/case/ID/"),
        case("404", "403"),  # no check has this name
    ),
    "admin/enrollment/application/": (desk("200", operator="403"), desk("405")),
    "admin/enrollment/application/filters/": (
        desk("405"),
        desk("302 /admin/enrollment/application/", operator="403"),
    ),
    "admin/enrollment/application/bulk/<slug:name>/": (
        desk("405"),
        desk(
            "302 /admin/enrollment/application/",
            **dict.fromkeys(("operator", "auditor_jma", "auditor_medis"), "403"),
        ),
    ),
    "admin/enrollment/application/beat/": (desk("405"), desk("200")),
    "admin/^(?P<app_label>staff|ledger|signing|outbox|enrollment)/$": (
        desk("200", operator="404"),
        desk("200", operator="404"),
    ),
    "admin/enrollment/certificateorder/": (desk("200", operator="403"), desk("405")),
    ORDER: (case("200"), desk("405")),
    f"{ORDER}<slug:name>/": (case("404"), case("404")),  # no move of this table is called so
    "admin/(?P<url>.*)$": (desk("404"), desk("404")),
    "": (ALL, NO),
    "status/": (applicants("200", "200"), NO),
    "status/new-card/": (applicants("200", "200"), NO),  # told that an application is under way
    "status/name/": (applicants("200", "200"), applicants("409", "409")),  # neither has a certificate
    "status/name/card/": (applicants("200", "200"), NO),
    "status/name/sign/": (applicants("200", "200"), NO),
    "status/email/": (applicants("200", "200"), applicants("200", "200")),
    "status/email/code/": (
        applicants("302 /status/email/", "302 /status/email/"),
        applicants("302 /status/email/", "302 /status/email/"),
    ),
    "status/notices/<uuid:public_id>/": (applicants("404", "200"), NO),
    "status/<uuid:public_id>/withdraw/": (applicants("404", "200"), applicants("404", UNTRIED)),
    "apply/": (applicants("200", "200"), applicants("409", "409")),
    "apply/sign-in/": ({"*": "200", "applicant_a": "302 /apply/", "applicant_b": "302 /apply/"}, NO),
    "apply/sign-out/": (NO, applicants(UNTRIED, UNTRIED)),
    "apply/session/": (ALL, ALL),
    "apply/unsent/": (applicants("302 /apply/", "302 /apply/"), NO),
    "apply/card/answer/": (NO, {"*": "409"}),
    "apply/qr/": (NO, {"*": "409"}),
    "apply/qr/answer/": (NO, {"*": "409"}),
    "apply/qr/read/<str:token>/": (MISSING, MISSING),
    "apply/qr/<uuid:public_id>/": (
        {"*": "404", "applicant_a": "302 /apply/", "applicant_b": "302 /apply/"},
        {"*": "404", "applicant_a": "302 /apply/", "applicant_b": "302 /apply/"},
    ),
    "apply/qr/<uuid:public_id>/state/": (MISSING, NO),
    "apply/romaji/": (NO, applicants("200", "200")),
    "apply/echo/<slug:kind>/": (NO, applicants("200", "200")),
    "apply/postal/": (NO, applicants("200", "200")),
    "apply/email-code/resend/": (NO, applicants("302 /apply/", "302 /apply/")),
    "apply/files/<uuid:public_id>/": (applicants("404", "200"), NO),
    "apply/files/<uuid:public_id>/whole/": (applicants("404", "404"), NO),  # the row's file is no photo
    "apply/files/<uuid:public_id>/crop/": (applicants("404", "404"), applicants("404", "404")),
    "apply/<slug:slug>/file/": (NO, applicants("302 /apply/", "302 /apply/")),
    "apply/<slug:slug>/": (  # both have handed in: the receipt
        applicants("302 /apply/done/", "302 /apply/done/"),
        applicants("302 /apply/done/", "302 /apply/done/"),
    ),
    "pki/": (ALL, NO),
    "pki/<slug:code>.crt": (MISSING, NO),
    "pki/<slug:code>.crl": (MISSING, NO),
    "pki/<slug:code>.ocsp": (MISSING, MISSING),
    "pki/<slug:code>.ocsp/<path:asked>": (MISSING, MISSING),
    "r/<str:token>/": (ALL, {"*": "422"}),
    "r/<str:token>/complete/": (NO, {"*": "409"}),
    "r/<str:token>/done/": ({"*": "302 /r/TOKEN/"}, NO),
    "r/<str:token>/stopped/": (ALL, NO),
    "card/phone/qr/": (MISSING, MISSING),  # nobody here has been shown a QR code
    "card/phone/qr/state/": (MISSING, NO),
    "me/": (signers("200"), NO),
    "me/end/": (NO, signers(UNTRIED)),
    "me/phone/": (signers("200"), signers("200")),
    "me/approvals/": (signers("200"), NO),
    "me/approvals/<uuid:public_id>/": (signers("404"), NO),  # nothing waits for anybody here
    "me/approvals/<uuid:public_id>/phone/": (NO, signers("404")),
    "me/approvals/<uuid:public_id>/card/": (NO, signers("404")),
    "me/approvals/<uuid:public_id>/hpki-card/": (signers("404"), NO),
    "me/approvals/<uuid:public_id>/refuse/": (NO, signers("404")),
    "me/approvals/<uuid:public_id>/qr/": (signers("404"), signers("404")),
    "me/approvals/<uuid:public_id>/qr/state/": (signers("404"), NO),
    "me/approvals/qr/read/<str:token>/": (MISSING, MISSING),
    "me/signatures/": (signers("200"), NO),
    "me/signatures/export.csv": (signers("200"), NO),
    "me/signatures/export.json": (signers("200"), NO),
    "me/signatures/<uuid:item>/": (signers("404"), NO),  # Hanako's
    "me/signatures/<uuid:item>/proof.json": (signers("404"), NO),
    "me/suspend/": (signers("200"), signers(UNTRIED)),
    "me/renew/": (signers("200"), signers("422")),  # years before the end
    "me/revoke/": (signers("200"), signers("422")),  # no reason given
    "me/stopped/": (ALL, NO),
    "me/stopped/card/": (NO, {"*": "422"}),
    "me/stopped/phone/": (NO, {"*": "422"}),
    "me/stopped/choice/": ({"*": "303 /me/stopped/"}, NO),
    "me/stopped/act/": (NO, {"*": "303 /me/stopped/"}),
    "me/stopped/leave/": (NO, {"*": "303 /me/stopped/"}),
    "me/sign-in/": (ALL, NO),
    "me/sign-in/phone/": (NO, {"*": "422"}),
    "me/sign-in/card/": (NO, {"*": "422"}),
    "me/sign-in/done/": (signers("302 /me/", 302), NO),
    "me/sign-in/qr/": (
        {"*": "410"},
        {"*": "303 /me/sign-in/qr/"},
    ),  # nobody here shows one; a POST shows one's own
    "me/sign-in/qr/state/": (ALL, NO),  # the POST before has made one
    "me/sign-in/qr/read/<str:token>/": (MISSING, MISSING),
    **{
        f"{base}oauth2/{name}": row
        for base in ("", "csc/v1/", "csc/v2/")
        for name, row in {
            "authorize": ({"*": "400"}, NO),
            "pushed_authorize": (NO, UNAUTHORISED),
            "token": (NO, {"*": "400"}),
            "revoke": (NO, UNAUTHORISED),
        }.items()
    },
    ".well-known/oauth-authorization-server": (ALL, NO),
    "csc/v1/info": (NO, ALL),
    "csc/v1/credentials/list": (NO, UNAUTHORISED),
    "csc/v1/credentials/info": (NO, UNAUTHORISED),
    "csc/v1/credentials/authorize": (NO, UNAUTHORISED),
    "csc/v1/credentials/extendTransaction": (NO, UNAUTHORISED),
    "csc/v1/signatures/signHash": (NO, UNAUTHORISED),
    "csc/v1/auth/login": (NO, NOT_OFFERED),
    "csc/v1/auth/revoke": (NO, NOT_OFFERED),
    "csc/v1/credentials/sendOTP": (NO, NOT_OFFERED),
    "csc/v1/signatures/timestamp": (NO, NOT_OFFERED),
    "csc/v2/info": (NO, ALL),
    "csc/v2/credentials/list": (NO, UNAUTHORISED),
    "csc/v2/credentials/info": (NO, UNAUTHORISED),
    "csc/v2/credentials/authorize": (NO, UNAUTHORISED),
    "csc/v2/credentials/authorizeCheck": (NO, UNAUTHORISED),
    "csc/v2/credentials/extendTransaction": (NO, UNAUTHORISED),
    "csc/v2/signatures/signHash": (NO, UNAUTHORISED),
    "csc/v2/auth/login": (NO, NOT_OFFERED),
    "csc/v2/auth/revoke": (NO, NOT_OFFERED),
    "csc/v2/credentials/sendOTP": (NO, NOT_OFFERED),
    "csc/v2/credentials/getChallenge": (NO, NOT_OFFERED),
    "csc/v2/credentials/create": (NO, NOT_OFFERED),
    "csc/v2/credentials/delete": (NO, NOT_OFFERED),
    "csc/v2/signatures/signDoc": (NO, NOT_OFFERED),
    "csc/v2/signatures/signPolling": (NO, NOT_OFFERED),
    "csc/v2/signatures/timestamp": (NO, NOT_OFFERED),
    "csc/openapi.json": (ALL, NO),
    "csc/<path:rest>": (MISSING, MISSING),
    "log/key.pem": (MISSING, NO),
    "log/verify_proof.py": (ALL, NO),
    "log/<str:day>.json": (MISSING, NO),
    "card/": (ALL, NO),
    "card/refused/": ({"*": "302 /card/"}, NO),  # without a reason there is nothing to say
    "card/jma/": (ALL, NO),
    "card/jma/numbers/": (ALL, {"*": "422"}),
    "card/jma/code/": ({"*": "302 /card/jma/"}, {"*": "302 /card/jma/"}),
    "card/jma/undo/<str:token>/": (MISSING, MISSING),
    "card/hpki/": (MISSING, NO),  # answered to nginx alone
    "card/enter/": ({"*": "303 http://localhost:8000/card/refused/"}, NO),
    "card/sign-in/<slug:purpose>/": (ALL, NO),  # no front that takes HPKI cards: it says so
    "card/my-number-card/": ({"*": "303 /card/"}, NO),
    "card/my-number-card/answer/": (NO, {"*": "303 /card/"}),
    "card/phone/": ({"*": "303 /card/"}, {"*": "303 /card/"}),
    "card/certificate/": ({"*": "303 /card/"}, {"*": "303 /card/"}),
    "card/certificate/done/": ({"*": "303 /card/"}, NO),
    "card/done/": ({"*": "303 /card/"}, NO),
    "favicon.ico": ({"*": "301 /static/seal.svg"}, NO),
    "mailbox/": (ALL, NO),
    "reader/": (ALL, {"*": "400"}),
}
