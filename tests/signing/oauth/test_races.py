"""Two at the same moment: a code is redeemed once, its second use ends what it gave; a request has one browser."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client

from ledger import clock
from signing.api.oauth import waiting
from signing.errors import Refused
from signing.models import AccessToken, ActivationItem, AuthorizationRequest
from tests.signing.oauth.conftest import code_for
from tests.signing.oauth.test_credential_scope import HASHES, v1
from tests.support.signed_in import Ehr, SignerBrowser
from vault import tokens

pytestmark = [
    pytest.mark.requirement("SG-2"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="one writer at a time"),
]
THREADS = 16


def at_once(act: Callable[[int], Any]) -> list[Any]:
    """What each thread got."""
    start, got = threading.Barrier(THREADS), [None] * THREADS

    def run(number: int) -> None:
        start.wait(20)
        try:
            got[number] = act(number)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return got


@pytest.mark.parametrize("scope", ["service", "credential"])
def test_sixteen_redeem_one_code(scope: str) -> None:
    signer, ehr = SignerBrowser(), Ehr()
    signer.sign_in()
    asked = v1(signer, *HASHES) if scope == "credential" else {}
    code = code_for(signer, ehr.authorize_path(**asked))
    statuses = at_once(lambda _number: ehr.redeem(code).status_code)
    assert sorted(statuses) == [200] + [400] * (THREADS - 1)
    assert AccessToken.objects.get().revoked_at is not None  # somebody had a copy of the code
    assert not ActivationItem.objects.exclude(state="dead").exists()


def test_one_of_sixteen_browsers_opens_a_pushed_request() -> None:
    ehr, at = Ehr(), clock.now()
    uri = waiting.push(ehr.row, {"client_id": ehr.client_id}, at, certificate=None)

    def opened(_number: int) -> bool:
        try:
            waiting.open_in(uri, ehr.row, tokens.new_token(), at)
        except Refused:
            return False
        return True

    assert at_once(opened).count(True) == 1
    assert AuthorizationRequest.objects.get().opened_at == at


def test_one_request_gets_one_code_however_often_the_browser_asks() -> None:
    signer, ehr = SignerBrowser(), Ehr()
    carried = signer.fields(signer.client.get(ehr.authorize_path()))["next"]
    signer.sign_in(carried)
    cookies = {name: morsel.value for name, morsel in signer.client.cookies.items()}

    def asked(_number: int) -> bool:
        browser = Client()
        for name, value in cookies.items():
            browser.cookies[name] = value
        return "code=" in browser.get(carried)["Location"]

    assert at_once(asked).count(True) == 1
