"""TEST HPKI cards for tests: a hierarchy made once, cards of it, and a visit of the card site without nginx.

`shown` speaks to the pages as our nginx does; that the real one speaks so is tested in tests/deploy/test_nginx.py.
"""

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.test import Client

from cards.hpki.pki import CardAuthority, CardHierarchy, Cardholder
from cards.pki import new_key
from ledger import clock
from signing.certificates import healthcare_role
from signing.models import Credential
from tests.support.card_site.nginx import SECRET

CARD_ORIGIN = "https://card.inkan.example"


@cache
def hierarchy() -> CardHierarchy:
    """One for the whole run; who revokes in it uses a fresh authority (`renewed`)."""
    return CardHierarchy.create(clock.now())


@cache
def key() -> rsa.RSAPrivateKey:
    return new_key()


@cache
def look_alike() -> CardAuthority:
    """An authority with JMA's names under keys of its own."""
    return CardHierarchy.create(clock.now()).authorities["jma"]


class HpkiCard(NamedTuple):
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def escaped(self) -> str:
        """As nginx writes it into a header."""
        return quote(self.certificate.public_bytes(Encoding.PEM).decode(), safe="")

    def files(self, folder: Path, name: str) -> tuple[Path, Path]:
        """PEM files for a TLS client: certificate, key."""
        certificate, key_file = folder / f"{name}.pem", folder / f"{name}.key"
        certificate.write_bytes(self.certificate.public_bytes(Encoding.PEM))
        key_file.write_bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return certificate, key_file


def card(
    person_id: str = "JMA0000001",
    *,
    code: str = "jma",
    qualification: str = "doctor",
    days: tuple[int, int] = (-30, 900),
    authority: CardAuthority | None = None,
) -> HpkiCard:
    """A card whose certificate begins and ends so many days from today."""
    at = clock.now()
    begins, ends = (at + timedelta(days=count) for count in days)
    role = healthcare_role(qualification) if qualification else b""
    holder = Cardholder(person_id, "Takashi SAEKI", role)
    issuer = authority or hierarchy().authorities[code]
    return HpkiCard(key(), issuer.card(holder, key(), begins, ends))


def card_of(credential: Credential) -> HpkiCard:
    return card(credential.signer.person_id, code=credential.issuer, qualification=credential.qualification)


def publish(folder: Path, at: datetime | None = None, revoked: tuple[HpkiCard, ...] = ()) -> Path:
    """The trust folder of the hierarchy, with lists that name these cards of JMA."""
    made = hierarchy()
    authority = made.authorities["jma"]
    was = dict(authority.revoked)
    for one in revoked:
        authority.revoke(one.certificate, clock.now() - timedelta(days=1))
    made.publish(folder, at or clock.now())
    authority.revoked = was
    return folder


def headers(card_shown: HpkiCard | None, verified: str = "SUCCESS", secret: str = SECRET) -> dict[str, str]:
    """What our nginx says to the pages."""
    found = {"HTTP_X_INKAN_PROXY_SECRET": secret, "HTTP_X_INKAN_CLIENT_VERIFY": verified}
    return found | ({"HTTP_X_INKAN_CLIENT_CERTIFICATE": card_shown.escaped} if card_shown else {})


def begun(browser: Client, purpose: str, next_path: str = "") -> str:
    """The address at the card origin that the page leads to, without its origin."""
    query = {"next": next_path} if next_path else {}
    page = browser.get(f"/card/sign-in/{purpose}/", query).content.decode()
    address = page.split(f'href="{CARD_ORIGIN}', 1)[1].split('"', 1)[0]
    return address.replace("&amp;", "&")


def shown(browser: Client, purpose: str, card_shown: HpkiCard, next_path: str = "") -> Any:
    """The whole way: begin, show the card, come back with the ticket; the last answer."""
    told = Client().get(begun(browser, purpose, next_path), **headers(card_shown))  # type: ignore[arg-type]
    return browser.get(path_of(told["Location"]))


def path_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def reason(answer: Any) -> tuple[str, str]:
    """Why a card was refused, and whose it is."""
    parts = urlsplit(answer["Location"])
    assert parts.path == "/card/refused/", answer["Location"]
    query = parse_qs(parts.query)
    return query["reason"][0], query.get("authority", [""])[0]
