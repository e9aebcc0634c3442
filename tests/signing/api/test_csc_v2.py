"""CSC API 2.0.0.2: the same engine under other names; what 2.2 clients insist on."""

import base64
from typing import Any

import pytest
from django.test import Client

from ledger import clock
from signing.api import csc_v1, csc_v2
from signing.models import Activation, Credential, SignatureRecord
from tests.support.csc import NOT_AUTHORISED, RSA, RSA_SHA256, SHA256, SHA512, Api, Odd, b64, digest, refused
from vault import tokens

pytestmark = pytest.mark.requirement("SG-1")


@pytest.fixture
def v2(api: Api) -> Api:
    return Api(api.day, "v2")


def _info() -> dict[str, Any]:
    body: dict[str, Any] = Client().post("/csc/v2/info", b"{}", content_type="application/json").json()
    return body


def _authorize(v2: Api, *digests: bytes, **changes: Any) -> Any:
    body = {
        "credentialID": v2.id, "numSignatures": len(digests), "hashes": b64(*digests), "hashAlgorithmOID": SHA256,
        **changes,
    }  # fmt: skip
    return v2.call("credentials/authorize", {k: v for k, v in body.items() if v is not ...})


def _sign(v2: Api, sad: Any, *digests: bytes, **changes: Any) -> Any:
    body = {
        "credentialID": v2.id, "SAD": sad, "hashes": b64(*digests), "hashAlgorithmOID": SHA256, "signAlgo": RSA,
        **changes,
    }  # fmt: skip
    return v2.call("signatures/signHash", {k: v for k, v in body.items() if v is not ...})


class TestInfo:
    def test_every_required_member_of_2_0_is_there_and_those_that_2_2_clients_read(self, db: None) -> None:
        body = _info()
        assert body["specs"] == "2.0.0.2"
        required = {"name", "logo", "region", "lang", "description", "authType", "methods"}
        assert required | {"signAlgorithms", "signature_formats", "conformance_levels"} <= set(body)
        assert body["signAlgorithms"]["algos"][0] == RSA
        assert {"formats", "envelope_properties"} <= set(body["signature_formats"])
        assert body["supportedHashTypes"] == ["dtbsr"]
        assert (body["asynchronousOperationMode"], body["validationInfo"]) == (False, False)

    def test_one_of_issuer_and_base_address_is_told_never_both(self, db: None) -> None:
        body = _info()
        assert "oauth2" not in body and body["oauth2Issuer"].startswith("http")
        for server in body["oauth2Servers"]:
            assert ("issuerIdentifier" in server) != ("baseUri" in server)
            assert server["authType"] == ["oauth2code"]

    def test_it_names_what_is_offered_and_nothing_else(self, db: None) -> None:
        methods = _info()["methods"]
        assert set(csc_v2.FACE.names) <= set(methods)
        assert not set(csc_v2.FACE.not_offered) & set(methods)


@pytest.mark.parametrize("face", [csc_v1.FACE, csc_v2.FACE], ids=["v1", "v2"])
def test_what_is_not_offered_answers_501_before_it_asks_who_calls(db: None, face: Any) -> None:
    for method in face.not_offered:
        response = Client().post(f"/csc/{face.version}/{method}", b"{", content_type="application/json")
        assert (response.status_code, response.json()["error"]) == (501, "invalid_request")
    assert Client().get("/csc/v3/info").json()["error_description"] == "There is no such address"


class TestCredentials:
    def test_info_has_an_auth_object_even_where_nothing_is_asked(self, issued: Api) -> None:
        body = Api(issued.day, "v2").call("credentials/info", {"credentialID": issued.id}).json()
        assert body["auth"] == {"mode": "explicit", "expression": "", "objects": []}
        assert (body["SCAL"], body["multisign"], body["key"]["len"]) == ("2", 500, 2048)
        assert "authMode" not in body

    def test_the_list_tells_all_where_it_is_asked_to(self, issued: Api) -> None:
        v2 = Api(issued.day, "v2")
        assert v2.call("credentials/list", {}).json() == {"credentialIDs": [issued.id]}
        asked = {"credentialInfo": True, "certificates": "chain", "certInfo": True, "authInfo": True}
        (told,) = v2.call("credentials/list", asked).json()["credentialInfos"]
        assert told["credentialID"] == issued.id
        assert len(told["cert"]["certificates"]) >= 2 and told["cert"]["validTo"].endswith("Z")

    def test_only_what_can_sign_is_listed_where_that_is_wanted(self, issued: Api) -> None:
        v2 = Api(issued.day, "v2")
        wanted = {"onlyValid": True, "credentialInfo": True}
        assert v2.call("credentials/list", wanted).json()["credentialIDs"] == [issued.id]
        Credential.objects.update(state="suspended")
        empty = {"credentialIDs": [], "credentialInfos": [], "onlyValid": True}
        assert v2.call("credentials/list", wanted).json() == empty
        assert v2.call("credentials/list", {}).json()["credentialIDs"] == [issued.id]


AUTHORIZATIONS: Odd = [
    ({"hashes": ...}, "Missing (or invalid type) array parameter hashes"),
    ({"hashes": []}, "Empty hash array"),
    ({"hashAlgorithmOID": 5}, "Missing (or invalid type) string parameter hashAlgorithmOID"),
    ({"hashAlgorithmOID": "1.3.14.3.2.26"}, "Invalid parameter hashAlgorithmOID"),
    ({"hashAlgorithmOID": SHA512}, "Invalid digest value length"),
    ({"authData": {}}, "Missing (or invalid type) array parameter authData"),
    ({"authData": [{"id": "PIN", "value": "1234"}]}, "The authentication data is invalid"),
    ({"numSignatures": 501}, "Numbers of signatures is too high"),
]


SIGNINGS: Odd = [
    ({"SAD": ...}, "Missing (or invalid type) string parameter SAD"),
    ({"SAD": 5}, "Missing (or invalid type) string parameter SAD"),
    ({"SAD": "x"}, "Invalid parameter SAD"),
    ({"hashes": ...}, "Missing (or invalid type) array parameter hashes"),
    ({"hashAlgorithmOID": ...}, "Missing (or invalid type) string parameter hashAlgorithmOID"),
    ({"hashAlgorithmOID": "1.2"}, "Invalid parameter hashAlgorithmOID"),
    ({"operationMode": "A"}, "Invalid parameter operationMode"),
    ({"operationMode": 1}, "Missing (or invalid type) string parameter operationMode"),
]


class TestSigning:
    def test_the_pair_of_calls_keeps_the_callers_order(self, v2: Api) -> None:
        digests = [digest(number) for number in (3, 1, 2, 1)]
        sad = _authorize(v2, *digests).json()["SAD"]
        made = _sign(v2, sad, *reversed(digests)).json()["signatures"]
        for signature, each in zip(made, reversed(digests), strict=True):
            v2.day.verify(base64.b64decode(signature), each)
        assert refused(_sign(v2, sad, digests[0])) == NOT_AUTHORISED

    def test_the_names_of_version_1_are_understood_too(self, v2: Api) -> None:
        """pyHanko's api_ver changes the address and nothing else."""
        old = Api(v2.day, "v2")
        sad = old.sad(digest(1))
        assert old.sign(sad, digest(1)).status_code == 200

    def test_a_sad_of_one_version_is_good_in_the_other(self, v2: Api) -> None:
        sad = _authorize(v2, digest(1)).json()["SAD"]
        assert Api(v2.day).sign(sad, digest(1)).status_code == 200

    @pytest.mark.parametrize(("changes", "description"), AUTHORIZATIONS)
    def test_odd_authorizations_change_nothing(self, v2: Api, changes: Any, description: str) -> None:
        assert refused(_authorize(v2, digest(1), **changes)) == (400, description)
        assert Activation.objects.count() == 0

    @pytest.mark.parametrize(("changes", "description"), SIGNINGS)
    def test_odd_requests_spend_nothing(self, v2: Api, changes: Any, description: str) -> None:
        sad = _authorize(v2, digest(1)).json()["SAD"]
        assert refused(_sign(v2, sad, digest(1), **changes)) == (400, description)
        assert SignatureRecord.objects.count() == 0
        assert _sign(v2, sad, digest(1), signAlgo=RSA_SHA256, operationMode="S").status_code == 200

    def test_an_expired_certificate_is_told_in_this_versions_words(self, v2: Api) -> None:
        sad = _authorize(v2, digest(1)).json()["SAD"]
        Credential.objects.update(not_after=clock.now())
        for answer in (_authorize(v2, digest(2)), _sign(v2, sad, digest(1))):
            assert refused(answer) == (400, "Signing certificate is expired")

    def test_a_bearer_that_is_a_sad_itself_needs_no_other(self, v2: Api) -> None:
        """What oauth2code will give: a token of scope credential, whose digest is a SAD's (see asked.signing)."""
        _authorize(v2, digest(1))
        bearer = v2.day.bearer
        Activation.objects.update(sad_digest=tokens.digest(bearer))
        assert _sign(v2, ..., digest(1)).status_code == 200
