"""A real key module that hangs or dies in the middle of a batch: a clear 503, then service again by itself (SG-5)."""

import os
import shutil
import signal
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from deploy import health
from ledger import clock
from signing import issuing
from signing.flow import Item as Life
from signing.keystore import Algorithm, KeyKind
from signing.models import ActivationItem, SignatureRecord
from signing.signer import client
from signing.signer.client import NotSigned, Opened, Signed
from signing.signer.module import AHEAD, CHUNK
from tests.signing.signer.test_making import ordered, signatures_until
from tests.signing.turns.running import Hot, HotApi
from tests.support import days, softhsm
from tests.support.csc import Api, digest, refused
from tests.support.signers import ROLES, SignerProcesses, check

DEADLINE = 1
COUNT = 200
TICKS = (
    8  # of the child's CPU time, a hundredth of a second each: well inside the batch, whatever else runs here
)
JOURNAL = ("home", "signer", "journal")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="inkan-hsm-", dir="/tmp"))
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def hsm(folder: Path) -> Iterator[SignerProcesses]:
    token = softhsm.create(folder / "hsm")
    processes = SignerProcesses(**token.environment(folder), INKAN_MODULE_SECONDS=str(DEADLINE))
    for role in ROLES:
        processes.start(role)
    yield processes
    processes.stop()


@pytest.fixture(autouse=True)
def sockets(hsm: SignerProcesses, folder: Path, settings: Settings) -> Iterator[None]:
    settings.SIGNER_SOCKET, settings.ISSUER_SOCKET = folder / "s" / "signer", folder / "s" / "issuer"
    yield
    client.signers().disconnect()
    client.authorities().disconnect()


@pytest.fixture
def api(db: None) -> Api:
    return Api(days.day(clock.now(), kind=KeyKind.RSA_3072))


@pytest.fixture(params=["pages", "turns"])
def caller(request: pytest.FixtureRequest, api: Api) -> Iterator[Api]:
    """By the slow pages, and by the hot path's turns, which see committed rows only (PostgreSQL's alone)."""
    if request.param == "pages":
        yield api
        return
    if connection.vendor != "postgresql":
        pytest.skip("turns are PostgreSQL's")
    with Hot() as hot:
        yield HotApi(api.day, hot)


def ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def strike(pid: int, how: signal.Signals) -> threading.Thread:
    """In a thread: once the child has worked on the batch for a while."""
    before = ticks(pid)

    def wait() -> None:
        until = time.monotonic() + 20
        while ticks(pid) < before + TICKS and time.monotonic() < until:
            time.sleep(0.001)
        os.kill(pid, how)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def signs_again(api: Api, number: int, seconds: float = 15) -> None:
    """Nobody restarts anything: the same calls go through again."""
    until = time.monotonic() + seconds
    while (response := api.sign(api.sad(digest(number)), digest(number))).status_code != 200:
        assert response.status_code == 503 and int(response["Retry-After"]) > 0
        assert time.monotonic() < until, "it did not come back"
        time.sleep(0.1)


@pytest.mark.requirement("SG-5")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", [signal.SIGSTOP, signal.SIGKILL])
def test_a_module_lost_in_a_batch_of_two_hundred(
    hsm: SignerProcesses, folder: Path, caller: Api, how: signal.Signals
) -> None:
    signs_again(caller, 1)  # the key is open from here on
    before = Counter(folder.joinpath(*JOURNAL).read_text().split()[::2])
    digests = [digest(number) for number in range(1000, 1000 + COUNT)]
    sad, pid = caller.sad(*digests), hsm.module()
    thread, started = strike(pid, how), time.monotonic()
    response = caller.sign(sad, *digests)
    thread.join()
    assert response.status_code == 503 and int(response["Retry-After"]) > 0
    assert response.json()["error"] == "temporarily_unavailable"
    assert time.monotonic() - started < DEADLINE + 5

    items = ActivationItem.objects.filter(digest__in=digests)
    states = Counter(items.values_list("state", flat=True))
    signed, failed, again = (states[one] for one in (Life.SIGNED, Life.FAILED, Life.AUTHORISED))
    assert signed + failed + again == COUNT
    assert signed and again
    assert 0 < failed <= CHUNK * AHEAD

    signs_again(caller, 2)
    assert not Path(f"/proc/{pid}/stat").exists() and hsm.module() != pid

    # What was surely not signed is signed under the same SAD; what nobody knows never is.
    unknown = [bytes(row.digest) for row in items.filter(state=Life.FAILED)]
    left = [bytes(row.digest) for row in items.filter(state=Life.AUTHORISED)]
    assert refused(caller.sign(sad, unknown[0]))[0] == 503
    assert caller.sign(sad, *left).status_code == 200
    assert refused(caller.sign(sad, digests[0]))[0] == 400

    # The signer's own witness: each occurrence at most once, and exactly those that were signed or may have been.
    lines = Counter(folder.joinpath(*JOURNAL).read_text().split()[::2])
    assert set(lines.values()) == {1}
    reached = ActivationItem.objects.filter(state__in=[Life.SIGNED, Life.FAILED]).exclude(digest=digest(1))
    assert lines.keys() - before.keys() == {row.public_id.hex for row in reached}
    assert SignatureRecord.objects.filter(digest__in=digests, result="signed").count() == COUNT - failed


def test_a_module_that_dies_while_nobody_signs_costs_nothing(hsm: SignerProcesses, api: Api) -> None:
    signs_again(api, 1)
    pid = hsm.module()
    os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + 15
    seen = set()
    while (hsm.module() == pid or health.parts()["signer"] != "ok") and time.monotonic() < until:
        seen.add(health.parts()["signer"])
        time.sleep(0.02)
    assert hsm.module() != pid
    assert "unavailable" in seen and health.parts()["signer"] == "ok"
    signs_again(api, 2)
    assert not ActivationItem.objects.filter(state=Life.FAILED).exists()


@pytest.mark.requirement("SG-5")
def test_while_the_token_is_away_the_answer_comes_at_once(
    hsm: SignerProcesses, folder: Path, api: Api
) -> None:
    """Every new start fails: callers do not wait for it, nothing is spent, and it ends when the token is back."""
    signs_again(api, 1)
    tokens = folder / "hsm" / "tokens"
    pid, sad = hsm.module(), api.sad(digest(3))
    tokens.rename(folder / "hsm" / "elsewhere")
    try:
        os.kill(pid, signal.SIGKILL)
        while is_alive(pid):  # a frame that still reached it would be one of which nobody knows
            time.sleep(0.01)
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            started = time.monotonic()
            assert api.sign(sad, digest(3)).status_code == 503
            assert time.monotonic() - started < 1
            time.sleep(0.1)
    finally:
        (folder / "hsm" / "elsewhere").rename(tokens)
    signs_again(api, 2)
    assert api.sign(sad, digest(3)).status_code == 200
    assert not ActivationItem.objects.filter(state=Life.FAILED).exists()


def test_a_wrong_pin_stops_the_start_and_locks_nothing(hsm: SignerProcesses, folder: Path, api: Api) -> None:
    """Tried once: a second and a third time would lock the token for everybody."""
    token = hsm.environment | {"INKAN_PKCS11_PIN": "00000000", "INKAN_SIGNER_SOCKET": str(folder / "t" / "x")}
    for _ in range(4):
        with pytest.raises(RuntimeError):
            SignerProcesses(**token).start("signers")
    signs_again(api, 1)


def test_the_pin_stands_in_no_command_line(hsm: SignerProcesses) -> None:
    """Everybody on the machine reads those (remote-signing.md 4.2, W9)."""
    pin = hsm.environment["INKAN_PKCS11_PIN"].encode()
    for role in ROLES:
        for pid in (hsm.pid(role), hsm.module(role)):
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
            assert b"signing.signer" in words and pin not in words


def test_the_authorities_key_module_comes_back_too(db: None, hsm: SignerProcesses) -> None:
    issuing.ensure()
    before = client.authorities().public(["jma"])
    os.kill(hsm.module("authorities"), signal.SIGKILL)
    until = time.monotonic() + 15
    while True:
        try:
            assert client.authorities().public(["jma"]) == before
            return
        except client.Declined as problem:
            assert problem.code == "module_away" and time.monotonic() < until
            time.sleep(0.1)


def test_the_process_speaks_as_with_the_software_store(hsm: SignerProcesses) -> None:
    signer = client.signers()
    (key,) = signer.generate(1, KeyKind.P256)
    (opened,) = signer.open([(key.wrapped, clock.now() + timedelta(hours=1))])
    assert isinstance(opened, Opened) and opened.public_key == key.public_key

    def order(handle: bytes, item: uuid.UUID) -> client.Item:
        return client.Item(handle, item, digest(1), Algorithm.ECDSA_SHA256)

    item = uuid.uuid4()
    orders = [order(opened.handle, item), order(key.wrapped, uuid.uuid4()), order(opened.handle, item)]
    first, second, again = signer.sign(orders)
    assert isinstance(first, Signed) and isinstance(second, Signed)
    check(key.public_key, first.signature, digest(1), Algorithm.ECDSA_SHA256)
    check(key.public_key, second.signature, digest(1), Algorithm.ECDSA_SHA256)
    assert again == NotSigned("already_signed")
    hsm.kill("signers")
    hsm.start("signers")
    assert signer.sign([order(opened.handle, uuid.uuid4())]) == [NotSigned("not_open")]
    assert signer.sign([order(key.wrapped, item)]) == [NotSigned("already_signed")]


def test_signatures_are_let_through_between_the_keys_that_a_module_makes(hsm: SignerProcesses) -> None:
    with ThreadPoolExecutor(1) as pool:
        many = pool.submit(ordered, 6)
        count = signatures_until(client.signers(), many.done)
    assert len({key.public_key for key in many.result()}) == 6
    assert count > 12  # one after the other none would be made, or one


def test_no_child_outlives_its_signer(hsm: SignerProcesses) -> None:
    pid = hsm.module()
    os.kill(pid, signal.SIGSTOP)  # a hanging module cannot notice by itself
    hsm.kill("signers", signal.SIGKILL)
    until = time.monotonic() + 5
    while Path(f"/proc/{pid}/stat").exists() and time.monotonic() < until:
        time.sleep(0.02)
    assert not Path(f"/proc/{pid}/stat").exists()
    hsm.start("signers")
    assert hsm.module() != pid
