"""Each refusal of the slow pages, word for word, at the hot path on PostgreSQL: the abuses of remote-signing.md 10.

The tables are those of tests/signing/test_csc, test_csc_sign and api/test_csc_v2.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from ledger import clock
from signing import credentials, sessions
from signing.models import (
    AccessToken,
    Activation,
    ActivationItem,
    ClientCertificate,
    Credential,
    SignatureRecord,
)
from signing.records import listing
from signing.turns.keys import Keys
from tests.signing.api import test_csc_v2 as v2
from tests.signing.test_csc import AUTHORIZATIONS, BROKEN
from tests.signing.test_csc_sign import SIGNINGS
from tests.signing.turns.running import Answer, Hot, heard, verify
from tests.signing.turns.test_turns import OFFICER, check_log, refusal, together
from tests.support import days
from tests.support.card_site import facilities
from tests.support.csc import (
    INVALID_CREDENTIAL,
    INVALID_SAD,
    NOT_AUTHORISED,
    RSA,
    RSA_SHA256,
    SHA256,
    Odd,
    b64,
    digest,
)
from tests.support.days import Day

EXPIRED = (400, "SAD expired")
NAMES = {"v1": ("hash", "hashAlgo"), "v2": ("hashes", "hashAlgorithmOID")}


def ask(hot: Hot, day: Day, method: str, body: dict[str, Any], changes: dict[str, Any]) -> Answer:
    whole = {"credentialID": str(day.credential.public_id), **body, **changes}
    return hot.ask(method, {name: value for name, value in whole.items() if value is not ...}, day.bearer)


@pytest.mark.requirement("SG-1")
@pytest.mark.parametrize(("version", "table"), [("v1", AUTHORIZATIONS), ("v2", v2.AUTHORIZATIONS)])
def test_odd_authorizations_change_nothing(hot: Hot, version: str, table: Odd) -> None:
    day, (hashes, algorithm) = days.day(clock.now()), NAMES[version]
    hot.version = version
    good = {"numSignatures": 1, hashes: b64(digest(1)), algorithm: SHA256}
    for changes, description in table:
        answer = ask(hot, day, "credentials/authorize", good, changes)
        assert refusal(answer) == (400, description), changes
        assert answer.headers["content-type"] == "application/json"
    assert Activation.objects.count() == 0
    other = {"credentialID": str(days.day(clock.now()).credential.public_id)}
    assert refusal(ask(hot, day, "credentials/authorize", good, other)) == INVALID_CREDENTIAL
    assert ask(hot, day, "credentials/authorize", good, {}).status == 200


@pytest.mark.requirement("SG-1")
@pytest.mark.parametrize(("version", "table"), [("v1", SIGNINGS), ("v2", v2.SIGNINGS)])
def test_odd_wishes_spend_nothing(hot: Hot, version: str, table: Odd) -> None:
    day, (hashes, algorithm) = days.day(clock.now()), NAMES[version]
    sad = hot.sad(day, digest(1))
    hot.version = version
    named = RSA if version == "v2" else RSA_SHA256
    good = {"SAD": sad, hashes: b64(digest(1)), algorithm: SHA256, "signAlgo": named}
    for changes, description in table:
        answer = ask(hot, day, "signatures/signHash", good, changes)
        assert refusal(answer) == (400, description), changes
        assert answer.headers["content-type"] == "application/json"
    assert set(ActivationItem.objects.values_list("state", flat=True)) == {"authorised"}
    verify(day, ask(hot, day, "signatures/signHash", good, {}), digest(1))
    check_log()


@pytest.mark.requirement("SG-1")
def test_what_is_no_json_object_is_a_bad_request(hot: Hot) -> None:
    day = days.day(clock.now())
    for method in ("credentials/authorize", "signatures/signHash"):
        for name, body in BROKEN.items():
            answer = hot.ask(method, body, day.bearer)
            assert (answer.status, answer.body["error"]) == (400, "invalid_request"), name
        large = b'{"clientData":"' + b"x" * 10 * 1024 * 1024 + b'"}'
        answer = hot.ask(method, large, day.bearer)
        assert (answer.status, answer.body["error"]) == (413, "invalid_request")


@pytest.mark.requirement("SG-3")
def test_a_sad_is_good_for_its_own_and_once(hot: Hot) -> None:
    day, other = days.day(clock.now()), days.day(clock.now())
    mine, theirs = hot.sad(day, digest(1)), hot.sad(other, digest(1))
    assert refusal(hot.signs(day, theirs, digest(1))) == INVALID_SAD
    assert (
        refusal(hot.signs(day, mine, digest(1), credentialID=str(other.credential.public_id))) == INVALID_SAD
    )
    assert refusal(hot.signs(other, mine, digest(1))) == INVALID_SAD
    assert refusal(hot.signs(day, mine, digest(1), digest(1))) == NOT_AUTHORISED
    assert refusal(hot.signs(day, mine, digest(1), digest(2))) == NOT_AUTHORISED
    assert refusal(hot.signs(day, mine[::-1], digest(1))) == INVALID_SAD
    assert SignatureRecord.objects.count() == 0
    verify(day, hot.signs(day, mine, digest(1)), digest(1))
    assert refusal(hot.signs(day, mine, digest(1))) == NOT_AUTHORISED
    check_log()


@pytest.mark.requirement("SG-3")
def test_another_system_of_the_same_signer_cannot_spend_the_sad(hot: Hot) -> None:
    day = days.day(clock.now())
    sad = hot.sad(day, digest(1))
    elsewhere = days.with_caller(day.credential, day.public_key, clock.now(), days.ehr("別のシステム"))
    assert refusal(hot.signs(elsewhere, sad, digest(1))) == INVALID_SAD
    AccessToken.objects.filter(session=elsewhere.session).update(session=day.session)
    assert refusal(hot.signs(elsewhere, sad, digest(1))) == INVALID_SAD  # the same day, another system
    verify(day, hot.signs(day, sad, digest(1)), digest(1))


@pytest.mark.requirement("SG-3")
class TestTime:
    """The product's clock is set forward; nothing is told to the process."""

    def test_a_sad_lives_three_hundred_seconds(self, hot: Hot, settings: Settings) -> None:
        day = days.day(clock.now())
        sad, other = hot.sad(day, digest(1)), hot.sad(day, digest(2))
        settings.CLOCK_OFFSET += timedelta(seconds=295)
        verify(day, hot.signs(day, other, digest(2)), digest(2))
        settings.CLOCK_OFFSET += timedelta(seconds=6)
        assert refusal(hot.signs(day, sad, digest(1))) == EXPIRED
        verify(day, hot.signs(day, hot.sad(day, digest(1)), digest(1)), digest(1))

    def test_the_day_ends_after_eighteen_hours(self, hot: Hot, settings: Settings) -> None:
        day = days.day(clock.now())
        settings.CLOCK_OFFSET += timedelta(hours=18) - timedelta(seconds=100)
        answer = hot.authorizes(day, [digest(1)])
        assert answer.body["expiresIn"] <= 100  # a SAD never outlives the day
        settings.CLOCK_OFFSET += timedelta(seconds=101)
        for late in (hot.signs(day, answer.body["SAD"], digest(1)), hot.authorizes(day, [digest(2)])):
            assert (late.status, late.body["error"]) == (401, "invalid_token")
        assert SignatureRecord.objects.count() == 0

    @pytest.mark.parametrize(
        ("version", "words"),
        [("v1", "The signing certificate is expired"), ("v2", "Signing certificate is expired")],
    )
    def test_a_certificate_that_ran_out_signs_nothing(
        self, hot: Hot, settings: Settings, version: str, words: str
    ) -> None:
        day = days.day(clock.now())
        hot.version = version
        Credential.objects.update(not_after=clock.now() + timedelta(seconds=60))
        sad = hot.sad(day, digest(1))
        settings.CLOCK_OFFSET += timedelta(seconds=61)
        assert refusal(hot.authorizes(day, [digest(2)])) == (400, words)
        assert refusal(hot.signs(day, sad, digest(1))) == (400, words)
        assert SignatureRecord.objects.count() == 0


@pytest.mark.requirement("SG-3")
@pytest.mark.parametrize("how", ["suspend", "revoke", "end"])
def test_what_ends_in_the_middle_of_a_batch_leaves_the_rest_unsigned(hot: Hot, how: str) -> None:
    day, twenty = days.day(clock.now()), [digest(number) for number in range(20)]
    sad = hot.sad(day, *twenty)
    verify(day, hot.signs(day, sad, *twenty[:10]), *twenty[:10])
    acts: dict[str, Callable[[], object]] = {
        "suspend": lambda: credentials.suspend(day.credential, OFFICER, "lost", clock.now()),
        "revoke": lambda: credentials.revoke(day.credential, OFFICER, "key_compromise", clock.now()),
        "end": lambda: sessions.end(day.session, at=clock.now()),
    }
    acts[how]()
    answer = hot.signs(day, sad, *twenty[10:])
    assert answer.status in (
        400,
        401,
    )  # by the very next request: the rows say it, or the news of them was faster
    assert answer.headers["content-type"] == "application/json"
    counts = {state: ActivationItem.objects.filter(state=state).count() for state in ("signed", "dead")}
    assert counts == {"signed": 10, "dead": 10}
    check_log()


@pytest.mark.requirement("SG-4")
def test_two_certificates_of_a_facility_sign_side_by_side_and_each_for_itself(hot: Hot, bound: Day) -> None:
    second = facilities.bound(bound.client.client_id)
    newest = ClientCertificate.objects.latest("pk")
    other = days.with_caller(bound.credential, bound.public_key, clock.now(), bound.client)
    AccessToken.objects.filter(session=other.session).update(certificate=newest)
    first = hot.headers
    for headers, day, number in (
        (first, bound, 1),
        (facilities.headers(second), other, 2),
        (first, bound, 3),
    ):
        hot.headers = headers
        verify(day, hot.signs(day, hot.sad(day, digest(number)), digest(number)), digest(number))
    ClientCertificate.objects.exclude(pk=newest.pk).update(ends_at=clock.now() - timedelta(seconds=1))
    heard(lambda: hot.authorizes(bound, [digest(4)]), 401)
    hot.headers = facilities.headers(second)
    verify(other, hot.signs(other, hot.sad(other, digest(5)), digest(5)), digest(5))
    check_log()


@pytest.mark.requirement("SG-6")
def test_of_sixty_four_at_once_each_signers_log_holds_their_own_alone(hot: Hot) -> None:
    everyone = [days.day(clock.now()) for _ in range(8)]

    def pair(number: int) -> None:
        day, mine = everyone[number % 8], [digest(10 * number), digest(10 * number + 1)]
        verify(day, hot.signs(day, hot.sad(day, *mine), *mine), *mine)

    together(64, pair)
    for place, day in enumerate(everyone):
        rows = listing.page(day.credential.signer, listing.Wanted()).rows
        expected = {digest(10 * number + each) for number in range(place, 64, 8) for each in (0, 1)}
        assert {bytes(row.digest) for row in rows} == expected and len(rows) == 16
        assert {(row.credential_id, row.client_id) for row in rows} == {(day.credential.pk, day.client.pk)}
    check_log()


@pytest.mark.requirement("SG-5")
def test_a_days_signatures_open_their_key_once(hot: Hot, monkeypatch: pytest.MonkeyPatch) -> None:
    day, frames = days.day(clock.now()), []
    real = Keys._call

    async def counted(keys: Keys, operation: str, argument: Any) -> Any:
        frames.append(operation)
        return await real(keys, operation, argument)

    monkeypatch.setattr(Keys, "_call", counted)
    for number in range(20):
        verify(day, hot.signs(day, hot.sad(day, digest(number)), digest(number)), digest(number))
    assert frames == ["open", *["sign"] * 20]
