"""A second reading of a certificate before an authority signs it (decision 30; BR 4.3.1.2 as the measure). Plain.

Reads with asn1crypto what cryptography has written, and knows the profile from domain.md section 1.3 by its own table.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from asn1crypto import x509 as asn1

from signing.certificates import JST, Issuer, Subject, healthcare_role

_SUBJECT = (
    ("country_name", "PrintableString"),
    ("common_name", "UTF8String"),
    ("serial_number", "PrintableString"),
)
# Extension, whether critical; the name in the third place is always optional.
_EXTENSIONS = (
    ("authority_key_identifier", False),
    ("key_identifier", False),
    ("key_usage", True),
    ("subject_alt_name", False),
    ("crl_distribution_points", False),
    ("subject_directory_attributes", False),
    ("certificate_policies", True),
)
_NON_REPUDIATION = bytes.fromhex("03020640")
_RSA_BITS = (2048, 3072)
_CURVES = {("named", "secp256r1"): 65, ("named", "secp384r1"): 97}  # length of an uncompressed point
_ROMAJI = re.compile(r"[A-Za-z][A-Za-z '.-]{0,63}")
_MIN_SERIAL_BITS = 65
_MAX_SERIAL_BITS = 159


def problems(certificate: bytes, subject: Subject, spki: bytes, issuer: Issuer) -> list[str]:
    """What does not fit the profile; empty when the authority may sign."""
    try:
        body = asn1.Certificate.load(certificate, strict=True)["tbs_certificate"]
        issued_by = asn1.Certificate.load(issuer.certificate, strict=True)
        return [
            *_frame(body, issued_by),
            *_validity(body, issued_by),
            *_subject(body, subject),
            *_key(body, spki),
            *_extensions(body, subject, issuer, issued_by),
        ]
    except (ValueError, KeyError, TypeError) as problem:
        return [f"cannot be read: {type(problem).__name__}"]  # the message would quote what was read


def _frame(body: Any, issued_by: Any) -> Iterator[str]:
    if body["version"].native != "v3":
        yield "version is not 3"
    if body["signature"]["algorithm"].native != "sha256_rsa":
        yield "signature algorithm is not sha256WithRSAEncryption"
    if not _MIN_SERIAL_BITS <= body["serial_number"].native.bit_length() <= _MAX_SERIAL_BITS:
        yield "serial number is not positive with at least 64 random bits and at most 20 octets"
    if body["issuer"].dump() != issued_by.subject.dump():
        yield "issuer is not the CA's subject, byte for byte"


def _validity(body: Any, issued_by: Any) -> Iterator[str]:
    start: datetime = body["validity"]["not_before"].native
    end: datetime = body["validity"]["not_after"].native
    if start.astimezone(JST).strftime("%H%M%S") != "000000":
        yield "validity does not start at 00:00 JST"
    if end.astimezone(JST).strftime("%H%M%S") != "235959":
        yield "validity does not end at 23:59:59 JST"
    if not start < end <= issued_by["tbs_certificate"]["validity"]["not_after"].native:
        yield "validity does not lie within the CA's"


def _subject(body: Any, subject: Subject) -> Iterator[str]:
    parts = [part for rdn in body["subject"].chosen for part in rdn]
    found = tuple((part["type"].native, type(_string(part)).__name__) for part in parts)
    if found != _SUBJECT:
        yield f"subject's parts or string types are {found}"
        return
    values = [part["value"].native for part in parts]
    if values != ["JP", f"{subject.given_romaji} {subject.family_romaji}", subject.person_id]:
        yield "subject is not the ordered person"
    if not _ROMAJI.fullmatch(values[1]):  # 64: ub-common-name, RFC 5280 appendix A.1
        yield "common name is not 1 to 64 Latin letters, blanks, apostrophes, dots or hyphens"


def _string(part: Any) -> Any:
    value = part["value"]
    return value.chosen if hasattr(value, "chosen") else value


def _key(body: Any, spki: bytes) -> Iterator[str]:
    info = body["subject_public_key_info"]
    if info.dump() != spki:
        yield "public key is not the key store's"
    if info.algorithm == "rsa":
        if info.bit_size not in _RSA_BITS or info["public_key"].parsed["public_exponent"].native != 65537:
            yield "public key is not RSA-2048 or RSA-3072 with exponent 65537"
    elif info.algorithm != "ec" or info.curve not in _CURVES:
        yield "public key is neither RSA nor a point on P-256 or P-384"
    elif (len(bytes(info["public_key"])), bytes(info["public_key"])[:1]) != (_CURVES[info.curve], b"\x04"):
        yield "public key is not an uncompressed point"


def _extensions(body: Any, subject: Subject, issuer: Issuer, issued_by: Any) -> Iterator[str]:
    listed = [(item["extn_id"].native, item["critical"].native) for item in body["extensions"]]
    wanted = [row for row in _EXTENSIONS if row[0] != "subject_alt_name" or subject.name_kanji]
    if listed != wanted:
        yield f"extensions, their order or criticality: {listed}"
        return
    values = {item["extn_id"].native: item["extn_value"] for item in body["extensions"]}
    if values["key_usage"].contents != _NON_REPUDIATION:
        yield "key usage is not nonRepudiation alone"
    if values["subject_directory_attributes"].contents != healthcare_role(subject.qualification):
        yield "hcRole differs from the golden bytes"
    policies = [policy["policy_identifier"].dotted for policy in values["certificate_policies"].parsed]
    if policies != [issuer.policy]:
        yield f"policies are {policies}"
    points = [str(point.url) for point in values["crl_distribution_points"].parsed]
    if points != [issuer.crl_url]:
        yield f"CRL distribution points are {points}"
    yield from _identifiers(values, body, issued_by)
    if subject.name_kanji:
        yield from _alternative_name(values["subject_alt_name"].parsed, subject)


def _identifiers(values: dict[str, Any], body: Any, issued_by: Any) -> Iterator[str]:
    own = hashlib.sha1(bytes(body["subject_public_key_info"]["public_key"]), usedforsecurity=False).digest()
    if values["key_identifier"].parsed.native != own:
        yield "subject key identifier is not the key's SHA-1"
    authority = values["authority_key_identifier"].parsed
    if authority["key_identifier"].native != issued_by.key_identifier:
        yield "authority key identifier is not the CA's"
    if authority["authority_cert_serial_number"].native != issued_by.serial_number:
        yield "authority serial number is not the CA's"
    names = authority["authority_cert_issuer"]
    if len(names) != 1 or names[0].chosen.chosen.contents != issued_by.issuer.chosen.contents:
        yield "authority issuer is not the CA's issuer"


def _alternative_name(names: Any, subject: Subject) -> Iterator[str]:
    if len(names) != 1 or names[0].name != "directory_name":
        yield "subject alternative name is not one directory name"
        return
    found = names[0].chosen.native
    if found.get("common_name") != subject.name_kanji or found.get("serial_number") != subject.person_id:
        yield "subject alternative name is not the ordered person"
