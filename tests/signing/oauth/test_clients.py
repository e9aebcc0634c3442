"""What real clients do, call by call (remote-signing.md section 3): Documenso on v1, the EUDI library's order on v2."""

import base64
import json
from typing import Any

import pytest
from django.test import Client

from tests.signing.oauth.conftest import code_for, push
from tests.signing.oauth.test_credential_scope import details, v1
from tests.signing.oauth.test_pushed import path, uri
from tests.support.csc import RSA_SHA256, SHA256, b64, digest
from tests.support.signed_in import Ehr, SignerBrowser, query_of

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("SG-2")]


def call(address: str, bearer: str, **body: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    answer = Client().post(
        address, json.dumps(body).encode(), content_type="application/json", headers=headers
    )
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def test_documenso_asks_twice_and_the_second_time_nobody_is_disturbed(keyed_signer: SignerBrowser) -> None:
    """info, service, token, list, info, credential (silent), token, signHash with that token as SAD."""
    ehr, base = Ehr(), "/csc/v1"
    told = call(f"{base}/info", "")
    assert told["oauth2"] and {"oauth2/authorize", "oauth2/token"} <= set(told["methods"])
    service = ehr.redeem(code_for(keyed_signer, ehr.authorize_path())).json()["access_token"]
    (credential,) = call(f"{base}/credentials/list", service)["credentialIDs"]
    info = call(f"{base}/credentials/info", service, credentialID=credential, certInfo=True)
    assert isinstance(info["SCAL"], str) and isinstance(info["multisign"], int)
    assert info["cert"]["status"] == "valid" and info["key"]["len"] >= 2048
    asked = v1(keyed_signer, digest(1), digest(2), credentialID=credential)
    token = ehr.redeem(code_for(keyed_signer, ehr.authorize_path(**asked))).json()["access_token"]
    made = call(
        f"{base}/signatures/signHash", service, credentialID=credential, SAD=token,
        hash=b64(digest(2), digest(1)), signAlgo=RSA_SHA256,
    )["signatures"]  # fmt: skip
    assert len({base64.b64decode(one) for one in made}) == 2


def test_a_wallet_pushes_with_prompt_login_and_signs_with_the_bearer_alone(
    keyed_signer: SignerBrowser,
) -> None:
    """PAR with prompt=login for the service, RAR for the credential, then signHash of v2 without a SAD."""
    ehr = Ehr()
    address = path(ehr, uri(ehr, prompt="login"), state="s t&te")  # the library repeats the state
    page = keyed_signer.client.get(address)
    assert page.status_code == 200 and "そのまま続きます" in page.content.decode()
    keyed_signer.sign_in(address)
    service = ehr.redeem(query_of(keyed_signer.client.get(address))["code"]).json()["access_token"]
    (credential,) = call("/csc/v2/credentials/list", service)["credentialIDs"]
    asked = details(keyed_signer, digest(1), credentialID=credential)
    request_uri = push(ehr, scope="credential", authorization_details=asked, prompt="login").json()[
        "request_uri"
    ]
    address = path(ehr, request_uri)
    keyed_signer.sign_in(address)
    token = ehr.redeem(query_of(keyed_signer.client.get(address))["code"], authorization_details=asked).json()
    assert token["credentialID"] == credential
    made = call(
        "/csc/v2/signatures/signHash", token["access_token"], credentialID=credential, hashes=b64(digest(1)),
        hashAlgorithmOID=SHA256, signAlgo=RSA_SHA256, operationMode="S",
    )  # fmt: skip
    assert len(made["signatures"]) == 1


def test_a_clients_info_says_how_it_authorises(keyed_signer: SignerBrowser) -> None:
    for is_oauth2code, modes in ((False, ("implicit", "explicit")), (True, ("oauth2code", "oauth2code"))):
        ehr = Ehr()
        type(ehr.row).objects.filter(pk=ehr.row.pk).update(is_oauth2code=is_oauth2code)
        token = ehr.redeem(code_for(keyed_signer, ehr.authorize_path())).json()["access_token"]
        asked = {"credentialID": str(keyed_signer.credential.public_id)}
        assert call("/csc/v1/credentials/info", token, **asked)["authMode"] == modes[0]
        assert call("/csc/v2/credentials/info", token, **asked)["auth"]["mode"] == modes[1]
