"""The one JSON contract between a page and a card reader (decision 22): plain, no Django, no card.

A page asks with a CardRequest, the reader answers with a CardResponse. In the demo the reader is a page of
its own (`/reader/`); a bridge to a real reader speaks the same two messages. No PIN ever stands in them.

Bytes travel as standard base64 and are read in either alphabet, with or without padding. Everything read
here comes from a stranger: sizes are bounded, unknown or repeated keys are refused, and the only error is
ContractError.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal, TypeVar, cast, get_args

Operation = Literal["authenticate", "read_attributes", "sign"]
# "other_card": something lies on the reader that is no My Number Card, an HPKI card for example (BD-02)
Outcome = Literal["ok", "cancelled", "wrong_pin", "locked", "removed", "other_card", "error"]
Medium = Literal["card", "phone", ""]
Sex = Literal["1", "2", "3", "9"]

Read = TypeVar("Read")

VERSION = 1
LARGEST_MESSAGE = 65_536  # characters of JSON; a full answer with two certificates has about 8,000
LARGEST_CERTIFICATE = 8_192
LARGEST_SIGNATURE = 512  # RSA-4096
CHALLENGE_SIZES = range(16, 65)
DIGEST_SIZE = 32  # SHA-256
_LONGEST_TEXT = 500
_AUTHENTICATION_CONTEXT = b"Inkan card authentication v1\x00"


class ContractError(ValueError):
    """The text is not a message of this contract; the argument says why, without quoting the text."""


@dataclass(frozen=True, slots=True)
class CardAttributes:
    """What the card's text file says about its holder (domain.md 4.4), code point by code point (NM-02)."""

    name: str
    address: str
    birth_date: date
    sex: Sex
    former_family: str = ""
    alias: str = ""
    kana: str = ""


@dataclass(frozen=True, slots=True)
class CardRequest:
    """What the page wants: prove the card, read the four attributes, or sign a SHA-256 digest.

    `challenge` (16 to 64 bytes) belongs to "authenticate", `digest` (32 bytes) to "sign".
    `return_to` is a path of the asking origin; `state` comes back unchanged.
    """

    operation: Operation
    challenge: bytes = b""
    digest: bytes = b""
    return_to: str = "/"
    state: str = ""
    version: int = VERSION


@dataclass(frozen=True, slots=True)
class CardResponse:
    """What the reader answers.

    outcome "ok" carries the authentication certificate (ST-23) and, by operation: `signature` over
    `authentication_message`; `attributes`; `signature` over the digest with `signature_certificate`.
    `tries_left` is told with "wrong_pin" and "locked".
    """

    operation: Operation
    state: str
    outcome: Outcome
    tries_left: int | None = None
    medium: Medium = ""
    authentication_certificate: bytes = b""
    signature: bytes = b""
    signature_certificate: bytes = b""
    attributes: CardAttributes | None = None
    version: int = VERSION


def authentication_message(origin: str, challenge: bytes) -> bytes:
    """What the card's authentication key signs (its SHA-256 in a DigestInfo): never a caller's bare bytes.

    A prefix of our own, the origin with its length, the challenge: a page of another origin can obtain no
    signature that means anything here, nor have a document signed by the authentication key.
    """
    name = origin.encode("utf-8")
    return _AUTHENTICATION_CONTEXT + len(name).to_bytes(2, "big") + name + challenge


def to_json(message: CardRequest | CardResponse) -> str:
    """The message as one line of JSON."""
    return json.dumps(asdict(message), ensure_ascii=False, default=_jsonable, separators=(",", ":"))


def request_from_json(text: str) -> CardRequest:
    """Read a request; raises ContractError."""
    fields = _Fields(_object(text, "request"), "request")
    request = CardRequest(
        version=fields.version(),
        operation=cast(Operation, fields.one_of("operation", get_args(Operation))),
        challenge=fields.octets("challenge", CHALLENGE_SIZES[-1]),
        digest=fields.octets("digest", DIGEST_SIZE),
        return_to=fields.text("return_to"),
        state=fields.text("state"),
    )
    fields.end()
    _check_request(request)
    return request


def response_from_json(text: str) -> CardResponse:
    """Read a response; raises ContractError."""
    fields = _Fields(_object(text, "response"), "response")
    response = CardResponse(
        version=fields.version(),
        operation=cast(Operation, fields.one_of("operation", get_args(Operation))),
        state=fields.text("state"),
        outcome=cast(Outcome, fields.one_of("outcome", get_args(Outcome))),
        tries_left=fields.optional("tries_left", _tries),
        medium=cast(Medium, fields.one_of("medium", get_args(Medium))),
        authentication_certificate=fields.octets("authentication_certificate", LARGEST_CERTIFICATE),
        signature=fields.octets("signature", LARGEST_SIGNATURE),
        signature_certificate=fields.octets("signature_certificate", LARGEST_CERTIFICATE),
        attributes=fields.optional("attributes", _attributes),
    )
    fields.end()
    _check_response(response)
    return response


def is_local_path(path: str) -> bool:
    """Whether a browser keeps this address on the asking origin: one leading slash, no tricks after it."""
    plain = path.isascii() and path.isprintable() and "\\" not in path and " " not in path
    return plain and path.startswith("/") and not path.startswith("//")


def _check_request(request: CardRequest) -> None:
    if not is_local_path(request.return_to):
        raise ContractError("request: return_to must be a path of this origin")
    if request.operation == "authenticate" and len(request.challenge) not in CHALLENGE_SIZES:
        raise ContractError("request: authenticate needs a challenge of 16 to 64 bytes")
    if request.operation == "sign" and len(request.digest) != DIGEST_SIZE:
        raise ContractError("request: sign needs a digest of 32 bytes")
    if request.operation != "sign" and request.digest:
        raise ContractError("request: only sign takes a digest")


def _check_response(response: CardResponse) -> None:
    carried = {
        "signature": bool(response.signature),
        "signature_certificate": bool(response.signature_certificate),
        "attributes": response.attributes is not None,
    }
    belongs = {
        "authenticate": {"signature"},
        "read_attributes": {"attributes"},
        "sign": {"signature", "signature_certificate"},
    }
    expected = belongs[response.operation] if response.outcome == "ok" else set()
    if {name for name, present in carried.items() if present} != expected:
        raise ContractError("response: the parts do not belong to this operation and outcome")
    if response.outcome == "ok" and not (response.authentication_certificate and response.medium):
        raise ContractError("response: the authentication certificate or the medium is missing")


class _Fields:
    """Takes a JSON object apart, one known key at a time."""

    def __init__(self, values: Mapping[str, Any], what: str) -> None:
        self._values = dict(values)
        self._what = what

    def take(self, name: str) -> Any:
        if name not in self._values:
            raise ContractError(f"{self._what}: {name} is missing")
        return self._values.pop(name)

    def end(self) -> None:
        if self._values:
            raise ContractError(f"{self._what}: unknown keys")

    def version(self) -> int:
        if self.take("version") is not VERSION:
            raise ContractError(f"{self._what}: version must be {VERSION}")
        return VERSION

    def text(self, name: str) -> str:
        value = self.take(name)
        if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
            raise ContractError(f"{self._what}: {name} must be a text of at most {_LONGEST_TEXT} characters")
        if any(character < " " or character == "\x7f" for character in value):
            raise ContractError(f"{self._what}: {name} holds control characters")
        return value

    def one_of(self, name: str, choices: tuple[str, ...]) -> str:
        value = self.take(name)
        if not isinstance(value, str) or value not in choices:
            raise ContractError(f"{self._what}: {name} has an unknown value")
        return value

    def octets(self, name: str, longest: int) -> bytes:
        value = self.take(name)
        if not isinstance(value, str) or len(value) > longest * 4 // 3 + 4:
            raise ContractError(f"{self._what}: {name} must be base64 of at most {longest} bytes")
        decoded = _from_base64(value, f"{self._what}: {name}")
        if len(decoded) > longest:
            raise ContractError(f"{self._what}: {name} must be base64 of at most {longest} bytes")
        return decoded

    def optional(self, name: str, read: Callable[[Any], Read]) -> Read | None:
        value = self.take(name)
        return None if value is None else read(value)


def _tries(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= 15:
        raise ContractError("response: tries_left must be 0 to 15")
    return value


def _attributes(value: Any) -> CardAttributes:
    if not isinstance(value, dict):
        raise ContractError("attributes: not an object")
    fields = _Fields(value, "attributes")
    try:
        born = date.fromisoformat(fields.text("birth_date"))
    except ValueError:
        raise ContractError("attributes: birth_date must be YYYY-MM-DD") from None
    attributes = CardAttributes(
        name=fields.text("name"),
        address=fields.text("address"),
        birth_date=born,
        sex=cast(Sex, fields.one_of("sex", get_args(Sex))),
        former_family=fields.text("former_family"),
        alias=fields.text("alias"),
        kana=fields.text("kana"),
    )
    fields.end()
    if not attributes.name.strip():
        raise ContractError("attributes: name is empty")
    return attributes


def _jsonable(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _from_base64(text: str, what: str) -> bytes:
    standard = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ContractError(f"{what} is not base64") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _value in pairs]
    if len(set(keys)) != len(keys):
        raise ContractError("a key stands twice")
    return dict(pairs)


def _object(text: str, what: str) -> Mapping[str, Any]:
    if len(text) > LARGEST_MESSAGE:
        raise ContractError(f"{what}: larger than {LARGEST_MESSAGE} characters")
    try:
        value = json.loads(text, object_pairs_hook=_once)
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # lone surrogates cannot be stored or shown
    except ContractError:
        raise
    except (ValueError, RecursionError):
        raise ContractError(f"{what}: not JSON") from None
    if not isinstance(value, dict):
        raise ContractError(f"{what}: not a JSON object")
    return value
