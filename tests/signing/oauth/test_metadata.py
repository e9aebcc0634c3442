"""RFC 8414: every member of the metadata is true, and the server answers below each base address."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from tests.signing.oauth.conftest import code_for, error_of, push, query
from tests.signing.oauth.test_credential_scope import HASHES, details, pushed_token, v1
from tests.support.signed_in import Ehr, SignerBrowser, query_of

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("SG-2")]


def told() -> dict[str, Any]:
    answer = Client().get("/.well-known/oauth-authorization-server")
    assert answer["Content-Type"] == "application/json"
    return dict(answer.json())


def test_every_member_is_held_to_its_word(signer: SignerBrowser, ehr: Ehr) -> None:
    members = told()
    checks: dict[str, Callable[[Any], bool]] = {
        "issuer": lambda value: query_of(signer.client.get(ehr.authorize_path()))["iss"] == value,
        "authorization_endpoint": lambda value: _answers(value, ehr) == 302,
        "token_endpoint": lambda value: error_of(Client().post(path(value)))[0] == 400,
        "revocation_endpoint": lambda value: error_of(Client().post(path(value)))[0] == 401,
        "pushed_authorization_request_endpoint": lambda value: error_of(Client().post(path(value)))[0] == 401,
        "scopes_supported": lambda value: value == ["service", "credential"],
        "response_types_supported": lambda value: value == ["code"],
        "response_modes_supported": lambda value: (
            value == ["query"] and error_of(push(ehr, response_mode="form_post"))[1] == "invalid_request"
        ),
        "grant_types_supported": lambda value: (
            value == ["authorization_code"]
            and error_of(ehr.redeem("x", grant_type="client_credentials"))[1] == "unsupported_grant_type"
        ),
        "token_endpoint_auth_methods_supported": lambda value: (
            value == ["client_secret_basic", "client_secret_post"]
        ),
        "revocation_endpoint_auth_methods_supported": lambda value: (
            value == ["client_secret_basic", "client_secret_post"]
        ),
        "code_challenge_methods_supported": lambda value: (
            value == ["S256"] and error_of(push(ehr, code_challenge_method="plain"))[0] == 400
        ),
        "authorization_details_types_supported": lambda value: all(
            pushed_token(signer, ehr, scope=None, authorization_details=details(signer, *HASHES, type=kind))
            for kind in value
        ),
        "require_pushed_authorization_requests": lambda value: (
            not value and bool(code_for(signer, ehr.authorize_path()))
        ),
        "authorization_response_iss_parameter_supported": lambda value: (
            value and query_of(signer.client.get(ehr.authorize_path(scope="x")))["iss"] == members["issuer"]
        ),
        "request_parameter_supported": lambda value: (
            not value and error_of(push(ehr, request="x.y.z"))[1] == "request_not_supported"
        ),
        "request_uri_parameter_supported": lambda value: (
            not value
            and signer.client.get(ehr.authorize_path(request_uri="https://x.example/")).status_code == 400
        ),
        "prompt_values_supported": lambda value: all(
            push(ehr, prompt=one).status_code == 201 for one in value
        ),
        "tls_client_certificate_bound_access_tokens": lambda value: value is False,
        "ui_locales_supported": lambda value: all(
            f'<html lang="{one}">' in Client().get(ehr.authorize_path(ui_locales=one)).content.decode()
            for one in value
        ),
    }
    assert checks.keys() == members.keys()
    assert [name for name, check in checks.items() if not check(members[name])] == []


def test_with_an_origin_for_certificates_it_names_it(api_origin: str) -> None:
    members = told()
    assert members["tls_client_certificate_bound_access_tokens"] is True
    assert members["token_endpoint_auth_methods_supported"][0] == "tls_client_auth"
    aliases = members["mtls_endpoint_aliases"]
    assert aliases == {
        name: members[name].replace("http://localhost:8000", api_origin)
        for name in ("token_endpoint", "revocation_endpoint", "pushed_authorization_request_endpoint")
    }


@pytest.mark.parametrize("base", ["/csc/v1/oauth2", "/csc/v2/oauth2"])
def test_the_csc_base_addresses_are_the_same_server(signer: SignerBrowser, ehr: Ehr, base: str) -> None:
    """Documenso and SetaPDF append oauth2/… to the base that they were told."""
    path_there = ehr.authorize_path(**v1(signer, *HASHES)).replace("/oauth2", base, 1)
    code = code_for(signer, path_there)
    body = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": ehr.redirect_uri,
        "code_verifier": ehr.verifier, "client_id": ehr.client_id, "client_secret": ehr.secret,
    }  # fmt: skip
    token = Client().post(f"{base}/token", body).json()["access_token"]
    secret = {"client_id": ehr.client_id, "client_secret": ehr.secret}
    assert Client().post(f"{base}/pushed_authorize", {**query(ehr), **secret}).status_code == 201
    assert Client().post(f"{base}/revoke", {"token": token, **secret}).status_code == 204


def path(address: str) -> str:
    return urlsplit(address).path


def _answers(address: str, ehr: Ehr) -> int:
    browser = SignerBrowser()
    browser.sign_in()
    return int(browser.client.get(path(address), query(ehr)).status_code)
