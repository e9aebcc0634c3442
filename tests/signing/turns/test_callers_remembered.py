"""What a turn remembers of its callers binds nobody wrongly, and what it does not remember costs no connection."""

import time
from dataclasses import replace
from datetime import datetime
from typing import Any

import psycopg
import pytest
from django.db import connection
from pytest_django import Settings

from ledger import clock
from signing.activation import Caller
from signing.api.callers import RequestScope
from signing.errors import Refused
from signing.models import AccessToken, SignatureRecord, SigningSession
from signing.turns import known
from tests.signing.turns.running import Hot, verify
from tests.signing.turns.test_turns import check_log, refusal
from tests.support import days
from tests.support.csc import INVALID_SAD, Api, digest


@pytest.mark.requirement("SG-3")
def test_another_session_of_the_same_signer_and_system_cannot_spend_the_sad(hot: Hot) -> None:
    day = days.day(clock.now())
    sad = hot.sad(day, digest(1))
    later = days.with_caller(day.credential, day.public_key, clock.now(), day.client)
    assert refusal(hot.signs(later, sad, digest(1))) == INVALID_SAD
    assert SignatureRecord.objects.count() == 0
    verify(day, hot.signs(day, sad, digest(1)), digest(1))
    check_log()


@pytest.mark.requirement("SG-3")
def test_a_token_that_ended_unheard_is_found_by_the_next_look(
    hot: Hot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Decision 11: no notification arrives, and five seconds are the most for which that matters."""
    assert known.RECHECK <= 5
    monkeypatch.setattr(known, "RECHECK", 1.0)
    day = days.day(clock.now())
    hot.sad(day, digest(1))
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # no trigger, so nobody is told
        AccessToken.objects.filter(session=day.session).update(revoked_at=clock.now())
        cursor.execute("RESET session_replication_role")
    assert hot.authorizes(day, [digest(2)]).status == 200  # nobody knows yet
    time.sleep(1.1)
    assert hot.authorizes(day, [digest(3)]).status == 401


@pytest.mark.requirement("SG-5")
def test_no_signature_opens_a_connection_to_the_database(hot: Hot, monkeypatch: pytest.MonkeyPatch) -> None:
    everyone = [days.day(clock.now()) for _ in range(4)]
    for number, day in enumerate(everyone):
        verify(day, hot.signs(day, hot.sad(day, digest(number)), digest(number)), digest(number))
    opened: list[Any] = []
    real = psycopg.connect

    def counted(*words: Any, **how: Any) -> Any:
        opened.append(how)
        return real(*words, **how)

    monkeypatch.setattr(psycopg, "connect", counted)
    for number in range(100, 120):
        day = everyone[number % 4]
        verify(day, hot.signs(day, hot.sad(day, digest(number)), digest(number)), digest(number))
    assert opened == []
    connection.close()
    assert SignatureRecord.objects.count() == 24 and len(opened) == 1  # that one was counted


def by_a_word(scope: RequestScope, _at: datetime) -> Caller:
    """Another way to know a caller: by a word that is no token of ours."""
    if scope.headers.get("authorization") != "Bearer a-word":
        raise Refused("token_invalid")
    session = SigningSession.objects.select_related("credential").get()
    client = AccessToken.objects.select_related("client").get(session=session).client
    return Caller(
        client.pk,
        client.client_id,
        session.pk,
        session.credential_id,
        session.expires_at,
        session.credential.key_kind,
    )


@pytest.mark.requirement("SG-4")
def test_who_calls_is_said_by_the_setting_at_both_doors(hot: Hot, settings: Settings) -> None:
    day = days.day(clock.now())
    settings.SIGNING_CALLER = f"{__name__}.by_a_word"
    word = replace(day, bearer="a-word")
    verify(day, hot.signs(word, hot.sad(word, digest(1)), digest(1)), digest(1))
    assert (
        SignatureRecord.objects.get().log_shard == "web"
    )  # outside the turns, whose shards are hot-1 and so on
    api = Api(word)
    assert api.sign(api.sad(digest(2)), digest(2)).status_code == 200
    for door in (
        lambda: hot.authorizes(day, [digest(3)]).status,
        lambda: Api(day).authorize(digest(3)).status_code,
    ):
        assert door() == 401
    check_log()
