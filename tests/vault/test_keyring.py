import json
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.keyring import CannotOpen, Keyring, KeyringRefused

RING = Keyring({1: b"1" * 32})


@given(st.binary(max_size=300), st.text(max_size=20), st.binary(max_size=20))
def test_what_was_sealed_opens_again(plaintext: bytes, purpose: str, aad: bytes) -> None:
    assert RING.open(purpose, RING.seal(purpose, plaintext, aad), aad) == plaintext


def test_a_flipped_bit_anywhere_is_refused() -> None:
    blob = RING.seal("a", b"secret", b"row 1")
    for place in range(len(blob)):
        changed = bytearray(blob)
        changed[place] ^= 1
        with pytest.raises(CannotOpen):
            RING.open("a", bytes(changed), b"row 1")


@pytest.mark.parametrize("length", range(0, 36))
def test_a_cut_blob_is_refused(length: int) -> None:
    with pytest.raises(CannotOpen):
        RING.open("a", RING.seal("a", b"secret")[:length])


@pytest.mark.parametrize(("purpose", "aad"), [("b", b"row 1"), ("a", b"row 2"), ("a", b"")])
def test_another_purpose_or_row_does_not_open(purpose: str, aad: bytes) -> None:
    blob = RING.seal("a", b"secret", b"row 1")
    with pytest.raises(CannotOpen):
        RING.open(purpose, blob, aad)


def test_another_keyring_does_not_open() -> None:
    with pytest.raises(CannotOpen):
        Keyring({1: b"2" * 32}).open("a", RING.seal("a", b"secret"))


def test_the_same_plaintext_is_sealed_differently_each_time() -> None:
    assert RING.seal("a", b"secret") != RING.seal("a", b"secret")


def test_a_rotated_keyring_seals_with_the_new_key_and_opens_the_old(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "web.keyring"
    before = Keyring.create(path)
    old, mac = before.seal("a", b"secret"), before.mac("m", b"data")
    after = Keyring.rotate(path)
    assert after.versions == Keyring.load(path).versions == (1, 2)
    assert after.open("a", old) == b"secret"
    assert after.mac("m", b"data") == mac
    new = after.seal("a", b"secret")
    assert (old[:2], new[:2]) == (b"\0\1", b"\0\2")
    with pytest.raises(CannotOpen):
        before.open("a", new)


def test_the_file_is_private_and_is_refused_when_it_is_not(tmp_path: Path) -> None:
    path = tmp_path / "web.keyring"
    Keyring.create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    with pytest.raises(KeyringRefused, match="chmod 600"):
        Keyring.load(path)


def test_a_second_creation_does_not_replace_the_keys(tmp_path: Path) -> None:
    path = tmp_path / "web.keyring"
    blob = Keyring.create(path).seal("a", b"secret")
    with pytest.raises(FileExistsError):
        Keyring.create(path)
    assert Keyring.load(path).open("a", blob) == b"secret"
    assert [file.name for file in tmp_path.iterdir()] == ["web.keyring"]


def test_of_many_creators_one_wins(tmp_path: Path) -> None:
    path, won = tmp_path / "web.keyring", []

    def create() -> None:
        try:
            won.append(Keyring.create(path))
        except FileExistsError:
            return

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert Keyring.load(path).open("a", won[0].seal("a", b"x")) == b"x"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"format": 2, "keys": {}}',
        '{"format": 1, "keys": {}}',
        '{"format": 1, "keys": {"1": "AAAA"}}',
        '{"format": 1, "keys": {"x": "AAAA"}}',
        '{"format": 1, "keys": 5}',
        json.dumps({"format": 1, "keys": {"0": "A" * 43 + "="}}),
    ],
)
def test_a_broken_file_is_refused_without_quoting_it(tmp_path: Path, content: str) -> None:
    path = tmp_path / "web.keyring"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(KeyringRefused) as refusal:
        Keyring.load(path)
    assert "AAAA" not in str(refusal.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyringRefused, match="is missing"):
        Keyring.load(tmp_path / "none")


def test_a_mac_depends_on_key_purpose_and_data() -> None:
    macs = {
        RING.mac("a", b"x"),
        RING.mac("b", b"x"),
        RING.mac("a", b"y"),
        Keyring({1: b"2" * 32}).mac("a", b"x"),
    }
    assert len(macs) == 4
    assert RING.mac("a", b"x") in macs
