"""What is secret leaves no trace: logs of all processes, database, queries, Redis, messages, tasks and error bodies.

PINs, codes, SADs, tokens, clientData, labels, request_uris, clients' secrets and assertions, handles, cookies.
"""

import socket
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection, transaction

from deploy.celery import app
from outbox import jobs
from outbox.models import Job
from signing.models import SignatureRecord
from signing.signer import client as signer_client
from tests.signing.leaks.places import Places, tables
from tests.signing.leaks.walks import BODY, Admission, Remote, Systems
from tests.support import services
from tests.support.beside import BESIDE
from tests.support.signers import SignerProcesses
from tests.support.web import served

pytestmark = [*BESIDE, pytest.mark.requirement("SG-1", "SG-2", "SG-3")]


@pytest.fixture
def places(tmp_path: Path, signers: SignerProcesses) -> Iterator[Places]:
    found = Places(tmp_path, signers)
    with found:
        break_a_frame()
        yield found
    signer_client.signers().disconnect()
    signer_client.authorities().disconnect()


def break_a_frame() -> None:
    """So that the signers' log has something in it."""
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(str(settings.SIGNER_SOCKET))
        raw.sendall(b"GET / HTTP/1.1\r\n\r\n")
        raw.recv(1)


def test_a_systems_day_leaves_no_secret_behind(places: Places) -> None:
    with places.server_log.open("wb") as output, served(output=output, **places.environment) as address:
        walk = Systems(address)
    assert b"refused to a stranger" in places.server_log.read_bytes()  # it does log, and loudly
    assert all(400 <= answer.status < 500 for answer in walk.refusals)
    assert sha256(walk.day.bearer.encode()).digest() in tables()["signing_accesstoken"]
    assert sha256(walk.day.bearer.encode()).hexdigest().encode() in places.contents()["PostgreSQL's log"]
    assert places.finding(walk.secrets, *[answer.text.encode() for answer in walk.refusals]) == {}


def test_an_admission_by_phone_and_an_approval_leave_no_secret_behind(places: Places) -> None:
    with places.server_log.open("wb") as output, served(output=output, **places.environment) as address:
        walk = Admission(address)
    assert SignatureRecord.objects.count() == 2
    assert len(set(walk.secrets)) > 15
    assert all(400 <= page.status_code < 500 for page in walk.refusals)
    assert places.finding(walk.secrets, *[page.content for page in walk.refusals]) == {}


def test_a_leak_is_found_wherever_it_is(places: Places) -> None:
    """Each as somebody would do it by mistake."""
    path = f"/oauth2/authorize?client_id=x&request_uri={BODY}"
    with (
        places.server_log.open("wb") as output,
        served(output=output, access_log=True, **places.environment) as address,
    ):
        told = Remote(address).get(path)
    with transaction.atomic():
        jobs.enqueue("signing.issue", f"{BODY}-job", queue="keys")
    app.connection_for_write().close()
    with app.connection_for_write(services.redis().url) as broker:
        app.send_task("outbox.run", args=[f"{BODY}-task"], connection=broker)
    with psycopg.connect(services.postgresql().url(str(connection.settings_dict["NAME"]))) as line:
        line.execute("SELECT 'canary-in-a-query'")
        line.execute("SELECT %s", ["canary-in-a-parameter"])
    assert told.status_code == 400
    secrets = [
        f"{BODY}-job",
        f"{BODY}-task",
        "canary-in-a-query",
        "canary-in-a-parameter",
        f"request_uri={BODY}",
    ]
    found = places.finding([*secrets, "canary-told"], b"canary-told")
    assert found == {
        f"{BODY}-job": {Job._meta.db_table},
        f"{BODY}-task": {"Redis"},
        "canary-in-a-query": {"PostgreSQL's log"},
        "canary-in-a-parameter": {"PostgreSQL's log"},
        f"request_uri={BODY}": {"the server's log"},
        "canary-told": {"an answer"},
    }
