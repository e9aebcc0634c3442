"""One contract for both key stores; the PKCS#11 side on a throw-away SoftHSM token."""

import os
from collections.abc import Iterator
from hashlib import sha256, sha384, sha512
from pathlib import Path

import PyKCS11
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import load_der_public_key

from signing.keystore import Algorithm, KeyStore, NotSigned, Unopenable
from signing.keystore.pkcs11 import KEK_LABEL, ModuleRefused, Pkcs11Store
from signing.keystore.software import SoftwareStore
from tests.support import softhsm
from vault.keyring import Keyring

DIGESTS = {
    Algorithm.RSA_SHA256: (sha256(b"x").digest(), SHA256()),
    Algorithm.RSA_SHA384: (sha384(b"x").digest(), SHA384()),
    Algorithm.RSA_SHA512: (sha512(b"x").digest(), SHA512()),
}


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[softhsm.Token]:
    made = softhsm.create(tmp_path_factory.mktemp("softhsm"))
    os.environ["SOFTHSM2_CONF"] = str(made.configuration)
    yield made
    del os.environ["SOFTHSM2_CONF"]


@pytest.fixture(scope="module")
def software(tmp_path_factory: pytest.TempPathFactory) -> SoftwareStore:
    folder = tmp_path_factory.mktemp("software")
    return SoftwareStore(Keyring.create(folder / "signer.keyring"), folder / "residents")


@pytest.fixture(scope="module")
def hardware(token: softhsm.Token) -> Pkcs11Store:
    return Pkcs11Store(token.module, token.label, token.pin)


@pytest.fixture(params=["software", "hardware"])
def store(request: pytest.FixtureRequest) -> KeyStore:
    found: KeyStore = request.getfixturevalue(request.param)
    return found


def verify(public_key: bytes, signature: bytes, algorithm: Algorithm) -> None:
    digest, kind = DIGESTS[algorithm]
    key = load_der_public_key(public_key)
    assert isinstance(key, RSAPublicKey)
    assert key.key_size == 2048
    assert key.public_numbers().e == 65537
    key.verify(signature, digest, padding.PKCS1v15(), Prehashed(kind))


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_a_made_key_comes_back_and_signs(store: KeyStore, algorithm: Algorithm) -> None:
    made = store.generate()
    opened = store.open(made.wrapped)
    assert opened.public_key == made.public_key
    signature = store.sign(opened.handle, DIGESTS[algorithm][0], algorithm)
    verify(made.public_key, signature, algorithm)
    assert signature == store.sign(opened.handle, DIGESTS[algorithm][0], algorithm)
    store.close(opened.handle)


def test_every_key_is_another(store: KeyStore) -> None:
    first, second = store.generate(), store.generate()
    assert first.public_key != second.public_key
    opened = store.open(second.wrapped)
    digest, _ = DIGESTS[Algorithm.RSA_SHA256]
    with pytest.raises(InvalidSignature):
        verify(
            first.public_key, store.sign(opened.handle, digest, Algorithm.RSA_SHA256), Algorithm.RSA_SHA256
        )
    store.close(opened.handle)


def test_a_changed_key_is_not_opened(store: KeyStore) -> None:
    wrapped = store.generate().wrapped
    for place in (0, 1, len(wrapped) // 2, len(wrapped) - 1):
        changed = bytearray(wrapped)
        changed[place] ^= 1
        with pytest.raises(Unopenable):
            store.open(bytes(changed))
    for cut in (b"", wrapped[:1], wrapped[:-8]):
        with pytest.raises(Unopenable):
            store.open(cut)


def test_a_key_of_the_other_store_is_not_opened(software: SoftwareStore, hardware: Pkcs11Store) -> None:
    with pytest.raises(Unopenable):
        software.open(hardware.generate().wrapped)
    with pytest.raises(Unopenable):
        hardware.open(software.generate().wrapped)


def test_something_that_is_no_handle_does_not_sign(store: KeyStore) -> None:
    opened = store.open(store.generate().wrapped)
    store.close(opened.handle)
    handle = object() if isinstance(store, SoftwareStore) else opened.handle
    with pytest.raises(NotSigned):
        store.sign(handle, DIGESTS[Algorithm.RSA_SHA256][0], Algorithm.RSA_SHA256)


def test_a_named_key_is_made_once_and_signs(store: KeyStore) -> None:
    first = store.resident("jma")
    assert store.resident("jma").public_key == first.public_key
    assert store.resident("medis").public_key != first.public_key
    digest, _ = DIGESTS[Algorithm.RSA_SHA256]
    verify(first.public_key, store.sign(first.handle, digest, Algorithm.RSA_SHA256), Algorithm.RSA_SHA256)


def test_a_bad_name_names_no_key(store: KeyStore) -> None:
    for name in ("", "x" * 33):
        with pytest.raises(NotSigned):
            store.resident(name)


def test_a_name_is_never_a_path(software: SoftwareStore) -> None:
    for name in ("../jma", "jma/../medis", "JMA", "."):
        with pytest.raises(NotSigned):
            software.resident(name)


def test_the_sealed_key_holds_nothing_readable(software: SoftwareStore) -> None:
    made = software.generate()
    key = load_der_public_key(made.public_key)
    assert isinstance(key, RSAPublicKey)
    assert key.public_numbers().n.to_bytes(256, "big") not in made.wrapped


def test_another_keyring_opens_nothing(software: SoftwareStore, tmp_path: Path) -> None:
    other = SoftwareStore(Keyring.create(tmp_path / "other.keyring"), tmp_path / "residents")
    with pytest.raises(Unopenable):
        other.open(software.generate().wrapped)


def test_a_named_software_key_survives_a_restart(tmp_path: Path) -> None:
    keyring = Keyring.create(tmp_path / "k")
    public_key = SoftwareStore(keyring, tmp_path / "r").resident("jma").public_key
    assert SoftwareStore(keyring, tmp_path / "r").resident("jma").public_key == public_key
    assert (tmp_path / "r" / "jma.key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("which", ["opened", "resident", "kek"])
def test_no_key_in_the_module_can_leave_it(hardware: Pkcs11Store, which: str) -> None:
    session = hardware._session
    handle = {
        "opened": lambda: hardware.open(hardware.generate().wrapped).handle,
        "resident": lambda: hardware.resident("jma").handle,
        "kek": lambda: hardware._kek,
    }[which]()
    extractable, sensitive = session.getAttributeValue(
        handle, [PyKCS11.CKA_EXTRACTABLE, PyKCS11.CKA_SENSITIVE]
    )
    assert (bool(extractable), bool(sensitive)) == (False, True)
    with pytest.raises(PyKCS11.PyKCS11Error):
        session.wrapKey(hardware._kek, handle, hardware._wrap)
    secret = PyKCS11.CKA_VALUE if which == "kek" else PyKCS11.CKA_PRIVATE_EXPONENT
    assert session.getAttributeValue(handle, [secret], allAsBinary=True) in ([None], [()], [b""])


def test_a_made_key_leaves_no_object_behind(hardware: Pkcs11Store) -> None:
    before = len(hardware._session.findObjects([]))
    hardware.generate()
    opened = hardware.open(hardware.generate().wrapped)
    hardware.close(opened.handle)
    assert len(hardware._session.findObjects([])) == before


def test_the_key_that_wraps_is_made_once(hardware: Pkcs11Store) -> None:
    found = hardware._session.findObjects([(PyKCS11.CKA_LABEL, KEK_LABEL)])
    assert len(found) == 1


def test_a_missing_token_stops_the_start(token: softhsm.Token, hardware: Pkcs11Store) -> None:
    with pytest.raises(ModuleRefused, match="no token labelled"):
        Pkcs11Store(token.module, "elsewhere", token.pin)
