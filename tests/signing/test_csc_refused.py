"""What the API leaves behind when it says no: an entry where the caller is known, a count and a log line otherwise."""

import logging
from typing import Any

import pytest
from django.test import Client

from ledger.models import Entry
from signing.api import csc_v1, hot, refused
from tests.support.csc import Api, digest


def _entries() -> list[dict[str, Any]]:
    return [entry.data for entry in Entry.objects.filter(kind="signing.refused").order_by("pk")]


def test_a_replay_is_written_down_with_its_caller(api: Api) -> None:
    sad = api.sad(digest(1))
    assert api.sign(sad, digest(1)).status_code == 200
    assert api.sign(sad, digest(1)).status_code == 400
    entry = Entry.objects.get(kind="signing.refused")
    assert (entry.actor_kind, entry.actor_id) == ("caller", api.day.client.client_id)
    assert (entry.subject, entry.authority) == (api.id, api.day.credential.authority)
    assert entry.data == {"method": "signatures/signHash", "code": "sad_spent"}


@pytest.mark.parametrize("method", [name for name in csc_v1.FACE.names if name != "info"])
def test_bad_input_of_a_known_caller_is_written_down_without_its_words(api: Api, method: str) -> None:
    canary = "CANARY-51ce"
    assert api.call(method, f'{{"{canary}"'.encode()).status_code == 400
    body = {"credentialID": canary, "SAD": canary, "hash": [canary], "numSignatures": 1, "userID": canary}
    assert api.call(method, body).status_code == 400
    first, second = _entries()
    assert first == {"method": method, "code": "not_json"}
    assert second["method"] == method and canary not in str(second)


def test_a_stranger_is_counted_and_logged_and_the_ledger_does_not_grow(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    before = refused.STRANGERS["credentials/list", "token_invalid"]
    with caplog.at_level(logging.WARNING, "signing.api.refused"):
        answer = Client().post(
            "/csc/v1/credentials/list", {}, "application/json", headers={"Authorization": "Bearer CANARY-9b"}
        )
    assert answer.status_code == 401
    assert refused.STRANGERS["credentials/list", "token_invalid"] == before + 1
    assert "credentials/list refused to a stranger: token_invalid" in caplog.text
    assert "CANARY" not in caplog.text and not _entries()


def test_what_succeeds_leaves_no_refusal(api: Api) -> None:
    assert api.sign(api.sad(digest(2)), digest(2)).status_code == 200
    assert not _entries()


@pytest.mark.parametrize("method", ["credentials/list", "credentials/authorize"])
def test_a_second_authorization_header_makes_both_worthless(api: Api, method: str) -> None:
    good, bad = f"Bearer {api.day.bearer}", "Bearer x"
    for pair in ((good, bad), (bad, good), (good, good)):
        answer = Client().post(
            f"/csc/v1/{method}", {}, "application/json", headers={"Authorization": ",".join(pair)}
        )
        assert (answer.status_code, answer.json()["error_description"]) == (
            400,
            "Malformed authorization header",
        )


def test_the_hot_path_joins_headers_as_wsgi_does() -> None:
    raw = [(b"authorization", b"Bearer a"), (b"host", b"x"), (b"authorization", b"Bearer b")]
    assert hot.headers_of(raw) == {"authorization": "Bearer a,Bearer b"}  # nobody is known by the others
