"""Callers bound to their facility's certificate (RFC 8705): who may get a token, and over what it counts."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from django.test import Client
from pytest_django import Settings

from deploy.demo.facilities import Issued
from ledger import clock
from ledger.models import Entry
from signing.api import client_certificates
from signing.api import facilities as shown
from signing.api.callers import RequestScope, identify
from signing.models import (
    AccessToken,
    Activation,
    ActivationItem,
    ClientCertificate,
    OAuthClient,
    SignatureRecord,
)
from tests.signing.oauth.conftest import code_for, error_of, query
from tests.signing.oauth.test_credential_scope import HASHES, v1
from tests.support.card_site import facilities
from tests.support.csc import RSA_SHA256, b64, digest
from tests.support.signed_in import Ehr, SignerBrowser

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("SG-4")]


def redeem(ehr: Ehr, code: str, headers: dict[str, str], **changes: str | None) -> Any:
    """tls_client_auth: the client's id in the body, no secret."""
    body: dict[str, str | None] = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": ehr.redirect_uri,
        "code_verifier": ehr.verifier,
        "client_id": ehr.client_id,
        **changes,
    }
    sent = {name: value for name, value in body.items() if value is not None}
    return Client().post("/oauth2/token", sent, headers=headers)


def bearer(signer: SignerBrowser, ehr: Ehr, issued: Issued, **asked: str | None) -> str:
    answer = redeem(ehr, code_for(signer, ehr.authorize_path(**asked)), facilities.headers(issued))
    assert answer.status_code == 200, answer.content
    return str(answer.json()["access_token"])


def call(method: str, token: str, issued: Issued | None, body: dict[str, Any], **more: str) -> Any:
    headers = {"Authorization": f"Bearer {token}", **(facilities.headers(issued) if issued else {}), **more}
    return Client().post(f"/csc/v1/{method}", body, content_type="application/json", headers=headers)


class TestTheToken:
    def test_the_certificate_is_the_clients_authentication(
        self, api_origin: str, signer: SignerBrowser, ehr: Ehr
    ) -> None:
        issued = facilities.bound(ehr.client_id)
        bearer(signer, ehr, issued)
        row = AccessToken.objects.get()
        assert row.certificate is not None
        assert bytes(row.certificate.thumbprint) == facilities.thumbprint(issued)

    def test_a_secret_alone_is_worth_nothing_then(
        self, api_origin: str, signer: SignerBrowser, ehr: Ehr
    ) -> None:
        facilities.bound(ehr.client_id)
        code = code_for(signer, ehr.authorize_path())
        assert error_of(ehr.redeem(code))[1] == "invalid_client"
        assert error_of(redeem(ehr, code, {}))[1] == "invalid_client"
        assert not AccessToken.objects.exists()

    @pytest.mark.parametrize(
        "spoil",
        [
            {"X-Inkan-Proxy-Secret": "x" * 43},
            {"X-Inkan-Proxy-Secret": ""},
            {"X-Inkan-Facility-Verify": "FAILED:certificate has expired"},
            {"X-Inkan-Facility-Verify": "NONE"},
            {"X-Inkan-Facility-Verify": "SUCCESS,SUCCESS"},
            {"X-Inkan-Facility-Certificate": "forged"},
            {"X-Inkan-Facility-Certificate": "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----"},
            {"X-Inkan-Facility-Certificate": "x" * 20_000},
            {"X-Inkan-Facility-Certificate": ""},
        ],
    )
    def test_a_forged_header_shows_nothing(
        self, api_origin: str, signer: SignerBrowser, ehr: Ehr, spoil: dict[str, str]
    ) -> None:
        issued = facilities.bound(ehr.client_id)
        code = code_for(signer, ehr.authorize_path())
        answer = redeem(ehr, code, {**facilities.headers(issued), **spoil})
        assert error_of(answer)[1] == "invalid_client"
        token = bearer(signer, ehr, issued)
        assert error_of(call("credentials/list", token, issued, {}, **spoil)) == (401, "invalid_token")

    def test_two_certificates_in_the_header_are_none(
        self, api_origin: str, signer: SignerBrowser, ehr: Ehr
    ) -> None:
        issued = facilities.bound(ehr.client_id)
        told = facilities.headers(issued)
        twice = told["X-Inkan-Facility-Certificate"]
        other = quote(facilities.issue().certificate.public_bytes(Encoding.PEM).decode(), safe="")
        for joined in (twice + other, f"{twice},{other}", twice + quote("\n") + other):
            spoilt = {**told, "X-Inkan-Facility-Certificate": joined}
            code = code_for(signer, ehr.authorize_path())
            assert error_of(redeem(ehr, code, spoilt))[1] == "invalid_client"

    def test_without_an_origin_for_certificates_no_header_counts(
        self, signer: SignerBrowser, ehr: Ehr, settings: Settings
    ) -> None:
        settings.PROXY_SECRET = facilities.headers(facilities.issue())["X-Inkan-Proxy-Secret"]
        issued = facilities.bound(ehr.client_id)
        answer = redeem(ehr, code_for(signer, ehr.authorize_path()), facilities.headers(issued))
        assert error_of(answer)[1] == "invalid_client"

    def test_another_clients_certificate_opens_nothing(
        self, api_origin: str, signer: SignerBrowser, ehr: Ehr
    ) -> None:
        facilities.bound(ehr.client_id)
        other = facilities.bound(Ehr().client_id)
        unregistered = facilities.issue()
        for issued in (other, unregistered):
            answer = redeem(ehr, code_for(signer, ehr.authorize_path()), facilities.headers(issued))
            assert error_of(answer)[1] == "invalid_client"

    def test_pushing_and_revoking_want_it_too(self, api_origin: str, signer: SignerBrowser, ehr: Ehr) -> None:
        issued = facilities.bound(ehr.client_id)
        fields = {**query(ehr), "client_secret": ehr.secret}
        assert error_of(Client().post("/oauth2/pushed_authorize", fields))[1] == "invalid_client"
        headers = facilities.headers(issued)
        assert Client().post("/oauth2/pushed_authorize", query(ehr), headers=headers).status_code == 201
        body = {"token": bearer(signer, ehr, issued), "client_id": ehr.client_id}
        assert Client().post("/oauth2/revoke", {**body, "client_secret": ehr.secret}).status_code in (
            400,
            401,
        )
        assert AccessToken.objects.get().revoked_at is None
        assert Client().post("/oauth2/revoke", body, headers=headers).status_code == 204


class TestItsUse:
    def test_it_counts_over_its_own_certificate_alone(
        self, api_origin: str, signer: SignerBrowser, ehr: Ehr
    ) -> None:
        first = facilities.bound(ehr.client_id)
        token = bearer(signer, ehr, first)
        second = facilities.bound(ehr.client_id)  # both live, and yet
        assert call("credentials/list", token, first, {}).status_code == 200
        assert error_of(call("credentials/list", token, second, {})) == (401, "invalid_token")
        assert error_of(call("credentials/list", token, None, {})) == (401, "invalid_token")

    def test_the_caller_says_certificate_and_facility(
        self, api_origin: str, signer: SignerBrowser, ehr: Ehr
    ) -> None:
        issued = facilities.bound(ehr.client_id)
        token = bearer(signer, ehr, issued)
        headers = {name.lower(): value for name, value in facilities.headers(issued).items()}
        caller = identify(RequestScope({**headers, "authorization": f"Bearer {token}"}), clock.now())
        assert caller.thumbprint == facilities.thumbprint(issued).hex()
        assert (caller.facility, caller.scope, caller.auth_mode) == (facilities.CODE, "service", "implicit")

    def test_sad_record_and_log_name_it_and_another_certificate_cannot_spend_it(
        self, api_origin: str, keyed_signer: SignerBrowser, ehr: Ehr
    ) -> None:
        first = facilities.bound(ehr.client_id)
        old = bearer(keyed_signer, ehr, first)
        credential = str(keyed_signer.credential.public_id)
        asked = {"credentialID": credential, "numSignatures": 1, "hash": b64(digest(1))}
        sad = call("credentials/authorize", old, first, asked).json()["SAD"]
        second = facilities.bound(ehr.client_id)
        new = bearer(keyed_signer, ehr, second)
        body = {"credentialID": credential, "SAD": sad, "hash": b64(digest(1)), "signAlgo": RSA_SHA256}
        refused = call("signatures/signHash", new, second, body)
        assert refused.json()["error_description"] == "Invalid parameter SAD"
        assert call("signatures/signHash", old, first, body).status_code == 200
        mark = facilities.thumbprint(first)
        assert bytes(Activation.objects.get().certificate.thumbprint) == mark  # type: ignore[union-attr]
        assert bytes(SignatureRecord.objects.get().certificate.thumbprint) == mark  # type: ignore[union-attr]
        for kind in ("signing.authorised", "signing.signed"):
            assert Entry.objects.get(kind=kind).data["certificate"] == mark.hex()

    def test_a_credential_token_is_bound_like_any_other(
        self, api_origin: str, keyed_signer: SignerBrowser, ehr: Ehr
    ) -> None:
        issued = facilities.bound(ehr.client_id)
        token = bearer(keyed_signer, ehr, issued, **v1(keyed_signer, HASHES[0]))
        body = {
            "credentialID": str(keyed_signer.credential.public_id), "hash": b64(HASHES[0]), "signAlgo": RSA_SHA256,
        }  # fmt: skip
        assert error_of(call("signatures/signHash", token, None, body)) == (401, "invalid_token")
        assert call("signatures/signHash", token, issued, body).status_code == 200

    def test_a_token_from_before_the_binding_is_dead(
        self, api_origin: str, signer: SignerBrowser, ehr: Ehr
    ) -> None:
        token = str(ehr.redeem(code_for(signer, ehr.authorize_path())).json()["access_token"])
        assert call("credentials/list", token, None, {}).status_code == 200
        issued = facilities.bound(ehr.client_id)
        assert error_of(call("credentials/list", token, issued, {})) == (401, "invalid_token")

    def test_the_credential_authorises_by_redirect_where_the_client_does(
        self, keyed_signer: SignerBrowser, ehr: Ehr
    ) -> None:
        OAuthClient.objects.update(is_oauth2code=True)
        token = str(ehr.redeem(code_for(keyed_signer, ehr.authorize_path())).json()["access_token"])
        asked = {"credentialID": str(keyed_signer.credential.public_id)}
        assert call("credentials/info", token, None, asked).json()["authMode"] == "oauth2code"


class TestOverlap:
    def test_two_live_side_by_side_for_a_month_and_the_old_one_ends(
        self, api_origin: str, signer: SignerBrowser, ehr: Ehr, settings: Settings
    ) -> None:
        first = facilities.bound(ehr.client_id)
        second = facilities.bound(ehr.client_id)
        old, new = bearer(signer, ehr, first), bearer(signer, ehr, second)
        for token, issued in ((old, first), (new, second)):
            assert call("credentials/list", token, issued, {}).status_code == 200
        row = ClientCertificate.objects.get(thumbprint=facilities.thumbprint(first))
        day = clock.civil_months_later(clock.today(clock.now()), 1)
        assert row.ends_at == clock.end_of_day(day)
        assert not shown.is_living(row, row.ends_at) and shown.is_living(
            row, row.ends_at - timedelta(seconds=1)
        )
        ClientCertificate.objects.filter(pk=row.pk).update(ends_at=clock.now())
        assert error_of(call("credentials/list", old, first, {})) == (401, "invalid_token")
        code = code_for(signer, ehr.authorize_path())
        assert error_of(redeem(ehr, code, facilities.headers(first)))[1] == "invalid_client"
        assert call("credentials/list", new, second, {}).status_code == 200

    def test_a_third_ends_the_oldest_at_once(self, ehr: Ehr) -> None:
        first, second, third = (facilities.bound(ehr.client_id) for _ in range(3))
        at = clock.now()
        living = [bytes(row.thumbprint) for row in ClientCertificate.living(at).order_by("pk")]
        assert living == [facilities.thumbprint(second), facilities.thumbprint(third)]
        assert first is not second
        kinds = Entry.objects.filter(kind__startswith="signing.client_certificate").values_list(
            "kind", flat=True
        )
        assert sorted(kinds) == sorted(
            ["signing.client_certificate_added"] * 3
            + ["signing.client_certificate_ending"] * 2
            + ["signing.client_certificate_ended"]
        )

    def test_ending_one_ends_its_tokens_and_their_hashes_at_once(
        self, api_origin: str, keyed_signer: SignerBrowser, ehr: Ehr
    ) -> None:
        issued = facilities.bound(ehr.client_id)
        token = bearer(keyed_signer, ehr, issued)
        asked = {
            "credentialID": str(keyed_signer.credential.public_id), "numSignatures": 1, "hash": b64(digest(1)),
        }  # fmt: skip
        assert call("credentials/authorize", token, issued, asked).status_code == 200
        bearer(keyed_signer, ehr, issued, **v1(keyed_signer, HASHES[0]))
        client_certificates.end(facilities.thumbprint(issued), clock.now())
        assert set(ActivationItem.objects.values_list("state", flat=True)) == {"dead"}
        assert not AccessToken.objects.filter(client=ehr.row, revoked_at=None).exists()
        assert error_of(call("credentials/list", token, issued, {})) == (401, "invalid_token")
        code = code_for(keyed_signer, ehr.authorize_path())
        assert error_of(redeem(ehr, code, facilities.headers(issued)))[1] == "invalid_client"
        assert (
            error_of(ehr.redeem(code))[1] == "invalid_client"
        )  # bound it stays: the secret does not come back

    @pytest.mark.parametrize("days", [(-20, 10), (5, 10)])
    def test_outside_its_own_period_it_is_none(
        self, api_origin: str, signer: SignerBrowser, ehr: Ehr, days: tuple[int, int]
    ) -> None:
        at = clock.now()
        issued = facilities.issue(at + timedelta(days=days[0]), timedelta(days=days[1]))
        when = at + timedelta(days=days[0])
        client_certificates.add(ehr.client_id, issued.certificate, facility="1", facility_name="x", at=when)
        answer = redeem(ehr, code_for(signer, ehr.authorize_path()), facilities.headers(issued))
        assert error_of(answer)[1] == "invalid_client"
