"""Odd frames, odd folders, odd users: the signer process refuses and goes on."""

import os
import random
import socket
import stat
import struct
import threading
from pathlib import Path

import cbor2
import pytest
from django.conf import settings

from signing.signer import server
from signing.signer.client import (
    Authorities,
    Declined,
    OutcomeUnknown,
    Signers,
    SignerUnavailable,
)
from tests.signing.signer.test_process import DIGEST, order
from tests.support.signers import SignerProcesses


def test_a_crowd_of_callers_is_let_in_after_a_hang(signers: SignerProcesses) -> None:
    answers: list[int] = []

    def call() -> None:
        caller = Signers(settings.SIGNER_SOCKET, seconds=20)
        answers.append(caller.ping())
        caller.disconnect()

    threads = [threading.Thread(target=call) for _ in range(200)]
    with signers.stopped("signers"):
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 200


def is_closed(raw: socket.socket) -> bool:
    try:
        return raw.recv(1) == b""
    except ConnectionResetError:  # closed while bytes of ours were still unread
        return True


@pytest.mark.parametrize(
    "frame",
    [
        struct.pack(">I", 0xFFFFFFFF),
        struct.pack(">I", 3) + b"\xff\xff\xff",
        struct.pack(">I", 5) + cbor2.dumps("sign"),
        struct.pack(">I", 1) + cbor2.dumps([]),
        struct.pack(">I", len(cbor2.dumps([1, 2, 3]))) + cbor2.dumps([1, 2, 3]),
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_a_broken_frame_costs_only_its_own_connection(signer: Signers, frame: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as raw:
        raw.settimeout(5)
        raw.connect(str(settings.SIGNER_SOCKET))
        raw.sendall(frame)
        assert is_closed(raw)
    assert signer.ping() > 0


@pytest.mark.parametrize(
    ("operation", "argument"),
    [
        ("generate", 1),
        ("generate", [0, "rsa2048"]),
        ("generate", [65, "rsa2048"]),
        ("generate", ["1", "rsa2048"]),
        ("generate", [1, "rsa1024"]),
        ("generate", [1, ["rsa2048"]]),
        ("open", []),
        ("open", [[b"x" * 20]]),
        ("open", [[b"x" * 20, "tomorrow"]]),
        ("close", [b"short"]),
        ("sign", [[b"x" * 16, b"y" * 15, DIGEST, "rsa-sha256"]]),
        ("sign", [[b"x" * 16, b"y" * 16, DIGEST]]),
        ("sign", {"key": 1}),
        ("sign", None),
    ],
)
def test_a_malformed_request_is_answered_so(signer: Signers, operation: str, argument: object) -> None:
    with pytest.raises(Declined) as refusal:
        signer._call(operation, argument)
    assert refusal.value.code == "malformed"


def test_each_instance_takes_its_own_operations_only(signer: Signers, issuer: Authorities) -> None:
    for caller, operations in (
        (signer, ("issue", "public", "log_sign")),
        (issuer, ("generate", "open", "sign")),
    ):
        for operation in operations:
            with pytest.raises(Declined) as refusal:
                caller._call(operation, [])
            assert refusal.value.code == "unknown_operation"


def test_socket_and_folder_are_this_users_alone(signers: SignerProcesses) -> None:
    for path in (settings.SIGNER_SOCKET, settings.ISSUER_SOCKET):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_second_instance_on_the_same_socket_does_not_start(
    signers: SignerProcesses, signer: Signers
) -> None:
    with pytest.raises(RuntimeError):
        SignerProcesses().start("signers")
    assert signer.ping() > 0


@pytest.mark.parametrize(("mode", "group"), [(0o755, None), (0o770, os.getgid()), (0o750, os.getgid() + 1)])
def test_a_folder_open_to_others_is_refused(tmp_path: Path, mode: int, group: int | None) -> None:
    folder = tmp_path / "s"
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(server.CannotListen, match="must be a folder of this user"):
        server.listen(folder / "signer", group)


def test_a_named_group_reaches_the_socket(tmp_path: Path) -> None:
    listener, lock = server.listen(tmp_path / "s" / "signer", os.getgid())
    try:
        assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o750
        assert stat.S_IMODE((tmp_path / "s" / "signer").stat().st_mode) == 0o660
    finally:
        listener.close()
        os.close(lock)


def test_another_user_is_turned_away(signers: SignerProcesses, signer: Signers) -> None:
    signers.kill("signers")
    signers.start("signers", "--peer", "65533")
    try:
        with pytest.raises((SignerUnavailable, OutcomeUnknown)):
            signer.ping()
    finally:
        signers.kill("signers")
        signers.start("signers")


def test_no_frame_however_odd_ends_the_process(signer: Signers) -> None:
    chance = random.Random(5)
    good = bytearray(cbor2.dumps([1, "sign", [[b"k" * 16, b"i" * 16, DIGEST, "rsa-sha256"]]]))
    before = signer.ping()
    for _ in range(300):
        frame = bytearray(good)
        for _ in range(chance.randint(1, 8)):
            frame[chance.randrange(len(frame))] = chance.randrange(256)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as raw:
            raw.connect(str(settings.SIGNER_SOCKET))
            raw.sendall(struct.pack(">I", len(frame)) + frame)
    for deep in (b"\x81" * 100_000, b"\x9f" * 100_000, b"\xa1" * 100_000):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as raw:
            raw.settimeout(5)
            raw.connect(str(settings.SIGNER_SOCKET))
            raw.sendall(struct.pack(">I", len(deep)) + deep)
            assert is_closed(raw)
    assert signer.ping() == before


def test_a_batch_too_long_for_a_frame_is_declined_before_it_is_sent(signer: Signers) -> None:
    with pytest.raises(Declined, match="too_long"):
        signer.sign([order(b"w" * 8000) for _ in range(300)])
