"""The demo's data: officers with fixed passwords and second factors, demo people, the demo EHR.

Everything is invented. Whoever reads this file may enter a demo; production never loads it (decision 22).
"""

import base64
import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

from django.conf import settings

from deploy.demo import authority_keys, card_holders, hpki_cards, people
from ledger import clock
from signing.api import clients
from staff.models import Officer


class DemoOfficer(NamedTuple):
    username: str
    display_name: str
    roles: tuple[tuple[str, str], ...]  # (authority, role)

    @property
    def password(self) -> str:
        return f"inkan-demo-{self.username}"

    @property
    def totp_key(self) -> bytes:
        """20 bytes, the same in every demo."""
        return hashlib.sha1(f"inkan demo second factor of {self.username}".encode()).digest()  # noqa: S324

    @property
    def totp_secret(self) -> str:
        return base64.b32encode(self.totp_key).decode()

    @property
    def otpauth(self) -> str:
        label = quote(f"Inkan:{self.username}")
        return (
            f"otpauth://totp/{label}?secret={self.totp_secret}&issuer=Inkan&algorithm=SHA1&digits=6&period=30"
        )


AUTHORITIES = ("jma", "medis", "jpa")
FAMILY_NAMES = {
    "jma": ("審査 一郎", "承認 花子"),
    "medis": ("審査 二郎", "承認 月子"),
    "jpa": ("審査 三郎", "承認 雪子"),
}

OFFICERS: tuple[DemoOfficer, ...] = (
    *(DemoOfficer(f"{ca}-examiner", FAMILY_NAMES[ca][0], ((ca, "EXAMINER"),)) for ca in AUTHORITIES),
    *(DemoOfficer(f"{ca}-approver", FAMILY_NAMES[ca][1], ((ca, "APPROVER"),)) for ca in AUTHORITIES),
    DemoOfficer("auditor", "監査 太郎", tuple((ca, "AUDITOR") for ca in AUTHORITIES)),
    DemoOfficer("operator", "運用 次郎", (("", "OPERATOR"),)),
)


class DemoClient(NamedTuple):
    """An EHR that calls the signing API with a client secret (decision 40)."""

    client_id: str
    client_secret: str
    name: str
    redirect_uris: tuple[str, ...]


EHR = DemoClient(
    "demo-ehr",
    "inkan-demo-ehr-client-secret",
    "デモ電子カルテ",
    ("http://localhost:8765/callback", "http://127.0.0.1:8765/callback"),
)


def _ensure_officers() -> None:
    kept = set(Officer.objects.values_list("username", flat=True))
    for officer in OFFICERS:
        if officer.username not in kept:
            Officer.objects.create_officer(
                officer.username, officer.password, officer.display_name, officer.roles, officer.totp_secret
            )


def ensure() -> None:
    """Makes what is missing and leaves what is there."""
    authority_keys.make(settings.HOME)
    people.ensure(settings.HOME, clock.now())
    hpki_cards.ensure(settings.HOME, clock.now())
    card_holders.ensure()
    _ensure_officers()
    clients.ensure(EHR.client_id, EHR.client_secret, EHR.name, EHR.redirect_uris)


def as_json() -> dict[str, Any]:
    """What `manage.py demo_people` prints, secrets included."""
    return {
        "origin": settings.ORIGIN,
        "people": [person.as_dict() for person in people.all_people()],
        "hpki_cards": [card.as_dict(settings.HOME) for card in hpki_cards.CARDS],
        "officers": [
            {
                "username": officer.username,
                "display_name": officer.display_name,
                "roles": [list(pair) for pair in officer.roles],
                "password": officer.password,
                "totp_secret": officer.totp_secret,
                "otpauth": officer.otpauth,
            }
            for officer in OFFICERS
        ],
        "clients": [EHR._asdict()],
    }


def _people_lines() -> Iterator[str]:
    yield "Virtual My Number Cards (the card reader asks for them)"
    yield f"  {'card':<22} {'PINs: login, attributes, signature':<36} who"
    for slug, person in people.card_slots():
        pins = f"{person.authentication_pin}, {person.attributes_pin}, {person.signature_password}"
        yield f"  {slug:<22} {pins:<36} {person.written_name}　{person.special}"
    yield f"  Their pictures to upload: {settings.HOME / 'demo-pictures'}/<card>/"


def _officer_lines() -> Iterator[str]:
    yield f"Officers of the review desk ({settings.ORIGIN}/admin/)"
    yield f"  {'user name':<16} {'password':<28} TOTP secret, and the same as a link"
    for officer in OFFICERS:
        yield f"  {officer.username:<16} {officer.password:<28} {officer.totp_secret}"
        yield f"  {'':<16} {'':<28} {officer.otpauth}"


def _hpki_lines() -> Iterator[str]:
    yield f"HPKI cards as PKCS#12 files, for an installation with nginx (password {hpki_cards.PASSWORD})"
    for card in hpki_cards.CARDS:
        yield f"  {card.path(settings.HOME)}   {card.state}"
    number, card_id = hpki_cards.OWNER.registration_number, card_holders.CARD_ID
    yield f"  The valid one's face ({settings.ORIGIN}/card/jma/): registration number {number}, card ID {card_id}"


def _ehr_lines() -> Iterator[str]:
    yield f"The demo EHR, a caller of the signing API ({settings.ORIGIN}/csc/v1/info)"
    yield f"  client_id {EHR.client_id}   client_secret {EHR.client_secret}   redirect_uri {EHR.redirect_uris[0]}"


def table() -> str:
    """The demo's people, officers and EHR, for the terminal."""
    parts = (
        *_people_lines(),
        "",
        *_hpki_lines(),
        "",
        *_officer_lines(),
        "",
        *_ehr_lines(),
    )
    return "\n".join([*parts, "", f"Mails: {settings.ORIGIN}/mailbox/"])
