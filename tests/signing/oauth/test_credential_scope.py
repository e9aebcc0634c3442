"""Scope `credential`: a token that authorises exactly the hashes asked for, and is their SAD (CSC 1.0.4 8.3.3)."""

import base64
import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from ledger import clock
from ledger.models import Entry
from signing import sessions
from signing.models import AccessToken, Activation, ActivationItem, AuthorizationCode, SigningSession
from tests.signing.oauth.conftest import code_for, error_of, push
from tests.support.csc import RSA_SHA256, SHA256, SHA384, b64, digest
from tests.support.signed_in import Ehr, SignerBrowser, query_of

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("SG-2")]
HASHES = tuple(digest(number) for number in (1, 2, 2))
URI_TYPE = "https://cloudsignatureconsortium.org/2025/credential"


def url_hashes(*digests: bytes) -> str:
    return ",".join(base64.urlsafe_b64encode(one).rstrip(b"=").decode() for one in digests)


def v1(signer: SignerBrowser, *digests: bytes, **changes: str | None) -> dict[str, str | None]:
    """The query form of CSC 1.0.4."""
    return {
        "scope": "credential",
        "credentialID": str(signer.credential.public_id),
        "numSignatures": str(len(digests)),
        "hash": url_hashes(*digests),
        **changes,
    }


def details(signer: SignerBrowser, *digests: bytes, **changes: Any) -> str:
    """authorization_details; `...` leaves a field out."""
    one = {
        "type": "credential",
        "credentialID": str(signer.credential.public_id),
        "documentDigests": [
            {"hash": text, "label": f"処方箋　{number}"} for number, text in enumerate(b64(*digests))
        ],
        "hashAlgorithmOID": SHA256,
        **changes,
    }
    return json.dumps([{name: value for name, value in one.items() if value is not ...}], ensure_ascii=False)


def token_for(signer: SignerBrowser, ehr: Ehr, **changes: str | None) -> dict[str, Any]:
    answer = ehr.redeem(code_for(signer, ehr.authorize_path(**changes)))
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def pushed_token(signer: SignerBrowser, ehr: Ehr, **changes: str | None) -> dict[str, Any]:
    request_uri = push(ehr, **changes).json()["request_uri"]
    query = urlencode({"client_id": ehr.client_id, "request_uri": request_uri})
    answer = ehr.redeem(code_for(signer, f"/oauth2/authorize?{query}"))
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def call(method: str, bearer: str, body: dict[str, Any]) -> Any:
    headers = {"Authorization": f"Bearer {bearer}"}
    return Client().post(
        f"/csc/v1/{method}", json.dumps(body).encode(), content_type="application/json", headers=headers
    )


def sign(signer: SignerBrowser, bearer: str, *digests: bytes, **more: Any) -> Any:
    body = {
        "credentialID": str(signer.credential.public_id), "hash": b64(*digests), "signAlgo": RSA_SHA256, **more,
    }  # fmt: skip
    return call("signatures/signHash", bearer, body)


class TestTheToken:
    def test_it_is_its_own_sad_and_ends_with_it(self, signer: SignerBrowser, ehr: Ehr) -> None:
        token = token_for(signer, ehr, **v1(signer, *HASHES, description="本日の処方箋"))
        assert (token["scope"], token["token_type"]) == ("credential", "Bearer")
        assert token["expires_in"] == 300 and "authorization_details" not in token
        assert token["credentialID"] == str(signer.credential.public_id)
        row, sad = AccessToken.objects.get(), Activation.objects.get()
        assert row.activation == sad and row.expires_at == sad.expires_at
        assert bytes(row.token_digest) == bytes(sad.sad_digest)
        assert bytes(sad.description or b"").decode() == "本日の処方箋"
        assert [bytes(each.digest) for each in sad.items.order_by("ordinal")] == list(HASHES)
        assert Entry.objects.get(kind="signing.authorised").data["count"] == 3
        assert Entry.objects.get(kind="signing.caller_admitted").data["scope"] == "credential"

    def test_it_signs_its_hashes_once_each_as_bearer_and_as_sad(
        self, keyed_signer: SignerBrowser, ehr: Ehr
    ) -> None:
        service = token_for(keyed_signer, ehr)["access_token"]
        token = token_for(keyed_signer, ehr, **v1(keyed_signer, *HASHES))["access_token"]
        assert sign(keyed_signer, token, HASHES[0]).status_code == 200
        assert sign(keyed_signer, token, HASHES[1], SAD=token).status_code == 200
        assert sign(keyed_signer, service, HASHES[2], SAD=token).status_code == 200
        for bearer, one in ((token, HASHES[0]), (service, HASHES[1])):
            again = sign(keyed_signer, bearer, one, SAD=token)
            assert error_of(again) == (400, "invalid_request")
            assert again.json()["error_description"] == "Hash is not authorized by the SAD"

    def test_it_signs_nothing_else(self, keyed_signer: SignerBrowser, ehr: Ehr) -> None:
        service = token_for(keyed_signer, ehr)["access_token"]
        token = token_for(keyed_signer, ehr, **v1(keyed_signer, HASHES[0]))["access_token"]
        assert sign(keyed_signer, token, digest(9)).status_code == 400
        body = {
            "credentialID": str(keyed_signer.credential.public_id),
            "numSignatures": 1,
            "hash": b64(digest(9)),
        }
        sad = call("credentials/authorize", service, body).json()["SAD"]
        other = sign(keyed_signer, token, digest(9), SAD=sad)
        assert other.json()["error_description"] == "Invalid parameter SAD"
        assert ActivationItem.objects.filter(state="signed").count() == 0

    def test_it_asks_for_no_new_sad_and_lists_nothing(self, keyed_signer: SignerBrowser, ehr: Ehr) -> None:
        token = token_for(keyed_signer, ehr, **v1(keyed_signer, HASHES[0]))["access_token"]
        credential = str(keyed_signer.credential.public_id)
        body = {"credentialID": credential, "numSignatures": 1, "hash": b64(digest(9))}
        assert error_of(call("credentials/authorize", token, body)) == (403, "insufficient_scope")
        assert error_of(call("credentials/list", token, {})) == (403, "insufficient_scope")
        assert call("credentials/info", token, {"credentialID": credential}).status_code == 200

    def test_it_is_another_callers_sad_for_nobody(self, keyed_signer: SignerBrowser, ehr: Ehr) -> None:
        token = token_for(keyed_signer, ehr, **v1(keyed_signer, HASHES[0]))["access_token"]
        other = Ehr()
        stranger = token_for(keyed_signer, other)["access_token"]
        answer = sign(keyed_signer, stranger, HASHES[0], SAD=token)
        assert answer.json()["error_description"] == "Invalid parameter SAD"

    def test_revoking_it_kills_its_hashes(self, keyed_signer: SignerBrowser, ehr: Ehr) -> None:
        service = token_for(keyed_signer, ehr)["access_token"]
        token = token_for(keyed_signer, ehr, **v1(keyed_signer, *HASHES))["access_token"]
        body = {"token": token, "client_id": ehr.client_id, "client_secret": ehr.secret}
        assert Client().post("/oauth2/revoke", body).status_code == 204
        assert set(ActivationItem.objects.values_list("state", flat=True)) == {"dead"}
        assert error_of(sign(keyed_signer, token, HASHES[0])) == (401, "invalid_token")
        assert sign(keyed_signer, service, HASHES[0], SAD=token).status_code == 400

    def test_a_code_used_twice_kills_them_too(self, signer: SignerBrowser, ehr: Ehr) -> None:
        code = code_for(signer, ehr.authorize_path(**v1(signer, *HASHES)))
        assert ehr.redeem(code).status_code == 200
        assert error_of(ehr.redeem(code)) == (400, "invalid_grant")
        assert AccessToken.objects.get().revoked_at is not None
        assert set(ActivationItem.objects.values_list("state", flat=True)) == {"dead"}

    def test_the_days_end_kills_them(self, signer: SignerBrowser, ehr: Ehr) -> None:
        token_for(signer, ehr, **v1(signer, *HASHES))
        sessions.end(SigningSession.objects.get(), at=clock.now())
        assert set(ActivationItem.objects.values_list("state", flat=True)) == {"dead"}

    def test_a_credential_suspended_meanwhile_gives_none(self, signer: SignerBrowser, ehr: Ehr) -> None:
        code = code_for(signer, ehr.authorize_path(**v1(signer, *HASHES)))
        type(signer.credential).objects.update(not_after=clock.now() - timedelta(seconds=1))
        assert error_of(ehr.redeem(code)) == (400, "invalid_grant")
        assert not AccessToken.objects.exists() and not Activation.objects.exists()


class TestDetails:
    @pytest.mark.parametrize("kind", ["credential", URI_TYPE])
    def test_three_hundred_documents_are_pushed_and_granted_by_name(
        self, signer: SignerBrowser, ehr: Ehr, kind: str
    ) -> None:
        many = [digest(number) for number in range(300)]
        token = pushed_token(signer, ehr, scope=None, authorization_details=details(signer, *many, type=kind))
        (granted,) = token["authorization_details"]
        assert (granted["type"], granted["hashAlgorithmOID"]) == (kind, SHA256)
        assert granted["credentialID"] == str(signer.credential.public_id)
        assert [each["hash"] for each in granted["documentDigests"]] == b64(*many)
        labels = Activation.objects.get().labels
        assert labels is not None and labels[299] == "処方箋　299"
        assert ActivationItem.objects.count() == 300

    def test_it_works_in_the_address_too_and_by_qualifier(self, signer: SignerBrowser, ehr: Ehr) -> None:
        asked = details(
            signer, HASHES[0], credentialID=..., signatureQualifier="jp_esign_hpki",
            locations=["http://localhost:8000/csc/v2"],
        )  # fmt: skip
        token = token_for(signer, ehr, scope="credential", authorization_details=asked)
        assert token["authorization_details"][0]["credentialID"] == str(signer.credential.public_id)

    @pytest.mark.parametrize(
        "changes",
        [
            {"type": "payment"},
            {"type": ...},
            {"type": ["credential"]},
            {"documentDigests": ...},
            {"documentDigests": []},
            {"documentDigests": ["x"]},
            {"documentDigests": [{"label": "x"}]},
            {"documentDigests": [{"hash": "!"}]},
            {"documentDigests": [{"hash": "YQ=="}]},
            {"documentDigests": [{"hash": "YQ==", "extra": 1}]},
            {"documentDigests": [{"hash": b64(HASHES[0])[0], "label": "x" * 201}]},
            {"documentDigests": [{"hash": b64(HASHES[0])[0], "label": "a\nb"}]},
            {"documentDigests": [{"hash": b64(HASHES[0])[0], "label": 7}]},
            {"documentDigests": [{"hash": one} for one in b64(*HASHES) * 200]},
            {"hashAlgorithmOID": SHA384},
            {"hashAlgorithmOID": "1.3.14.3.2.26"},
            {"hashAlgorithmOID": 7},
            {"credentialID": ...},
            {"credentialID": "not one of ours"},
            {"signatureQualifier": "eu_eidas_qes"},
            {"locations": ["https://elsewhere.example/"]},
            {"locations": "http://localhost:8000.evil.example/"},
            {"locations": ["http://localhost:8000.evil.example/"]},
            {"numSignatures": 2},
            {"numSignatures": True},
            {"hashType": "sodr"},
            {"circumstantialData": "x"},
        ],
    )
    def test_what_does_not_fit_its_type_is_refused(
        self, signer: SignerBrowser, ehr: Ehr, changes: dict[str, Any]
    ) -> None:
        answer = push(ehr, scope="credential", authorization_details=details(signer, HASHES[0], **changes))
        assert error_of(answer) == (400, "invalid_authorization_details")

    @pytest.mark.parametrize(
        "text", ["", "{}", "[]", "[1]", "[{},{}]", '[{"type":"credential","type":"x"}]', "nul"]
    )
    def test_what_is_no_list_of_one_object_is_refused(self, ehr: Ehr, text: str) -> None:
        answer = push(ehr, scope="credential", authorization_details=text)
        wanted = "invalid_authorization_details" if text else "invalid_request"
        assert error_of(answer) == (400, wanted)

    def test_hashes_stand_in_one_place_only(self, signer: SignerBrowser, ehr: Ehr) -> None:
        both = {**v1(signer, HASHES[0]), "authorization_details": details(signer, HASHES[0])}
        assert error_of(push(ehr, **both)) == (400, "invalid_request")
        service = push(ehr, scope="service", authorization_details=details(signer, HASHES[0]))
        assert error_of(service) == (400, "invalid_scope")

    def test_the_token_request_cannot_add_to_them(self, signer: SignerBrowser, ehr: Ehr) -> None:
        code = code_for(signer, ehr.authorize_path())
        answer = ehr.redeem(code, authorization_details=details(signer, HASHES[0]), scope="credential").json()
        assert answer["scope"] == "service" and "authorization_details" not in answer
        assert not Activation.objects.exists()


class TestTheQueryForm:
    @pytest.mark.parametrize(
        "changes",
        [
            {"hash": None},
            {"hash": "!"},
            {"hash": "YQ"},
            {"hash": f"{url_hashes(HASHES[0])},"},
            {"numSignatures": "2"},
            {"numSignatures": None},
            {"numSignatures": "0"},
            {"numSignatures": "１"},
            {"numSignatures": "1" * 30},
            {"credentialID": None},
            {"credentialID": "x"},
            {"hashAlgorithmOID": SHA384},
            {"hashes": url_hashes(HASHES[0])},
            {"description": "x" * 501},
            {"clientData": "x" * 1025},
        ],
    )
    def test_a_fault_goes_back_to_the_client(
        self, signer: SignerBrowser, ehr: Ehr, changes: dict[str, str | None]
    ) -> None:
        path = ehr.authorize_path(**{**v1(signer, HASHES[0]), **changes})
        answer = signer.client.get(path)
        if changes.get("numSignatures") == "１":  # no character of RFC 6749 appendix A: nobody is redirected
            assert answer.status_code == 400
            return
        assert query_of(answer)["error"] == "invalid_request"
        assert not AuthorizationCode.objects.exists()

    @pytest.mark.parametrize(
        "text",
        [
            base64.b64encode(HASHES[0]).decode(),
            base64.b64encode(HASHES[0]).decode().rstrip("="),
            base64.urlsafe_b64encode(HASHES[0]).decode(),
        ],
    )
    def test_both_alphabets_are_read_padded_or_not(self, signer: SignerBrowser, ehr: Ehr, text: str) -> None:
        assert token_for(signer, ehr, **v1(signer, HASHES[0], hash=text))
        assert bytes(ActivationItem.objects.get().digest) == HASHES[0]

    def test_a_plus_that_was_not_escaped_is_forgiven(self, signer: SignerBrowser, ehr: Ehr) -> None:
        one = next(d for d in map(digest, range(99)) if b"+" in base64.b64encode(d))
        path = ehr.authorize_path(**v1(signer, one, hash=None))
        code_for(signer, f"{path}&hash={base64.b64encode(one).decode().rstrip('=')}")

    def test_v2_names_are_read(self, signer: SignerBrowser, ehr: Ehr) -> None:
        asked = v1(signer, *HASHES, hash=None, hashes=url_hashes(*HASHES), hashAlgorithmOID=SHA256)
        assert token_for(signer, ehr, **asked)["scope"] == "credential"

    def test_forty_hashes_fit_the_address_and_wait_behind_a_short_one(self, ehr: Ehr) -> None:
        browser = SignerBrowser()
        many = [digest(number) for number in range(40)]
        page = browser.client.get(ehr.authorize_path(**v1(browser, *many)))
        carried = browser.fields(page)["next"]
        assert len(carried) < 250
        browser.sign_in(carried)
        assert ehr.redeem(query_of(browser.client.get(carried))["code"]).status_code == 200
        assert ActivationItem.objects.count() == 40

    def test_more_than_multisign_is_refused(self, signer: SignerBrowser, ehr: Ehr) -> None:
        many = [digest(number) for number in range(501)]
        assert error_of(push(ehr, **v1(signer, *many))) == (400, "invalid_request")
