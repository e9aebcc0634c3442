"""One TEST JPKI and one card's content per run; every test gets a fresh card file."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from cards import chip, files
from cards.client import MyNumberCard
from cards.jpki import TrustStore
from cards.pki import Hierarchy, new_keys
from cards.profile import CertificateKind, CertifiedFacts
from cards.virtual import VirtualCard

AT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
ISSUED = AT - timedelta(days=400)
ENDS = AT + timedelta(days=1000)
FACTS = CertifiedFacts("田中［佐藤］　花子", "東京都千代田区一番町１－２", date(1980, 2, 29), "2")
ORIGIN = "https://inkan.example"


@dataclass(frozen=True, repr=False)
class World:
    """The hierarchy, two holder's keys, and what is on the card."""

    hierarchy: Hierarchy
    authentication_key: rsa.RSAPrivateKey
    signature_key: rsa.RSAPrivateKey
    card: chip.Personalisation

    def trust(self, folder: Path) -> TrustStore:
        self.hierarchy.publish(folder, AT)
        return TrustStore.load(folder)


@pytest.fixture(scope="session")
def made() -> World:
    hierarchy = Hierarchy.create(AT)
    first, second = new_keys(2)
    signing = hierarchy.current(CertificateKind.SIGNATURE)
    login = hierarchy.current(CertificateKind.AUTHENTICATION)
    return World(
        hierarchy,
        first,
        second,
        chip.Personalisation(
            text=files.TextFields(FACTS.name, FACTS.address, "19800229", "2"),
            authentication_pin="1234",
            signature_password="ABC123",
            attributes_pin="5678",
            authentication_certificate=login.authentication_certificate(first, ISSUED, ENDS),
            authentication_key=first,
            authentication_ca=login.certificate.public_bytes(Encoding.DER),
            signature_certificate=signing.signature_certificate(FACTS, second, ISSUED, ENDS),
            signature_key=second,
            signature_ca=signing.certificate.public_bytes(Encoding.DER),
            number="123456789018",
        ),
    )


@pytest.fixture
def world(made: World) -> World:
    """The same keys and anchors, nothing revoked."""
    fresh = {
        kind: tuple(replace(one, revoked={}) for one in pair)
        for kind, pair in made.hierarchy.generations.items()
    }
    return replace(made, hierarchy=Hierarchy(fresh))  # type: ignore[arg-type]


@pytest.fixture
def card(world: World, tmp_path: Path) -> VirtualCard:
    return VirtualCard.create(tmp_path / "card.json", chip.card(world.card))


@pytest.fixture
def phone(world: World, tmp_path: Path) -> VirtualCard:
    return VirtualCard.create(tmp_path / "phone.json", chip.phone(world.card))


@pytest.fixture
def client(card: VirtualCard) -> MyNumberCard:
    return MyNumberCard(card.transmit)


@pytest.fixture
def trust(world: World, tmp_path: Path) -> TrustStore:
    return world.trust(tmp_path / "trust")


class TakenAway:
    """A transport whose card is taken away after so many commands."""

    def __init__(self, transmit: Callable[[bytes], bytes], after: int) -> None:
        self._transmit, self._left = transmit, after

    def transmit(self, raw: bytes) -> bytes:
        if self._left == 0:
            raise ConnectionResetError
        self._left -= 1
        return self._transmit(raw)
