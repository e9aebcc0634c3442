"""A key is validated once in its life and loaded once a day (decision 17, SG-5): by counting."""

import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ledger import clock
from signing.keystore import KeyKind, software
from signing.keystore.software import SoftwareStore
from signing.signer import client, roles
from signing.signer.journal import Journal
from signing.signer.keys import Here
from signing.signer.roles import Signers
from tests.support import days
from tests.support.csc import Api, digest
from tests.support.signers import SignerProcesses
from vault.keyring import Keyring

SIGNATURES = 40


def sign(role: Signers, handle: bytes, algorithm: str = "rsa-sha256") -> None:
    for number in range(SIGNATURES):
        ((outcome, _),) = role.sign([[handle, uuid.uuid4().bytes, digest(number), algorithm]])  # type: ignore[misc]
        assert outcome == 1


def opened(role: Signers, kind: KeyKind) -> bytes:
    wrapped, _ = role.keys.generate(kind)
    ((_, (handle, _)),) = role.open([[wrapped, clock.now().timestamp() + 3600]])  # type: ignore[misc]
    return bytes(handle)


@pytest.mark.requirement("SG-5")
@pytest.mark.parametrize(
    ("kind", "algorithm"), [(KeyKind.RSA_2048, "rsa-sha256"), (KeyKind.P256, "ecdsa-sha256")]
)
def test_a_sealed_key_is_loaded_once_and_validated_when_it_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: KeyKind, algorithm: str
) -> None:
    loads: list[bool] = []
    real = software.load_der_private_key

    def counted(data: bytes, password: bytes | None, **how: Any) -> Any:
        loads.append(not how.get("unsafe_skip_rsa_key_validation", False))
        return real(data, password, **how)

    monkeypatch.setattr(software, "load_der_private_key", counted)
    store = SoftwareStore(Keyring.create(tmp_path / "keyring"), tmp_path / "residents")
    role = Signers(Here(store), Journal(tmp_path / "journal"), lambda: clock.now().timestamp())
    sign(role, opened(role, kind), algorithm)
    assert loads == [True, False]  # at its making with every check, at its opening without


@pytest.mark.requirement("SG-5")
def test_a_days_signatures_open_their_key_once(
    db: None, signers: SignerProcesses, signer_connection: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames: Counter[str] = Counter()
    real = client.Signers._call

    def counted(caller: client.Signers, operation: str, argument: object, more: float = 0.0) -> Any:
        frames[operation] += 1
        return real(caller, operation, argument, more)

    api = Api(days.day(clock.now()))
    monkeypatch.setattr(client.Signers, "_call", counted)
    for number in range(SIGNATURES):
        assert api.sign(api.sad(digest(number)), digest(number)).status_code == 200
    assert frames == {"open": 1, "sign": SIGNATURES}


@pytest.mark.requirement("SG-5")
def test_more_signers_than_keys_may_be_open_sign_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key that has rested longest is closed; whoever wants it opens it again."""
    monkeypatch.setattr(roles, "MAX_OPEN", 4)
    store = SoftwareStore(Keyring.create(tmp_path / "keyring"), tmp_path / "residents")
    role = Signers(Here(store), Journal(tmp_path / "journal"), lambda: clock.now().timestamp())
    first, second, *_ = [opened(role, KeyKind.P256) for _ in range(4)]
    sign(role, first, "ecdsa-sha256")
    newest = opened(role, KeyKind.P256)
    sign(role, first, "ecdsa-sha256")
    sign(role, newest, "ecdsa-sha256")
    (answer,) = role.sign([[second, uuid.uuid4().bytes, digest(1), "ecdsa-sha256"]])  # type: ignore[misc]
    assert answer == [0, "not_open"]
    for _ in range(20):  # far more than may be open
        sign(role, opened(role, KeyKind.P256), "ecdsa-sha256")


@pytest.mark.requirement("SG-5")
def test_handles_die_at_their_hour_and_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[object] = []
    monkeypatch.setattr(Here, "close", lambda itself, handle: closed.append(handle))
    store, hour = SoftwareStore(Keyring.create(tmp_path / "keyring"), tmp_path / "residents"), [1e9]
    role = Signers(Here(store), Journal(tmp_path / "journal"), lambda: hour[0])
    wrapped, _ = role.keys.generate(KeyKind.P256)
    for _ in range(3):
        role.open([[wrapped, hour[0] + 10]])
    hour[0] += 3600
    role.open([[wrapped, hour[0] + 10]])
    assert len(closed) == 3
