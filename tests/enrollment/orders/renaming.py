"""A person whose My Number Card has a new name: same card, same authentication key, new signature certificate."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings
from django.urls import reverse

from cards import chip, files, reader
from cards.client import MyNumberCard
from cards.exchange import CardResponse, request_from_json
from cards.pki import new_keys
from cards.profile import CertificateKind, CertifiedFacts
from cards.virtual import VirtualCard
from deploy.demo import people
from enrollment.models import CertificateOrder
from ledger import clock
from tests.support import cases
from tests.support.people import PINS, Applying

NEW = "佐藤\u3000恵子"
KANA = {"family_kana": "サトウ", "given_kana": "ケイコ"}
SPELLED = {"family_romaji": "SATO", "given_romaji": "Keiko", "shown_for": "サトウ/ケイコ"}
_keys: list[rsa.RSAPrivateKey] = []


def renamed_card(path: Path, slug: str, card_name: str, *, certified: str = "", **holder: Any) -> Path:
    """The card of `slug` after the municipality has changed it; `holder`: what the signature certificate says."""
    _keys.extend(new_keys(1) if not _keys else ())
    one, at = people.person(slug), clock.now()
    authority = cases.hierarchy().current(CertificateKind.SIGNATURE)
    facts = CertifiedFacts(
        name=certified or card_name, address=one.address, birth_date=one.birth_date, sex=one.sex
    )
    certificate = authority.signature_certificate(
        replace(facts, **holder), _keys[0], at - timedelta(hours=1), at + timedelta(days=900)
    )
    memory = chip.read(people.card_path(slug))
    jpki, text = memory.applications[files.JPKI_APPLICATION], memory.applications[files.TEXT_APPLICATION]
    _write(jpki, files.SIGNATURE_CERTIFICATE, certificate)
    _write(jpki, files.SIGNATURE_CA_CERTIFICATE, authority.certificate.public_bytes(Encoding.DER))
    pem = _keys[0].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    jpki.keys[files.SIGNATURE_KEY] = chip.Key(pem, files.SIGNATURE_PASSWORD)
    born = f"{one.birth_date:%Y%m%d}"
    _write(text, files.ATTRIBUTES, files.write_text(files.TextFields(card_name, one.address, born, one.sex)))
    chip.write(path, memory)
    return path


def _write(application: chip.Application, number: int, content: bytes) -> None:
    before = application.files[number]
    application.files[number] = chip.Ef(content.ljust(len(before.content), b"\x00"), before.guards)


class Renaming(Applying):
    """`Applying` whose card can be replaced by a file of the test's own."""

    file: Path | None = None

    def read_card(self, page: Any, card: str = "") -> CardResponse:
        if self.file is None:
            return super().read_card(page, card)
        asked = request_from_json(self.asked(page))
        client = MyNumberCard(VirtualCard(self.file).transmit)
        return reader.perform(asked, client, getattr(self.person, PINS[asked.operation]), settings.ORIGIN)

    def reads(self) -> Any:
        """The card's new name, as far as the page that asks for its reading."""
        page = self.browser.get(reverse("new_name_card"))
        assert page.status_code == 200, page.content.decode()
        return self.answer(self.read_card(page))

    def spells(self, **changes: str) -> Any:
        return self.browser.post(reverse("new_name"), {**KANA, **SPELLED, **changes})

    def to_sign(self) -> Any:
        page = self.browser.get(reverse("new_name_sign"))
        assert page.status_code == 200, page.content.decode()
        return page

    def signs(self) -> Any:
        return self.answer(self.read_card(self.to_sign()))

    def asks(self) -> CertificateOrder:
        """All of it."""
        for done in (self.reads(), self.spells(), self.signs()):
            assert done.status_code == 302, done.content.decode()
        return CertificateOrder.objects.get(kind="name_change", state="waiting")
