"""signatures/signHash: each abuse of remote-signing.md section 10 refused, each right hash signed once."""

import base64
from datetime import timedelta
from hashlib import sha256, sha384, sha512
from typing import Any

import pytest
from pytest_django import Settings

from ledger import clock
from ledger.log import Actor
from signing import credentials
from signing.models import AccessToken, Activation, SignatureRecord
from tests.support import days
from tests.support.csc import (
    INVALID_SAD,
    NOT_AUTHORISED,
    RSA,
    RSA_SHA256,
    SHA256,
    SHA384,
    SHA512,
    Api,
    Odd,
    b64,
    digest,
    refused,
)

PSS = "1.2.840.113549.1.1.10"


SIGNINGS: Odd = [
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
    ({"signAlgo": PSS}, "Missing (or invalid type) string parameter signAlgoParams"),
    ({"signAlgo": PSS, "signAlgoParams": "MAA="}, "Invalid parameter signAlgoParams"),
    ({"signAlgo": "1.2.840.10045.4.3.2"}, "Invalid parameter signAlgo"),
    ({"signAlgo": RSA, "hashAlgo": ...}, "Missing (or invalid type) string parameter hashAlgo"),
    ({"signAlgo": RSA, "hashAlgo": "1.3.14.3.2.26"}, "Invalid parameter hashAlgo"),
    ({"signAlgo": RSA, "hashAlgo": SHA512}, "Invalid digest value length"),
    ({"signAlgoParams": 5}, "Missing (or invalid type) string parameter signAlgoParams"),
    ({"clientData": {}}, "Missing (or invalid type) string parameter clientData"),
]


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

    @pytest.mark.parametrize(("changes", "description"), SIGNINGS)
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
