"""What a request of scope `credential` wants signed: CSC's parameters, or authorization_details (RFC 9396).

CSC 1.0.4 section 8.3.2: `credentialID`, `numSignatures`, `hash` (base64url, a comma between). CSC 2.0.0.2: `hashes`,
`hashAlgorithmOID`, `signatureQualifier`, or authorization_details of type `credential`; CSC 2.2 gives that type a URI.
Whatever the alphabet, hashes become bytes here.
"""

import unicodedata
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings

from signing.activation import DIGEST_SIZES
from signing.api import algorithms, wire

PLAIN_TYPE = "credential"
URI_TYPE = "https://cloudsignatureconsortium.org/2025/credential"
TYPES = (PLAIN_TYPE, URI_TYPE)
QUALIFIERS = ("jp_esign_hpki",)  # CSC 2.0.0.2 section 11.5 (CC_law_type); a name of our own
LONGEST_DESCRIPTION = 500
_LONGEST_LABEL = 200
_LONGEST_CLIENT_DATA = 1024
_FIELDS = {"type", "credentialID", "signatureQualifier", "documentDigests", "hashAlgorithmOID", "locations"}
_MORE_FIELDS = {PLAIN_TYPE: {"numSignatures"}, URI_TYPE: {"numSignatures", "hashType"}}
_QUERY = ("credentialID", "signatureQualifier", "numSignatures", "hash", "hashes", "hashAlgorithmOID")
_DETAILS, _REQUEST = "invalid_authorization_details", "invalid_request"


class Unacceptable(Exception):
    """The request wants what cannot be given; `error` is OAuth's word for it."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error, self.description = error, description


class Wanted(NamedTuple):
    """These digests by this credential; None is the signer's own, whichever it is. Labels are "" or one each."""

    credential: UUID | None
    digests: tuple[bytes, ...]
    labels: tuple[str, ...]
    description: str
    kind: str = ""  # the type of authorization_details, "" where there were none
    algorithm: str = ""  # hashAlgorithmOID as it was sent

    def to_json(self) -> dict[str, Any]:
        return {
            "credential": None if self.credential is None else str(self.credential),
            "digests": wire.texts(self.digests),
            "labels": list(self.labels),
            "description": self.description,
            "kind": self.kind,
            "algorithm": self.algorithm,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Wanted":
        credential = kept["credential"]
        return cls(
            None if credential is None else UUID(credential),
            tuple(wire.octets(text) for text in kept["digests"]),
            tuple(kept["labels"]),
            kept["description"],
            kept["kind"],
            kept["algorithm"],
        )

    def details(self, credential: UUID) -> list[dict[str, Any]]:
        """What was granted, for the token response (RFC 9396 section 7)."""
        granted: dict[str, Any] = {
            "type": self.kind,
            "credentialID": str(credential),
            "documentDigests": [
                {"hash": wire.text(digest), **({"label": label} if label else {})}
                for digest, label in zip(self.digests, self.labels, strict=True)
            ],
        }
        return [granted | ({"hashAlgorithmOID": self.algorithm} if self.algorithm else {})]


def read(asked: Mapping[str, str]) -> Wanted:
    """Raises Unacceptable."""
    description = asked.get("description", "")
    if len(description) > LONGEST_DESCRIPTION or len(asked.get("clientData", "")) > _LONGEST_CLIENT_DATA:
        raise Unacceptable(_REQUEST, "description or clientData is too long")
    if "authorization_details" not in asked:
        return _from_query(asked)._replace(description=description)
    if any(name in asked for name in _QUERY):
        raise Unacceptable(_REQUEST, "hashes stand in authorization_details or beside them, not both")
    return _from_details(asked["authorization_details"])._replace(description=description)


def _from_query(asked: Mapping[str, str]) -> Wanted:
    hashes = asked.get("hash") or asked.get("hashes")
    if "hash" in asked and "hashes" in asked:
        raise Unacceptable(_REQUEST, "Parameter hash stands beside hashes")
    if not hashes:
        raise Unacceptable(_REQUEST, "Missing (or invalid type) string parameter hash")
    # A client that forgot to escape standard base64 has sent blanks for its plus signs.
    digests = _digests(list(hashes.replace(" ", "+").split(",")), _REQUEST)
    count = asked.get("numSignatures", "")
    if not (count.isascii() and count.isdigit() and len(count) < 10 and int(count) == len(digests)):
        raise Unacceptable(_REQUEST, "Invalid value for parameter numSignatures")
    algorithm = asked.get("hashAlgorithmOID", "")
    _check_algorithm(algorithm, digests, _REQUEST)
    credential = _credential(asked.get("credentialID"), asked.get("signatureQualifier"), _REQUEST)
    return Wanted(credential, digests, ("",) * len(digests), "", "", algorithm)


def _from_details(text: str) -> Wanted:
    """One object, and nothing in it that we do not know (RFC 9396 section 5)."""
    try:
        listed = wire.read_array(text)
    except wire.NotReadable:
        raise Unacceptable(_DETAILS, "authorization_details is not a JSON array") from None
    if len(listed) != 1 or not isinstance(listed[0], dict):
        raise Unacceptable(_DETAILS, "authorization_details must hold one object")
    given: dict[str, Any] = listed[0]
    kind = given.get("type")
    if not isinstance(kind, str) or kind not in TYPES:
        raise Unacceptable(_DETAILS, "unknown type of authorization details")
    if not given.keys() <= _FIELDS | _MORE_FIELDS[kind]:
        raise Unacceptable(_DETAILS, "authorization details with an unknown field")
    digests, labels = _documents(given.get("documentDigests"))
    if given.get("numSignatures", len(digests)) != len(digests) or isinstance(
        given.get("numSignatures"), bool
    ):
        raise Unacceptable(_DETAILS, "numSignatures is not the number of documentDigests")
    if str(given.get("hashType", "dtbsr")).lower() != "dtbsr":  # CSC 2.2: the digest of what is to be signed
        raise Unacceptable(_DETAILS, "unknown hashType")
    algorithm = given.get("hashAlgorithmOID", "")
    _check_algorithm(algorithm, digests, _DETAILS)
    _check_locations(given.get("locations"))
    credential = _credential(given.get("credentialID"), given.get("signatureQualifier"), _DETAILS)
    return Wanted(credential, digests, labels, "", kind, algorithm)


def _documents(listed: object) -> tuple[tuple[bytes, ...], tuple[str, ...]]:
    if not isinstance(listed, list) or not listed:
        raise Unacceptable(_DETAILS, "documentDigests is missing or empty")
    labels = []
    for each in listed:
        if not isinstance(each, dict) or not each.keys() <= {"hash", "label"}:
            raise Unacceptable(_DETAILS, "documentDigests holds objects of hash and label")
        label = each.get("label", "")
        if not isinstance(label, str) or len(label) > _LONGEST_LABEL or not is_printable(label):
            raise Unacceptable(_DETAILS, "a label is no text or too long")
        labels.append(label)
    return _digests([each.get("hash") for each in listed], _DETAILS), tuple(labels)


def _digests(texts: list[Any], error: str) -> tuple[bytes, ...]:
    if len(texts) > settings.MULTISIGN:
        raise Unacceptable(error, "Numbers of signatures is too high")
    if not all(isinstance(text, str) for text in texts):
        raise Unacceptable(error, "Invalid Base64 hash string parameter")
    try:
        digests = tuple(wire.octets(text) for text in texts)
    except wire.NotReadable:
        raise Unacceptable(error, "Invalid Base64 hash string parameter") from None
    sizes = {len(digest) for digest in digests}
    if len(sizes) != 1 or not sizes <= DIGEST_SIZES.keys():
        raise Unacceptable(error, "Invalid digest value length")
    return digests


def _check_algorithm(algorithm: object, digests: tuple[bytes, ...], error: str) -> None:
    """Optional: the length tells it; where it is said, both must agree."""
    if algorithm == "":
        return
    if not isinstance(algorithm, str) or algorithm not in algorithms.HASHES:
        raise Unacceptable(error, "Invalid parameter hashAlgorithmOID")
    if DIGEST_SIZES[len(digests[0])] != algorithms.HASHES[algorithm]:
        raise Unacceptable(error, "Invalid digest value length")


def _credential(credential: object, qualifier: object, error: str) -> UUID | None:
    if credential is None and qualifier is None:
        raise Unacceptable(error, "Missing (or invalid type) string parameter credentialID")
    if qualifier is not None and qualifier not in QUALIFIERS:
        raise Unacceptable(error, "Invalid parameter signatureQualifier")
    if credential is None:
        return None
    try:
        return UUID(str(credential))
    except ValueError:
        raise Unacceptable(error, "Invalid parameter credentialID") from None


def _check_locations(listed: object) -> None:
    """RFC 9396 section 2.2: where the access is meant to be used; one of them must be here."""
    if listed is None:
        return
    origins = tuple(each for each in (settings.ORIGIN, settings.API_ORIGIN) if each)
    here = isinstance(listed, list) and any(
        isinstance(one, str) and (one in origins or one.startswith(tuple(f"{each}/" for each in origins)))
        for one in listed
    )
    if not here:
        raise Unacceptable(_DETAILS, "locations names no place of this service")


def is_printable(text: str) -> bool:
    """What can be stored and shown in one line: no control characters, no lone surrogates."""
    return not any(unicodedata.category(each) in ("Cc", "Cs") for each in text)
