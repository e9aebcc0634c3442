"""Pushed authorization requests (RFC 9126): authenticated, checked, short-lived, one browser, one answer."""

import base64
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client

from ledger import clock
from signing.api.oauth import waiting
from signing.models import AuthorizationRequest, OAuthClient
from tests.signing.oauth.conftest import error_of, push, query
from tests.support.signed_in import Ehr, SignerBrowser, query_of

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("SG-2")]


def uri(ehr: Ehr, **changes: str | None) -> str:
    response = push(ehr, **changes)
    assert response.status_code == 201, response.content
    assert response["Cache-Control"] == "no-store"
    assert response.json()["expires_in"] == 90
    found = str(response.json()["request_uri"])
    assert found.startswith("urn:ietf:params:oauth:request_uri:") and len(found) > 70
    return found


def path(ehr: Ehr, request_uri: str, **more: str) -> str:
    return "/oauth2/authorize?" + urlencode({"client_id": ehr.client_id, "request_uri": request_uri, **more})


def test_a_pushed_request_is_answered_once(signer: SignerBrowser, ehr: Ehr) -> None:
    address = path(ehr, uri(ehr))
    answer = query_of(signer.client.get(address))
    assert (answer["state"], answer["iss"]) == ("s t&te", "http://localhost:8000")
    assert ehr.redeem(answer["code"]).status_code == 200
    again = query_of(signer.client.get(address))
    assert (again["error"], again["state"]) == ("invalid_request_uri", "s t&te")


def test_what_stands_beside_the_address_counts_for_nothing(signer: SignerBrowser, ehr: Ehr) -> None:
    more = {"state": "other", "redirect_uri": "https://evil.example/", "scope": "credential"}
    answer = signer.client.get(path(ehr, uri(ehr), **more))
    assert answer["Location"].startswith("https://ehr.example/back?")
    assert query_of(answer)["state"] == "s t&te"


def test_it_waits_for_the_sign_in_of_the_browser_that_opened_it(ehr: Ehr) -> None:
    browser, stranger = SignerBrowser(), SignerBrowser()
    stranger.sign_in()
    address = path(ehr, uri(ehr))
    answer = browser.sign_in(address)
    page = stranger.client.get(address)
    assert page.status_code == 400 and "この依頼は見つかりません" in page.content.decode()
    page = browser.client.get(answer["Location"]).content.decode()
    assert "電子カルテ へ進む" in page
    assert query_of(browser.client.get(address))["code"]


def test_unopened_it_lives_ninety_seconds(signer: SignerBrowser, ehr: Ehr) -> None:
    address = path(ehr, uri(ehr))
    AuthorizationRequest.objects.update(expires_at=clock.now())
    assert query_of(signer.client.get(address))["error"] == "invalid_request_uri"


def test_another_clients_request_is_unknown(signer: SignerBrowser, ehr: Ehr) -> None:
    other = Ehr()
    page = signer.client.get(path(other, uri(ehr)))
    assert page.status_code == 400 and "Location" not in page
    assert AuthorizationRequest.objects.get().opened_at is None


@pytest.mark.parametrize(
    "request_uri",
    ["urn:ietf:params:oauth:request_uri:unknown", "https://evil.example/request", "x", "urn:x" + "y" * 2000],
)
def test_an_address_that_is_not_ours_is_never_fetched_and_never_answered(
    signer: SignerBrowser, ehr: Ehr, request_uri: str
) -> None:
    page = signer.client.get(path(ehr, request_uri))
    assert page.status_code == 400 and "Location" not in page


def test_the_client_must_be_authenticated(ehr: Ehr) -> None:
    other = Ehr()
    for changes in ({"client_secret": "wrong"}, {"client_secret": None}, {"client_secret": other.secret}):
        status, error = error_of(push(ehr, **changes))
        assert (status in (400, 401), error) == (True, "invalid_client")
    assert not AuthorizationRequest.objects.exists()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request"),
        ({"request": "a.b.c"}, "request_not_supported"),
        ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "openid"}, "invalid_scope"),
        ({"scope": "credential"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"state": "改行\n"}, "invalid_request"),
        ({"state": "x" * 3000}, "invalid_request"),
    ],
)
def test_a_faulty_request_is_refused_before_anybody_is_asked(
    ehr: Ehr, changes: dict[str, str], error: str
) -> None:
    assert error_of(push(ehr, **changes)) == (400, error)
    assert not AuthorizationRequest.objects.exists()


def test_a_parameter_given_twice_is_refused(ehr: Ehr) -> None:
    for name in ("scope", "state", "redirect_uri", "code_challenge", "client_id", "hash", "prompt"):
        body = urlencode([*query(ehr).items(), ("client_secret", ehr.secret), (name, "x"), (name, "x")])
        answer = Client().post("/oauth2/pushed_authorize", body, "application/x-www-form-urlencoded")
        assert error_of(answer) == (400, "invalid_request"), name


def test_too_much_is_refused_as_such(ehr: Ehr) -> None:
    huge = Client().post("/oauth2/pushed_authorize", {**query(ehr), "description": "x" * 2_000_000})
    assert error_of(huge)[1] == "invalid_request"
    body = urlencode([*query(ehr).items(), *((f"x{count}", "1") for count in range(400))])
    many = Client().post("/oauth2/pushed_authorize", body, "application/x-www-form-urlencoded")
    assert error_of(many) == (400, "invalid_request")


def test_only_a_post_pushes(ehr: Ehr) -> None:
    assert Client().get("/oauth2/pushed_authorize", query(ehr)).status_code == 405


def test_two_ways_to_authenticate_at_once_are_refused(ehr: Ehr) -> None:
    basic = {"Authorization": f"Basic {base64.b64encode(b'ehr:x').decode()}"}
    body = {**query(ehr), "client_secret": ehr.secret}
    assert error_of(Client().post("/oauth2/pushed_authorize", body, headers=basic)) == (
        400,
        "invalid_request",
    )


def test_no_secret_and_nothing_in_clear_is_kept(ehr: Ehr) -> None:
    request_uri = uri(ehr, description="患者の処方箋")
    row = AuthorizationRequest.objects.get()
    assert "client_secret" not in row.parameters
    assert row.parameters["description"] == "患者の処方箋"
    raw = str(AuthorizationRequest.objects.values_list("token_digest", flat=True))
    assert request_uri.rpartition(":")[2] not in raw


def test_a_client_that_was_stopped_meanwhile_gets_nothing(signer: SignerBrowser, ehr: Ehr) -> None:
    address = path(ehr, uri(ehr))
    OAuthClient.objects.update(is_active=False)
    assert signer.client.get(address).status_code == 400


def test_requests_that_nobody_answered_are_forgotten(ehr: Ehr) -> None:
    uri(ehr)
    at = clock.now()
    assert waiting.forget_overdue(at) == 0
    assert waiting.forget_overdue(at + timedelta(hours=2)) == 1


def test_a_browser_that_reloads_for_ever_keeps_five(ehr: Ehr) -> None:
    browser = Client()
    for _ in range(8):
        assert browser.get(ehr.authorize_path()).status_code == 200
    assert AuthorizationRequest.objects.count() == 5
