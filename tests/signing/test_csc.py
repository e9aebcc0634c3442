"""CSC API 1.0.4: what clients insist on; who gets in; a SAD for these hashes and no others."""

import base64
from hashlib import sha1
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.test import Client

from ledger import clock
from ledger.log import Actor
from signing import credentials, sessions
from signing.api import csc_v1
from signing.models import AccessToken, Activation, Credential, OAuthClient
from tests.support import days
from tests.support.csc import (
    INVALID_CREDENTIAL,
    Api,
    Odd,
    b64,
    digest,
    refused,
)


class TestInfo:
    def test_it_is_open_and_names_only_what_is_offered(self, db: None) -> None:
        body = Client().post("/csc/v1/info", b"{}", content_type="application/json").json()
        assert body["specs"] == "1.0.4.0"
        assert set(csc_v1.FACE.names) <= set(body["methods"])
        assert "signatures/timestamp" not in body["methods"]
        assert body["oauth2"].startswith("http")

    def test_it_answers_in_the_language_asked_for(self, db: None) -> None:
        body = Client().post("/csc/v1/info", b'{"lang":"en-GB"}', content_type="application/json").json()
        assert body["lang"] == "en-US"

    @pytest.mark.parametrize("method", ["get", "put", "delete"])
    def test_post_only(self, db: None, method: str) -> None:
        for path in csc_v1.FACE.names:
            response = getattr(Client(), method)(f"/csc/v1/{path}")
            assert (response.status_code, response["Content-Type"]) == (405, "application/json")


class TestCredentials:
    def test_the_list_holds_the_signers_own_credential(self, issued: Api) -> None:
        days.issued_day()
        assert issued.call("credentials/list", {"maxResults": 10}).json() == {"credentialIDs": [issued.id]}

    def test_info_is_what_pyhanko_and_documenso_insist_on(self, issued: Api) -> None:
        body = issued.call(
            "credentials/info", {"credentialID": issued.id, "certificates": "chain", "certInfo": True}
        ).json()
        assert (body["authMode"], body["SCAL"], body["multisign"]) == ("implicit", "2", 500)
        assert {"1.2.840.113549.1.1.1", "1.2.840.113549.1.1.11"} <= set(body["key"]["algo"])
        assert (body["key"]["status"], body["key"]["len"]) == ("enabled", 2048)
        chain = [
            x509.load_der_x509_certificate(base64.b64decode(each)) for each in body["cert"]["certificates"]
        ]
        assert chain[0].public_bytes(Encoding.DER) == bytes(issued.day.credential.certificate or b"")
        for certificate, issuer in pairwise(chain):
            certificate.verify_directly_issued_by(issuer)
        assert len(chain) >= 2
        assert body["cert"]["status"] == "valid"
        assert body["cert"]["serialNumber"] == f"{chain[0].serial_number:x}"
        assert body["cert"]["validTo"].endswith("Z")

    @pytest.mark.parametrize(("wanted", "count"), [("none", None), ("single", 1)])
    def test_as_many_certificates_as_wanted(self, issued: Api, wanted: str, count: int | None) -> None:
        cert = issued.call("credentials/info", {"credentialID": issued.id, "certificates": wanted}).json()[
            "cert"
        ]
        assert (len(cert["certificates"]) if "certificates" in cert else None) == count

    def test_a_suspended_credential_shows_itself_so(self, issued: Api) -> None:
        Credential.objects.update(state="suspended")
        body = issued.call("credentials/info", {"credentialID": issued.id}).json()
        assert (body["key"]["status"], body["cert"]["status"]) == ("disabled", "suspended")

    @pytest.mark.parametrize(
        ("body", "description"),
        [
            ({}, "Missing (or invalid type) string parameter credentialID"),
            ({"credentialID": 1}, "Missing (or invalid type) string parameter credentialID"),
            ({"credentialID": "nobody"}, "Invalid parameter credentialID"),
            ({"credentialID": str(uuid4())}, "Invalid parameter credentialID"),
            ({"credentialID": "OWN", "certificates": "all"}, "Invalid parameter certificates"),
            ({"credentialID": "OWN", "certInfo": "yes"}, "Invalid type of boolean parameter certInfo"),
        ],
    )
    def test_odd_questions_are_answered_in_the_standards_words(
        self, issued: Api, body: dict[str, Any], description: str
    ) -> None:
        given = {**body, "credentialID": issued.id} if body.get("credentialID") == "OWN" else body
        assert refused(issued.call("credentials/info", given)) == (400, description)

    @pytest.mark.parametrize(
        ("body", "description"),
        [
            ({"userID": "me"}, "userID parameter MUST be null"),
            ({"maxResults": 0}, "Invalid parameter maxResults"),
            ({"maxResults": "ten"}, "Missing (or invalid type) integer parameter maxResults"),
            ({"pageToken": "x"}, "Invalid parameter pageToken"),
            ({"clientData": 5}, "Missing (or invalid type) string parameter clientData"),
        ],
    )
    def test_odd_lists_too(self, issued: Api, body: dict[str, Any], description: str) -> None:
        assert refused(issued.call("credentials/list", body)) == (400, description)


class TestBearer:
    METHODS = ("credentials/list", "credentials/info", "credentials/authorize", "signatures/signHash")

    @pytest.mark.parametrize("method", METHODS)
    def test_nobody_gets_in_without_a_living_token(self, api: Api, method: str) -> None:
        for bearer in ("wrong", "x" * 5000, "改"):
            headers = {"Authorization": f"Bearer {bearer}".encode().decode("latin-1")}
            response = Client().post(
                f"/csc/v1/{method}", b"{}", content_type="application/json", headers=headers
            )
            assert response.status_code in (400, 401)
            assert response["Content-Type"] == "application/json"
        assert Client().post(f"/csc/v1/{method}", b"{}", content_type="application/json").status_code == 401

    @pytest.mark.parametrize(
        "how", ["revoked", "expired", "session ended", "client stopped", "credential revoked"]
    )
    def test_a_token_dies_with_all_it_stands_on(self, api: Api, how: str) -> None:
        at = clock.now()
        if how == "revoked":
            AccessToken.objects.update(revoked_at=at)
        elif how == "expired":
            AccessToken.objects.update(expires_at=at)
        elif how == "session ended":
            sessions.end(api.day.session, at=at)
        elif how == "client stopped":
            OAuthClient.objects.update(is_active=False)
        else:
            credentials.revoke(api.day.credential, Actor("signer", "me"), "key_compromise", at)
        response = api.call("credentials/list", {})
        assert (response.status_code, response.json()["error"]) == (401, "invalid_token")
        assert response["WWW-Authenticate"].startswith("Bearer")


AUTHORIZATIONS: Odd = [
    ({"credentialID": ...}, "Missing (or invalid type) string parameter credentialID"),
    ({"credentialID": []}, "Missing (or invalid type) string parameter credentialID"),
    ({"credentialID": "x"}, "Invalid parameter credentialID"),
    ({"numSignatures": ...}, "Missing (or invalid type) integer parameter numSignatures"),
    ({"numSignatures": "1"}, "Missing (or invalid type) integer parameter numSignatures"),
    ({"numSignatures": True}, "Missing (or invalid type) integer parameter numSignatures"),
    ({"numSignatures": 1.0}, "Missing (or invalid type) integer parameter numSignatures"),
    ({"numSignatures": 0}, "Invalid value for parameter numSignatures"),
    ({"hash": b64(digest(1), digest(2))}, "Invalid value for parameter numSignatures"),
    ({"numSignatures": 501}, "Numbers of signatures is too high"),
    ({"hash": ...}, "Missing (or invalid type) array parameter hash"),
    ({"hash": 5}, "Missing (or invalid type) array parameter hash"),
    ({"hash": []}, "Empty hash array"),
    ({"hash": [5]}, "Invalid Base64 hash string parameter"),
    ({"hash": ["***"]}, "Invalid Base64 hash string parameter"),
    ({"hash": ["AAAAA"]}, "Invalid Base64 hash string parameter"),
    ({"hash": b64(b"short")}, "Invalid digest value length"),
    ({"hash": b64(sha1(b"").digest())}, "Invalid digest value length"),
    ({"hash": b64(b"x" * 32) * 501}, "Numbers of signatures is too high"),
    ({"description": "x" * 501}, "Invalid parameter description"),
    ({"clientData": "x" * 1025}, "Invalid parameter clientData"),
]


class TestAuthorize:
    def test_a_sad_for_three_hundred_seconds(self, api: Api) -> None:
        body = api.authorize(digest(1), description="処方箋", clientData="trace").json()
        assert body["expiresIn"] == 300
        assert len(body["SAD"]) >= 43

    @pytest.mark.parametrize(("changes", "description"), AUTHORIZATIONS)
    def test_odd_requests_change_nothing(self, api: Api, changes: dict[str, Any], description: str) -> None:
        assert refused(api.authorize(digest(1), **changes)) == (400, description)
        assert Activation.objects.count() == 0

    def test_another_signers_credential_is_unknown(self, api: Api) -> None:
        other = days.issued_day()
        assert (
            refused(api.authorize(digest(1), credentialID=str(other.credential.public_id)))
            == INVALID_CREDENTIAL
        )

    def test_a_suspended_credential_is_disabled(self, api: Api) -> None:
        Credential.objects.update(state="suspended")
        assert refused(api.authorize(digest(1)))[1] == "The credential identified by credentialID is disabled"

    def test_an_expired_certificate_is_refused(self, api: Api) -> None:
        Credential.objects.update(not_after=clock.now())
        assert refused(api.authorize(digest(1))) == (400, "The signing certificate is expired")


BROKEN = {
    "no JSON": b"{",
    "an array": b"[]",
    "a string": b'"x"',
    "null": b"null",
    "NaN": b'{"numSignatures":NaN}',
    "a key twice": b'{"credentialID":"a","credentialID":"b"}',
    "not UTF-8": b'{"credentialID":"\xff"}',
    "a lone surrogate": b'{"credentialID":"\\ud800"}',
    "very deep": b"[" * 100_000,
    "deep inside": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "an endless number": b'{"numSignatures":' + b"9" * 100_000 + b"}",
}


@pytest.mark.parametrize("method", list(csc_v1.FACE.names))
@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_json_object_is_a_bad_request(api: Api, method: str, name: str) -> None:
    response = api.call(method, BROKEN[name])
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_request"


@pytest.mark.parametrize("size", [1024 * 1024 + 1, 2 * 1024 * 1024])
def test_a_body_over_a_megabyte_is_refused(api: Api, size: int) -> None:
    response = api.call("signatures/signHash", b'{"clientData":"' + b"x" * size + b'"}')
    assert response.status_code == 413
    assert response.json()["error"] == "invalid_request"


def test_no_answer_ever_quotes_what_was_sent(api: Api) -> None:
    canary = "CANARY-7f3a"
    for method in csc_v1.FACE.names:
        response = api.call(
            method, {"credentialID": canary, "SAD": canary, "hash": [canary], "signAlgo": canary}
        )
        assert canary not in response.content.decode()
