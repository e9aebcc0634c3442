"""What a browser says in a phone's name, read strictly before the webauthn library sees it (security.md 1.6).

The library takes the last of two equal JSON keys, a byte order mark, bytes after the CBOR value, and never looks at
crossOrigin or topOrigin. An answer that could be read in two ways is refused here. Plain: no Django, no webauthn.
"""

import base64
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import cbor2

from signing.errors import Refused

LARGEST = 16_384  # characters of JSON; a registration has about 1,000
# WebAuthn Level 3, section 5.8.4, and "cable", which older Chromium says for "hybrid"
TRANSPORTS = {"usb", "nfc", "ble", "smart-card", "internal", "cable", "hybrid"}

Answer = dict[str, Any]


@contextmanager
def refusing() -> Iterator[None]:
    """What parsers raise at a stranger's bytes becomes Refused("phone_answer_bad")."""
    try:
        yield
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError, RecursionError):
        raise Refused("phone_answer_bad") from None


def read(text: str) -> Answer:
    """The JSON of PublicKeyCredential.toJSON(), without a key twice. Raises Refused("phone_answer_bad")."""
    if len(text) > LARGEST:
        raise Refused("phone_answer_bad")
    with refusing():
        answer = json.loads(text, object_pairs_hook=_once)
    if not isinstance(answer, dict) or not isinstance(answer.get("response"), dict):
        raise Refused("phone_answer_bad")
    return answer


def check_client_data(answer: Answer) -> None:
    """clientDataJSON must be one unambiguous object, made by a page of ours that nobody has framed."""
    with refusing():
        data = json.loads(
            _octets(answer["response"]["clientDataJSON"]).decode("utf-8"), object_pairs_hook=_once
        )
        crosses = data.get("crossOrigin", False) is not False or "topOrigin" in data
    if crosses:
        raise Refused("phone_cross_origin")


def check_registration(answer: Answer) -> None:
    """A platform authenticator; one CBOR value without a tail; no attestation, or the key's own ("packed" self).

    Nothing else was asked for, so the library's parsers of the other formats are not reachable from outside.
    """
    named = transports(answer)
    if answer.get("authenticatorAttachment", "platform") != "platform" or (named and "internal" not in named):
        raise Refused("phone_not_platform")
    with refusing():
        attestation = _only_value(_octets(answer["response"]["attestationObject"]))
        form, statement = attestation["fmt"], attestation["attStmt"]
        is_none = form == "none" and statement == {}
        is_self = form == "packed" and set(statement) == {"alg", "sig"}
    if not (is_none or is_self):
        raise Refused("phone_answer_bad")


def transports(answer: Answer) -> list[str]:
    """The known transports that the answer names, sorted; a hint for the browser's next dialog."""
    given = answer["response"].get("transports")
    if not isinstance(given, list):
        return []
    return sorted({name for name in given if isinstance(name, str) and name in TRANSPORTS})


def challenge(answer: Answer) -> bytes:
    """The challenge that the answer says it answers; `check_client_data` has read the same bytes."""
    with refusing():
        data = json.loads(_octets(answer["response"]["clientDataJSON"]), object_pairs_hook=_once)
        return _octets(data["challenge"])


def credential_id(answer: Answer) -> bytes:
    with refusing():
        return _octets(answer["id"])


def user_handle(answer: Answer) -> bytes | None:
    """None where the phone gave none: it may leave it out when it was asked for a named credential."""
    given = answer["response"].get("userHandle")
    with refusing():
        return None if given is None else _octets(given)


def _octets(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _only_value(raw: bytes) -> Any:
    stream = io.BytesIO(raw)
    try:
        value = cbor2.CBORDecoder(stream).decode()
    except Exception as problem:  # cbor2's errors have no common parent below this one
        raise ValueError("not CBOR") from problem
    if stream.tell() != len(raw):
        raise ValueError("bytes after the CBOR value")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _value in pairs]
    if len(set(names)) != len(names):
        raise ValueError("a key stands twice")
    return dict(pairs)
