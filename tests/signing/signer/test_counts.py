"""A key is validated once in its life and loaded once a day (decision 17, SG-5): by counting."""

import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ledger import clock
from signing.keystore import KeyKind, software
from signing.keystore.software import SoftwareStore
from signing.signer import client
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
