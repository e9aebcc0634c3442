"""CSC API 1.0.4: what clients insist on, and each abuse of remote-signing.md section 10 refused."""

import asyncio
import base64
import json
import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta
from hashlib import sha1, sha256, sha384, sha512
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import connection, connections
from django.test import Client
from pytest_django import Settings

from ledger import clock
from ledger.log import Actor
from signing import credentials, sessions
from signing.api import csc_v1, hot
from signing.models import AccessToken, Activation, Credential, OAuthClient, SignatureRecord
from signing.signer import client as signer_client
from tests.support import days
from tests.support.days import Day
from tests.support.signers import SignerProcesses

SHA256, SHA384, SHA512 = (f"2.16.840.1.101.3.4.2.{number}" for number in (1, 2, 3))
RSA, RSA_SHA256 = "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.11"


@pytest.fixture(autouse=True)
def no_connection_left() -> Iterator[None]:
    yield
    signer_client.signers().disconnect()


def digest(number: int) -> bytes:
    return sha256(number.to_bytes(8, "big")).digest()


def b64(*values: bytes) -> list[str]:
    return [base64.b64encode(value).decode() for value in values]


class Api:
    """The API as one caller sees it."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.id = str(day.credential.public_id)

    def call(self, method: str, body: Mapping[str, Any] | bytes, bearer: str | None = None) -> Any:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.day.bearer if bearer is None else bearer}"}
        response = Client().post(
            f"/csc/v1/{method}", content, content_type="application/json", headers=headers
        )
        assert response["Content-Type"] == "application/json"
        return response

    def authorize(self, *digests: bytes, **changes: Any) -> Any:
        body = {"credentialID": self.id, "numSignatures": len(digests), "hash": b64(*digests), **changes}
        return self.call("credentials/authorize", {k: v for k, v in body.items() if v is not ...})

    def sad(self, *digests: bytes) -> str:
        return str(self.authorize(*digests).json()["SAD"])

    def sign(self, sad: str, *digests: bytes, bearer: str | None = None, **changes: Any) -> Any:
        body = {
            "credentialID": self.id, "SAD": sad, "hash": b64(*digests), "hashAlgo": SHA256, "signAlgo": RSA_SHA256,
            **changes,
        }  # fmt: skip
        return self.call("signatures/signHash", {k: v for k, v in body.items() if v is not ...}, bearer)


@pytest.fixture
def api(db: None, signers: SignerProcesses) -> Api:
    return Api(days.day(clock.now()))


@pytest.fixture
def issued(db: None, signers: SignerProcesses) -> Api:
    """With a certificate."""
    return Api(days.issued_day())


def refused(response: Any) -> tuple[int, str]:
    body = response.json()
    assert set(body) == {"error", "error_description"}
    return response.status_code, body["error_description"]


INVALID_CREDENTIAL = (400, "Invalid parameter credentialID")
INVALID_SAD = (400, "Invalid parameter SAD")
NOT_AUTHORISED = (400, "Hash is not authorized by the SAD")


class TestInfo:
    def test_it_is_open_and_names_only_what_is_offered(self, db: None) -> None:
        body = Client().post("/csc/v1/info", b"{}", content_type="application/json").json()
        assert body["specs"] == "1.0.4.0"
        assert set(csc_v1.METHODS) <= set(body["methods"])
        assert "signatures/timestamp" not in body["methods"]
        assert body["oauth2"].startswith("http")

    def test_it_answers_in_the_language_asked_for(self, db: None) -> None:
        body = Client().post("/csc/v1/info", b'{"lang":"en-GB"}', content_type="application/json").json()
        assert body["lang"] == "en-US"

    @pytest.mark.parametrize("method", ["get", "put", "delete"])
    def test_post_only(self, db: None, method: str) -> None:
        for path in csc_v1.METHODS:
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


class TestAuthorize:
    def test_a_sad_for_three_hundred_seconds(self, api: Api) -> None:
        body = api.authorize(digest(1), description="処方箋", clientData="trace").json()
        assert body["expiresIn"] == 300
        assert len(body["SAD"]) >= 43

    @pytest.mark.parametrize(
        ("changes", "description"),
        [
            ({"credentialID": ...}, "Missing (or invalid type) string parameter credentialID"),
            ({"credentialID": []}, "Missing (or invalid type) string parameter credentialID"),
            ({"credentialID": "x"}, "Invalid parameter credentialID"),
            ({"numSignatures": ...}, "Missing (or invalid type) integer parameter numSignatures"),
            ({"numSignatures": "1"}, "Missing (or invalid type) integer parameter numSignatures"),
            ({"numSignatures": True}, "Missing (or invalid type) integer parameter numSignatures"),
            ({"numSignatures": 1.0}, "Missing (or invalid type) integer parameter numSignatures"),
            ({"numSignatures": 0}, "Invalid value for parameter numSignatures"),
            ({"numSignatures": 2}, "Invalid value for parameter numSignatures"),
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
        ],
    )
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


class TestSignHash:
    def test_signatures_come_in_the_order_of_the_hashes(self, api: Api) -> None:
        digests = [digest(number) for number in range(20)]
        sad = api.sad(*digests)
        made = api.sign(sad, *reversed(digests)).json()["signatures"]
        for signature, each in zip(made, reversed(digests), strict=True):
            api.day.verify(base64.b64decode(signature), each)

    @pytest.mark.parametrize(
        "write",
        [base64.b64encode, base64.urlsafe_b64encode, lambda d: base64.b64encode(d).rstrip(b"="),
         lambda d: base64.urlsafe_b64encode(d).rstrip(b"=")],
    )  # fmt: skip
    def test_either_alphabet_with_or_without_padding_is_the_same_hash(self, api: Api, write: Any) -> None:
        each = b"\xfb\xff\xfe" * 10 + b"\xff\xfe"
        sad = api.sad(each)
        made = api.sign(sad, each, hash=[write(each).decode()]).json()["signatures"]
        api.day.verify(base64.b64decode(made[0]), each)

    def test_one_hash_may_come_without_its_array(self, api: Api) -> None:
        sad = api.sad(digest(1))
        assert api.sign(sad, digest(1), hash=b64(digest(1))[0]).status_code == 200

    @pytest.mark.parametrize(
        ("name", "hash_algorithm", "sign_algorithm"),
        [
            ("sha256", SHA256, RSA),
            ("sha256", ..., RSA_SHA256),
            ("sha384", SHA384, RSA),
            ("sha384", ..., "1.2.840.113549.1.1.12"),
            ("sha512", SHA512, RSA),
            ("sha512", ..., "1.2.840.113549.1.1.13"),
        ],
    )
    def test_the_listed_algorithms_sign(
        self, api: Api, name: str, hash_algorithm: Any, sign_algorithm: str
    ) -> None:
        each = {"sha256": sha256, "sha384": sha384, "sha512": sha512}[name](b"document").digest()
        made = api.sign(api.sad(each), each, hashAlgo=hash_algorithm, signAlgo=sign_algorithm).json()[
            "signatures"
        ]
        api.day.verify(base64.b64decode(made[0]), each)

    @pytest.mark.parametrize(
        ("changes", "description"),
        [
            ({"SAD": ...}, "Missing (or invalid type) string parameter SAD"),
            ({"SAD": 7}, "Missing (or invalid type) string parameter SAD"),
            ({"SAD": "x"}, "Invalid parameter SAD"),
            ({"SAD": "nul\x00"}, "Invalid parameter SAD"),
            ({"credentialID": ...}, "Missing (or invalid type) string parameter credentialID"),
            ({"credentialID": "x"}, "Invalid parameter credentialID"),
            ({"hash": ...}, "Missing (or invalid type) array parameter hash"),
            ({"hash": []}, "Empty hash array"),
            ({"hash": ["not base64!"]}, "Invalid Base64 hash string parameter"),
            ({"hash": b64(b"x" * 31)}, "Invalid digest value length"),
            ({"hash": b64(b"x" * 48)}, "Invalid digest value length"),
            ({"signAlgo": ...}, "Missing (or invalid type) string parameter signAlgo"),
            ({"signAlgo": "1.2.3"}, "Invalid parameter signAlgo"),
            ({"signAlgo": "1.2.840.113549.1.1.5"}, "Invalid parameter signAlgo"),
            ({"signAlgo": "1.2.840.113549.1.1.4"}, "Invalid parameter signAlgo"),
            ({"signAlgo": "1.2.840.113549.1.1.10"}, "Invalid parameter signAlgo"),
            ({"signAlgo": "1.2.840.10045.4.3.2"}, "Invalid parameter signAlgo"),
            ({"signAlgo": RSA, "hashAlgo": ...}, "Missing (or invalid type) string parameter hashAlgo"),
            ({"signAlgo": RSA, "hashAlgo": "1.3.14.3.2.26"}, "Invalid parameter hashAlgo"),
            ({"signAlgo": RSA, "hashAlgo": SHA512}, "Invalid digest value length"),
            ({"signAlgoParams": 5}, "Missing (or invalid type) string parameter signAlgoParams"),
            ({"clientData": {}}, "Missing (or invalid type) string parameter clientData"),
        ],
    )
    def test_odd_requests_spend_nothing(self, api: Api, changes: dict[str, Any], description: str) -> None:
        sad = api.sad(digest(1))
        assert refused(api.sign(sad, digest(1), **changes)) == (400, description)
        assert SignatureRecord.objects.count() == 0
        assert api.sign(sad, digest(1)).status_code == 200

    def test_a_replay_is_refused(self, api: Api) -> None:
        sad = api.sad(digest(1))
        assert api.sign(sad, digest(1)).status_code == 200
        assert refused(api.sign(sad, digest(1))) == NOT_AUTHORISED
        assert SignatureRecord.objects.count() == 1

    def test_the_same_hash_twice_for_one_authorisation_is_refused(self, api: Api) -> None:
        sad = api.sad(digest(1))
        assert refused(api.sign(sad, digest(1), digest(1))) == NOT_AUTHORISED

    def test_a_foreign_hash_is_refused_and_the_others_with_it(self, api: Api) -> None:
        sad = api.sad(digest(1))
        assert refused(api.sign(sad, digest(1), digest(2))) == NOT_AUTHORISED
        assert api.sign(sad, digest(1)).status_code == 200

    def test_a_sad_of_another_signer_credential_or_bearer_is_invalid(self, api: Api) -> None:
        other = Api(days.day(clock.now()))
        mine, theirs = api.sad(digest(1)), other.sad(digest(1))
        assert refused(api.sign(theirs, digest(1))) == INVALID_SAD
        assert refused(api.sign(mine, digest(1), credentialID=other.id)) == INVALID_SAD
        assert refused(api.sign(mine, digest(1), bearer=other.day.bearer)) == INVALID_SAD
        assert SignatureRecord.objects.count() == 0

    def test_another_system_of_the_same_signer_cannot_spend_the_sad(self, api: Api) -> None:
        sad = api.sad(digest(1))
        AccessToken.objects.update(client=days.ehr("別のシステム"))
        assert refused(api.sign(sad, digest(1))) == INVALID_SAD

    def test_an_expired_sad_says_so(self, api: Api) -> None:
        sad = api.sad(digest(1))
        Activation.objects.update(expires_at=clock.now() - timedelta(seconds=1))
        assert refused(api.sign(sad, digest(1))) == (400, "SAD expired")

    def test_a_suspension_between_authorize_and_sign_is_seen(self, api: Api) -> None:
        sad = api.sad(digest(1))
        credentials.suspend(api.day.credential, Actor("signer", "me"), "lost", clock.now())
        assert api.sign(sad, digest(1)).status_code in (400, 401)
        assert SignatureRecord.objects.count() == 0

    def test_the_most_that_one_call_takes_is_five_hundred(self, api: Api) -> None:
        digests = [digest(number) for number in range(500)]
        made = api.sign(api.sad(*digests), *digests).json()["signatures"]
        api.day.verify(base64.b64decode(made[499]), digests[499])
        assert SignatureRecord.objects.count() == 500
        assert refused(api.sign("x", *digests, digest(500)))[1] == "Numbers of signatures is too high"

    def test_without_a_signer_the_answer_is_503_with_retry_after(self, api: Api, settings: Settings) -> None:
        sad = api.sad(digest(1))
        here, settings.SIGNER_SOCKET = settings.SIGNER_SOCKET, settings.SIGNER_SOCKET.with_name("nobody")
        response = api.sign(sad, digest(1))
        assert (response.status_code, response["Retry-After"]) == (503, "5")
        settings.SIGNER_SOCKET = here
        assert api.sign(sad, digest(1)).status_code == 200


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


@pytest.mark.parametrize("method", list(csc_v1.METHODS))
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


class TestHot:
    """The raw ASGI door; it works on threads and database connections of its own."""

    pytestmark = [
        pytest.mark.django_db(transaction=True),
        pytest.mark.skipif(
            connection.vendor == "sqlite", reason="the test's own connection holds the database"
        ),
    ]

    @pytest.fixture(autouse=True)
    def pool_left_clean(self) -> Iterator[None]:
        yield
        everyone = threading.Barrier(hot.THREADS)

        def close() -> None:
            everyone.wait(10)
            connections.close_all()
            signer_client.signers().disconnect()

        for done in [hot._pool.submit(close) for _ in range(hot.THREADS)]:
            done.result(20)

    def ask(
        self,
        path: str,
        body: bytes,
        headers: dict[str, str] | None = None,
        method: str = "POST",
        parts: int = 3,
    ) -> tuple[int, dict[str, str], Any]:
        """Status, headers and JSON body of one ASGI exchange."""
        size = max(1, -(-len(body) // parts))
        pieces = [body[at : at + size] for at in range(0, len(body), size)] or [b""]
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

        async def send(message: Any) -> None:
            sent.append(message)

        raw = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
        scope = {"type": "http", "path": path, "method": method, "headers": raw}
        asyncio.run(hot.application(scope, receive, send))
        answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        assert int(answered["content-length"]) == len(sent[1]["body"])
        return sent[0]["status"], answered, json.loads(sent[1]["body"])

    def test_the_pair_of_calls_gives_a_signature(self, signers: SignerProcesses) -> None:
        day = days.day(clock.now())
        headers = {"Authorization": f"Bearer {day.bearer}"}
        request: dict[str, Any] = {"credentialID": str(day.credential.public_id), "hash": b64(digest(1))}
        body = json.dumps({**request, "numSignatures": 1}).encode()
        status, answered, authorised = self.ask("/csc/v1/credentials/authorize", body, headers)
        assert (status, answered["content-type"]) == (200, "application/json")
        body = json.dumps({**request, "SAD": authorised["SAD"], "signAlgo": RSA_SHA256}).encode()
        status, _answered, made = self.ask("/csc/v1/signatures/signHash", body, headers)
        assert status == 200
        day.verify(base64.b64decode(made["signatures"][0]), digest(1))
        status, _answered, again = self.ask("/csc/v1/signatures/signHash", body, headers)
        assert (status, again["error_description"]) == NOT_AUTHORISED

    @pytest.mark.parametrize(
        ("path", "method", "body", "status"),
        [
            ("/csc/v1/signatures/signHash", "GET", b"", 405),
            ("/csc/v1/signatures/signHash", "POST", b"{", 400),
            ("/csc/v1/signatures/signHash", "POST", b"{}", 401),
            ("/csc/v1/signatures/signHash", "POST", b"x" * (2 * 1024 * 1024), 413),
            ("/csc/v9/signatures/signHash", "POST", b"{}", 404),
        ],
    )
    def test_errors_are_whole_answers_too(self, path: str, method: str, body: bytes, status: int) -> None:
        got, headers, answer = self.ask(path, body, method=method)
        assert (got, headers["content-type"]) == (status, "application/json")
        assert set(answer) == {"error", "error_description"}

    def test_a_header_that_is_no_text_is_no_server_error(self) -> None:
        scope_headers = {"Authorization": "Bearer ÿ"}
        status, _headers, _answer = self.ask("/csc/v1/signatures/signHash", b"{}", scope_headers)
        assert status in (400, 401)


def test_no_answer_ever_quotes_what_was_sent(api: Api) -> None:
    canary = "CANARY-7f3a"
    for method in csc_v1.METHODS:
        response = api.call(
            method, {"credentialID": canary, "SAD": canary, "hash": [canary], "signAlgo": canary}
        )
        assert canary not in response.content.decode()
