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
from django.apps import apps
from django.conf import settings
from django.test import Client
from django.urls import URLResolver, get_resolver
from django_otp import DEVICE_ID_SESSION_KEY
from pytest_django import Settings

from enrollment.models import (
    Applicant,
    ApplicantSession,
    Application,
    Attachment,
    CertificateOrder,
    JoinRequest,
)
from ledger import clock
from ledger.models import Entry
from outbox import notices
from outbox.models import Job, Notice
from signing import links
from signing.models import Credential, EnrollmentLink, SignatureRecord, SigningSession, StepUpPolicy
from staff import granting
from staff.models import Officer, RoleProposal
from tests.signing.records import rows
from tests.support import cases
from tests.support.addresses import ADDRESSES, CASE, HARMLESS, OFFICERS, OWN, RIGHTFUL, STRANGERS, UNTRIED
from tests.support.credentials import active_credential
from tests.support.days import ehr
from vault import tokens

pytestmark = pytest.mark.django_db

PICTURE = b" a drawn licence "
FILLED = {
    "order/<uuid:public_id>": "order/{order}",
    "new-cards/<uuid:public_id>": "new-cards/{join}",
    "notices/<uuid:public_id>": "notices/{notice}",
    "files/<uuid:public_id>": "files/{picture}",
    "<uuid:attachment>": "{picture}",
    "<uuid:item>": "{item}",
    "<uuid:officer>/<slug:name>": "{officer}/unlock",
    "<uuid:officer>": "{officer}",
    "<uuid:proposal>/<slug:name>": "{proposal}/confirm",
    "<uuid:credential>/<slug:name>": "{credential}/suspend",
    "<int:job>": "{job}",
    "<int:policy>": "{policy}",
    "<uuid:public_id>": "{application}",
    "<str:token>": "{token}",
    "<slug:slug>": "licence",
    "<slug:name>": "claim",
    "<slug:code>": "nowhere",
    "<path:asked>": "bm8=",
    "csc/<path:rest>": "csc/no-such-method",
    "<slug:kind>": "date",
    "<slug:purpose>": "phone",
    "<str:day>": "2026-11-19",
    "^(?P<app_label>": "(?P<app_label>",
    "(?P<url>.*)$": "no-such-page",
}


@dataclass
class World:
    """Hanako's objects, and a browser for everybody."""

    application: Application
    order: CertificateOrder
    join: JoinRequest
    picture: Attachment
    notice: Notice
    link: EnrollmentLink
    token: str
    signature: SignatureRecord
    officer: Officer
    proposal: RoleProposal
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
            order=self.order.public_id,
            join=self.join.public_id,
            token=self.token,
            item=self.signature.item.public_id,
            officer=self.officer.public_id,
            proposal=self.proposal.public_id,
            credential=self.link.credential.public_id,
            job=Job.objects.earliest("pk").pk,
            policy=StepUpPolicy.objects.get().pk,
        )

    def words(self) -> list[bytes]:
        """What only Hanako and MEDIS's officers may read."""
        texts = [
            *("見本　花子", self.application.receipt_number, "canary-of-the-notice", "東京都千代田区見本"),
            "canary-of-the-label",
        ]
        return [*(str(text).encode() for text in texts), PICTURE]

    def rows(self) -> list[object]:
        """Everything of Hanako's that a request could change."""
        objects: list[Any] = [
            self.application,
            self.order,
            self.join,
            self.picture,
            self.notice,
            self.link,
            self.link.credential,
            self.signature,
        ]
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
        session["staff.confirmed_at"] = clock.now().timestamp()
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
    StepUpPolicy.objects.create(above=50, for_new_callers=False, for_narcotics=True, changed_at=at)
    notice = notices.post(
        mine.applicant.public_id, "n5", "お知らせ", "canary-of-the-notice", secret='{"url": "x"}'
    )
    credential = active_credential(at=at)
    made = links.create(credential, at=at)
    link = EnrollmentLink.objects.get(credential=credential)
    order = CertificateOrder.objects.create(
        kind="renewal",
        authority="medis",
        qualification="doctor",
        person=mine.applicant.public_id,
        person_id="ORDER23456",
        application=mine,
        former=credential.public_id,
        subject={"name_kanji": "見本　花子"},
        created_at=at,
        changed_at=at,
    )
    stranger = cases.submitted("medis").applicant
    join = JoinRequest.objects.create(
        applicant=stranger,
        certificate=stranger.certificates.get(),
        application=mine,
        state="waiting",
        content=b"what was signed",
        sha256=bytes(32),
        frozen_at=at,
        signed_at=at,
    )
    known, machinist = cases.officer("known", ("medis", "EXAMINER")), cases.officer("m", ("", "OPERATOR"))
    proposal = granting.propose(machinist, known, "medis", "APPROVER", at)
    token = made.url_path.split("/")[2]
    Job.objects.create(kind="x", subject=str(mine.public_id), run_after=at, ring_after=at, created_at=at)
    signature = rows.signed(rows.session_of(credential, at), ehr(), 1, at, label="canary-of-the-label")[0]
    found = World(mine, order, join, mine.attachments.get(), notice, link, token, signature, known, proposal)
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
        "auditor_medis": _officer("auditor-medis", ("medis", "AUDITOR")),
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


@pytest.mark.timeout(400)  # some two thousand requests
def test_strangers_see_nothing_change_nothing_and_are_written_down(world: World) -> None:
    before = world.rows()
    for route, method, name in _asked(STRANGERS):
        answer = _ask(world, route, method, name)
        assert _told(answer) == _expected(route, method, name), f"{method} {route} as {name}"
        body = b"".join(answer) if answer.streaming else answer.content
        seen = [word.decode() for word in world.words() if word in body]
        assert not seen, f"{method} {route} as {name} shows {seen}"
    assert world.rows() == before
    refused = Entry.objects.filter(kind="case.refused", subject=str(world.application.public_id))
    assert refused.values("actor_id").distinct().count() == 4  # all officers but the one of MEDIS


def test_those_who_may_get_what_is_theirs(world: World) -> None:
    for route, method, name in _asked(RIGHTFUL):
        answer = _ask(world, route, method, name)
        assert _told(answer) == _expected(route, method, name), f"{method} {route} as {name}"


@pytest.mark.timeout(400)
@pytest.mark.requirement("RV-4")
def test_every_address_with_an_object_writes_down_who_must_not_reach_it(world: World) -> None:
    """An officer of another authority, and one without the role: 404, and an entry that the object was there."""
    for route, method, name in _asked(tuple(set(OFFICERS) & set(STRANGERS))):
        if not re.search("admin/.*<(uuid|int):", route) or _expected(route, method, name) != "404":
            continue
        last = Entry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        assert _ask(world, route, method, name).status_code == 404
        officer = Officer.objects.get(username=name.replace("_", "-"))
        new = Entry.objects.filter(pk__gt=last, actor_id=officer.public_id)
        assert [entry.kind for entry in new if entry.kind.endswith(".refused")], f"{method} {route} as {name}"


def _everything() -> dict[str, list[Any]]:
    """All rows but those that an auditor's own looks and tries make."""
    own = ("statedpurpose", "caseview", "signincounter", "outstandingtoken")
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for app in ("enrollment", "signing", "outbox", "staff")
        for model in apps.get_app_config(app).get_models()
        if model._meta.model_name not in own
    }


@pytest.mark.requirement("RV-4")
def test_an_auditor_reads_everything_and_changes_nothing(world: World) -> None:
    """Every POST of every address of the desk, after the purpose of the look has been stated."""
    browser = world.browsers["auditor_medis"]
    screen = world.address(CASE)
    assert browser.post(f"{screen}purpose/", {"purpose": "audit"}).status_code == 302
    before, tried = _everything(), 0
    for route in ADDRESSES:
        if not route.startswith("admin/") or route in OWN:
            continue
        for name in ("claim", "recommend", "approve", "reject", "send_back", "return_to_applicant"):
            address = world.address(route).replace("/claim/", f"/{name}/")
            words = {"reason": "x", "note": "x", "confirm": "yes", "action": "x", "_selected_action": "1"}
            answer = browser.post(address, words)
            assert answer.status_code in (403, 404, 405) or route in HARMLESS, f"{address}: {answer}"
            tried += 1
            if "<slug:name>" not in route:
                break
    assert tried > 10
    assert _everything() == before
    assert browser.get(screen).status_code == 200  # and he reads on


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
    if route.startswith("csc/") and "oauth2" not in route and method == "post":
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
