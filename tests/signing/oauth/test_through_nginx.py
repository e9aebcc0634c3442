"""Callers at the real nginx in front of the real program: their certificate, from the handshake into token and log."""

import base64
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from http.client import HTTPSConnection
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from django.core.management import CommandError, call_command

from deploy.demo.facilities import Issued
from ledger import clock
from ledger.models import Entry
from signing.api import client_certificates
from signing.models import AccessToken, SignatureRecord
from signing.signer import client as signer_client
from tests.signing.oauth.conftest import query
from tests.signing.oauth.test_credential_scope import v1
from tests.support.beside import BESIDE
from tests.support.card_site import facilities, hpki
from tests.support.card_site.nginx import SECRET, Nginx
from tests.support.csc import RSA_SHA256, b64, digest
from tests.support.days import issued_day
from tests.support.signed_in import Ehr, SignerBrowser, query_of
from tests.support.signers import SignerProcesses
from tests.support.web import served

pytestmark = [*BESIDE, pytest.mark.requirement("SG-4")]
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Answer(NamedTuple):
    status: int
    body: dict[str, Any]


class Front:
    """nginx, the program behind it, and what a caller asks of either."""

    def __init__(self, url: str, nginx: Nginx, folder: Path) -> None:
        self.url, self.nginx, self.folder = url, nginx, folder

    def post(
        self, path: str, body: str, headers: dict[str, str], issued: Issued | None, *, port: int = 3
    ) -> Answer:
        """Through nginx, in a handshake of its own; `port` 3 is the API's, 0 the people's."""
        context = ssl.create_default_context(cafile=self.nginx.site.certificate)
        if issued is not None:
            pem, key, _p12 = issued.write(self.folder, "caller")
            context.load_cert_chain(pem, key)
        line = HTTPSConnection("localhost", self.nginx.ports[port], context=context, timeout=20)
        try:
            line.request("POST", path, body, headers)
            answer = line.getresponse()
            text = answer.read()
        finally:
            line.close()
        is_json = answer.headers.get_content_type() == "application/json"
        return Answer(answer.status, json.loads(text) if is_json else {})

    def past_nginx(self, path: str, body: str, headers: dict[str, str]) -> Answer:
        request = urllib.request.Request(f"{self.url}{path}", body.encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return Answer(answer.status, json.loads(answer.read()))
        except urllib.error.HTTPError as refused:
            with refused:
                return Answer(refused.code, json.loads(refused.read()))


@pytest.fixture
def front(tmp_path: Path, signers: SignerProcesses) -> Iterator[Front]:
    trust = hpki.publish(tmp_path / "hpki")
    facilities.authority()
    with Nginx() as nginx:
        ours = {
            "INKAN_CARD_ORIGIN": nginx.card_origin,
            "INKAN_API_ORIGIN": nginx.api_origin,
            "INKAN_PROXY_SECRET": SECRET,
            "INKAN_HPKI_TRUST": str(trust),
        }
        with served(**ours) as address:
            pages = address.removeprefix("http://")
            nginx.start(
                tmp_path / "nginx",
                origin=address.replace("127.0.0.1", "localhost"),
                pages=pages,
                trust=trust,
                facilities=facilities.folder() / "trust",
            )
            yield Front(address, nginx, tmp_path)
    signer_client.signers().disconnect()
    signer_client.authorities().disconnect()


@pytest.fixture
def signer(front: Front) -> SignerBrowser:
    browser = SignerBrowser(issued_day().credential)
    browser.sign_in()
    return browser


def redeemed(
    front: Front,
    signer: SignerBrowser,
    ehr: Ehr,
    issued: Issued | None,
    asked: dict[str, str | None] | None = None,
    **headers: str,
) -> Answer:
    code = query_of(signer.client.get(ehr.authorize_path(**(asked or {}))))["code"]
    body = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": ehr.redirect_uri,
        "code_verifier": ehr.verifier, "client_id": ehr.client_id,
    }  # fmt: skip
    return front.post("/oauth2/token", urlencode(body), {**FORM, **headers}, issued)


def signed(front: Front, signer: SignerBrowser, token: str, issued: Issued | None, **headers: str) -> Answer:
    """The pair of the hot path."""
    bearer = {**JSON, "Authorization": f"Bearer {token}", **headers}
    credential = str(signer.credential.public_id)
    asked = {"credentialID": credential, "numSignatures": 1, "hash": b64(digest(1))}
    sad = front.post("/csc/v1/credentials/authorize", json.dumps(asked), bearer, issued)
    if sad.status != 200:
        return sad
    body = {
        "credentialID": credential,
        "SAD": sad.body["SAD"],
        "hash": b64(digest(1)),
        "signAlgo": RSA_SHA256,
    }
    return front.post("/csc/v1/signatures/signHash", json.dumps(body), bearer, issued)


def test_a_facilitys_certificate_goes_from_the_handshake_into_token_record_and_log(
    front: Front, signer: SignerBrowser
) -> None:
    ehr = Ehr()
    first = facilities.bound(ehr.client_id)
    old = redeemed(front, signer, ehr, first)
    assert old.status == 200, old
    second = facilities.bound(ehr.client_id)
    new = redeemed(front, signer, ehr, second)
    for token, issued in ((old, first), (new, second)):  # the month of two certificates
        assert signed(front, signer, token.body["access_token"], issued).status == 200
    marks = [facilities.thumbprint(issued).hex() for issued in (first, second)]
    kept = SignatureRecord.objects.order_by("pk").values_list("certificate__thumbprint", flat=True)
    assert [bytes(mark).hex() for mark in kept] == marks
    logged = Entry.objects.filter(kind="signing.signed").order_by("pk")
    assert [entry.data["certificate"] for entry in logged] == marks


def test_a_token_counts_over_its_own_handshake_alone(front: Front, signer: SignerBrowser) -> None:
    ehr = Ehr()
    first = facilities.bound(ehr.client_id)
    token = redeemed(front, signer, ehr, first).body["access_token"]
    second = facilities.bound(ehr.client_id)
    assert signed(front, signer, token, second).status == 401
    headers = {**JSON, "Authorization": f"Bearer {token}"}
    for port in (0, 3):
        plain = front.post("/csc/v1/credentials/list", "{}", headers, None, port=port)
        assert plain.status == 401, port
    told = {**headers, **facilities.headers(first)}
    assert front.post("/csc/v1/credentials/list", "{}", told, None, port=0).status == 401
    assert front.post("/csc/v1/credentials/list", "{}", headers, first).status == 200


def test_forged_headers_are_worth_nothing_before_nginx_and_past_it(
    front: Front, signer: SignerBrowser
) -> None:
    ehr = Ehr()
    victim = facilities.bound(ehr.client_id)
    other = facilities.bound(Ehr().client_id)
    forged = facilities.headers(victim)
    underscored = {name.replace("-", "_"): value for name, value in forged.items()}
    assert redeemed(front, signer, ehr, other, **forged).body["error"] == "invalid_client"
    assert redeemed(front, signer, ehr, other, **underscored).body["error"] == "invalid_client"
    assert not AccessToken.objects.filter(client=ehr.row).exists()
    token = redeemed(front, signer, ehr, victim).body["access_token"]
    bearer = {**JSON, "Authorization": f"Bearer {token}"}
    guessed = {**forged, "X-Inkan-Proxy-Secret": f"{SECRET}x"}
    for path in ("credentials/list", "credentials/authorize"):  # Django's door and the hot one
        assert front.past_nginx(f"/csc/v1/{path}", "{}", {**bearer, **guessed}).status == 401
        assert front.past_nginx(f"/csc/v1/{path}", "{}", bearer).status == 401
    assert front.post("/csc/v1/credentials/list", "{}", {**bearer, **forged}, other).status == 401


def test_nginx_turns_away_who_has_no_certificate_of_its_authorities(front: Front) -> None:
    ehr = Ehr()
    at = clock.now()
    strangers = {
        "none": None,
        "another authority's": facilities.look_alike().issue("1", "x", at),
        "ended": facilities.authority().issue("1", "x", at - timedelta(days=9), timedelta(days=1)),
    }
    for name, issued in strangers.items():
        answer = front.post("/oauth2/pushed_authorize", urlencode(query(ehr)), FORM, issued)
        assert (answer.status, answer.body.get("error")) == (401, "invalid_client"), name


def test_the_api_origin_serves_systems_and_nobody_else(front: Front) -> None:
    ehr = Ehr()
    issued = facilities.bound(ehr.client_id)
    for path in (
        "/",
        "/me/",
        "/card/hpki/?visit=x",
        "/oauth2/authorize",
        "/csc/v1/oauth2/authorize",
        "/admin/login/",
    ):
        assert front.post(path, "", FORM, issued).status == 404, path
    assert front.post("/oauth2/pushed_authorize", urlencode(query(ehr)), FORM, issued).status == 201
    assert front.post("/csc/v2/oauth2/pushed_authorize", urlencode(query(ehr)), FORM, issued).status == 201
    assert front.post("/csc/v1/info", "{}", JSON, issued).status == 200


def test_a_client_with_a_secret_is_served_at_the_main_origin_as_before(
    front: Front, signer: SignerBrowser
) -> None:
    ehr = Ehr()
    code = query_of(signer.client.get(ehr.authorize_path()))["code"]
    body = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": ehr.redirect_uri,
        "code_verifier": ehr.verifier,
    }  # fmt: skip
    basic = base64.b64encode(f"{ehr.client_id}:{ehr.secret}".encode()).decode()
    headers = {**FORM, "Authorization": f"Basic {basic}"}
    token = front.post("/oauth2/token", urlencode(body), headers, None, port=0)
    assert token.status == 200
    bearer = {**JSON, "Authorization": f"Bearer {token.body['access_token']}"}
    assert front.post("/csc/v1/credentials/list", "{}", bearer, None, port=0).status == 200


def test_a_sad_is_spent_over_the_certificate_by_which_it_was_asked_for(
    front: Front, signer: SignerBrowser
) -> None:
    """Two living certificates of one client, one day: the doors of Django and of the hot path alike."""
    ehr = Ehr()
    first, second = facilities.bound(ehr.client_id), facilities.bound(ehr.client_id)
    credential = str(signer.credential.public_id)
    bearers = {
        issued: {
            **JSON,
            "Authorization": f"Bearer {redeemed(front, signer, ehr, issued).body['access_token']}",
        }
        for issued in (first, second)
    }
    asked = json.dumps({"credentialID": credential, "numSignatures": 1, "hash": b64(digest(1))})
    sad = front.post("/csc/v1/credentials/authorize", asked, bearers[first], first).body["SAD"]
    body = json.dumps(
        {"credentialID": credential, "SAD": sad, "hash": b64(digest(1)), "signAlgo": RSA_SHA256}
    )
    other = front.post("/csc/v1/signatures/signHash", body, bearers[second], second)
    assert (other.status, other.body["error_description"]) == (400, "Invalid parameter SAD")
    assert front.post("/csc/v1/signatures/signHash", body, bearers[first], first).status == 200


def test_a_certificate_that_is_ended_is_shut_out_at_both_doors(front: Front, signer: SignerBrowser) -> None:
    ehr = Ehr()
    issued = facilities.bound(ehr.client_id)
    token = redeemed(front, signer, ehr, issued).body["access_token"]
    assert signed(front, signer, token, issued).status == 200
    client_certificates.end(facilities.thumbprint(issued), clock.now())
    headers = {**JSON, "Authorization": f"Bearer {token}"}
    assert front.post("/csc/v1/credentials/list", "{}", headers, issued).status == 401
    assert signed(front, signer, token, issued).status == 401


def test_a_credential_token_signs_its_own_hashes_at_the_hot_door_and_gets_no_other_sad(
    front: Front, signer: SignerBrowser
) -> None:
    ehr = Ehr()
    issued = facilities.bound(ehr.client_id)
    token = redeemed(front, signer, ehr, issued, v1(signer, digest(1))).body["access_token"]
    headers = {**JSON, "Authorization": f"Bearer {token}"}
    credential = str(signer.credential.public_id)
    asked = {"credentialID": credential, "numSignatures": 1, "hash": b64(digest(2))}
    answer = front.post("/csc/v1/credentials/authorize", json.dumps(asked), headers, issued)
    assert (answer.status, answer.body["error"]) == (403, "insufficient_scope")
    body = {"credentialID": credential, "hash": b64(digest(1)), "signAlgo": RSA_SHA256}
    for address in ("/csc/v1/signatures/signHash", "/csc/v2/signatures/signHash"):
        assert front.post(address, json.dumps(body), headers, None).status == 401
    service = redeemed(front, signer, ehr, issued).body["access_token"]
    other = {**JSON, "Authorization": f"Bearer {service}"}
    sad = front.post("/csc/v1/credentials/authorize", json.dumps(asked), other, issued).body["SAD"]
    foreign = {**body, "hash": b64(digest(2)), "SAD": sad}
    answer = front.post("/csc/v1/signatures/signHash", json.dumps(foreign), headers, issued)
    assert (answer.status, answer.body["error_description"]) == (400, "Invalid parameter SAD")
    assert front.post("/csc/v1/signatures/signHash", json.dumps(body), headers, issued).status == 200
    assert front.post("/csc/v1/signatures/signHash", json.dumps(body), headers, issued).status == 400


@pytest.mark.requirement("SG-7")
def test_the_suites_pass_over_a_facilitys_certificate_and_find_nobody_without_it(
    front: Front, signer: SignerBrowser
) -> None:
    """csc_check through nginx with TLS: conformance and abuse, as a hospital's system would be let in."""
    ehr, other = Ehr(), Ehr()
    issued, report = facilities.bound(ehr.client_id), front.folder / "report.json"
    foreign = facilities.bound(other.client_id)
    token, stranger = (
        redeemed(front, signer, *each).body["access_token"] for each in ((ehr, issued), (other, foreign))
    )
    pem, key, _p12 = issued.write(front.folder, "suites")
    address = f"https://localhost:{front.nginx.ports[3]}"
    ours = {
        "ca": str(front.nginx.site.certificate),
        "suites": ["conformance", "abuse"],
        "report": str(report),
    }
    shown = {"certificate": str(pem), "key": str(key)}
    call_command("csc_check", address, token=token, other_token=stranger, stdout=StringIO(), **ours, **shown)
    told = json.loads(report.read_text(encoding="utf-8"))
    assert told["passed"] and {each["version"] for each in told["findings"]} == {"v1", "v2"}
    with pytest.raises(SystemExit):
        call_command("csc_check", address, token=token, stdout=StringIO(), **ours)
    (said, *_) = json.loads(report.read_text(encoding="utf-8"))["findings"]
    assert (said["name"], said["verdict"]) == ("the server can be asked", "failed")
    assert "/csc/v1/info: 401" in said["said"] and "is a client --certificate wanted?" in said["said"]
    with pytest.raises(CommandError, match="self-signed certificate") as untrusted:
        call_command("csc_check", address, token=token, stdout=StringIO(), **shown)
    assert untrusted.value.returncode == 2
