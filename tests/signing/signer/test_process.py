"""The signer process over its real socket."""

import resource
import signal
import socket
import threading
import uuid
from datetime import UTC, datetime, timedelta
from hashlib import sha256, sha512

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.conf import settings

from signing.keystore import Algorithm
from signing.signer import client, wire
from signing.signer.client import (
    Authorities,
    Declined,
    Item,
    NotOpened,
    NotSigned,
    Opened,
    OutcomeUnknown,
    Signed,
    Signers,
    SignerUnavailable,
)
from tests.support.signers import SignerProcesses

DIGEST = sha256(b"a prescription").digest()


def later(seconds: float = 60) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def verify(public_key: bytes, signature: bytes, digest: bytes) -> None:
    key = load_der_public_key(public_key)
    assert isinstance(key, RSAPublicKey)
    key.verify(signature, digest, padding.PKCS1v15(), Prehashed(SHA256()))


def opened(signer: Signers, seconds: float = 60) -> Opened:
    (key,) = signer.generate(1)
    (answer,) = signer.open([(key.wrapped, later(seconds))])
    assert isinstance(answer, Opened)
    assert answer.public_key == key.public_key
    return answer


def order(key: bytes, digest: bytes = DIGEST, item: uuid.UUID | None = None) -> Item:
    return Item(key, item or uuid.uuid4(), digest, Algorithm.RSA_SHA256)


def test_a_made_key_is_opened_and_signs(signer: Signers) -> None:
    key = opened(signer)
    (result,) = signer.sign([order(key.handle)])
    assert isinstance(result, Signed)
    verify(key.public_key, result.signature, DIGEST)


def test_a_wrapped_key_signs_without_being_opened(signer: Signers) -> None:
    (key,) = signer.generate(1)
    (result,) = signer.sign([order(key.wrapped)])
    assert isinstance(result, Signed)
    verify(key.public_key, result.signature, DIGEST)


def test_a_batch_keeps_its_order_and_tells_for_each_item(signer: Signers) -> None:
    key = opened(signer)
    digests = [sha256(bytes([n])).digest() for n in range(20)]
    items = [order(key.handle, digest) for digest in digests]
    items[7] = items[7]._replace(digest=b"short")
    items[9] = items[9]._replace(algorithm=Algorithm.RSA_SHA512)
    items[11] = items[11]._replace(key=b"\x00" * 16)
    items[13] = items[13]._replace(key=b"\x01" + b"\x00" * 40)
    results = signer.sign(items)
    assert results[7] == NotSigned("wrong_digest_length")
    assert results[9] == NotSigned("wrong_digest_length")
    assert results[11] == NotSigned("not_open")
    assert results[13] == NotSigned("unopenable")
    for place in set(range(20)) - {7, 9, 11, 13}:
        result = results[place]
        assert isinstance(result, Signed)
        verify(key.public_key, result.signature, digests[place])


def test_an_item_is_signed_once(signer: Signers) -> None:
    key, item = opened(signer), uuid.uuid4()
    first, second = signer.sign([order(key.handle, item=item), order(key.handle, item=item)])
    assert isinstance(first, Signed)
    assert second == NotSigned("already_signed")
    assert signer.sign([order(key.handle, sha256(b"other").digest(), item)]) == [NotSigned("already_signed")]


def test_a_refused_item_may_be_tried_again(signer: Signers) -> None:
    key, item = opened(signer), uuid.uuid4()
    assert signer.sign([order(b"\x00" * 16, item=item)]) == [NotSigned("not_open")]
    assert isinstance(signer.sign([order(key.handle, item=item)])[0], Signed)


def test_the_journal_outlives_a_kill(signers: SignerProcesses, signer: Signers) -> None:
    (key,), item = signer.generate(1), uuid.uuid4()
    assert isinstance(signer.sign([order(key.wrapped, item=item)])[0], Signed)
    line = f"{item.hex} {DIGEST.hex()}"
    assert line in (settings.HOME / "signer" / "journal").read_text().splitlines()
    signers.kill("signers")
    signers.start("signers")
    assert signer.sign([order(key.wrapped, item=item)]) == [NotSigned("already_signed")]


def test_a_journal_that_cannot_be_written_lets_no_signature_leave(
    signers: SignerProcesses, signer: Signers
) -> None:
    """A full disk: the process ends before its reply; started again it signs what it has room for."""
    key, journal = opened(signer), settings.HOME / "signer" / "journal"
    assert isinstance(signer.sign([order(key.handle)])[0], Signed)
    before, pid = journal.read_bytes(), signers.pid("signers")
    whole = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (len(before), whole[1]))
    with pytest.raises(OutcomeUnknown):
        signer.sign([order(key.handle) for _ in range(3)])
    assert signers.ended("signers") == 1
    assert journal.read_bytes() == before
    signers.start("signers")
    (made,) = signer.generate(1)
    assert isinstance(signer.sign([order(made.wrapped)])[0], Signed)


def test_a_handle_dies_at_its_hour_and_with_the_process(signers: SignerProcesses, signer: Signers) -> None:
    dead, living = opened(signer, seconds=-1), opened(signer)
    assert signer.sign([order(dead.handle)]) == [NotSigned("not_open")]
    assert signer.close([living.handle, living.handle]) == 1
    assert signer.sign([order(living.handle)]) == [NotSigned("not_open")]
    survivor = opened(signer)
    signers.kill("signers")
    signers.start("signers")
    assert signer.sign([order(survivor.handle)]) == [NotSigned("not_open")]


def test_a_changed_wrapped_key_is_not_opened(signer: Signers) -> None:
    (key,) = signer.generate(1)
    changed = key.wrapped[:-1] + bytes([key.wrapped[-1] ^ 1])
    assert signer.open([(changed, later())]) == [NotOpened("unopenable")]


def test_without_a_signer_nothing_was_signed(signers: SignerProcesses, signer: Signers) -> None:
    signers.kill("signers", signal.SIGTERM)
    try:
        with pytest.raises(SignerUnavailable):
            signer.ping()
    finally:
        signers.start("signers")
    assert signer.ping() > 0  # the client comes back by itself


def test_a_signer_that_stops_answering_leaves_the_outcome_unknown(signers: SignerProcesses) -> None:
    impatient = Signers(settings.SIGNER_SOCKET, seconds=0.3)
    (key,) = client.signers().generate(1)
    impatient.ping()
    with signers.stopped("signers"), pytest.raises(OutcomeUnknown):
        impatient.sign([order(key.wrapped)])
    assert isinstance(client.signers().sign([order(key.wrapped)])[0], Signed)
    impatient.disconnect()


def test_eight_threads_share_one_client(signer: Signers) -> None:
    key = opened(signer)
    wrong: list[object] = []

    def work(seed: int) -> None:
        for n in range(10):
            digest = sha512(bytes([seed, n])).digest()
            (result,) = signer.sign([Item(key.handle, uuid.uuid4(), digest, Algorithm.RSA_SHA512)])
            if not isinstance(result, Signed):
                wrong.append(result)
        signer.disconnect()

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_named_key_is_made_once(signers: SignerProcesses, issuer: Authorities) -> None:
    first = issuer.public(["trial-ca"])
    signers.kill("authorities")
    signers.start("authorities")
    assert issuer.public(["trial-ca", "trial-ca"]) == first * 2
    with pytest.raises(Declined):
        issuer.public(["../../etc/passwd"])


def test_an_authority_signs_certificates_and_lists_only(issuer: Authorities) -> None:
    (public_key,) = issuer.public(["trial-ca"])
    assert issuer.issue([("trial-ca", b"any bytes at all")]) == [NotSigned("neither_certificate_nor_list")]
    assert issuer.issue([("log", b"any bytes at all")]) == [NotSigned("no_such_key")]
    assert public_key


def test_the_log_key_signs_the_log(issuer: Authorities) -> None:
    (public_key,) = issuer.public(["log"])
    verify(public_key, issuer.log_sign(b"root of a day"), sha256(b"root of a day").digest())


class Frames:
    """Several callers' frames that wait at one moment: sent while the process is stopped, read after it goes on."""

    def __init__(self, signers: SignerProcesses, arguments: list[object]) -> None:
        self.raws = [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in arguments]
        for raw in self.raws:
            raw.settimeout(10)
            raw.connect(str(settings.SIGNER_SOCKET))
        client.signers().ping()  # all are let in
        with signers.stopped("signers"):
            for number, (raw, argument) in enumerate(zip(self.raws, arguments, strict=True)):
                raw.sendall(wire.pack([number, "sign", argument]))
        self.replies = [self.reply(raw) for raw in self.raws]

    def reply(self, raw: socket.socket) -> list[object]:
        inbox = wire.Inbox()
        with raw:
            while not (frames := inbox.feed(raw.recv(65536))):
                pass
        found: list[object] = wire.unpack(frames[0])
        return found


def test_frames_of_one_moment_are_signed_together_and_answered_apart(
    signers: SignerProcesses, signer: Signers
) -> None:
    key = opened(signer)
    items = [uuid.uuid4().bytes for _ in range(3)]

    def ask(item: bytes, digest: bytes = DIGEST) -> list[object]:
        return [key.handle, item, digest, "rsa-sha256"]

    frames: list[object] = [
        [ask(items[0])],
        "odd",
        [ask(items[1]), ask(items[2], b"short"), ask(items[0])],
        [ask(items[0])],
        [],
    ]
    first, odd, second, again, empty = Frames(signers, frames).replies
    assert first[:2] == [0, True] and second[:2] == [2, True]
    assert odd == [1, False, "malformed"] and empty == [4, False, "malformed"]
    assert isinstance(first[2], list) and isinstance(second[2], list)
    for outcome, signature in (first[2][0], second[2][0]):
        assert outcome == 1
        verify(key.public_key, signature, DIGEST)
    assert second[2][1:] == [[0, "wrong_digest_length"], [0, "already_signed"]]
    assert again == [3, True, [[0, "already_signed"]]]
    journal = (settings.HOME / "signer" / "journal").read_text()
    assert [journal.count(item.hex()) for item in items] == [1, 1, 0]
