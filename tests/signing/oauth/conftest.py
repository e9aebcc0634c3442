"""A signer within the day, an EHR, and the way between them."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from signing.signer import client as signer_client
from tests.support.card_site import facilities
from tests.support.card_site.nginx import SECRET
from tests.support.days import Day, issued_day
from tests.support.signed_in import Ehr, SignerBrowser, query_of
from tests.support.signers import SignerProcesses


@pytest.fixture
def signer(db: None) -> SignerBrowser:
    browser = SignerBrowser()
    browser.sign_in()
    return browser


@pytest.fixture
def ehr(db: None) -> Ehr:
    return Ehr()


@pytest.fixture
def api_origin(settings: Settings) -> str:
    """An installation whose nginx asks callers for certificates."""
    settings.API_ORIGIN, settings.PROXY_SECRET = facilities.API_ORIGIN, SECRET
    return facilities.API_ORIGIN


@pytest.fixture
def keyed_signer(db: None, signers: SignerProcesses) -> Iterator[SignerBrowser]:
    """A signer whose credential has a certificate and a key, in the middle of the day."""
    day: Day = issued_day()
    browser = SignerBrowser(day.credential)
    browser.sign_in()
    yield browser
    signer_client.signers().disconnect()
    signer_client.authorities().disconnect()


def code_for(signer: SignerBrowser, path: str) -> str:
    response = signer.client.get(path)
    assert response.status_code == 302, response.content.decode()[:500]
    query = query_of(response)
    assert "code" in query, query
    return query["code"]


def error_of(response: Any) -> tuple[int, str]:
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "no-store"
    return response.status_code, str(response.json()["error"])


def push(ehr: Ehr, **changes: str | None) -> Any:
    """A pushed request with the client's secret; None leaves a field out."""
    fields: dict[str, str | None] = {
        **query(ehr),
        "client_secret": ehr.secret,
        **changes,
    }
    body = {name: value for name, value in fields.items() if value is not None}
    return Client().post("/oauth2/pushed_authorize", body)


def query(ehr: Ehr) -> dict[str, str]:
    return {
        "response_type": "code",
        "client_id": ehr.client_id,
        "redirect_uri": ehr.redirect_uri,
        "scope": "service",
        "state": "s t&te",
        "code_challenge": ehr.challenge,
        "code_challenge_method": "S256",
    }
