"""Twelve states in which nobody signs, at every method that knows its caller (security.md, threat 15).

Each state stands alone: the rows say it and nothing else has ended with it, so that each check holds by itself. The
acts that end more (a suspension ends the day, the day its SADs) are rows of their own. In the state `living` the same
requests are answered, so what is refused is refused for its state.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
from django.db.models import Model
from django.test import Client
from pytest_django import Settings

from ledger import clock
from ledger.models import Entry
from signing import activation, credentials, sessions
from signing.api import client_certificates
from signing.authorising import approvals
from signing.models import (
    AccessToken,
    Activation,
    ActivationItem,
    Approval,
    ClientCertificate,
    Credential,
    OAuthClient,
    SignatureRecord,
    SigningSession,
)
from tests.signing.turns.running import Hot
from tests.signing.turns.test_turns import OFFICER
from tests.support import days
from tests.support.card_site import facilities
from tests.support.card_site.nginx import SECRET
from tests.support.csc import RSA_SHA256, b64, digest
from tests.support.days import Day
from tests.support.signers import SignerProcesses
from vault import tokens

pytestmark = pytest.mark.requirement("SG-1", "SG-3", "SG-4")

KEPT: tuple[type[Model], ...] = (
    *(Activation, ActivationItem, Approval, SignatureRecord, AccessToken, SigningSession, Credential),
)


class Answer(NamedTuple):
    """What the standard says; the descriptions of both versions where they differ."""

    status: int
    error: str = ""
    descriptions: tuple[str, ...] = ("",)


LIST, AUTHORIZE, SIGN = "credentials/list", "credentials/authorize", "signatures/signHash"
EXTEND, CHECK = "credentials/extendTransaction", "credentials/authorizeCheck"
METHODS = (LIST, AUTHORIZE, SIGN, EXTEND, CHECK)
GOOD = Answer(200)
STRANGER = Answer(401, "invalid_token", ("The access or refresh token is expired or has been revoked",))
MISSING = Answer(401, "invalid_request", ("Malformed authorization header",))
MALFORMED = Answer(400, "invalid_request", ("Malformed authorization header",))
DISABLED = Answer(400, "invalid_request", ("The credential identified by credentialID is disabled",))
OVER = Answer(
    400, "invalid_request", ("The signing certificate is expired", "Signing certificate is expired")
)


@dataclass
class Scene:
    """A caller over its facility's certificate, with a SAD that has room, and hashes that the signer has approved."""

    day: Day
    headers: dict[str, str]
    sad: str
    handle: str

    @property
    def bodies(self) -> dict[str, dict[str, Any]]:
        credential = {"credentialID": str(self.day.credential.public_id)}
        return {
            LIST: {},
            AUTHORIZE: {**credential, "numSignatures": 1, "hash": b64(digest(9))},
            SIGN: {**credential, "SAD": self.sad, "hash": b64(digest(1)), "signAlgo": RSA_SHA256},
            EXTEND: {**credential, "SAD": self.sad, "hash": b64(digest(2))},
            CHECK: {"handle": self.handle},
        }


def made() -> Scene:
    day, at = days.day(clock.now()), clock.now()
    issued = facilities.bound(day.client.client_id)
    certificate = ClientCertificate.objects.get(client=day.client)
    own = AccessToken.objects.filter(session=day.session)
    own.update(
        certificate=certificate, revoked_at=None
    )  # a first certificate has ended the token that was bound to none
    caller, credential = day.caller._replace(certificate=certificate.pk), day.credential.public_id
    sad = activation.authorise(caller, credential, [digest(1)], at=at, room=2).sad
    handle = approvals.ask(caller, credential, [digest(3)], why=("narcotics",), at=at).handle
    Approval.objects.update(state="approved")
    return Scene(day, facilities.headers(issued), sad, handle)


# --- the states: what is done, which token is shown (None: the caller's own), and what is answered -------------------
class State(NamedTuple):
    act: Callable[[Scene], object] = lambda scene: None
    bearer: str | None = None
    answers: dict[str, Answer] = dict.fromkeys(METHODS, STRANGER)


def _now(model: type[Model], name: str) -> Callable[[Scene], object]:
    return lambda scene: model._default_manager.update(**{name: clock.now()})


def _same(answer: Answer) -> dict[str, Answer]:
    return dict.fromkeys(METHODS, answer)


STATES = {
    "living": State(answers=_same(GOOD)),
    "no token": State(bearer="", answers=_same(MISSING)),
    "malformed token": State(bearer="two words", answers=_same(MALFORMED)),
    "unknown token": State(bearer=tokens.new_token()),
    "expired token": State(_now(AccessToken, "expires_at")),
    "revoked token": State(_now(AccessToken, "revoked_at")),
    "ended session": State(_now(SigningSession, "ended_at")),
    "expired session": State(_now(SigningSession, "expires_at")),
    "suspended credential": State(
        lambda scene: Credential.objects.update(state="suspended"),
        answers={**_same(DISABLED), LIST: GOOD},
    ),
    "revoked credential": State(lambda scene: Credential.objects.update(state="revoked")),
    "expired certificate": State(_now(Credential, "not_after"), answers={**_same(OVER), LIST: GOOD}),
    "stopped client": State(lambda scene: OAuthClient.objects.update(is_active=False)),
    "ended facility certificate": State(_now(ClientCertificate, "ends_at")),
    # by the product's own acts
    "a session ended by its signer": State(lambda scene: sessions.end(scene.day.session, at=clock.now())),
    "a credential suspended by an officer": State(
        lambda scene: credentials.suspend(scene.day.credential, OFFICER, "lost", clock.now())
    ),
    "a facility's certificate ended by an operator": State(
        lambda scene: client_certificates.end(bytes(ClientCertificate.objects.get().thumbprint), clock.now())
    ),
}


# --- the doors -------------------------------------------------------------------------------------------------------
Ask = Callable[[Scene, str, str], tuple[int, Any]]
"""(scene, method, bearer) -> status and body."""


class Door(NamedTuple):
    ask: Ask
    methods: tuple[str, ...]
    version: str


def _page(version: str) -> Ask:
    def ask(scene: Scene, method: str, bearer: str) -> tuple[int, Any]:
        shown = {**scene.headers, **({"Authorization": f"Bearer {bearer}"} if bearer else {})}
        answer = Client().post(
            f"/csc/{version}/{method}", scene.bodies[method], content_type="application/json", headers=shown
        )
        return answer.status_code, answer.json()

    return ask


def _hot(hot: Hot) -> Ask:
    def ask(scene: Scene, method: str, bearer: str) -> tuple[int, Any]:
        hot.headers = scene.headers
        answer = hot.ask(method, scene.bodies[method], bearer)
        return answer.status, answer.body

    return ask


@pytest.fixture
def behind_nginx(settings: Settings) -> None:
    settings.API_ORIGIN, settings.PROXY_SECRET = facilities.API_ORIGIN, SECRET


def kept() -> list[object]:
    """Every row that says who may sign what, and the log without its refusals."""
    log = Entry.objects.exclude(kind="signing.refused").order_by("shard", "number").values_list()
    return [list(model._default_manager.order_by("pk").values_list()) for model in KEPT] + [list(log)]


def held_against(name: str, door: Door) -> None:
    scene, state = made(), STATES[name]
    state.act(scene)
    before = kept()
    bearer = scene.day.bearer if state.bearer is None else state.bearer
    for method in door.methods:
        status, body = door.ask(scene, method, bearer)
        wanted = state.answers[method]
        assert status == wanted.status, (method, body)
        if wanted.error:
            description = wanted.descriptions[-1 if door.version == "v2" else 0]
            assert body == {"error": wanted.error, "error_description": description}, method
    assert (kept() == before) == (name != "living")


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("name", STATES)
def test_each_state_is_told_in_the_standards_words_and_changes_nothing(
    db: None, signers: SignerProcesses, signer_connection: None, behind_nginx: None, name: str, version: str
) -> None:
    held_against(name, Door(_page(version), METHODS if version == "v2" else METHODS[:-1], version))


@pytest.mark.parametrize("name", STATES)
def test_so_it_is_at_the_hot_door(hot: Hot, behind_nginx: None, name: str) -> None:
    held_against(name, Door(_hot(hot), (AUTHORIZE, SIGN), "v1"))
