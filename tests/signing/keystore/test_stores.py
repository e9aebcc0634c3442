"""One contract for both key stores; the PKCS#11 side on a throw-away SoftHSM token."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import PyKCS11
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from signing.keystore import Algorithm, KeyKind, KeyStore, NewKey, NotSigned, Unopenable, fits
from signing.keystore.pkcs11 import KEK_LABEL, ModuleRefused, Pkcs11Store
from signing.keystore.software import SoftwareStore
from signing.signer.journal import Journal
from signing.signer.keys import Here
from signing.signer.roles import Signers
from tests.support import softhsm
from tests.support.signers import check
from vault.keyring import Keyring

WAYS = [(kind, algorithm) for kind in KeyKind for algorithm in Algorithm if fits(kind, algorithm)]
DIGESTS = {one: hashlib.new(one.hash_name, b"x").digest() for one in Algorithm}
DIGEST = DIGESTS[Algorithm.RSA_SHA256]
SIGNS_ANEW = ("rsa-pss", "rsa-pss-long", "ecdsa")


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


@cache
def made(store: KeyStore, kind: KeyKind) -> NewKey:
    """One key of each kind and store for many tests: RSA-3072 takes a second to make."""
    return store.generate(kind)


@pytest.mark.requirement("SG-5")
@pytest.mark.parametrize(("kind", "algorithm"), WAYS)
def test_a_made_key_comes_back_and_signs(store: KeyStore, kind: KeyKind, algorithm: Algorithm) -> None:
    key = made(store, kind)
    opened = store.open(key.wrapped)
    assert opened.public_key == key.public_key
    signatures = [store.sign(opened.handle, DIGESTS[algorithm], algorithm) for _ in range(3)]
    for signature in signatures:
        check(key.public_key, signature, DIGESTS[algorithm], algorithm)
    assert len(set(signatures)) == (3 if algorithm.scheme in SIGNS_ANEW else 1)
    store.close(opened.handle)


@pytest.mark.parametrize("kind", list(KeyKind))
def test_a_key_is_of_the_kind_that_was_asked_for(store: KeyStore, kind: KeyKind) -> None:
    key = load_der_public_key(made(store, kind).public_key)
    assert isinstance(key, RSAPublicKey if kind.is_rsa else EllipticCurvePublicKey)
    assert key.key_size == kind.bits


@pytest.mark.parametrize("kind", list(KeyKind))
def test_a_key_signs_no_algorithm_of_the_other_family(store: KeyStore, kind: KeyKind) -> None:
    opened = store.open(made(store, kind).wrapped)
    for algorithm in Algorithm:
        if not fits(kind, algorithm):
            with pytest.raises(NotSigned, match="key_may_not_sign"):
                store.sign(opened.handle, DIGESTS[algorithm], algorithm)
    store.close(opened.handle)


@pytest.mark.parametrize("kind", [KeyKind.RSA_2048, KeyKind.P256])
def test_every_key_is_another(store: KeyStore, kind: KeyKind) -> None:
    first, second = made(store, kind), store.generate(kind)
    assert first.public_key != second.public_key
    opened = store.open(second.wrapped)
    algorithm = Algorithm.RSA_SHA256 if kind.is_rsa else Algorithm.ECDSA_SHA256
    signature = store.sign(opened.handle, DIGESTS[algorithm], algorithm)
    with pytest.raises(InvalidSignature):
        check(first.public_key, signature, DIGESTS[algorithm], algorithm)
    store.close(opened.handle)


@pytest.mark.parametrize("kind", list(KeyKind))
def test_a_changed_key_is_not_opened(store: KeyStore, kind: KeyKind) -> None:
    wrapped = made(store, kind).wrapped
    for place in (0, 1, 2, 34, len(wrapped) // 2, len(wrapped) - 1):
        changed = bytearray(wrapped)
        changed[place] ^= 1
        with pytest.raises(Unopenable):
            store.open(bytes(changed))
    for cut in (b"", wrapped[:1], wrapped[:-8]):
        with pytest.raises(Unopenable):
            store.open(cut)


@pytest.mark.parametrize("kind", list(KeyKind))
def test_a_key_of_the_other_store_is_not_opened(
    software: SoftwareStore, hardware: Pkcs11Store, kind: KeyKind
) -> None:
    with pytest.raises(Unopenable):
        software.open(made(hardware, kind).wrapped)
    with pytest.raises(Unopenable):
        hardware.open(made(software, kind).wrapped)


@pytest.mark.parametrize("kind", [KeyKind.P256, KeyKind.P384])
def test_a_curve_key_beside_a_strangers_point_is_not_opened(hardware: Pkcs11Store, kind: KeyKind) -> None:
    """The point is stored outside the wrapping: a database that swaps two of them is found out."""
    mine, other = made(hardware, kind).wrapped, hardware.generate(kind).wrapped
    size = 2 + 2 * kind.bits // 8
    with pytest.raises(Unopenable):
        hardware.open(other[:size] + mine[size:])
    objects = len(hardware._session.findObjects([]))
    with pytest.raises(Unopenable):
        hardware.open(mine[:size] + other[size:])
    assert len(hardware._session.findObjects([])) == objects


def test_something_that_is_no_handle_does_not_sign(store: KeyStore) -> None:
    opened = store.open(made(store, KeyKind.RSA_2048).wrapped)
    store.close(opened.handle)
    for handle in (object(), None, *([] if isinstance(store, SoftwareStore) else [opened.handle])):
        with pytest.raises(NotSigned):
            store.sign(handle, DIGEST, Algorithm.RSA_SHA256)


def test_a_named_key_is_made_once_and_signs(store: KeyStore) -> None:
    first = store.resident("jma")
    assert store.resident("jma").public_key == first.public_key
    assert store.resident("medis").public_key != first.public_key
    signature = store.sign(first.handle, DIGEST, Algorithm.RSA_SHA256)
    check(first.public_key, signature, DIGEST, Algorithm.RSA_SHA256)


def test_a_bad_name_names_no_key(store: KeyStore) -> None:
    for name in ("", "x" * 33):
        with pytest.raises(NotSigned):
            store.resident(name)


def test_a_name_is_never_a_path(software: SoftwareStore) -> None:
    for name in ("../jma", "jma/../medis", "JMA", "."):
        with pytest.raises(NotSigned):
            software.resident(name)


def test_the_sealed_key_holds_nothing_readable(software: SoftwareStore) -> None:
    sealed = made(software, KeyKind.RSA_2048)
    key = load_der_public_key(sealed.public_key)
    assert isinstance(key, RSAPublicKey)
    assert key.public_numbers().n.to_bytes(256, "big") not in sealed.wrapped


def test_another_keyring_opens_nothing(software: SoftwareStore, tmp_path: Path) -> None:
    other = SoftwareStore(Keyring.create(tmp_path / "other.keyring"), tmp_path / "residents")
    with pytest.raises(Unopenable):
        other.open(made(software, KeyKind.RSA_2048).wrapped)


def test_a_named_software_key_survives_a_restart(tmp_path: Path) -> None:
    keyring = Keyring.create(tmp_path / "k")
    public_key = SoftwareStore(keyring, tmp_path / "r").resident("jma").public_key
    assert SoftwareStore(keyring, tmp_path / "r").resident("jma").public_key == public_key
    assert (tmp_path / "r" / "jma.key").stat().st_mode & 0o077 == 0


SECRETS = {"kek": PyKCS11.CKA_VALUE, "p256": PyKCS11.CKA_VALUE, "p384": PyKCS11.CKA_VALUE}


@pytest.mark.requirement("SG-5")
@pytest.mark.parametrize("which", [*KeyKind, "resident", "kek"])
def test_no_key_in_the_module_can_leave_it(hardware: Pkcs11Store, which: str) -> None:
    session = hardware._session
    if which == "kek":
        handle = hardware._kek
    else:
        opened = (
            hardware.resident("jma")
            if which == "resident"
            else hardware.open(made(hardware, KeyKind(which)).wrapped)
        )
        assert isinstance(opened.handle, tuple)
        handle = opened.handle[0]
    extractable, sensitive = session.getAttributeValue(
        handle, [PyKCS11.CKA_EXTRACTABLE, PyKCS11.CKA_SENSITIVE]
    )
    assert (bool(extractable), bool(sensitive)) == (False, True)
    with pytest.raises(PyKCS11.PyKCS11Error):
        session.wrapKey(hardware._kek, handle, hardware._wrap)
    secret = SECRETS.get(which, PyKCS11.CKA_PRIVATE_EXPONENT)
    assert session.getAttributeValue(handle, [secret], allAsBinary=True) in ([None], [()], [b""])
    with pytest.raises(PyKCS11.PyKCS11Error):
        session.setAttributeValue(handle, [(PyKCS11.CKA_EXTRACTABLE, True)])


def test_a_module_that_unwraps_an_extractable_key_opens_none(
    hardware: Pkcs11Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some modules read the template and do as they like: this one sets EXTRACTABLE."""
    lenient = hardware._session.unwrapKey

    def unwraps(kek: object, wrapped: bytes, template: list[tuple[int, object]], how: object) -> object:
        changed = [(PyKCS11.CKA_EXTRACTABLE, True) if one == (PyKCS11.CKA_EXTRACTABLE, False) else one
                   for one in template]  # fmt: skip
        return lenient(kek, wrapped, changed, how)

    monkeypatch.setattr(hardware._session, "unwrapKey", unwraps)
    before = len(hardware._session.findObjects([]))
    for kind in (KeyKind.RSA_2048, KeyKind.P256):
        with pytest.raises(Unopenable):
            hardware.open(made(hardware, kind).wrapped)
    assert len(hardware._session.findObjects([])) == before


def test_a_key_of_a_size_that_nobody_ordered_is_not_opened(hardware: Pkcs11Store) -> None:
    """A blob that the KEK did wrap, of an RSA key that is not of ours."""
    session = hardware._session
    public, private = session.generateKeyPair(
        [(PyKCS11.CKA_KEY_TYPE, PyKCS11.CKK_RSA), (PyKCS11.CKA_MODULUS_BITS, 1024),
         (PyKCS11.CKA_PUBLIC_EXPONENT, (1, 0, 1)), (PyKCS11.CKA_TOKEN, False)],
        [(PyKCS11.CKA_KEY_TYPE, PyKCS11.CKK_RSA), (PyKCS11.CKA_TOKEN, False), (PyKCS11.CKA_EXTRACTABLE, True)],
    )  # fmt: skip
    wrapped = bytes(session.wrapKey(hardware._kek, private, hardware._wrap))
    for one in (public, private):
        session.destroyObject(one)
    before = len(session.findObjects([]))
    with pytest.raises(Unopenable):
        hardware.open(made(hardware, KeyKind.RSA_2048).wrapped[:1] + wrapped)
    assert len(session.findObjects([])) == before


@pytest.mark.parametrize("kind", list(KeyKind))
def test_a_made_key_leaves_no_object_behind(hardware: Pkcs11Store, kind: KeyKind) -> None:
    before = len(hardware._session.findObjects([]))
    opened = hardware.open(hardware.generate(kind).wrapped)
    hardware.close(opened.handle)
    assert len(hardware._session.findObjects([])) == before


class Counting:
    """A session of the module that counts what is asked of it."""

    def __init__(self, session: Any) -> None:
        self.session, self.calls = session, Counter[str]()

    def __getattr__(self, name: str) -> Any:
        self.calls[name] += 1
        return getattr(self.session, name)


@pytest.mark.requirement("SG-5")
def test_the_module_is_asked_to_sign_and_nothing_else(
    hardware: Pkcs11Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No login, no search, no unwrapping, no attribute: C_SignInit and C_Sign alone, which go past the session."""
    role = Signers(Here(hardware), Journal(tmp_path / "journal"), lambda: 0)
    ((_, (handle, _)),) = role.open([[made(hardware, KeyKind.RSA_2048).wrapped, 60]])  # type: ignore[misc]
    counting = Counting(hardware._session)
    monkeypatch.setattr(hardware, "_session", counting)
    for number in range(20):
        ((outcome, _),) = role.sign([[handle, bytes([number]) * 16, DIGEST, "rsa-sha256"]])  # type: ignore[misc]
        assert outcome == 1
    assert counting.calls == {}
    role.close([handle])
    assert counting.calls == {"destroyObject": 1}


def test_the_key_that_wraps_is_made_once(hardware: Pkcs11Store) -> None:
    found = hardware._session.findObjects([(PyKCS11.CKA_LABEL, KEK_LABEL)])
    assert len(found) == 1


def test_a_missing_token_stops_the_start(token: softhsm.Token, hardware: Pkcs11Store) -> None:
    with pytest.raises(ModuleRefused, match="no token labelled"):
        Pkcs11Store(token.module, "elsewhere", token.pin)
