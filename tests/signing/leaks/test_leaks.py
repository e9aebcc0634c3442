"""What is secret leaves no trace: logs of all processes, the worker's too, rows, queries, Redis, tasks, error bodies.

PINs, codes, SADs, tokens, clientData, labels, request_uris, clients' secrets and assertions, handles, cookies.
"""

import base64
import json
import socket
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.db import transaction

from deploy.celery import app
from enrollment.flow import State
from ledger import clock
from outbox import jobs
from outbox.models import Job, Notice
from signing import issuing, links
from signing.authorising import waiting_news
from signing.keystore import Algorithm, KeyKind
from signing.models import SignatureRecord
from signing.signer import client as signer_client
from tests.signing.leaks.places import Places, tables
from tests.signing.leaks.walks import BODY, Admission, Remote, Systems
from tests.support import approving, cases, services
from tests.support.beside import BESIDE
from tests.support.beside.workers import Worker
from tests.support.csc import digest
from tests.support.signers import SignerProcesses
from tests.support.web import database_url, served

pytestmark = [*BESIDE, pytest.mark.requirement("SG-1", "SG-2", "SG-3")]


@pytest.fixture
def places(tmp_path: Path, signers: SignerProcesses) -> Iterator[Places]:
    found = Places(tmp_path, signers)
    with found:
        fill_log_and_journal()
        yield found
    signer_client.signers().disconnect()
    signer_client.authorities().disconnect()


def fill_log_and_journal() -> None:
    """So that the signers' log and journal have something in them: a broken frame, a signature."""
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(str(settings.SIGNER_SOCKET))
        raw.sendall(b"GET / HTTP/1.1\r\n\r\n")
        raw.recv(1)
    (key,) = signer_client.signers().generate(1, KeyKind.P256)
    item = signer_client.Item(key.wrapped, uuid4(), digest(0), Algorithm.ECDSA_SHA256)
    assert isinstance(signer_client.signers().sign([item])[0], signer_client.Signed)


def test_a_systems_day_leaves_no_secret_behind(places: Places) -> None:
    with places.server_log.open("wb") as output, served(output=output, **places.environment) as address:
        walk = Systems(address)
    assert b"refused to a stranger" in places.server_log.read_bytes()  # it does log, and loudly
    assert all(400 <= answer.status < 500 for answer in walk.refusals)
    assert sha256(walk.day.bearer.encode()).digest() in tables()["signing_accesstoken"]
    assert sha256(walk.day.bearer.encode()).hexdigest().encode() in places.contents()["PostgreSQL's log"]
    assert places.finding(walk.secrets, *[answer.text.encode() for answer in walk.refusals]) == {}
    everything = b"\n".join(places.contents().values())
    for key in sealing_keys():
        assert not [form for form in (key, key.hex().encode(), base64.b64encode(key)) if form in everything]


def sealing_keys() -> list[bytes]:
    """What the signers' and the authorities' keys are sealed with (the software store); the database holds neither."""
    paths = (settings.SIGNER_KEYRING_PATH, settings.ISSUER_KEYRING_PATH, settings.KEYRING_PATH)
    found = [
        base64.b64decode(text) for path in paths for text in json.loads(path.read_text())["keys"].values()
    ]
    assert len(set(found)) >= 3
    return found


def test_an_admission_by_phone_and_an_approval_leave_no_secret_behind(places: Places) -> None:
    with (
        Worker(places.worker_log) as worker,
        places.server_log.open("wb") as output,
        served(output=output, **places.environment) as address,
    ):
        walk = Admission(address)
        worker.carries_out()
        worker.runs("clock.minute")
    assert Job.objects.get(kind=waiting_news.NEWS).state == Job.State.DONE
    assert SignatureRecord.objects.count() == 2
    assert len(set(walk.secrets)) > 15
    assert all(400 <= page.status_code < 500 for page in walk.refusals)
    assert places.finding(walk.secrets, *[page.content for page in walk.refusals]) == {}


def test_what_a_worker_delivers_stands_in_the_inbox_alone(places: Places, signers: SignerProcesses) -> None:
    """The link to a certificate and its password, at the first try without the authorities' keys and at the second."""
    issuing.ensure()
    for name, role in (("jma-examiner", "EXAMINER"), ("jma-approver", "APPROVER")):
        cases.officer(name, ("jma", role))
    case = cases.submitted()
    with Worker(places.worker_log) as worker:
        approving.approve(1)
        signers.kill("authorities")
        worker.carries_out()
        order = Job.objects.get(kind="signing.issue")
        assert (order.attempts, order.state) == (1, Job.State.READY) and order.last_error
        signers.start("authorities")
        Job.objects.filter(state=Job.State.READY).update(run_after=clock.now())
        worker.carries_out()
        worker.runs("clock.hour")
    case.refresh_from_db()
    assert case.state == State.ISSUED and b"attempt 1 failed" in places.worker_log.read_bytes()
    told = json.loads(Notice.objects.get(owner=case.applicant.public_id, kind="n5").secret or "")
    token = str(told["url"]).rstrip("/").rpartition("/")[2]
    assert links.find(token).state == "open"
    assert places.finding([token, told["password"], told["password"].replace("-", "")]) == {}


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
    with Worker(places.worker_log) as worker:
        with app.connection_for_write(services.redis().url) as broker:
            app.send_task("outbox.run", args=[f"{BODY}-task"], connection=broker)  # nobody knows it
        worker.runs("outbox.sweep")
    with psycopg.connect(database_url()) as line:
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
        f"{BODY}-task": {"Redis", "the worker's log"},
        "canary-in-a-query": {"PostgreSQL's log"},
        "canary-in-a-parameter": {"PostgreSQL's log"},
        f"request_uri={BODY}": {"the server's log"},
        "canary-told": {"an answer"},
    }
