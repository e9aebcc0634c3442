"""A small hospital system: an OAuth 2.0 client with PKCE and a CSC client (v1 or v2) in the standard library.

with Ehr(product.url, {"client_id": "ehr", "client_secret": "…"}, "http://127.0.0.1:9000/callback") as ehr:
    page.goto(ehr.asks_for_admission())      # in the signer's browser; it ends at the system's own page
    ehr.redeems_code()
    signature = ehr.signs([sha256(prescription).digest()])[0]

What the signer's key can do it reads from credentials/info: RSA (PKCS#1 v1.5 or PSS) or ECDSA, how many hashes at
once. A server that is away for a moment says when to come again, and it does. Where the signer has to approve (v2
only), `asks_signer` gives a handle and `approved` the SAD, once there is one.
It knows nothing of the product's code: only RFC 6749, RFC 7636, RFC 8017, CSC 1.0.4 and 2.0.0.2.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self

# by the digest's length: SHA-256, SHA-384, SHA-512
HASHES = {32: "2.16.840.1.101.3.4.2.1", 48: "2.16.840.1.101.3.4.2.2", 64: "2.16.840.1.101.3.4.2.3"}
RSA = {32: "1.2.840.113549.1.1.11", 48: "1.2.840.113549.1.1.12", 64: "1.2.840.113549.1.1.13"}
ECDSA = {32: "1.2.840.10045.4.3.2", 48: "1.2.840.10045.4.3.3", 64: "1.2.840.10045.4.3.4"}
RSA_PSS = "1.2.840.113549.1.1.10"
# RSASSA-PSS-params (RFC 8017 appendix A.2.3): the hash, MGF1 over the same, the salt's length
_HASH = "300d06096086480165030402{0:02x}0500"
PSS = f"3034a00f{_HASH}a11c301a06092a864886f70d010108{_HASH}a2030201{{1:02x}}"
AWAY, TRIES, PATIENCE = (429, 503), 5, 30.0
NAMES = {"v1": ("hash", "hashAlgo"), "v2": ("hashes", "hashAlgorithmOID")}
PAGE = """<!DOCTYPE html><html lang="ja"><head><meta charset="utf-8"><title>電子カルテ</title>
<link rel="icon" href="data:,"></head><body><main><h1>電子カルテに戻りました</h1></main></body></html>"""


class Answer(NamedTuple):
    """`retry_after`: seconds (RFC 9110 section 10.2.3), 0 where the server does not say, or says a date."""

    status: int
    body: dict[str, Any]
    retry_after: float = 0.0


class Failed(Exception):
    """The server said no; `answer` is what it said."""

    def __init__(self, method: str, answer: Answer) -> None:
        super().__init__(f"{method}: {answer.status} {answer.body}")
        self.answer = answer


class NoSuchAlgorithm(Exception):
    """The signer's key does not sign like this; `algorithms` is what credentials/info names."""

    def __init__(self, algorithms: Sequence[str]) -> None:
        super().__init__(", ".join(algorithms))
        self.algorithms = algorithms


class Ehr:
    """One system with its client id and secret; it listens where its redirect URI says, on loopback only."""

    def __init__(
        self,
        server: str,
        client: Mapping[str, str],
        redirect_uri: str,
        *,
        version: str = "v1",
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self.server, self.redirect_uri, self.version = server, redirect_uri, version
        self._hashes, self._hash_algorithm = NAMES[version]
        self.client_id, self.secret = client["client_id"], client["client_secret"]
        self.token, self._pause = "", pause
        self._verifier = self._state = ""
        self._arrived: list[dict[str, list[str]]] = []
        self._listener: ThreadingHTTPServer | None = None

    # --- its own page, where the signer's browser comes back --------------------------------------------------------
    def __enter__(self) -> Self:
        place = urllib.parse.urlsplit(self.redirect_uri)
        arrived = self._arrived

        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = urllib.parse.urlsplit(self.path)
                if asked.path == place.path:
                    arrived.append(urllib.parse.parse_qs(asked.query))
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(PAGE.encode())

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing: codes do not belong in a log."""

        self._listener = ThreadingHTTPServer(("127.0.0.1", place.port or 80), Page)
        threading.Thread(target=self._listener.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._listener is not None:
            self._listener.shutdown()
            self._listener.server_close()

    # --- OAuth 2.0 --------------------------------------------------------------------------------------------------
    def asks_for_admission(self, **more: str) -> str:
        """The address to which the signer's browser is sent (RFC 6749 section 4.1.1, RFC 7636 section 4.3)."""
        self._verifier, self._state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
        self._arrived.clear()
        challenge = hashlib.sha256(self._verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "service",
            "state": self._state,
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            **more,
        }
        return f"{self.server}/oauth2/authorize?{urllib.parse.urlencode(query)}"

    def arrived(self) -> dict[str, str]:
        """The query with which the signer's browser came back; the state must be ours."""
        assert len(self._arrived) == 1, f"the browser came back {len(self._arrived)} times"
        found = {name: values[0] for name, values in self._arrived[0].items()}
        assert found.pop("state", "") == self._state
        return found

    def redeems_code(self) -> None:
        """The code for an access token (RFC 6749 section 4.1.3)."""
        came = self.arrived()
        assert set(came) >= {"code"}, came
        form = {
            "grant_type": "authorization_code",
            "code": came["code"],
            "redirect_uri": self.redirect_uri,
            "code_verifier": self._verifier,
        }
        basic = base64.b64encode(f"{self.client_id}:{self.secret}".encode()).decode()
        answer = self._send(
            "/oauth2/token", urllib.parse.urlencode(form).encode(), {"Authorization": f"Basic {basic}"}
        )
        if answer.status != 200:
            raise Failed("token", answer)
        assert answer.body["token_type"].lower() == "bearer"
        self.token = answer.body["access_token"]

    # --- CSC --------------------------------------------------------------------------------------------------------
    def calls(self, method: str, **body: object) -> dict[str, Any]:
        """POST /csc/<version>/<method>; raises Failed."""
        return self._good(method, self._asks(method, body)).body

    def _good(self, method: str, answer: Answer, status: int = 200) -> Answer:
        if answer.status != status:
            raise Failed(method, answer)
        return answer

    def _asks(self, method: str, body: Mapping[str, object]) -> Answer:
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return self._send(f"/csc/{self.version}/{method}", json.dumps(body).encode(), headers)

    def _asks_until_there(self, method: str, body: Callable[[], Mapping[str, object]]) -> Answer:
        """Again after the time that the server names, while it is away; `body` is made anew each time."""
        for _ in range(TRIES - 1):
            answer = self._asks(method, body())
            if answer.status not in AWAY:
                return answer
            self._pause(min(answer.retry_after, PATIENCE))
        return self._asks(method, body())

    def credential(self) -> str:
        """The one credential of the signer who admitted this system."""
        (found,) = self.calls("credentials/list")["credentialIDs"]
        return str(found)

    def about(self) -> dict[str, Any]:
        """What credentials/info tells of the credential, certificates included; it must be usable."""
        told = self.calls(
            "credentials/info", credentialID=self.credential(), certificates="chain", certInfo=True
        )
        assert told["key"]["status"] == "enabled"
        return told

    def certificates(self) -> list[bytes]:
        """The signer's certificate and its issuers, DER."""
        return [base64.b64decode(text) for text in self.about()["cert"]["certificates"]]

    def authorizes(self, digests: Sequence[bytes], *, label: str = "") -> str:
        """A SAD for exactly these digests."""
        wanted = self._wanted(digests, label)
        answer = self._asks_until_there("credentials/authorize", lambda: wanted)
        return str(self._good("credentials/authorize", answer).body["SAD"])

    def asks_signer(self, digests: Sequence[bytes], *, label: str) -> str:
        """The handle of an authorisation that the signer has to approve (v2)."""
        answer = self._asks("credentials/authorize", self._wanted(digests, label))
        return str(self._good("credentials/authorize", answer, 202).body["handle"])

    def approved(self, handle: str) -> str | None:
        """The SAD once the signer has approved, None until then; raises Failed where they refuse."""
        answer = self._asks("credentials/authorizeCheck", {"handle": handle})
        if answer.status not in (200, 202):
            raise Failed("credentials/authorizeCheck", answer)
        return str(answer.body["SAD"]) if answer.status == 200 else None

    def _wanted(self, digests: Sequence[bytes], label: str) -> dict[str, object]:
        return {
            "credentialID": self.credential(),
            "numSignatures": len(digests),
            self._hashes: [base64.b64encode(one).decode() for one in digests],
            **({"description": label} if label else {}),
        }

    def signs(self, digests: Sequence[bytes], *, sad: str = "", pss: bool = False) -> list[bytes]:
        """The signatures over these digests, all of one length, in order. RSA by PKCS#1 v1.5 unless `pss`.

        Without a SAD each part that the server signs at once gets one of its own. Raises NoSuchAlgorithm.
        """
        told = self.about()
        how = _how(told["key"]["algo"], len(digests[0]), pss)
        most = len(digests) if sad else int(told["multisign"])
        made: list[bytes] = []
        for start in range(0, len(digests), most):
            made += self._signs_at_once(digests[start : start + most], sad, how)
        return made

    def _signs_at_once(self, digests: Sequence[bytes], sad: str, how: Mapping[str, str]) -> list[bytes]:
        def wish() -> Mapping[str, object]:
            """By a new SAD each time: what became of the former one's hashes may not be known."""
            return {
                "credentialID": self.credential(),
                "SAD": sad or self.authorizes(digests),
                self._hashes: [base64.b64encode(one).decode() for one in digests],
                self._hash_algorithm: HASHES[len(digests[0])],
                **how,
            }

        answer = self._good("signatures/signHash", self._asks_until_there("signatures/signHash", wish))
        return [base64.b64decode(text) for text in answer.body["signatures"]]

    def _send(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        request = urllib.request.Request(f"{self.server}{path}", data=body, headers=dict(headers))
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return Answer(response.status, json.loads(response.read() or b"{}"))
        except urllib.error.HTTPError as refused:
            with refused:
                told = refused.headers.get("Retry-After", "")
                wait = float(told) if told.isdecimal() else 0.0
                return Answer(refused.code, json.loads(refused.read() or b"{}"), wait)


def _how(offered: Sequence[str], size: int, pss: bool) -> dict[str, str]:
    """`signAlgo`, and `signAlgoParams` where it takes some, of those that the key has (`key.algo`)."""
    if pss and RSA_PSS in offered:
        parameters = bytes.fromhex(PSS.format({32: 1, 48: 2, 64: 3}[size], size))
        return {"signAlgo": RSA_PSS, "signAlgoParams": base64.b64encode(parameters).decode()}
    for table in () if pss else (RSA, ECDSA):
        if table[size] in offered:
            return {"signAlgo": table[size]}
    raise NoSuchAlgorithm(offered)
