"""The demo's HPKI cards: TEST authorities, and one person's cards as PKCS#12 files that a browser imports.

A real card never gives its key away; these files stand for one where nginx asks for client certificates (decision 40).
The trust folder and the files are made once; later runs only renew the revocation lists.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12
from django.conf import settings

from cards.hpki.pki import CODES, CardHierarchy, Cardholder, as_pkcs12
from cards.pki import new_key
from deploy.demo import people
from signing.certificates import healthcare_role

PASSWORD = "inkan-demo"  # noqa: S105  (invented, and printed by `make run`)
OWNER = people.person("hpki-card")
PERSON_ID = "DEMOJMA265"
_LIST_RESERVE = timedelta(days=7)


class DemoCard(NamedTuple):
    """One of the owner's cards; `days` are counted from the day it is made: begin and end of the certificate."""

    slug: str
    state: str
    days: tuple[int, int]

    def path(self, home: Path) -> Path:
        return home / "hpki-cards" / f"{self.slug}.p12"

    def as_dict(self, home: Path) -> dict[str, Any]:
        return {
            "slug": self.slug,
            "owner": OWNER.slug,
            "state": self.state,
            "person_id": PERSON_ID,
            "file": str(self.path(home)),
            "password": PASSWORD,
        }


CARDS = (
    DemoCard("hpki-card", "valid", (-400, 1400)),
    DemoCard("hpki-card-lost", "revoked", (-800, 1000)),
    DemoCard("hpki-card-before", "expired", (-900, -30)),
)


def ensure(home: Path, at: datetime) -> None:
    """Make what is missing; renew the lists when they are about to end."""
    made = all(card.path(home).exists() for card in CARDS)
    if made and _lists_are_fresh(settings.HPKI_TRUST, 1 + len(CODES), at):
        return
    folder = home / "cards" / "hpki-authorities"
    try:
        hierarchy = CardHierarchy.load(folder)
        missing = [card for card in CARDS if not card.path(home).exists()]
    except (OSError, ValueError):  # without its authorities no card would be believed: all are made anew
        hierarchy = CardHierarchy.create(at)
        hierarchy.save(folder)
        missing = list(CARDS)
    if missing:
        _make(missing, hierarchy, home, at)
    authority = hierarchy.authorities[OWNER.authority]
    for card in CARDS:
        if card.state == "revoked":
            authority.revoke(certificate_of(card, home), at - timedelta(days=1))
    hierarchy.publish(settings.HPKI_TRUST, at)


def certificate_of(card: DemoCard, home: Path) -> x509.Certificate:
    _key, certificate, _more = pkcs12.load_key_and_certificates(
        card.path(home).read_bytes(), PASSWORD.encode()
    )
    assert certificate is not None
    return certificate


def _make(cards: list[DemoCard], hierarchy: CardHierarchy, home: Path, at: datetime) -> None:
    family, given = OWNER.romaji.split(" ")
    holder = Cardholder(PERSON_ID, f"{given.title()} {family}", healthcare_role(OWNER.qualification))
    key = new_key()  # one key serves the three: they differ in what their certificates say
    for card in cards:
        begins, ends = (at + timedelta(days=count) for count in card.days)
        certificate = hierarchy.authorities[OWNER.authority].card(holder, key, begins, ends)
        path = card.path(home)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        path.write_bytes(as_pkcs12(card.slug, key, certificate, PASSWORD))


def _lists_are_fresh(folder: Path, count: int, at: datetime) -> bool:
    lists = [x509.load_der_x509_crl(path.read_bytes()) for path in sorted(folder.glob("*.crl"))]
    return len(lists) == count and all(
        item.last_update_utc <= at
        and item.next_update_utc is not None
        and at + _LIST_RESERVE < item.next_update_utc
        for item in lists
    )
