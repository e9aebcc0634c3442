"""Sixteen at one moment, in turns and on the slow pages at once: one winner, and no signature without its log row.

Races within the turns alone are in test_turns, those of the slow path in tests/signing/test_activation.
"""

from collections.abc import Callable
from typing import Any

import pytest

from ledger import clock
from ledger.log import SYSTEM
from signing import activation, credentials, sessions
from signing.api import client_certificates
from signing.api.oauth import issued
from signing.models import AccessToken, Activation, ActivationItem, ClientCertificate, SignatureRecord
from signing.signer import client
from tests.signing.turns.running import Hot
from tests.signing.turns.test_turns import OFFICER, check_log, together
from tests.support import days
from tests.support.csc import RSA_SHA256, Api, b64, digest
from tests.support.days import Day
from vault import tokens

pytestmark = pytest.mark.requirement("SG-3")
THREADS = 16
TWENTY = [digest(number) for number in range(20)]


def slowly(ask: Callable[[], Any]) -> int:
    """The status of a request to the slow pages, on this thread."""
    try:
        return int(ask().status_code)
    finally:
        client.signers().disconnect()


def states(day: Day) -> set[str]:
    mine = ActivationItem.objects.filter(activation__credential=day.credential)
    return set(mine.values_list("state", flat=True))


@pytest.mark.parametrize("count", [1, 3])
def test_a_sad_is_spent_by_one_of_both_paths(hot: Hot, count: int) -> None:
    day, hashes = days.day(clock.now()), TWENTY[:count]
    sad, api = hot.sad(day, *hashes), Api(day)
    statuses = together(
        THREADS,
        lambda number: (
            hot.signs(day, sad, *hashes).status if number % 2 else slowly(lambda: api.sign(sad, *hashes))
        ),
    )
    assert sorted(statuses) == [200] + [400] * (THREADS - 1)  # type: ignore[type-var]
    assert SignatureRecord.objects.count() == count
    check_log()


def test_what_is_exchanged_on_the_slow_path_is_not_signed_in_a_turn(hot: Hot) -> None:
    day = days.day(clock.now())
    api = Api(day)
    answer = hot.authorizes(day, [digest(0)], numSignatures=2)
    sad = answer.body["SAD"]
    other = {"credentialID": api.id, "SAD": sad, "hash": b64(digest(1), digest(2))}
    statuses = together(
        THREADS,
        lambda number: (
            hot.signs(day, sad, digest(0)).status
            if number % 2
            else slowly(lambda: api.call("credentials/extendTransaction", other))
        ),
    )
    assert sorted(statuses) == [200] + [400] * (THREADS - 1)  # type: ignore[type-var]
    is_signed = statuses.index(200) % 2
    assert SignatureRecord.objects.count() == is_signed
    assert ActivationItem.objects.filter(state="authorised").count() == (0 if is_signed else 2)
    check_log()


@pytest.mark.parametrize("how", ["suspend", "revoke", "end"])
def test_no_sad_outlives_an_end_that_came_while_it_was_made(hot: Hot, how: str) -> None:
    for _ in range(2):
        day = days.day(clock.now())

        def act(number: int, day: Day = day) -> object:
            if number:
                return hot.authorizes(day, TWENTY[:3])
            if how == "end":
                sessions.end(day.session, at=clock.now())
            elif how == "suspend":
                credentials.suspend(day.credential, OFFICER, "lost", clock.now())
            else:
                credentials.revoke(day.credential, OFFICER, "key_compromise", clock.now())
            return None

        made = [each.body["SAD"] for each in together(THREADS, act) if each and each.status == 200]  # type: ignore[attr-defined]
        assert states(day) <= {"dead"}
        assert Activation.objects.filter(credential=day.credential).count() == len(made)
        for sad in made:
            assert hot.signs(day, sad, *TWENTY[:3]).status in (400, 401)
    assert SignatureRecord.objects.count() == 0
    check_log()


def race_with_its_end(hot: Hot, day: Day, ask: Callable[[], int], end: Callable[[], object]) -> None:
    """The signature or the end wins the whole of the twenty."""

    def act(number: int) -> object:
        return ask() if number else end()

    is_signed = 200 in together(THREADS, act)
    assert states(day) == ({"signed"} if is_signed else {"dead"})
    assert SignatureRecord.objects.filter(credential=day.credential).count() == (20 if is_signed else 0)
    assert ask() in (400, 401)
    check_log()


def test_a_token_that_is_its_own_sad_is_revoked_or_signs(hot: Hot) -> None:
    for _ in range(3):
        day = days.day(clock.now())
        activation.authorise(day.caller, day.credential.public_id, TWENTY, at=clock.now())
        row = Activation.objects.get(credential=day.credential)
        Activation.objects.filter(pk=row.pk).update(sad_digest=tokens.digest(day.bearer))
        mine = AccessToken.objects.filter(session=day.session)
        mine.update(scope="credential", activation=row)
        body = {"credentialID": str(day.credential.public_id), "hash": b64(*TWENTY), "signAlgo": RSA_SHA256}
        race_with_its_end(
            hot,
            day,
            lambda body=body, day=day: hot.ask("signatures/signHash", body, day.bearer).status,  # type: ignore[misc]
            lambda mine=mine: issued.revoke(mine.all(), clock.now(), SYSTEM, "test"),  # type: ignore[misc]
        )


def test_a_facilitys_certificate_ends_or_signs(hot: Hot, bound: Day) -> None:
    sad = hot.sad(bound, *TWENTY)
    row = ClientCertificate.objects.get()
    race_with_its_end(
        hot,
        bound,
        lambda: hot.signs(bound, sad, *TWENTY).status,
        lambda: client_certificates.end(bytes(row.thumbprint), clock.now()),
    )
