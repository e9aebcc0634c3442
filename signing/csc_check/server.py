"""A CSC server as one caller sees it: one face, one bearer, answers with their times."""

import base64
import http.client
import json
import ssl
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, NamedTuple, Self

DEADLINE = 60.0  # seconds for one answer
ABSENT = object()
"""A member that is to be left out of a request."""


class Words(NamedTuple):
    """How a version names its members."""

    hashes: str
    hash_algorithm: str


WORDS = {"v1": Words("hash", "hashAlgo"), "v2": Words("hashes", "hashAlgorithmOID")}


class Answer(NamedTuple):
    """`body` is the JSON object, {} where there is none; `text` what came, at most 200 characters, for a report."""

    status: int
    content_type: str
    body: dict[str, Any]
    text: str
    seconds: float

    @property
    def description(self) -> str:
        return str(self.body.get("error_description", ""))


class Unreachable(Exception):
    """The server did not answer at all."""


class Server:
    """`address` is the host's root, for example https://sign.example; each thread keeps one connection.

    `tls`: what its handshakes show and trust (`handshake.context`).
    """

    def __init__(
        self, address: str, version: str, token: str = "", tls: ssl.SSLContext | None = None
    ) -> None:
        parts = urllib.parse.urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"not an address of a server: {address}")
        if tls is not None and parts.scheme != "https":
            raise ValueError(f"certificates are shown and checked over https alone: {address}")
        self.address, self.version, self.token = address.rstrip("/"), version, token
        self.words = WORDS[version]
        self._parts, self._tls = parts, tls
        self._own = threading.local()

    def seen_by(self, token: str) -> "Server":
        """The same face for another caller."""
        return Server(self.address, self.version, token, self._tls)

    def call(self, method: str, body: Mapping[str, Any] | bytes, *, bearer: str | None = None) -> Answer:
        """POST. A body of bytes goes as it is; members that are ABSENT are left out."""
        content = body if isinstance(body, bytes) else json.dumps(_present(body)).encode()
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        token = self.token if bearer is None else bearer
        if token:
            headers["Authorization"] = f"Bearer {token}"
        path = f"{self._parts.path.rstrip('/')}/csc/{self.version}/{method}"
        begun = time.perf_counter()
        try:
            status, kind, raw = self._post(path, content, headers)
        except (OSError, http.client.HTTPException) as problem:
            self.close()
            raise Unreachable(f"{method}: {_why(problem)}") from problem
        seconds = time.perf_counter() - begun
        text = raw.decode("utf-8", "replace")
        return Answer(status, kind, _object(text), text[:200], seconds)

    def authorize(self, credential: str, digests: Sequence[bytes], **changes: Any) -> Answer:
        body = {
            "credentialID": credential,
            "numSignatures": len(digests),
            self.words.hashes: [text(digest) for digest in digests],
            **changes,
        }
        return self.call("credentials/authorize", body)

    def sign(self, credential: str, sad: Any, digests: Sequence[bytes], **changes: Any) -> Answer:
        body = {
            "credentialID": credential,
            "SAD": sad,
            self.words.hashes: [text(digest) for digest in digests],
            **changes,
        }
        return self.call("signatures/signHash", body)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """This thread's connection."""
        connection = getattr(self._own, "connection", None)
        if connection is not None:
            connection.close()
            self._own.connection = None

    def _post(self, path: str, content: bytes, headers: Mapping[str, str]) -> tuple[int, str, bytes]:
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = self._connection()
        try:
            connection.request("POST", path, content, dict(headers))
            response = connection.getresponse()
        except (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected, ssl.SSLEOFError):
            connection.close()  # the server has closed the kept connection: once more on a fresh one
            connection.request("POST", path, content, dict(headers))
            response = connection.getresponse()
        kind = (response.getheader("Content-Type") or "").partition(";")[0].strip().lower()
        return response.status, kind, response.read()

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=DEADLINE, context=self._tls)
        return http.client.HTTPConnection(host, port, timeout=DEADLINE)


def client_credentials(
    token_url: str, client_id: str, secret: str, scope: str = "service", tls: ssl.SSLContext | None = None
) -> str:
    """An access token by RFC 6749 section 4.4; without a secret by the certificate (RFC 8705 section 2).

    Raises Unreachable, and ValueError for an address that is none of a server.
    """
    if urllib.parse.urlsplit(token_url).scheme not in ("http", "https"):
        raise ValueError(f"not an address of a server: {token_url}")
    form = {"grant_type": "client_credentials", "scope": scope}
    request = urllib.request.Request(token_url)  # noqa: S310  (of a server, see above)
    if secret:
        basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
        request.add_header("Authorization", f"Basic {basic}")
    else:
        form["client_id"] = client_id
    request.data = urllib.parse.urlencode(form).encode()
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE, context=tls) as response:  # noqa: S310  (the same)
            return str(json.loads(response.read())["access_token"])
    except urllib.error.HTTPError as problem:
        with problem:
            raise Unreachable(f"no access token: {problem.code}") from None
    except (OSError, ValueError, KeyError) as problem:
        raise Unreachable(f"no access token: {_why(problem)}") from problem


def _why(problem: Exception) -> str:
    """The kind of the problem, and what TLS says of it: an untrusted server, a certificate that is wanted."""
    if isinstance(problem, urllib.error.URLError) and isinstance(problem.reason, Exception):
        problem = problem.reason
    told = getattr(problem, "verify_message", "") or getattr(problem, "reason", "")
    is_tls = isinstance(problem, ssl.SSLError)
    return f"{type(problem).__name__}: {told}" if is_tls else type(problem).__name__


def text(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _present(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not ABSENT}


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
