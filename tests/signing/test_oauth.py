"""The authorization server: code with PKCE, each code once, tokens that end with the day."""

import base64
import json
from datetime import timedelta
from io import StringIO
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.management import call_command
from django.test import Client

from ledger import clock
from ledger.models import Entry
from signing import sessions
from signing.api import clients
from signing.errors import Refused
from signing.models import AccessToken, AuthorizationCode, OAuthClient, SigningSession
from tests.support.signed_in import Ehr, SignerBrowser, query_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def signer() -> SignerBrowser:
    browser = SignerBrowser()
    browser.sign_in()
    return browser


@pytest.fixture
def ehr() -> Ehr:
    return Ehr()


def code_for(signer: SignerBrowser, ehr: Ehr) -> str:
    response = signer.client.get(ehr.authorize_path())
    assert response.status_code == 302
    return query_of(response)["code"]


def error_of(response: Any) -> str:
    assert response["Content-Type"] == "application/json"
    return str(response.json()["error"])


class TestAuthorize:
    def test_a_living_session_answers_silently(self, signer: SignerBrowser, ehr: Ehr) -> None:
        response = signer.client.get(ehr.authorize_path())
        assert response["Location"].startswith("https://ehr.example/back?")
        assert query_of(response)["state"] == "s t&te"
        assert query_of(response)["code"]

    def test_without_a_session_the_page_names_the_caller_and_offers_both_ways(self, ehr: Ehr) -> None:
        page = Client().get(ehr.authorize_path())
        assert page.status_code == 200
        for words in (
            "電子カルテ",
            "QRコードを表示する",
            "この端末で確認する",
            "マイナンバーカードで確認する",
        ):
            assert words in page.content.decode()

    def test_after_the_phone_the_person_goes_on_to_the_caller_by_a_link(self, ehr: Ehr) -> None:
        browser = SignerBrowser()
        path = ehr.authorize_path()
        answer = browser.sign_in(path)
        assert answer.status_code == 303
        page = browser.client.get(answer["Location"])
        assert "電子カルテ へ進む" in page.content.decode()
        following = browser.client.get(path)
        assert query_of(following)["code"]

    def test_prompt_login_asks_again_once(self, signer: SignerBrowser, ehr: Ehr) -> None:
        page = signer.client.get(ehr.authorize_path(prompt="login"))
        assert page.status_code == 200
        assert "prompt" not in signer.fields(page)["next"]

    def test_prompt_none_without_a_session_is_told_to_the_client(self, ehr: Ehr) -> None:
        assert query_of(Client().get(ehr.authorize_path(prompt="none")))["error"] == "login_required"

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"response_type": "token"}, "unsupported_response_type"),
            ({"response_type": None}, "unsupported_response_type"),
            ({"scope": "service credential"}, "invalid_scope"),
            ({"scope": "openid"}, "invalid_scope"),
            ({"scope": "credential"}, "invalid_request"),  # it names no hashes
            ({"code_challenge": None}, "invalid_request"),
            ({"code_challenge_method": "plain"}, "invalid_request"),
            ({"code_challenge_method": None}, "invalid_request"),
            ({"code_challenge": "short"}, "invalid_request"),
        ],
    )
    def test_an_error_goes_back_to_the_client_with_its_state(
        self, signer: SignerBrowser, ehr: Ehr, changes: dict[str, str | None], error: str
    ) -> None:
        response = signer.client.get(ehr.authorize_path(**changes))
        assert response.status_code == 302
        assert response["Location"].startswith("https://ehr.example/back?")
        assert (query_of(response)["error"], query_of(response)["state"]) == (error, "s t&te")
        assert AuthorizationCode.objects.count() == 0

    @pytest.mark.parametrize(
        "changes",
        [
            {"client_id": "nobody"},
            {"client_id": None},
            {"client_id": "nul\x00"},
            {"redirect_uri": "https://evil.example/"},
            {"redirect_uri": "https://ehr.example/back?x=1"},
            {"redirect_uri": "https://ehr.example/back/"},
            {"redirect_uri": '"\\'},
            {"redirect_uri": ""},
            {"state": "改行\n"},
            {"state": "x" * 5000},
        ],
    )
    def test_where_a_redirect_is_not_safe_the_person_is_told(
        self, signer: SignerBrowser, ehr: Ehr, changes: dict[str, str | None]
    ) -> None:
        page = signer.client.get(ehr.authorize_path(**changes))
        assert page.status_code == 400
        assert "Location" not in page
        assert "お使いのシステム" in page.content.decode()

    @pytest.mark.parametrize("name", ["client_id", "redirect_uri", "scope", "state", "response_type"])
    def test_a_parameter_given_twice_is_refused(self, signer: SignerBrowser, ehr: Ehr, name: str) -> None:
        response = signer.client.get(ehr.authorize_path() + "&" + urlencode({name: "x"}))
        assert response.status_code in (302, 400)
        assert "code=" not in response.get("Location", "")

    def test_the_admission_is_logged(self, signer: SignerBrowser, ehr: Ehr) -> None:
        code_for(signer, ehr)
        assert Entry.objects.get(kind="signing.caller_admitted").data["client"] == ehr.client_id

    def test_a_stopped_client_is_unknown(self, signer: SignerBrowser, ehr: Ehr) -> None:
        OAuthClient.objects.update(is_active=False)
        assert signer.client.get(ehr.authorize_path()).status_code == 400


class TestToken:
    def test_a_code_becomes_a_token_that_ends_with_the_session(self, signer: SignerBrowser, ehr: Ehr) -> None:
        response = ehr.redeem(code_for(signer, ehr))
        body = response.json()
        assert response["Cache-Control"] == "no-store"
        assert (body["token_type"], body["scope"]) == ("Bearer", "service")
        assert 64_000 < body["expires_in"] <= 64_800
        assert "refresh_token" not in body
        assert AccessToken.objects.get().expires_at == SigningSession.objects.get().expires_at

    def test_the_secret_may_come_in_the_header(self, signer: SignerBrowser, ehr: Ehr) -> None:
        basic = base64.b64encode(f"{ehr.client_id}:{ehr.secret}".encode()).decode()
        body = {
            "grant_type": "authorization_code", "code": code_for(signer, ehr), "redirect_uri": ehr.redirect_uri,
            "code_verifier": ehr.verifier,
        }  # fmt: skip
        response = Client().post("/oauth2/token", body, headers={"Authorization": f"Basic {basic}"})
        assert response.status_code == 200

    def test_nothing_in_clear_is_kept(self, signer: SignerBrowser, ehr: Ehr) -> None:
        code = code_for(signer, ehr)
        token = ehr.redeem(code).json()["access_token"]
        rows = [
            *AuthorizationCode.objects.values(),
            *AccessToken.objects.values(),
            *OAuthClient.objects.values(),
        ]
        kept = json.dumps([{k: repr(v) for k, v in row.items()} for row in rows])
        assert not [secret for secret in (code, token, ehr.secret) if secret in kept]

    def test_a_code_used_twice_revokes_what_it_gave(self, signer: SignerBrowser, ehr: Ehr) -> None:
        code = code_for(signer, ehr)
        assert ehr.redeem(code).status_code == 200
        assert error_of(ehr.redeem(code)) == "invalid_grant"
        assert AccessToken.objects.get().revoked_at is not None

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"code_verifier": "x" * 43}, "invalid_grant"),
            ({"code_verifier": None}, "invalid_request"),
            ({"redirect_uri": "https://evil.example/"}, "invalid_grant"),
            ({"redirect_uri": None}, "invalid_grant"),
            ({"client_secret": "wrong"}, "invalid_client"),
            ({"client_secret": None}, "invalid_client"),
            ({"client_id": "nobody"}, "invalid_client"),
            ({"grant_type": "refresh_token"}, "unsupported_grant_type"),
            ({"grant_type": "password"}, "unsupported_grant_type"),
            ({"grant_type": None}, "unsupported_grant_type"),
            ({"code": None}, "invalid_request"),
            ({"code": "unknown"}, "invalid_grant"),
            ({"code": "nul\x00"}, "invalid_request"),
            ({"client_id": '"quoted\\"'}, "invalid_client"),
        ],
    )
    def test_a_wrong_request_gets_the_standards_error_and_burns_no_code(
        self, signer: SignerBrowser, ehr: Ehr, changes: dict[str, str | None], error: str
    ) -> None:
        code = code_for(signer, ehr)
        response = ehr.redeem(code, **changes)
        assert response.status_code in (400, 401)
        assert error_of(response) == error
        assert ehr.redeem(code).status_code == 200

    def test_another_client_cannot_redeem_the_code(self, signer: SignerBrowser, ehr: Ehr) -> None:
        code = code_for(signer, ehr)
        assert error_of(Ehr().redeem(code, code_verifier=ehr.verifier)) == "invalid_grant"
        assert ehr.redeem(code).status_code == 200

    def test_a_code_lives_a_minute(self, signer: SignerBrowser, ehr: Ehr) -> None:
        code = code_for(signer, ehr)
        AuthorizationCode.objects.update(expires_at=clock.now() - timedelta(seconds=1))
        assert error_of(ehr.redeem(code)) == "invalid_grant"

    def test_a_code_of_an_ended_session_gives_nothing(self, signer: SignerBrowser, ehr: Ehr) -> None:
        code = code_for(signer, ehr)
        sessions.end(SigningSession.objects.get(), at=clock.now())
        assert error_of(ehr.redeem(code)) == "invalid_grant"

    @pytest.mark.parametrize(
        "header", ["Basic", "Basic ====", "Basic /w==", "Basic " + "A" * 5000, "Bearer x"]
    )
    def test_a_strange_header_is_no_server_error(self, ehr: Ehr, header: str) -> None:
        response = Client().post(
            "/oauth2/token", {"grant_type": "authorization_code"}, headers={"Authorization": header}
        )
        assert response.status_code in (400, 401)
        assert error_of(response) in ("invalid_client", "invalid_request")

    @pytest.mark.parametrize(
        "name", ["code", "grant_type", "redirect_uri", "code_verifier", "client_id", "x"]
    )
    @pytest.mark.parametrize("path", ["/oauth2/token", "/oauth2/revoke"])
    def test_a_field_given_twice_is_refused_and_burns_no_code(
        self, signer: SignerBrowser, ehr: Ehr, name: str, path: str
    ) -> None:
        code = code_for(signer, ehr)
        fields = [
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", ehr.redirect_uri),
            ("code_verifier", ehr.verifier), ("client_id", ehr.client_id), ("client_secret", ehr.secret),
            (name, "x"), (name, "x"),
        ]  # fmt: skip
        answer = Client().post(path, urlencode(fields), "application/x-www-form-urlencoded")
        assert (answer.status_code, error_of(answer)) == (400, "invalid_request")
        assert ehr.redeem(code).status_code == 200

    def test_a_code_of_one_address_is_not_redeemed_for_another_of_the_same_client(
        self, signer: SignerBrowser, ehr: Ehr
    ) -> None:
        other = "https://ehr.example/other"
        OAuthClient.objects.update(redirect_uris=[ehr.redirect_uri, other])
        code = code_for(signer, ehr)
        assert error_of(ehr.redeem(code, redirect_uri=other)) == "invalid_grant"
        assert ehr.redeem(code).status_code == 200

    def test_json_is_not_a_token_request(self) -> None:
        response = Client().post("/oauth2/token", b"{}", content_type="application/json")
        assert error_of(response) == "unsupported_grant_type"


class TestRevoke:
    def test_a_revoked_token_is_dead(self, signer: SignerBrowser, ehr: Ehr) -> None:
        token = ehr.redeem(code_for(signer, ehr)).json()["access_token"]
        body = {
            "token": token,
            "token_type_hint": "access_token",
            "client_id": ehr.client_id,
            "client_secret": ehr.secret,
        }
        assert Client().post("/oauth2/revoke", body).status_code == 204
        assert AccessToken.objects.get().revoked_at is not None
        assert Client().post("/oauth2/revoke", body).status_code == 204

    def test_an_unknown_token_is_answered_alike(self, ehr: Ehr) -> None:
        body = {"token": "nothing", "client_id": ehr.client_id, "client_secret": ehr.secret}
        assert Client().post("/oauth2/revoke", body).status_code == 204

    def test_only_its_own_client_may_revoke_it(self, signer: SignerBrowser, ehr: Ehr) -> None:
        token = ehr.redeem(code_for(signer, ehr)).json()["access_token"]
        other = Ehr()
        for secret in (other.secret, "wrong"):
            body = {"token": token, "client_id": other.client_id, "client_secret": secret}
            assert Client().post("/oauth2/revoke", body).status_code in (400, 401)
        assert AccessToken.objects.get().revoked_at is None


def test_the_metadata_names_what_is_offered() -> None:
    body = Client().get("/.well-known/oauth-authorization-server").json()
    assert body["code_challenge_methods_supported"] == ["S256"]
    assert body["token_endpoint"].endswith("/oauth2/token")


class TestClients:
    def test_a_client_is_made_or_brought_up_to_date(self) -> None:
        for name in ("EHR", "EHR", "New name"):
            clients.ensure("demo", "s" * 32, name, ["http://localhost:9000/back"])
        assert OAuthClient.objects.get().name == "New name"
        assert list(Entry.objects.order_by("pk").values_list("kind", flat=True)) == [
            "signing.client_created",
            "signing.client_changed",
        ]

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"client_id": ""}, "client_id_bad"),
            ({"client_id": "改"}, "client_id_bad"),
            ({"secret": "short"}, "client_secret_short"),
            ({"redirect_uris": ["http://ehr.example/"]}, "redirect_uri_bad"),
            ({"redirect_uris": ["https://ehr.example/#f"]}, "redirect_uri_bad"),
            ({"redirect_uris": ["javascript:alert(1)"]}, "redirect_uri_bad"),
            ({"redirect_uris": ["/back"]}, "redirect_uri_bad"),
        ],
    )
    def test_an_odd_client_is_refused(self, change: dict[str, Any], code: str) -> None:
        values = {"client_id": "demo", "secret": "s" * 32, "name": "EHR", "redirect_uris": [], **change}
        with pytest.raises(Refused) as caught:
            clients.ensure(**values)
        assert caught.value.code == code

    def test_the_command_prints_the_secret_once(self) -> None:
        out = StringIO()
        call_command(
            "create_oauth_client", "demo", "--name", "EHR", "--redirect-uri", "https://a.example/", stdout=out
        )
        secret = out.getvalue().split("client_secret: ")[1].strip()
        assert clients.has_secret(OAuthClient.objects.get(), secret)
