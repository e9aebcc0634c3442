"""The demo people and their cards."""

import json
import time
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from cards import jpki
from cards.client import Locked, MyNumberCard
from cards.exchange import CardRequest
from cards.files import CardPin
from cards.jpki import CertificateKind, Outcome, TrustStore
from cards.reader import perform
from deploy.demo import people, pictures

from .conftest import AT


def client(slug: str) -> MyNumberCard:
    return MyNumberCard(people.open_card(slug).transmit)


def signature(slug: str, home: Path) -> jpki.JpkiResult:
    certificate = client(slug).signature_certificate(people.SIGNATURE_PASSWORD)
    return jpki.verify(certificate, CertificateKind.SIGNATURE, AT, TrustStore.load(home / "jpki-test"))


def test_all_thirteen_of_the_contract_are_there() -> None:
    assert [one.slug for one in people.all_people()] == [
        "doctor", "dentist", "pharmacist", "maiden-name", "variant-kanji", "alias", "revoked", "locked",
        "hpki-card", "card-waiting", "phone", "renewed", "former-name",
    ]  # fmt: skip
    numbers = {(one.qualification, one.registration_number) for one in people.all_people()}
    assert len(numbers) == 13


@pytest.mark.parametrize(
    "slug", [one.slug for one in people.PEOPLE if one.medium == "card" and not one.locked]
)
def test_every_card_signs_in_reads_and_its_certificate_agrees(home: Path, slug: str) -> None:
    one, card = people.person(slug), client(slug)
    request = CardRequest("authenticate", challenge=b"c" * 32)
    response = perform(request, card, one.authentication_pin, "http://demo")
    trust = TrustStore.load(home / "jpki-test")
    assert jpki.check_authentication(response, "http://demo", b"c" * 32, AT, trust).outcome is Outcome.VALID
    read, result = card.attributes(one.attributes_pin), signature(slug, home)
    assert (read.name, read.birth_date, read.sex) == (one.name, one.birth_date, one.sex)
    assert result.outcome is (Outcome.REVOKED if one.revoked else Outcome.VALID)
    if not one.revoked:
        assert result.attributes is not None
        assert (result.attributes.birth_date, result.attributes.address) == (read.birth_date, read.address)
        assert (result.attributes.former_family, result.attributes.alias) == (read.former_family, read.alias)


@pytest.mark.requirement("NM-06")
def test_a_certificate_that_cannot_carry_the_name_says_so(home: Path) -> None:
    found = signature("variant-kanji", home).attributes
    assert client("variant-kanji").attributes("5678").name == "髙橋　𠮷乃"
    assert found is not None
    assert (found.name, found.name_flags, found.has_substitutes) == ("高橋　吉乃", "10010", True)


def test_former_family_name_and_alias_stand_on_the_card(home: Path) -> None:
    assert client("maiden-name").attributes("5678").former_family == "大西"
    assert client("alias").attributes("5678").alias == "加藤　マリア"
    assert client("former-name").attributes("5678").former_family == ""


def test_the_locked_card_is_locked_and_the_phone_is_a_phone(home: Path) -> None:
    assert [client("locked").tries_left(pin) for pin in CardPin] == [0, 0, 0]
    with pytest.raises(Locked):
        client("locked").attributes("5678")
    assert client("phone").medium() == "phone"


def test_the_renewed_one_has_two_cards_with_one_person_on_both(home: Path) -> None:
    now, before = client("renewed"), client("renewed-before")
    assert now.authentication_certificate() != before.authentication_certificate()
    assert now.attributes("5678") == before.attributes("5678")


def test_a_second_run_is_quick_and_keeps_cards_and_counters(home: Path) -> None:
    with pytest.raises(Exception, match="2 tries left"):
        client("doctor").attributes("0000")
    before = {path: path.read_bytes() for path in (home / "cards").rglob("*") if path.is_file()}
    lists = {path: path.read_bytes() for path in (home / "jpki-test").iterdir()}
    began = time.monotonic()
    people.ensure(home, AT)
    assert time.monotonic() - began < 3
    assert {path: path.read_bytes() for path in before} == before
    assert {path: path.read_bytes() for path in lists} == lists
    assert client("doctor").tries_left(CardPin.ATTRIBUTES) == 2


@pytest.mark.parametrize("days", [60, 395, -30])
def test_a_later_run_renews_the_lists_with_the_revoked_one(home: Path, days: int) -> None:
    at = AT + timedelta(days=days)
    people.ensure(home, at)
    trust = TrustStore.load(home / "jpki-test")
    for slug, outcome in (("doctor", Outcome.VALID), ("revoked", Outcome.REVOKED)):
        certificate = client(slug).signature_certificate("ABC123")
        assert jpki.verify(certificate, CertificateKind.SIGNATURE, at, trust).outcome is outcome


def test_one_lost_card_is_made_again_and_the_others_stay(home: Path) -> None:
    kept = people.card_path("dentist").read_bytes()
    people.card_path("doctor").unlink()
    people.ensure(home, AT)
    assert signature("doctor", home).outcome is Outcome.VALID
    assert people.card_path("dentist").read_bytes() == kept


def test_without_its_authorities_everything_is_made_anew(home: Path) -> None:
    (home / "cards" / "authorities" / "signature-2.key").unlink()
    people.ensure(home, AT)
    assert signature("doctor", home).outcome is Outcome.VALID


def test_no_file_outside_is_ever_a_card() -> None:
    with pytest.raises(KeyError):
        people.card_path("../keys/web")


def test_the_table_is_plain_json(home: Path) -> None:
    rows = json.loads(json.dumps([one.as_dict() for one in people.all_people()]))
    assert rows[0]["authentication_pin"] == "1234"
    assert rows[11]["cards"] == ["renewed", "renewed-before"]
    assert set(rows[0]["pictures"]) == {"photo", "identity", "licence"}
    assert "name_proof" in rows[12]["pictures"]


def test_the_pictures_can_be_uploaded(home: Path) -> None:
    seen = set()
    for one in people.all_people():
        for path in pictures.folder(home, one.slug).glob("*.jpg"):
            content = path.read_bytes()
            assert len(content) < 4_000_000 and content not in seen
            seen.add(content)
            with Image.open(path) as picture:
                grey = picture.convert("L").histogram()
                assert picture.format == "JPEG" and sum(1 for count in grey if count) >= 50
                assert path.stem != "photo" or picture.size == (826, 1062)
    assert len(seen) == 3 * 13 + 1
