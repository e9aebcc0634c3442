"""Lists and answers as DER: TBSCertList (RFC 5280 section 5.1.2) and the parts of an OCSP answer (RFC 6960). Plain.

Written here because a list of 100,000 entries must not become 100,000 objects (cryptography's builder copies the whole
list for each entry), and because an answer's producedAt is the product's time. openssl, pkilint and cryptography read
what this writes (tests/signing/issuing).
"""

import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signing import certificates
from signing.issuing.seam import Revoked, Status

SHA256_RSA = bytes.fromhex("300d06092a864886f70d01010b0500")
_HASHES: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {
    "sha1": (
        bytes.fromhex("300906052b0e03021a0500"),
        lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),  # RFC 5019 section 2.1.1 wants it
    ),
    "sha256": (
        bytes.fromhex("300d06096086480165030402010500"),
        lambda data: hashlib.sha256(data).digest(),
    ),
}
_OCSP_BASIC = core.ObjectIdentifier("1.3.6.1.5.5.7.48.1.1").dump()
_REASON_CODE = core.ObjectIdentifier("2.5.29.21").dump()
# RFC 5280 section 5.3.1; "unspecified" is said by saying nothing.
_REASONS = {
    "": None,
    "unspecified": None,
    "key_compromise": 1,
    "ca_compromise": 2,
    "affiliation_changed": 3,
    "superseded": 4,
    "cessation_of_operation": 5,
    "privilege_withdrawn": 9,
}


def tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def _integer(number: int) -> bytes:
    return tlv(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _generalized(moment: datetime) -> bytes:
    return tlv(0x18, moment.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode())


def _time(moment: datetime) -> bytes:
    """UTCTime until 2049, then GeneralizedTime (RFC 5280 section 4.1.2.5)."""
    utc = moment.astimezone(UTC)
    return tlv(0x17, utc.strftime("%y%m%d%H%M%SZ").encode()) if utc.year < 2050 else _generalized(utc)


def _extension(kind: x509.ExtensionType) -> bytes:
    return tlv(0x30, core.ObjectIdentifier(kind.oid.dotted_string).dump(), tlv(0x04, kind.public_bytes()))


# --- lists ---------------------------------------------------------------------------------------------------


def list_to_sign(
    issuer: x509.Certificate,
    number: int,
    revoked: Iterable[Revoked],
    this_update: datetime,
    next_update: datetime,
) -> bytes:
    """The TBSCertList. Entries are taken one by one: of each only its bytes are kept."""
    entries = bytearray()
    for entry in revoked:
        entries += _entry(entry)
    extensions = (_extension(certificates.authority_key(issuer)), _extension(x509.CRLNumber(number)))
    return tlv(
        0x30,
        _integer(1),  # v2
        SHA256_RSA,
        issuer.subject.public_bytes(),
        _time(this_update),
        _time(next_update),
        tlv(0x30, bytes(entries)) if entries else b"",  # absent, not empty (section 5.1.2.6)
        tlv(0xA0, tlv(0x30, *extensions)),
    )


def _entry(revoked: Revoked) -> bytes:
    code = _REASONS[revoked.reason]
    reason = b"" if code is None else tlv(0x30, tlv(0x30, _REASON_CODE, tlv(0x04, tlv(0x0A, bytes((code,))))))
    return tlv(0x30, _integer(revoked.serial), _time(revoked.at), reason)


# --- answers -------------------------------------------------------------------------------------------------


class Names(NamedTuple):
    """How a request names a CA: hashes of its subject and of its key, under one algorithm (RFC 6960 section 4.1.1)."""

    algorithm: bytes
    name_hash: bytes
    key_hash: bytes


def names_of(issuer: x509.Certificate) -> dict[str, Names]:
    """By the hash's name in `hashlib`: the two that we answer for."""
    subject, key = issuer.subject.public_bytes(), _key_bits(issuer)
    return {name: Names(oid, hashed(subject), hashed(key)) for name, (oid, hashed) in _HASHES.items()}


def _key_bits(certificate: x509.Certificate) -> bytes:
    """The subjectPublicKey's bits without the header: for RSA the PKCS#1 key."""
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)


def answer_to_sign(
    names: Names, responder: x509.Certificate, status: Status, this_update: datetime, next_update: datetime
) -> bytes:
    """ResponseData with one SingleResponse; the responder is named by its key's SHA-1 (section 4.2.1)."""
    of_responder = hashlib.sha1(_key_bits(responder), usedforsecurity=False).digest()
    asked = tlv(
        0x30,
        names.algorithm,
        tlv(0x04, names.name_hash),
        tlv(0x04, names.key_hash),
        _integer(status.serial),
    )
    single = tlv(
        0x30, asked, _status(status), _generalized(this_update), tlv(0xA0, _generalized(next_update))
    )
    return tlv(0x30, tlv(0xA2, tlv(0x04, of_responder)), _generalized(this_update), tlv(0x30, single))


def _status(status: Status) -> bytes:
    if status.revoked_at is None:
        return tlv(0x80)
    code = _REASONS[status.reason]
    reason = b"" if code is None else tlv(0xA0, tlv(0x0A, bytes((code,))))
    return tlv(0xA1, _generalized(status.revoked_at), reason)


def answer(to_sign: bytes, signature: bytes, responder: bytes) -> bytes:
    """The whole OCSPResponse, successful, with the responder's certificate (DER) inside."""
    bits = tlv(0x03, b"\x00", signature)
    basic = tlv(0x30, to_sign, SHA256_RSA, bits, tlv(0xA0, tlv(0x30, responder)))
    return tlv(0x30, tlv(0x0A, b"\x00"), tlv(0xA0, tlv(0x30, _OCSP_BASIC, tlv(0x04, basic))))
