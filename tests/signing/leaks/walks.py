"""Walks over a running server with everything secret in them, right and wrong requests.

`secrets` is what must be nowhere afterwards; `refusals` is what was said to whoever erred.
"""

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from django.conf import settings

from signing.csc_check.server import Answer, Server
from signing.models import Approval
from tests.signing.oauth.conftest import query
from tests.support import days
from tests.support.csc import RSA_SHA256, SHA256, b64, digest
from tests.support.phone import HONEST
from tests.support.signed_in import Ehr, SignerBrowser, qr_path, query_of

CLIENT_DATA, PIN, OTP, LABEL = "canary-client-data", "canary-4711", "canary-123456", "canary-label 花子様"
BODY = "canary-of-a-broken-body"


class Systems:
    """What a system does with its token: signs, errs, and waits for its signer."""

    def __init__(self, address: str) -> None:
        self.day = days.issued_day()
        self.id = str(self.day.credential.public_id)
        self.secrets = [CLIENT_DATA, PIN, OTP, LABEL, BODY, self.day.bearer]
        self.refusals: list[Answer] = []
        for version in ("v1", "v2"):
            with Server(address, version, self.day.bearer) as server:
                self.signs(server)
                self.errs(server)
                if version == "v2":
                    self.waits(server)

    def kept(self, answer: Answer, name: str = "SAD") -> str:
        assert answer.status in (200, 202), answer.text
        secret = str(answer.body[name])
        self.secrets.append(secret)
        return secret

    def signs(self, server: Server) -> None:
        more = {"clientData": CLIENT_DATA, "description": LABEL, "PIN": PIN, "OTP": OTP}
        sad = self.kept(server.authorize(self.id, [digest(1)], numSignatures=2, **more))
        how = {"signAlgo": RSA_SHA256, "clientData": CLIENT_DATA}
        assert server.sign(self.id, sad, [digest(1)], **how).status == 200
        again = {
            "credentialID": self.id,
            "SAD": sad,
            server.words.hashes: [base64.b64encode(digest(2)).decode()],
        }
        new = self.kept(server.call("credentials/extendTransaction", {**again, "clientData": CLIENT_DATA}))
        self.refusals.append(server.sign(self.id, sad, [digest(2)], **how))
        assert server.sign(self.id, new, [digest(2)], **how).status == 200
        self.refusals.append(server.sign(self.id, new, [digest(2)], **how))

    def errs(self, server: Server) -> None:
        factors = [{"id": "PIN", "value": PIN}]
        self.refusals += [
            server.call("signatures/signHash", f'{{"SAD":"{BODY}'.encode()),
            server.authorize(BODY, [digest(1)], clientData=CLIENT_DATA),
            server.authorize(self.id, [digest(1)], numSignatures=PIN, PIN=PIN, description=LABEL),
            server.authorize(self.id, [], **{server.words.hashes: [BODY]}),
            server.sign(self.id, BODY, [digest(1)], signAlgo=BODY, clientData=CLIENT_DATA),
            server.call("credentials/info", {"credentialID": self.id}, bearer=BODY),
            server.call("credentials/list", {"userID": BODY, "clientData": CLIENT_DATA}),
        ]
        if server.version == "v2":
            self.refusals.append(server.authorize(self.id, [digest(1)], authData=factors, PIN=PIN))

    def waits(self, server: Server) -> None:
        asked = server.authorize(
            self.id, [digest(3)], description=f"{LABEL} #narcotics", clientData=CLIENT_DATA
        )
        handle = self.kept(asked, "handle")
        assert server.call("credentials/authorizeCheck", {"handle": handle}).status == 202
        self.refusals.append(server.call("credentials/authorizeCheck", {"handle": BODY}))


@dataclass
class Page:
    """One answer to a browser, as Django's test client has it."""

    status_code: int
    content: bytes
    headers: Message

    def __getitem__(self, name: str) -> str:
        return str(self.headers[name])

    def json(self) -> Any:
        return json.loads(self.content)


class _Still(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """A redirect is an answer here."""


class Remote:
    """A browser, or a system, over real HTTP; it keeps cookies and follows no redirect."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.cookies: dict[str, str] = {}
        self._opener = urllib.request.build_opener(_Still)

    def get(self, path: str) -> Page:
        return self._send(path, None)

    def post(self, path: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Page:
        return self._send(path, urlencode(form).encode(), headers or {})

    def _send(self, path: str, body: bytes | None, headers: Mapping[str, str] | None = None) -> Page:
        carried = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        request = urllib.request.Request(
            f"{self.address}{path}", body, {**(headers or {}), "Cookie": carried}
        )
        try:
            with self._opener.open(request, timeout=30) as response:
                return self._page(response.status, response.read(), response.headers)
        except urllib.error.HTTPError as refused:
            with refused:
                return self._page(refused.code, refused.read(), refused.headers)

    def _page(self, status: int, content: bytes, headers: Message) -> Page:
        for line in headers.get_all("Set-Cookie", []):
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        return Page(status, content, headers)


class Admission:
    """A signer admits a system over a pushed request (RFC 9126, 9396), and approves what needs it, by phone."""

    def __init__(self, address: str) -> None:
        self.address, self.anyone = address, Remote(address)
        self.signer = SignerBrowser(days.issued_day().credential)
        self.signer.client = self.browser = Remote(address)  # type: ignore[assignment]
        self.ehr = Ehr()
        self.id = str(self.signer.credential.public_id)
        self.secrets = [LABEL, BODY, self.ehr.secret, self.ehr.verifier]
        self.refusals: list[Page] = []
        self.errs_before_it_is_known()
        self.signs_what_a_pushed_request_named()
        self.approves_by_phone()

    def keeps(self, *secrets: str) -> str:
        self.secrets += secrets
        return secrets[0]

    def refused(self, path: str, form: Mapping[str, str]) -> None:
        self.refusals.append(self.anyone.post(path, form))

    def secret(self) -> dict[str, str]:
        return {"client_id": self.ehr.client_id, "client_secret": self.ehr.secret}

    def details(self, **instead: Any) -> str:
        documents = [{"hash": text, "label": LABEL} for text in b64(digest(5))]
        whole = {
            "type": "credential",
            "credentialID": self.id,
            "documentDigests": documents,
            "hashAlgorithmOID": SHA256,
        }
        return json.dumps([{**whole, **instead}], ensure_ascii=False)

    def errs_before_it_is_known(self) -> None:
        push, token = "/oauth2/pushed_authorize", "/oauth2/token"
        asked = {**query(self.ehr), "client_secret": self.ehr.secret}
        redeem = {"grant_type": "authorization_code", "redirect_uri": self.ehr.redirect_uri}
        assertion = {
            "client_assertion": BODY,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        }
        self.refused(push, {**asked, "client_secret": BODY})
        self.refused(push, {**query(self.ehr), **assertion})
        self.refused(push, {**asked, "authorization_details": self.details(circumstantialData=BODY)})
        self.refused(push, {**asked, "authorization_details": f'[{{"label":"{BODY}'})
        self.refused(push, {**asked, "scope": BODY, "clientData": BODY})
        self.refused(token, {**redeem, **self.secret(), "code": BODY, "code_verifier": BODY * 2})
        self.refused(token, {**redeem, "code": BODY, **assertion})
        self.refused(token, {"grant_type": BODY, **self.secret(), "refresh_token": BODY})
        unknown = f"/oauth2/authorize?client_id={self.ehr.client_id}&request_uri={BODY}"
        assert self.browser.get(unknown).status_code == 400  # the page may name the browser's own address

    def signs_what_a_pushed_request_named(self) -> None:
        asked = {
            **query(self.ehr),
            **self.secret(),
            "scope": "credential",
            "authorization_details": self.details(),
        }
        pushed = self.anyone.post("/oauth2/pushed_authorize", asked)
        assert pushed.status_code == 201, pushed.content
        uri = self.keeps(pushed.json()["request_uri"], pushed.json()["request_uri"].rpartition(":")[2])
        token = self.redeems(self.code(urlencode({"client_id": self.ehr.client_id, "request_uri": uri})))
        with Server(self.address, "v2", token) as server:
            how = {"signAlgo": RSA_SHA256, "clientData": BODY}
            body = {"credentialID": self.id, "hashes": b64(digest(5)), **how}
            assert server.call("signatures/signHash", body).status == 200

    def code(self, asked: str) -> str:
        """The signer signs in by phone and comes back to the system with a code."""
        shown = self.browser.get(f"/oauth2/authorize?{asked}")
        if shown.status_code == 200:
            fields = self.signer.fields(shown)
            answer = self.signer.phone.sign_in(fields.pop("options"), HONEST)
            self.keeps(json.loads(answer)["response"]["signature"], fields["ceremony"])
            sent = self.browser.post("/me/sign-in/phone/", {**fields, "credential": answer})
            assert sent.status_code == 303, sent.content.decode()
            shown = self.browser.get(fields["next"])
            self.keeps(
                *(
                    self.browser.cookies[name]
                    for name in (settings.SIGNER_COOKIE_NAME, settings.BROWSER_COOKIE_NAME)
                )
            )
        return self.keeps(query_of(shown)["code"])

    def redeems(self, code: str) -> str:
        form = {"grant_type": "authorization_code", "redirect_uri": self.ehr.redirect_uri, "code": code}
        self.refused("/oauth2/token", {**form, **self.secret(), "client_secret": BODY})
        given = self.anyone.post(
            "/oauth2/token", {**form, **self.secret(), "code_verifier": self.ehr.verifier}
        )
        assert given.status_code == 200, given.content
        return self.keeps(given.json()["access_token"])

    def shows_a_code(self, where: str, form_token: str) -> None:
        """What is behind a QR code on some screen stands in no log, though somebody else asks for it."""
        sent = self.browser.post(where, {"wish": "show", "csrfmiddlewaretoken": form_token})
        assert sent.status_code == 303, sent.content
        path = qr_path(self.browser.get(where))
        self.keeps(path.rstrip("/").rpartition("/")[2])
        assert self.anyone.get(path).status_code == 200
        assert self.anyone.post(path, {"credential": BODY}).status_code == 409

    def approves_by_phone(self) -> None:
        with Server(self.address, "v2", self.redeems(self.code(urlencode(query(self.ehr))))) as server:
            what = {"description": f"{LABEL} #narcotics", "clientData": BODY}
            handle = self.keeps(server.authorize(self.id, [digest(6)], **what).body["handle"])
            page = f"/me/approvals/{Approval.objects.latest('pk').public_id}/"
            fields = self.signer.fields(self.browser.get(page))
            fields["credential"] = self.signer.phone.sign_in(fields.pop("options"), HONEST)
            self.keeps(fields["ceremony"])
            self.shows_a_code(f"{page}qr/", fields["csrfmiddlewaretoken"])
            assert self.browser.post(f"{page}phone/", fields).status_code == 303
            sad = self.keeps(server.call("credentials/authorizeCheck", {"handle": handle}).body["SAD"])
            assert server.sign(self.id, sad, [digest(6)], signAlgo=RSA_SHA256).status == 200
            self.refusals.append(
                self.anyone.post("/oauth2/revoke", {"token": sad, **self.secret(), "client_secret": BODY})
            )
