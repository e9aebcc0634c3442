"""What a careful client does with a card."""

from datetime import date
from hashlib import sha256

import pytest

from cards import files
from cards.client import CardError, LastTry, Locked, MyNumberCard, Removed, WrongPin
from cards.files import CardPin, PinFormatError
from cards.jpki import signed_by
from cards.virtual import VirtualCard

from .conftest import TakenAway, World

PINS = {CardPin.AUTHENTICATION: "1234", CardPin.SIGNATURE: "ABC123", CardPin.ATTRIBUTES: "5678"}


def test_it_tells_a_card_from_a_phone(client: MyNumberCard, phone: VirtualCard) -> None:
    assert client.medium() == "card"
    assert MyNumberCard(phone.transmit).medium() == "phone"


def test_the_four_attributes_and_the_former_name(client: MyNumberCard) -> None:
    read = client.attributes("5678")
    assert (read.name, read.former_family, read.alias) == ("田中　花子", "佐藤", "")
    assert (read.address, read.birth_date, read.sex) == ("東京都千代田区一番町１－２", date(1980, 2, 29), "2")


def test_certificates_come_back_byte_for_byte(client: MyNumberCard, world: World) -> None:
    assert client.authentication_certificate() == world.card.authentication_certificate
    assert client.signature_certificate("ABC123") == world.card.signature_certificate


def test_both_keys_sign(client: MyNumberCard, world: World) -> None:
    digest = sha256(b"content").digest()
    assert signed_by(world.card.authentication_certificate, client.authenticate("1234", digest), b"content")
    assert signed_by(world.card.signature_certificate, client.sign("ABC123", digest), b"content")
    assert not signed_by(world.card.signature_certificate, client.authenticate("1234", digest), b"content")


@pytest.mark.requirement("ST-07")
@pytest.mark.parametrize("typed", ["abc123", "aBc123"])
def test_a_password_in_lower_case_is_put_in_upper_case(client: MyNumberCard, typed: str) -> None:
    assert client.signature_certificate(typed)


@pytest.mark.requirement("ST-07")
@pytest.mark.parametrize(
    "typed", ["", "ABC12", "ABCDEF", "123456", "A1" * 9, "ＡＢＣ１２３", "ABC 123", "ßBC123", "ABC123\n"]
)
def test_what_cannot_be_the_password_is_not_sent(client: MyNumberCard, typed: str) -> None:
    with pytest.raises(PinFormatError):
        client.sign(typed, bytes(32))
    assert client.tries_left(CardPin.SIGNATURE) == 5


@pytest.mark.requirement("ST-06")
@pytest.mark.parametrize(
    ("pin", "limit"), [(CardPin.AUTHENTICATION, 3), (CardPin.SIGNATURE, 5), (CardPin.ATTRIBUTES, 3)]
)
def test_tries_count_down_and_lock_each_pin_alone(client: MyNumberCard, pin: CardPin, limit: int) -> None:
    use = {
        CardPin.AUTHENTICATION: lambda typed: client.authenticate(typed, bytes(32)),
        CardPin.SIGNATURE: client.signature_certificate,
        CardPin.ATTRIBUTES: client.attributes,
    }[pin]
    wrong = "ZZZ999" if pin is CardPin.SIGNATURE else "0000"
    assert client.tries_left(pin) == limit == pin.limit
    for left in range(limit - 1, 0, -1):
        with pytest.raises(WrongPin) as told:
            use(wrong)
        assert told.value.tries_left == left
    for typed in (wrong, PINS[pin]):
        with pytest.raises(Locked):
            use(typed)
    assert [client.tries_left(other) for other in CardPin if other is not pin] == [
        other.limit for other in CardPin if other is not pin
    ]


def test_the_last_try_is_spent_only_when_somebody_says_so(card: VirtualCard) -> None:
    client = MyNumberCard(card.transmit, spend_last_try=False)
    for _attempt in range(2):
        with pytest.raises(WrongPin):
            client.attributes("0000")
    with pytest.raises(LastTry):
        client.attributes("5678")
    assert client.tries_left(CardPin.ATTRIBUTES) == 1
    assert MyNumberCard(card.transmit).attributes("5678").name == "田中　花子"


def test_the_counter_is_read_before_every_pin_and_no_pin_is_sent_twice(card: VirtualCard) -> None:
    sent: list[bytes] = []

    def watched(raw: bytes) -> bytes:
        sent.append(raw)
        return card.transmit(raw)

    with pytest.raises(WrongPin):
        MyNumberCard(watched).attributes("0000")
    verifies = [raw for raw in sent if raw[1] == 0x20]
    assert [len(raw) for raw in verifies] == [4, 9]
    assert sent.index(verifies[0]) < sent.index(verifies[1])


def test_the_file_with_the_twelve_digit_number_is_never_selected(card: VirtualCard) -> None:
    sent: list[bytes] = []

    def watched(raw: bytes) -> bytes:
        sent.append(raw)
        return card.transmit(raw)

    client = MyNumberCard(watched)
    client.medium(), client.authentication_certificate(), client.attributes("5678")
    client.signature_certificate("ABC123"), client.authenticate("1234", bytes(32))
    [client.tries_left(pin) for pin in CardPin]
    application, chosen = b"", set()
    for raw in sent:
        if raw[:3] == b"\x00\xa4\x04":
            application = raw[5:15]
        elif raw[:3] == b"\x00\xa4\x02":
            chosen.add((application, int.from_bytes(raw[5:7], "big")))
    assert (files.TEXT_APPLICATION, files.ATTRIBUTES) in chosen
    assert not chosen & {(files.TEXT_APPLICATION, files.NUMBER), (files.TEXT_APPLICATION, files.NUMBER_A)}


@pytest.mark.parametrize("after", range(0, 12))
def test_a_card_taken_away_is_told_and_costs_no_try(card: VirtualCard, after: int) -> None:
    with pytest.raises(Removed):
        MyNumberCard(TakenAway(card.transmit, after).transmit).sign("ABC123", bytes(32))
        MyNumberCard(TakenAway(card.transmit, after % 4).transmit).signature_certificate("ABC123")
    assert MyNumberCard(card.transmit).tries_left(CardPin.SIGNATURE) == 5


@pytest.mark.parametrize("answer", ["", "90", "9000", "6D00", "63C3", "FF9000", "3082FFFF9000"])
def test_whatever_answers_in_its_place_is_an_error_of_its_own_kind(answer: str) -> None:
    client = MyNumberCard(lambda _raw: bytes.fromhex(answer))
    for use in (client.medium, client.authentication_certificate, lambda: client.attributes("5678")):
        with pytest.raises(CardError):
            use()


def test_an_old_resident_card_is_not_a_my_number_card() -> None:
    def juki(raw: bytes) -> bytes:
        return files.JUKI_TOKEN.ljust(32) + b"\x90\x00" if raw[1] == 0xB0 else b"\x90\x00"

    with pytest.raises(CardError):
        MyNumberCard(juki).medium()
