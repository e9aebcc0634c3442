"""Whatever has ended, no method of either door signs, authorises, extends or tells (security.md 4, threat 15)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from ledger import clock
from ledger.log import Actor
from signing import credentials, sessions
from signing.models import AccessToken, Activation, ActivationItem, Credential, OAuthClient, SignatureRecord
from tests.signing.turns.running import Hot, HotApi, Response
from tests.support import days
from tests.support.csc import SHA256, Api, b64, digest
from tests.support.days import Day

SIGNER, SECOND = Actor("signer", "me"), timedelta(seconds=1)
ENDS: dict[str, Callable[[Day], object]] = {
    "token revoked": lambda day: AccessToken.objects.update(revoked_at=clock.now()),
    "token over": lambda day: AccessToken.objects.update(expires_at=clock.now()),
    "session ended": lambda day: sessions.end(day.session, at=clock.now()),
    "session over": lambda day: type(day.session).objects.update(expires_at=clock.now()),
    "system stopped": lambda day: OAuthClient.objects.update(is_active=False),
    "suspended": lambda day: credentials.suspend(day.credential, SIGNER, "lost", clock.now()),
    "revoked": lambda day: credentials.revoke(day.credential, SIGNER, "key_compromise", clock.now()),
    "certificate over": lambda day: Credential.objects.update(not_after=clock.now() - SECOND),
}
# a system may read why, and what waits for its signer waits until it runs out
TOLD = {"certificate over": {"credentials/list", "credentials/info", "credentials/authorizeCheck"}}


class HotV2(HotApi):
    """The two methods of the hot door, in version 2."""

    def call(self, method: str, body: Any, bearer: str | None = None) -> Response:
        self._hot.version = "v2"
        return super().call(method, body, bearer)


def bodies(v2: Api) -> dict[str, dict[str, Any]]:
    """A good request to each method that knows its caller."""
    told = {"credentialID": v2.id, "hashAlgorithmOID": SHA256}
    sad = v2.authorize(digest(1), numSignatures=2).json()["SAD"]
    handle = v2.authorize(digest(3), description="#narcotics").json()["handle"]
    return {
        "credentials/list": {},
        "credentials/info": {"credentialID": v2.id},
        "credentials/authorize": {**told, "numSignatures": 1, "hashes": b64(digest(2))},
        "credentials/authorizeCheck": {"handle": handle},
        "credentials/extendTransaction": {**told, "SAD": sad, "hashes": b64(digest(4))},
        "signatures/signHash": {
            **told,
            "SAD": sad,
            "hashes": b64(digest(1)),
            "signAlgo": "1.2.840.113549.1.1.1",
        },
    }


@pytest.mark.requirement("SG-3")
@pytest.mark.parametrize("how", ENDS)
def test_nothing_goes_on(hot: Hot, how: str) -> None:
    day = days.issued_day()
    pages, turns = Api(day, "v2"), HotV2(day, hot)
    asked = bodies(pages)
    assert (
        turns.call("credentials/authorize", asked["credentials/authorize"]).status_code == 200
    )  # it is known
    before = Activation.objects.count()
    ENDS[how](day)
    for method, body in asked.items():
        doors = (pages, turns) if method in ("credentials/authorize", "signatures/signHash") else (pages,)
        for door in doors:
            answer = door.call(method, body)
            if method in TOLD.get(how, ()):
                assert answer.status_code in (200, 202) and "SAD" not in answer.json(), method
                continue
            assert answer.status_code in (400, 401), (method, door)
            assert set(answer.json()) == {"error", "error_description"}
    assert (SignatureRecord.objects.count(), Activation.objects.count()) == (0, before)
    assert set(ActivationItem.objects.values_list("state", flat=True)) <= {"authorised", "dead"}
