"""Every address of the product x everybody, with another person's objects (security.md threats 1, 2, 13).

The addresses come from the resolver: one that is new and has no row in ADDRESSES fails here. What stands in a row is
the status that each person gets; "*" is everybody who is not named. The objects belong to Hanako (applicant_b), whose
case is MEDIS's; nobody else may see a word of them, and after all the requests they are as they were.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLResolver, get_resolver
from django_otp import DEVICE_ID_SESSION_KEY
from pytest_django import Settings

from enrollment.models import Applicant, ApplicantSession, Application, Attachment
from ledger import clock
from ledger.models import Entry
from outbox import notices
from outbox.models import Notice
from signing import links
from signing.models import Credential, EnrollmentLink, SigningSession
from staff.models import Officer
from tests.support import cases
from tests.support.credentials import active_credential
from vault import tokens

pytestmark = pytest.mark.django_db

LOGIN, CARD, SIGN_IN = "/admin/login/", "/apply/sign-in/", "/me/sign-in/"
PICTURE = b" a drawn licence "
OFFICERS = ("examiner_jma", "approver_jma", "auditor_jma", "examiner_medis", "operator")
FILLED = {
    "notices/<uuid:public_id>": "notices/{notice}",
    "files/<uuid:public_id>": "files/{picture}",
    "<uuid:attachment>": "{picture}",
    "<uuid:public_id>": "{application}",
    "<str:token>": "{token}",
    "<slug:slug>": "licence",
    "<slug:name>": "claim",
    "<slug:code>": "nowhere",
    "<str:day>": "2026-11-19",
    "<path:content_type_id>/<path:object_id>": "1/1",
    "<path:object_id>": "1",
    "^(?P<app_label>": "(?P<app_label>",
    "(?P<url>.*)$": "no-such-page",
}


# --- who gets what ------------------------------------------------------------------------------------------------

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
RIGHTFUL = ("applicant_b", "examiner_medis")
UNTRIED = "untried"  # it would end the very session, or rightly change the object; other tests do that
Row = dict[str, str]
NO: Row = {"*": "405"}
ALL: Row = {"*": "200"}
MISSING: Row = {"*": "404"}


def desk(status: str, **others: str) -> Row:
    """Officers with a second factor; everybody else is led to the sign-in."""
    return {"*": f"302 {LOGIN}", **dict.fromkeys(OFFICERS, status), **others}


def case(status: str) -> Row:
    """MEDIS's officers; for all others the case does not exist."""
    return desk("404", examiner_medis=status)


def applicants(a: str, b: str) -> Row:
    return {"*": f"302 {CARD}", "applicant_a": a, "applicant_b": b}


def signers(status: str, elsewhere: int = 303) -> Row:
    return {"*": f"{elsewhere} {SIGN_IN}", "signer": status}


UNAUTHORISED: Row = {"*": "401"}
GROUP = "admin/auth/group/<path:object_id>/"
CASE = "admin/enrollment/application/case/<uuid:public_id>/"

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
    "admin/autocomplete/": (desk("403"), desk("405")),
    "admin/jsi18n/": (desk("200"), desk("405")),
    "admin/r/<path:content_type_id>/<path:object_id>/": (desk("404"), desk("404")),
    "admin/auth/group/": (desk("403"), desk("403")),
    "admin/auth/group/add/": (desk("403"), desk("403")),
    f"{GROUP}history/": (desk("302 /admin/"), desk("302 /admin/")),
    f"{GROUP}delete/": (desk("403"), desk("403")),
    f"{GROUP}change/": (desk("403"), desk("403")),
    GROUP: (desk("302 /admin/auth/group/1/change/"), desk("302 /admin/auth/group/1/change/")),
    CASE: (case("200"), desk("405")),
    f"{CASE}<slug:name>/": (
        case("302 /admin/enrollment/application/case/ID/"),
        case("302 /admin/enrollment/application/case/ID/"),
    ),
    f"{CASE}files/<uuid:attachment>/": (case("200"), desk("405")),
    "admin/enrollment/application/": (desk("200", operator="403"), desk("200", operator="403")),
    "admin/^(?P<app_label>auth|enrollment)/$": (desk("200", operator="404"), desk("200", operator="404")),
    "admin/(?P<url>.*)$": (desk("404"), desk("404")),
    "": (ALL, NO),
    "status/": (applicants("200", "200"), NO),
    "status/notices/<uuid:public_id>/": (applicants("404", "200"), NO),
    "status/<uuid:public_id>/withdraw/": (applicants("404", "200"), applicants("404", UNTRIED)),
    "apply/": (applicants("200", "200"), applicants("409", "409")),
    "apply/sign-in/": ({"*": "200", "applicant_a": "302 /apply/", "applicant_b": "302 /apply/"}, NO),
    "apply/sign-out/": (NO, applicants(UNTRIED, UNTRIED)),
    "apply/card/answer/": (NO, {"*": "409"}),
    "apply/romaji/": (applicants("200", "200"), NO),
    "apply/email-code/resend/": (NO, applicants("302 /apply/", "302 /apply/")),
    "apply/files/<uuid:public_id>/": (applicants("404", "200"), NO),
    "apply/files/<uuid:public_id>/remove/": (NO, applicants("404", "409")),
    "apply/<slug:slug>/": (
        applicants("302 /apply/", "302 /apply/"),
        applicants("302 /apply/", "302 /apply/"),
    ),
    "pki/": (ALL, NO),
    "pki/<slug:code>.crt": (MISSING, NO),
    "pki/<slug:code>.crl": (MISSING, NO),
    "r/<str:token>/": (ALL, {"*": "422"}),
    "r/<str:token>/complete/": (NO, {"*": "409"}),
    "r/<str:token>/done/": ({"*": "302 /r/TOKEN/"}, NO),
    "r/<str:token>/stopped/": (ALL, NO),
    "me/": (signers("200"), NO),
    "me/end/": (NO, signers(UNTRIED)),
    "me/suspend/": (signers("200"), signers(UNTRIED)),
    "me/sign-in/": (ALL, NO),
    "me/sign-in/phone/": (NO, {"*": "422"}),
    "me/sign-in/card/": (NO, {"*": "422"}),
    "me/sign-in/done/": (signers("302 /me/", 302), NO),
    "oauth2/authorize": ({"*": "400"}, NO),
    "oauth2/token": (NO, {"*": "400"}),
    "oauth2/revoke": (NO, UNAUTHORISED),
    ".well-known/oauth-authorization-server": (ALL, NO),
    "csc/v1/info": (NO, ALL),
    "csc/v1/credentials/list": (NO, UNAUTHORISED),
    "csc/v1/credentials/info": (NO, UNAUTHORISED),
    "csc/v1/credentials/authorize": (NO, UNAUTHORISED),
    "csc/v1/signatures/signHash": (NO, UNAUTHORISED),
    "log/key.pem": (MISSING, NO),
    "log/<str:day>.json": (MISSING, NO),
    "card/": (ALL, NO),
    "favicon.ico": ({"*": "301 /static/seal.svg"}, NO),
    "mailbox/": (ALL, NO),
    "reader/": (ALL, {"*": "400"}),
}


@dataclass
class World:
    """Hanako's objects, and a browser for everybody."""

    application: Application
    picture: Attachment
    notice: Notice
    link: EnrollmentLink
    token: str
    browsers: dict[str, Client] = field(default_factory=dict)

    def address(self, route: str) -> str:
        """The route with Hanako's ids in it."""
        for pattern, value in FILLED.items():
            route = route.replace(pattern, value)
        route = re.sub(r"\(\?P<app_label>.*\)/\$", "enrollment/", route)
        assert not re.search(r"[<>$^]", route), route
        return "/" + route.format(
            notice=self.notice.public_id,
            picture=self.picture.public_id,
            application=self.application.public_id,
            token=self.token,
        )

    def words(self) -> list[bytes]:
        """What only Hanako and MEDIS's officers may read."""
        texts = ["見本　花子", self.application.receipt_number, "canary-of-the-notice", "東京都千代田区見本"]
        return [*(str(text).encode() for text in texts), PICTURE]

    def rows(self) -> list[object]:
        """Everything of Hanako's that a request could change."""
        objects: list[Any] = [self.application, self.picture, self.notice, self.link, self.link.credential]
        return [type(row).objects.filter(pk=row.pk).values().get() for row in objects]


def routes(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for each in resolver.url_patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from routes(each, route)
        else:
            yield route


def _officer(name: str, *roles: tuple[str, str], verified: bool = True) -> Client:
    officer = Officer.objects.create_officer(name, "a long demo password", f"審査者{name}", roles)
    client = Client()
    client.force_login(officer)
    if verified:
        session = client.session
        session[DEVICE_ID_SESSION_KEY] = officer.totp_device().persistent_id
        session.save()
    return client


def _applicant(applicant: Applicant) -> Client:
    at, token = clock.now(), tokens.new_token()
    certificate = applicant.certificates.get()
    ApplicantSession.objects.create(
        token_digest=tokens.digest(token),
        applicant=applicant,
        certificate=certificate,
        created_at=at,
        last_seen_at=at,
    )
    return _with_cookies(**{settings.APPLICANT_COOKIE_NAME: token})


def _signer(credential: Credential) -> Client:
    at, token = clock.now(), tokens.new_token()
    SigningSession.objects.create(
        token_digest=tokens.digest(token),
        credential=credential,
        means="authenticator",
        started_at=at,
        expires_at=at + timedelta(hours=18),
    )
    return _with_cookies(**{settings.SIGNER_COOKIE_NAME: token})


def _with_cookies(**cookies: str) -> Client:
    client = Client()
    for name, value in cookies.items():
        client.cookies[name] = value
    return client


def _in_every_slot(client: Client) -> Client:
    """The same secret, shown as whatever else it could be taken for."""
    (value,) = [morsel.value for morsel in client.cookies.values()]
    names = (settings.SESSION_COOKIE_NAME, settings.APPLICANT_COOKIE_NAME, settings.SIGNER_COOKIE_NAME)
    return _with_cookies(**{name: value for name in names if name not in client.cookies})


@pytest.fixture(autouse=True)
def no_signer(settings: Settings, tmp_path: Path) -> None:
    """Other tests of this run may have started one; here nothing answers."""
    settings.SIGNER_SOCKET = settings.ISSUER_SOCKET = tmp_path / "nobody"


@pytest.fixture
def world() -> World:
    at = clock.now()
    mine, other = cases.submitted("medis"), cases.submitted("jma")
    notice = notices.post(
        mine.applicant.public_id, "n5", "お知らせ", "canary-of-the-notice", secret='{"url": "x"}'
    )
    credential = active_credential(at=at)
    made = links.create(credential, at=at)
    link = EnrollmentLink.objects.get(credential=credential)
    found = World(mine, mine.attachments.get(), notice, link, made.url_path.split("/")[2])
    officer = _officer("examiner-jma", ("jma", "EXAMINER"))
    applicant_b, signer = _applicant(mine.applicant), _signer(active_credential(at=at))
    found.browsers = {
        "anonymous": Client(),
        "applicant_a": _applicant(other.applicant),
        "applicant_b": applicant_b,
        "examiner_jma": officer,
        "approver_jma": _officer("approver-jma", ("jma", "APPROVER"), ("jpa", "EXAMINER")),
        "auditor_jma": _officer("auditor-jma", ("jma", "AUDITOR")),
        "examiner_medis": _officer("examiner-medis", ("medis", "EXAMINER")),
        "operator": _officer("operator", ("", "OPERATOR")),
        "no_second_factor": _officer("lax", ("medis", "EXAMINER"), verified=False),
        "signer": signer,
        "officer_elsewhere": _in_every_slot(officer),
        "applicant_b_elsewhere": _in_every_slot(applicant_b),
        "signer_elsewhere": _in_every_slot(signer),
    }
    return found


def test_every_address_has_its_row() -> None:
    assert set(routes(get_resolver())) == set(ADDRESSES)


def test_strangers_see_nothing_change_nothing_and_are_written_down(world: World) -> None:
    before = world.rows()
    for route, method, name in _asked(STRANGERS):
        answer = _ask(world, route, method, name)
        assert _told(answer) == _expected(route, method, name), f"{method} {route} as {name}"
        seen = [word.decode() for word in world.words() if word in answer.content]
        assert not seen, f"{method} {route} as {name} shows {seen}"
    assert world.rows() == before
    refused = Entry.objects.filter(kind="case.refused", subject=str(world.application.public_id))
    assert refused.values("actor_id").distinct().count() == 4  # all officers but the one of MEDIS


def test_those_who_may_get_what_is_theirs(world: World) -> None:
    for route, method, name in _asked(RIGHTFUL):
        answer = _ask(world, route, method, name)
        assert _told(answer) == _expected(route, method, name), f"{method} {route} as {name}"


def _asked(names: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    for route in ADDRESSES:
        for method in ("get", "post"):
            for name in names:
                if _expected(route, method, name) != UNTRIED:
                    yield route, method, name


def _expected(route: str, method: str, name: str) -> str:
    row = ADDRESSES[route][method == "post"]
    return row.get(name, row["*"])


def _ask(world: World, route: str, method: str, name: str) -> Any:
    browser = world.browsers[name]
    address = world.address(route)
    if route.startswith("csc/") and method == "post":
        body = {
            "credentialID": str(world.link.credential.public_id),
            "SAD": "x",
            "hash": ["YQ=="],
            "numSignatures": 1,
        }
        return browser.post(address, body, content_type="application/json")
    return getattr(browser, method)(address)


def _told(answer: Any) -> str:
    """The status, and where a redirect leads: without its query and without ids."""
    where = answer.headers.get("Location", "").partition("?")[0]
    where = re.sub(r"/r/[^/]+/", "/r/TOKEN/", re.sub(r"[0-9a-f-]{36}", "ID", where))
    return f"{answer.status_code} {where}".strip()
