"""Keys are made beside the signatures: signing goes on, one key does not wait for many, too many are refused."""

import os
import resource
import signal
import socket
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings

from signing.keystore import Algorithm, NewKey
from signing.signer import client, wire
from signing.signer.client import Declined, Item, Opened, Signed, Signers
from signing.signer.making import MAX_ORDERS
from tests.signing.signer.test_process import DIGEST
from tests.support.signers import SignerProcesses, check

MANY = 16
pytestmark = pytest.mark.requirement("SG-5")


def ordered(count: int) -> list[NewKey]:
    """In a thread of its own, whose connection is not left open."""
    caller = Signers(settings.SIGNER_SOCKET)
    try:
        return caller.generate(count)
    finally:
        caller.disconnect()


def signatures_until(signer: Signers, is_over: Callable[[], bool]) -> int:
    """How many were made one after the other until then; every one is checked."""
    (key,) = signer.generate(1)
    (opened,) = signer.open([(key.wrapped, datetime.now(UTC) + timedelta(minutes=5))])
    assert isinstance(opened, Opened)
    count = 0
    while not is_over():
        order = Item(opened.handle, uuid.uuid4(), DIGEST, Algorithm.RSA_SHA256)
        (result,) = signer.sign([order])
        assert isinstance(result, Signed)
        check(key.public_key, result.signature, DIGEST, Algorithm.RSA_SHA256)
        count += 1
    return count


def test_signing_goes_on_while_many_keys_are_made(signer: Signers) -> None:
    with ThreadPoolExecutor(1) as pool:
        many: Future[list[NewKey]] = pool.submit(ordered, MANY)
        count = signatures_until(signer, many.done)
    keys = many.result()
    assert len({key.public_key for key in keys}) == len({key.wrapped for key in keys}) == MANY
    opened = signer.open([(key.wrapped, datetime.now(UTC) + timedelta(minutes=1)) for key in keys])
    assert [each.public_key for each in opened if isinstance(each, Opened)] == [
        key.public_key for key in keys
    ]
    assert count > 5 * MANY  # one after the other none would be made, or one


def test_one_key_does_not_wait_for_somebodys_many(signer: Signers) -> None:
    with ThreadPoolExecutor(1) as pool:
        many = pool.submit(ordered, MANY)
        while not many.running():
            pass
        signer.ping()
        assert len(signer.generate(1)) == 1
        assert not many.done()
        assert len(many.result()) == MANY


def test_more_orders_than_may_wait_are_refused_and_those_of_a_caller_who_left_are_forgotten(
    signers: SignerProcesses, signer: Signers
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as raw:
        raw.settimeout(20)
        raw.connect(str(settings.SIGNER_SOCKET))
        signer.ping()
        with signers.stopped("signers"):
            for number in range(MAX_ORDERS + 1):
                raw.sendall(wire.pack([number, "generate", [64, "rsa3072"]]))
        (refused,) = wire.Inbox().feed(raw.recv(1 << 16))
        assert wire.unpack(refused) == [MAX_ORDERS, False, "busy"]
        with pytest.raises(Declined, match="busy"):
            signer.generate(1)
    signer.ping()  # in a turn after the one that closed it
    assert len(signer.generate(1)) == 1  # two thousand keys of RSA-3072 would have been in front of it


def test_a_child_that_dies_costs_its_own_order(signers: SignerProcesses, signer: Signers) -> None:
    with ThreadPoolExecutor(1) as pool:
        many = pool.submit(ordered, MANY)
        os.kill(signers.module(), signal.SIGKILL)
        with pytest.raises(Declined, match="module_failed"):
            many.result(20)
    assert len(signer.generate(2)) == 2


def stopped_child(signers: SignerProcesses) -> int:
    """A child that makes a key and has let go of what it inherited, stopped: before that every child holds it all."""
    while True:
        child = signers.module()
        with suppress(FileNotFoundError, ProcessLookupError):  # its key is made: the next one comes
            held = [os.readlink(each) for each in Path(f"/proc/{child}/fd").iterdir()]
            if not any(each.startswith("socket:") for each in held):
                os.kill(child, signal.SIGSTOP)
                return child


def test_a_child_keeps_nothing_of_a_signer_that_was_killed(signers: SignerProcesses, signer: Signers) -> None:
    with ThreadPoolExecutor(1) as pool:
        many = pool.submit(ordered, MANY)
        child = stopped_child(signers)
        try:
            signers.kill("signers")
            with pytest.raises((client.OutcomeUnknown, client.SignerUnavailable)):
                many.result(20)  # its connection is closed although the child lives
            signers.start("signers")  # the socket's lock is free
            assert len(signer.generate(1)) == 1
        finally:
            os.kill(child, signal.SIGKILL)


def test_where_no_process_can_be_had_an_order_fails_and_signing_goes_on(
    signers: SignerProcesses, signer: Signers
) -> None:
    """As when the machine is full: no descriptor is left for the pipe."""
    signer.ping()
    pid = signers.pid("signers")
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (len(os.listdir(f"/proc/{pid}/fd")), before[1]))
    with pytest.raises(Declined, match="module_failed"):
        signer.generate(1)
    assert signer.ping() == pid
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    assert len(signer.generate(1)) == 1
