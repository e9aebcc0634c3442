"""The device's side of the contract."""

from datetime import date
from hashlib import sha256

import pytest

from cards.client import MyNumberCard
from cards.exchange import CardRequest, response_from_json, to_json
from cards.reader import failed, perform
from cards.virtual import VirtualCard

from .conftest import ORIGIN, TakenAway, World

READ = CardRequest("read_attributes", return_to="/apply/card/", state="draft-7")
LOGIN = CardRequest("authenticate", challenge=b"c" * 32, state="login")
SIGN = CardRequest("sign", digest=sha256(b"x").digest())


@pytest.mark.parametrize(("request_", "pin"), [(READ, "5678"), (LOGIN, "1234"), (SIGN, "abc123")])
def test_every_answer_names_the_same_authentication_certificate(
    client: MyNumberCard, world: World, request_: CardRequest, pin: str
) -> None:
    response = perform(request_, client, pin, ORIGIN)
    assert (response.outcome, response.medium, response.state) == ("ok", "card", request_.state)
    assert response.authentication_certificate == world.card.authentication_certificate
    assert response_from_json(to_json(response)) == response


def test_attributes_are_read_with_the_third_pin(client: MyNumberCard) -> None:
    response = perform(READ, client, "5678", ORIGIN)
    assert response.attributes is not None
    assert (response.attributes.name, response.attributes.birth_date) == ("田中　花子", date(1980, 2, 29))
    assert perform(READ, client, "1234", ORIGIN).outcome == "wrong_pin"


@pytest.mark.requirement("ST-05")
def test_no_answer_holds_the_pin(client: MyNumberCard) -> None:
    for request, pin in ((READ, "5678"), (LOGIN, "1234"), (SIGN, "ABC123"), (SIGN, "XYZ987")):
        assert f'"{pin}"' not in to_json(perform(request, client, pin, ORIGIN))


def test_a_wrong_pin_tells_the_tries_and_then_the_lock(client: MyNumberCard) -> None:
    said = [perform(LOGIN, client, "0000", ORIGIN) for _attempt in range(4)]
    assert [(one.outcome, one.tries_left) for one in said] == [
        ("wrong_pin", 2),
        ("wrong_pin", 1),
        ("locked", 0),
        ("locked", 0),
    ]
    assert all(response_from_json(to_json(one)) == one for one in said)


def test_a_pin_that_cannot_be_one_spends_no_try(client: MyNumberCard) -> None:
    response = perform(SIGN, client, "1234", ORIGIN)
    assert (response.outcome, response.tries_left) == ("wrong_pin", 5)


def test_a_phone_proves_itself_and_says_that_it_is_one(phone: VirtualCard, world: World) -> None:
    response = perform(LOGIN, MyNumberCard(phone.transmit), "1234", ORIGIN)
    assert (response.outcome, response.medium) == ("ok", "phone")
    assert response.authentication_certificate == world.card.authentication_certificate
    read = perform(READ, MyNumberCard(phone.transmit), "5678", ORIGIN)
    assert (read.outcome, read.medium) == ("error", "phone")


@pytest.mark.requirement("ST-27")
@pytest.mark.parametrize("after", [0, 3, 8])
def test_a_card_taken_away_is_told_and_costs_no_try(card: VirtualCard, after: int) -> None:
    response = perform(READ, MyNumberCard(TakenAway(card.transmit, after).transmit), "5678", ORIGIN)
    assert response.outcome == "removed"
    assert perform(READ, MyNumberCard(card.transmit), "5678", ORIGIN).outcome == "ok"


@pytest.mark.requirement("BD-02")
def test_a_card_without_the_jpki_application_is_another_card() -> None:
    """An HPKI card that nobody has swapped yet: it knows no such application, and no PIN is sent to it."""
    sent: list[bytes] = []

    def hpki_card(raw: bytes) -> bytes:
        sent.append(raw)
        return b"\x6a\x82"

    response = perform(LOGIN, MyNumberCard(hpki_card), "1234", ORIGIN)
    assert (response.outcome, response.medium) == ("other_card", "")
    assert not any(raw[1] == 0x20 for raw in sent)


def test_something_else_in_the_reader_is_an_error() -> None:
    response = perform(LOGIN, MyNumberCard(lambda _raw: b"\x6f\x00"), "1234", ORIGIN)
    assert (response.outcome, response.medium) == ("error", "")


def test_cancelled_is_an_answer_of_the_contract() -> None:
    assert response_from_json(to_json(failed(READ, "cancelled"))).outcome == "cancelled"
