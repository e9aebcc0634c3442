"""Keys that no authority certifies: weak ones, blocked ones, and one that somebody else has."""

import random
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import IntegrityError, transaction

from ledger import clock
from ledger.log import Actor
from signing import credentials, issuance, issuing
from signing.issuing import keys
from signing.keystore import KeyKind, NewKey
from signing.models import BlockedKey, Credential, IssuanceIntent
from signing.signer.client import signers
from tests.signing.test_issuance import assert_issued_once, ordered
from tests.support.signers import SignerProcesses

OFFICER = Actor("officer", "7")
CHANCE = random.Random(20261126)


def _is_prime(number: int) -> bool:
    return number > 3 and all(pow(base, number - 1, number) == 1 for base in (2, 3, 5, 7, 11))


def _prime_from(start: int, step: int = 2) -> int:
    while not _is_prime(start):
        start += step
    return start


def _spki(modulus: int, exponent: int = 65537) -> bytes:
    key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _close() -> bytes:
    first = _prime_from(CHANCE.getrandbits(1024) | 3 << 1022 | 1)
    return _spki(first * _prime_from(first + 2))


def _divisible() -> bytes:
    number = CHANCE.getrandbits(2048) | 3 << 2046
    return _spki(number - number % (2 * 743) + 743)


def _infineon() -> bytes:
    """Two primes of the form k * M + (65537^a mod M), as CVE-2017-15361 describes them."""
    product = 1
    for prime in keys._ROCA:
        product *= prime
    made = []
    for power in (31337, 4711):
        rest = pow(65537, power, product)
        start = (CHANCE.getrandbits(1024) | 3 << 1022) // product * product + rest
        made.append(_prime_from(start if start % 2 else start + product, 2 * product))
    return _spki(made[0] * made[1])


def _curve(curve: ec.EllipticCurve) -> bytes:
    key = ec.generate_private_key(curve).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


WEAK: dict[str, Callable[[], bytes]] = {
    "of_close_primes": _close,
    "divisible": _divisible,
    "roca": _infineon,
    "of_another_size": lambda: _spki(rsa.generate_private_key(65537, 1024).public_key().public_numbers().n),
    "unreadable": lambda: _curve(ec.SECP521R1()),
}


@pytest.mark.requirement("RV-6")
@pytest.mark.parametrize("word", WEAK)
def test_a_weak_key_is_named(word: str) -> None:
    assert keys.weak(WEAK[word]()) == word


def test_a_small_exponent_and_a_cut_key_are_refused() -> None:
    good = rsa.generate_private_key(65537, 2048).public_key().public_numbers().n
    assert keys.weak(_spki(good)) == ""
    assert keys.weak(_spki(good, 3)) == "unreadable"
    assert keys.weak(_spki(good)[:-7]) == "unreadable"


@pytest.mark.django_db
class TestOrders:
    @pytest.fixture(autouse=True)
    def _authorities(self, signers: SignerProcesses, signer_connection: None) -> None:
        issuing.ensure()

    def keyed(self) -> tuple[Credential, IssuanceIntent]:
        credential = ordered()
        issuance._make_key(IssuanceIntent.objects.get(credential=credential))
        return credential, IssuanceIntent.objects.get(credential=credential)

    @pytest.mark.requirement("RV-6")
    def test_a_blocked_key_stops_its_order_before_anything_is_signed(self) -> None:
        credential, intent = self.keyed()
        BlockedKey.objects.create(
            digest=keys.digest(bytes(intent.public_key or b"")),
            reason="key_compromise",
            blocked_at=clock.now(),
        )
        issuance.carry_out(str(credential.public_id))
        intent.refresh_from_db()
        assert (intent.state, intent.stopped_because, intent.to_be_signed) == (
            "stopped",
            "key is blocked",
            None,
        )

    @pytest.mark.requirement("RV-6")
    def test_a_key_revoked_as_compromised_is_blocked_for_ever(self) -> None:
        credential = ordered()
        issuance.carry_out(str(credential.public_id))
        credential.refresh_from_db()
        credentials.revoke(credential, OFFICER, "key_compromise", clock.now())
        intent = IssuanceIntent.objects.get(credential=credential)
        assert keys.problems(bytes(intent.public_key or b""), KeyKind.RSA_2048) == ["key is blocked"]

    def test_a_key_revoked_for_another_reason_is_not(self) -> None:
        credential = ordered()
        issuance.carry_out(str(credential.public_id))
        credential.refresh_from_db()
        credentials.revoke(credential, OFFICER, "superseded", clock.now())
        assert not BlockedKey.objects.exists()

    def test_no_two_orders_have_one_key(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A key store that repeats itself: the second order takes none of it, and goes on with the next key."""
        credential, other = ordered(), ordered()
        fresh = signers().generate(2)
        given = [fresh[0], fresh[0], fresh[1]]

        class Repeating:
            def generate(self, _count: int, _kind: KeyKind) -> list[NewKey]:
                return [given.pop(0)]

        monkeypatch.setattr(issuance, "signers", Repeating)
        issuance.carry_out(str(credential.public_id))
        with pytest.raises(IntegrityError), transaction.atomic():
            issuance.carry_out(str(other.public_id))
        issuance.carry_out(str(other.public_id))
        assert_issued_once(credential)
        assert_issued_once(other)
        assert IssuanceIntent.objects.values("key_digest").distinct().count() == 2

    @pytest.mark.requirement("RV-6")
    def test_serials_are_random_and_the_database_keeps_them_apart(self) -> None:
        serials = []
        for _ in range(4):
            credential, intent = self.keyed()
            issuance._intend(intent)
            serials.append(int(IssuanceIntent.objects.get(credential=credential).serial or "0", 16))
        assert all(
            128 < serial.bit_length() <= 159 for serial in serials
        )  # 128 random bits below a leading one
        apart = [bin(one ^ other).count("1") for one in serials for other in serials if one is not other]
        assert min(apart) > 32  # 128 fair coins: fewer differ once in ten million runs
        names = {field.name for field in IssuanceIntent._meta.fields if field.unique}
        assert {"serial", "key_digest"} <= names
        assert Credential._meta.get_field("serial").unique
