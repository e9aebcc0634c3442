"""What a request asks: a JSON object read into a NamedTuple of bytes and numbers. Pure: no database, no Django.

One reader for both versions; `Words` says which names a version gives its parameters. Both names are read from
either face, a single hash may stand without its array, and base64 comes in either alphabet: the texts themselves mix
these up (remote-signing.md 2.5, 2.6). Errors: errors.BadRequest, and Refused("credential_unknown") for an id that is
no id of ours.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from signing.api import algorithms, wire
from signing.api.errors import BadRequest
from signing.errors import Refused
from signing.keystore import DIGEST_SIZE, Algorithm, KeyKind

Body = Mapping[str, Any]

_LONGEST_DESCRIPTION = 500
_LONGEST_CLIENT_DATA = 1024
_MOST_RESULTS = 100
_CERTIFICATES = ("none", "single", "chain")
_LONGEST_HANDLE = 256
_LONGEST_ID = 64
_SIZES = frozenset(algorithms.SIZES.values())


class Words(NamedTuple):
    """One version's names; errors quote them."""

    hashes: str
    hash_algorithm: str


V1 = Words("hash", "hashAlgo")
V2 = Words("hashes", "hashAlgorithmOID")
_OTHER = {V1: V2, V2: V1}


class Information(NamedTuple):
    """`info`: in which language."""

    is_english: bool


class Credentials(NamedTuple):
    """`credentials/list`: the signer's own ones. `about`: what is told of each, None where only ids are wanted (v1)."""

    about: "Details | None" = None
    only_valid: bool = False


class Details(NamedTuple):
    """How much of a credential is told. `certificates`: none, single or chain."""

    certificates: str
    wants_facts: bool


class About(NamedTuple):
    """`credentials/info`."""

    credential: UUID
    details: Details


class Authorisation(NamedTuple):
    """`credentials/authorize`: a SAD for exactly these digests, and room for `room` more by extendTransaction."""

    credential: UUID
    digests: tuple[bytes, ...]
    room: int
    description: str


class Check(NamedTuple):
    """`credentials/authorizeCheck`."""

    handle: str


class Extension(NamedTuple):
    """`credentials/extendTransaction`: a new SAD for these digests in place of the old one."""

    credential: UUID
    sad: str
    digests: tuple[bytes, ...]


class Signing(NamedTuple):
    """`signatures/signHash`: signature i belongs to digest i.

    `is_bearer`: no SAD came, and the bearer token itself stands for it (v2, scope credential).
    """

    credential: UUID
    sad: str
    digests: tuple[bytes, ...]
    algorithm: Algorithm
    is_bearer: bool


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


def credentials_v2(body: Body) -> Credentials:
    if body.get("userID") is not None:
        raise BadRequest("user_id")
    wants_info = _optional_boolean(body, "credentialInfo")
    details = _details(body)
    only_valid = _optional_boolean(body, "onlyValid")
    _check_client_data(body)
    return Credentials(details if wants_info else None, only_valid)


def about(body: Body) -> About:
    credential = _credential(body)
    details = _details(body)
    _check_client_data(body)
    return About(credential, details)


def authorisation(body: Body, words: Words, most: int) -> Authorisation:
    """`most`: how many signatures one SAD may carry (multisign).

    SCAL "2": each signature is bound to its hash. Hashes that do not exist yet (a PDF signed several times) are bound
    later, by extendTransaction, within the number that is authorised now.
    """
    credential = _credential(body)
    count = body.get("numSignatures")
    if type(count) is not int:
        raise BadRequest("missing_integer", "numSignatures")
    if count < 1:
        raise BadRequest("signatures_low")
    if count > most:
        raise BadRequest("hashes_too_many")
    digests = _digests(body, words, most)
    if len(digests) > count:
        raise BadRequest("signatures_low")
    _check_named_hash(body, words, digests)
    _check_no_factors(body, words)
    description = _bounded_string(body, "description", _LONGEST_DESCRIPTION)
    _check_client_data(body)
    return Authorisation(credential, digests, count - len(digests), description)


def check(body: Body) -> Check:
    handle = _string(body, "handle")
    if len(handle) > _LONGEST_HANDLE:
        raise BadRequest("invalid", "handle")
    _check_client_data(body)
    return Check(handle)


def extension(body: Body, words: Words, most: int) -> Extension:
    credential = _credential(body)
    sad = _string(body, "SAD")
    digests = _digests(body, words, most)
    _check_named_hash(body, words, digests)
    _check_client_data(body)
    return Extension(credential, sad, digests)


def signing(body: Body, words: Words, most: int, kind: KeyKind, *, bearer: str = "") -> Signing:
    """`kind`: of the caller's key, which says what algorithms there are.

    `bearer`: the access token, where the version lets it stand for the SAD: the token's digest is the SAD's.
    """
    credential = _credential(body)
    is_bearer = bool(bearer) and body.get("SAD") is None
    sad = bearer if is_bearer else _string(body, "SAD")
    digests = _digests(body, words, most)
    algorithm = _algorithm(body, words, kind)
    if any(len(digest) != DIGEST_SIZE[algorithm] for digest in digests):
        raise BadRequest("hash_length")
    if words == V2 and _optional_string(body, "operationMode") not in ("", "S"):
        raise BadRequest("invalid", "operationMode")  # nothing is done later: info says so
    _check_client_data(body)
    return Signing(credential, sad, digests, algorithm, is_bearer)


def _details(body: Body) -> Details:
    certificates = _optional_string(body, "certificates") or "single"
    if certificates not in _CERTIFICATES:
        raise BadRequest("invalid", "certificates")
    wants_facts = _optional_boolean(body, "certInfo")
    _optional_boolean(body, "authInfo")  # told in any case: half of the clients forget to ask
    return Details(certificates, wants_facts)


def _check_named_hash(body: Body, words: Words, digests: tuple[bytes, ...]) -> None:
    """v2 names the hash wherever hashes appear; v1 has no such member, and the length tells it."""
    if words != V2:
        return
    named = _either(body, V2.hash_algorithm, V1.hash_algorithm)
    if named is None:
        return
    if not isinstance(named, str):
        raise BadRequest("missing_string", words.hash_algorithm)
    if named not in algorithms.HASHES:
        raise BadRequest("invalid", words.hash_algorithm)
    if any(len(digest) != algorithms.SIZES[algorithms.HASHES[named]] for digest in digests):
        raise BadRequest("hash_length")


def _check_no_factors(body: Body, words: Words) -> None:
    """The client collects no factor of the person's: `auth.objects` is empty, so `authData` is absent or empty."""
    given = body.get("authData", []) if words == V2 else []
    if not isinstance(given, list):
        raise BadRequest("missing_array", "authData")
    if given:
        raise BadRequest("authentication_data")


def _credential(body: Body) -> UUID:
    given = _string(body, "credentialID")
    try:
        return _uuid(given) if len(given) <= _LONGEST_ID else UUID(given)
    except ValueError:
        raise Refused("credential_unknown") from None


@lru_cache(maxsize=16_384)  # a signer's system sends the same one all day
def _uuid(text: str) -> UUID:
    return UUID(text)


def _digests(body: Body, words: Words, most: int) -> tuple[bytes, ...]:
    given = _either(body, words.hashes, _OTHER[words].hashes)
    if isinstance(given, str):
        given = [given]
    if not isinstance(given, list):
        raise BadRequest("missing_array", words.hashes)
    if not given:
        raise BadRequest("hashes_missing")
    if len(given) > most:
        raise BadRequest("hashes_too_many")
    try:
        digests = tuple([wire.octets(each) for each in given])
    except wire.NotReadable:
        raise BadRequest("hash_not_base64") from None
    if not {len(digest) for digest in digests} <= _SIZES:
        raise BadRequest("hash_length")
    return digests


def _algorithm(body: Body, words: Words, kind: KeyKind) -> Algorithm:
    hash_algo = _either(body, words.hash_algorithm, _OTHER[words].hash_algorithm)
    if hash_algo is not None and not isinstance(hash_algo, str):
        raise BadRequest("missing_string", words.hash_algorithm)
    return algorithms.chosen(
        _string(body, "signAlgo"),
        _optional_string(body, "signAlgoParams"),
        hash_algo or "",
        kind,
        hash_name=words.hash_algorithm,
    )


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
