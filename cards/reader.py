"""The device's side of the contract: one request, one card, one typed PIN, one response.

It runs where the card is: in the demo's reader page, later in a bridge. The caller says which origin asks; a
bridge takes it from the browser, never from the message.
"""

from hashlib import sha256

from cards.client import CardError, Locked, MyNumberCard, OtherCard, Removed, WrongPin
from cards.exchange import CardRequest, CardResponse, Medium, Operation, Outcome, authentication_message
from cards.files import CardPin, PinFormatError

PIN_OF: dict[Operation, CardPin] = {
    "authenticate": CardPin.AUTHENTICATION,
    "read_attributes": CardPin.ATTRIBUTES,
    "sign": CardPin.SIGNATURE,
}


def perform(request: CardRequest, client: MyNumberCard, pin: str, origin: str) -> CardResponse:
    """Do what the page asks and answer; errors of the card become outcomes, never exceptions.

    A PIN that cannot be one (wrong length, letters) is "wrong_pin" without a try spent.
    """
    medium: Medium = ""
    try:
        medium = client.medium()
        return _operate(request, client, pin, origin, medium)
    except WrongPin as wrong:
        return failed(request, "wrong_pin", medium, wrong.tries_left)
    except Locked:
        return failed(request, "locked", medium, 0)
    except Removed:
        return failed(request, "removed", medium)
    except OtherCard:  # a phone has no text application, and is no other card for that
        return failed(request, "error" if medium else "other_card", medium)
    except CardError:
        return failed(request, "error", medium)
    except PinFormatError:
        return failed(request, "wrong_pin", medium, _tries_left(client, request))


def failed(
    request: CardRequest, outcome: Outcome, medium: Medium = "", tries_left: int | None = None
) -> CardResponse:
    """An answer without result, for example "cancelled"."""
    return CardResponse(request.operation, request.state, outcome, tries_left=tries_left, medium=medium)


def _operate(
    request: CardRequest, client: MyNumberCard, pin: str, origin: str, medium: Medium
) -> CardResponse:
    if request.operation == "authenticate":
        message = authentication_message(origin, request.challenge)
        signature = client.authenticate(pin, sha256(message).digest())
        certificate = client.authentication_certificate()  # after the PIN: a phone shows it only then
        return CardResponse(
            request.operation,
            request.state,
            "ok",
            medium=medium,
            authentication_certificate=certificate,
            signature=signature,
        )
    certificate = client.authentication_certificate()  # before the PIN, so that a phone spends no try
    if request.operation == "read_attributes":
        return CardResponse(
            request.operation,
            request.state,
            "ok",
            medium=medium,
            authentication_certificate=certificate,
            attributes=client.attributes(pin),
        )
    signature_certificate = client.signature_certificate(pin)
    return CardResponse(
        request.operation,
        request.state,
        "ok",
        medium=medium,
        authentication_certificate=certificate,
        signature=client.sign(pin, request.digest),
        signature_certificate=signature_certificate,
    )


def _tries_left(client: MyNumberCard, request: CardRequest) -> int | None:
    try:
        return client.tries_left(PIN_OF[request.operation])
    except CardError:
        return None
