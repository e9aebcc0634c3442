"""What is secret leaves no trace: logs, database, error bodies and task arguments are searched for canaries.

The server is a real one, with its log at its loudest; what it keeps is read row by row, every table, every column.
"""

import base64
import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from outbox.models import Job
from signing.csc_check.server import Answer, Server
from signing.signer import client as signer_client
from tests.support import days
from tests.support.beside import BESIDE
from tests.support.csc import RSA_SHA256, digest
from tests.support.signers import SignerProcesses
from tests.support.web import served

pytestmark = BESIDE
CLIENT_DATA, PIN, OTP, LABEL = "canary-client-data", "canary-4711", "canary-123456", "canary-label 花子様"
BODY = "canary-of-a-broken-body"


@pytest.fixture(autouse=True)
def no_connection_left(signers: SignerProcesses) -> Iterator[None]:
    yield
    signer_client.signers().disconnect()
    signer_client.authorities().disconnect()


def dumped() -> Iterator[tuple[str, bytes]]:
    """Every value of every row, as text or bytes."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            for row in cursor.fetchall():
                for value in row:
                    if isinstance(value, memoryview | bytes):
                        yield table, bytes(value)
                    else:
                        yield table, json.dumps(value, default=str, ensure_ascii=False).encode()


def written(secret: str) -> list[bytes]:
    """A secret and the ways in which it could be written without its being noticed."""
    raw = secret.encode()
    encoded = base64.b64encode(raw).rstrip(b"=")
    return [raw, raw.hex().encode(), encoded, json.dumps(secret).strip('"').encode()]


class Walk:
    """A caller's day with everything secret in it, right and wrong requests; `secrets` is what must be nowhere."""

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


@pytest.mark.requirement("SG-1", "SG-3")
def test_no_secret_is_found_in_logs_database_errors_or_tasks(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    with log.open("wb") as output, served(output=output, PYTHONUNBUFFERED="1") as address:
        walk = Walk(address)
    logged = log.read_bytes()
    assert b"refused to a stranger" in logged and len(logged) > 2000  # it does log, and loudly
    everything = list(dumped())
    assert len({table for table, _value in everything}) > 10
    assert any(sha256(walk.day.bearer.encode()).digest() in value for _table, value in everything)
    told = b"\n".join(answer.text.encode() for answer in walk.refusals)
    assert all(400 <= answer.status < 500 for answer in walk.refusals)
    tasks = json.dumps(list(Job.objects.values()), default=str, ensure_ascii=False).encode()
    files = [path for path in settings.BROKER_FOLDER.rglob("*") if path.is_file()]
    for secret in walk.secrets:
        for form in written(secret):
            assert form not in logged, f"logged: {secret}"
            assert form not in told, f"told: {secret}"
            assert form not in tasks, f"in a task: {secret}"
            assert not [path for path in files if form in path.read_bytes()], f"in a message: {secret}"
            found = {table for table, value in everything if form in value}
            assert not found, f"kept in {found}: {secret}"
