"""What a request asks: a JSON object read into a NamedTuple of bytes and numbers. Pure: no database, no Django.

One reader for both versions; `Words` says which names a version gives its parameters. Both names are read from
either face, a single hash may stand without its array, and base64 comes in either alphabet: the texts themselves mix
these up (remote-signing.md 2.5, 2.6). Errors: errors.BadRequest, and Refused("credential_unknown") for an id that is
no id of ours.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from signing.api import wire
from signing.api.errors import BadRequest
from signing.errors import Refused

Body = Mapping[str, Any]

_LONGEST_DESCRIPTION = 500
_LONGEST_CLIENT_DATA = 1024
_MOST_RESULTS = 100
_CERTIFICATES = ("none", "single", "chain")


class Words(NamedTuple):
    """One version's names; errors quote them."""

    hashes: str
    hash_algorithm: str


V1 = Words("hash", "hashAlgo")
V2 = Words("hashes", "hashAlgorithmOID")


class Information(NamedTuple):
    """`info`: in which language."""

    is_english: bool


class Credentials(NamedTuple):
    """`credentials/list`: the signer's own ones; there is nothing to choose."""


class About(NamedTuple):
    """`credentials/info`. `certificates`: none, single or chain."""

    credential: UUID
    certificates: str
    wants_facts: bool


class Authorisation(NamedTuple):
    """`credentials/authorize`: a SAD for exactly these digests, all of one length."""

    credential: UUID
    digests: tuple[bytes, ...]
    description: str


class Signing(NamedTuple):
    """`signatures/signHash`: signature i belongs to digest i. `algorithm`: sha256, sha384 or sha512, with RSA."""

    credential: UUID
    sad: str
    digests: tuple[bytes, ...]
    algorithm: str


def information(body: Body) -> Information:
    return Information(_optional_string(body, "lang").lower().startswith("en"))


def credentials(body: Body) -> Credentials:
    if body.get("userID") is not None:  # the authorization is the user's own
        raise BadRequest("user_id")
    most = _optional_integer(body, "maxResults")
    if most is not None and not 1 <= most <= _MOST_RESULTS:
        raise BadRequest("invalid", "maxResults")
    if body.get("pageToken"):  # there is never a second page
        raise BadRequest("invalid", "pageToken")
    _check_client_data(body)
    return Credentials()


def about(body: Body) -> About:
    credential = _credential(body)
    certificates = _optional_string(body, "certificates") or "single"
    if certificates not in _CERTIFICATES:
        raise BadRequest("invalid", "certificates")
    wants_facts = _optional_boolean(body, "certInfo")
    _optional_boolean(body, "authInfo")
    _check_client_data(body)
    return About(credential, certificates, wants_facts)


def authorisation(body: Body, words: Words, most: int) -> Authorisation:
    """`most`: how many signatures one SAD may carry (multisign)."""
    credential = _credential(body)
    count = body.get("numSignatures")
    if type(count) is not int:
        raise BadRequest("missing_integer", "numSignatures")
    if count < 1:
        raise BadRequest("signatures_low")
    if count > most:
        raise BadRequest("hashes_too_many")
    digests = _digests(body, words, most)
    if len(digests) != count:  # SCAL "2": every signature is bound to its hash
        raise BadRequest("signatures_low")
    description = _bounded_string(body, "description", _LONGEST_DESCRIPTION)
    _check_client_data(body)
    return Authorisation(credential, digests, description)


def signing(body: Body, words: Words, most: int) -> Signing:
    credential = _credential(body)
    sad = _string(body, "SAD")
    digests = _digests(body, words, most)
    algorithm = _algorithm(body, words)
    if any(len(digest) != wire.DIGEST_SIZES[algorithm] for digest in digests):
        raise BadRequest("hash_length")
    _check_client_data(body)
    return Signing(credential, sad, digests, algorithm)


def _credential(body: Body) -> UUID:
    given = _string(body, "credentialID")
    try:
        return UUID(given)
    except ValueError:
        raise Refused("credential_unknown") from None


def _digests(body: Body, words: Words, most: int) -> tuple[bytes, ...]:
    given = _either(body, V1.hashes, V2.hashes)
    if isinstance(given, str):
        given = [given]
    if not isinstance(given, list):
        raise BadRequest("missing_array", words.hashes)
    if not given:
        raise BadRequest("hashes_missing")
    if len(given) > most:
        raise BadRequest("hashes_too_many")
    if not all(isinstance(each, str) for each in given):
        raise BadRequest("hash_not_base64")
    try:
        digests = tuple(wire.octets(each) for each in given)
    except wire.NotReadable:
        raise BadRequest("hash_not_base64") from None
    if any(len(digest) not in wire.DIGEST_SIZES.values() for digest in digests):
        raise BadRequest("hash_length")
    return digests


def _algorithm(body: Body, words: Words) -> str:
    """An allow-list: SHA-1, MD5, PSS and bare RSA without a digest are never signed (threat 17)."""
    named = _string(body, "signAlgo")
    _optional_string(body, "signAlgoParams")
    if named in wire.SIGNATURE_OIDS:
        return wire.SIGNATURE_OIDS[named]
    if named != wire.RSA:
        raise BadRequest("invalid", "signAlgo")
    digest = _either(body, V1.hash_algorithm, V2.hash_algorithm)
    if not isinstance(digest, str) or not digest:
        raise BadRequest("missing_string", words.hash_algorithm)
    if digest not in wire.DIGEST_OIDS:
        raise BadRequest("invalid", words.hash_algorithm)
    return wire.DIGEST_OIDS[digest]


def _either(body: Body, one: str, other: str) -> object:
    return body.get(one, body.get(other))


def _string(body: Body, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise BadRequest("missing_string", name)
    return value


def _optional_string(body: Body, name: str) -> str:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise BadRequest("missing_string", name)
    return value or ""


def _bounded_string(body: Body, name: str, longest: int) -> str:
    value = _optional_string(body, name)
    if len(value) > longest:
        raise BadRequest("invalid", name)
    return value


def _check_client_data(body: Body) -> None:
    """The client's own tracing: read for its type, echoed nowhere and kept nowhere (it can name a patient)."""
    _bounded_string(body, "clientData", _LONGEST_CLIENT_DATA)


def _optional_boolean(body: Body, name: str) -> bool:
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise BadRequest("missing_boolean", name)
    return value


def _optional_integer(body: Body, name: str) -> int | None:
    value = body.get(name)
    if value is not None and type(value) is not int:
        raise BadRequest("missing_integer", name)
    return value
