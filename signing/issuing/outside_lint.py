"""Somebody else's reading of a certificate, list or answer before it is signed: pkilint (RFC 5280; decision 30).

The only file that speaks pkilint. Its import costs half a second, so nothing that the web loads imports this module:
`second_reading` finds it by name where a key is about to sign.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from asn1crypto import core
from pkilint import loader, validation
from pkilint.pkix import certificate as rfc5280
from pkilint.pkix import extension, name

from signing.certificates import AUTHORITY_POLICY, SIGNER_POLICY

STOPPING = ("FATAL", "ERROR", "WARNING")
# As long as ours in DER, so that it takes its place without moving anything.
_READABLE_POLICY = core.ObjectIdentifier("2.25" + 5 * ".2097152" + ".1").dump()


class Finding(NamedTuple):
    """`where` is the path inside the certificate, `message` pkilint's words: they may quote what was read."""

    severity: str
    code: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"pkilint {self.severity} {self.code} at {self.where}"


class Exemption(NamedTuple):
    """A finding that does not stop an order: severity and code exactly, place and message as whole patterns."""

    severity: str
    code: str
    where: str
    message: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        return (
            (self.severity, self.code) == (finding.severity, finding.code)
            and re.fullmatch(self.where, finding.where) is not None
            and re.fullmatch(self.message, finding.message, re.DOTALL) is not None
        )


EXEMPTIONS = (
    Exemption(
        "FATAL",
        "itu.invalid_asn1_syntax",
        r"certificate\.tbsCertificate\.extensions\.\d+",
        r'.*schema "CertificatePolicies".*OID contains arc which is larger than 32-bits',
        "Our policies stand under a UUID of 128 bits (X.667, decision 30), which pkilint's decoder cannot hold. So "
        "that nothing hides behind it, the same certificate is read again with a policy of shorter arcs in its place.",
    ),
    Exemption(
        "ERROR",
        "pkix.invalid_uri_syntax",
        r"certificate\.tbsCertificate\.extensions\.\d+\.extnValue\..*\.(uniformResourceIdentifier|cPSuri)",
        r'Invalid URI syntax: "https?://[a-z0-9-]+(:[0-9]+)?/[^"]*"',
        "RFC 3986 section 3.2.2 allows a host of one label (localhost in the demo, a service's name among "
        "containers); pkilint wants a dot in it.",
    ),
)


def findings(certificate: bytes) -> list[Finding]:
    """All that would stop, exempt or not: of the certificate and, where its policy is unreadable, of its twin."""
    found = _read(certificate)
    twin = _with_readable_policy(certificate)
    return found if twin is None else list(dict.fromkeys([*found, *_read(twin)]))


def stopping(certificate: bytes) -> list[Finding]:
    """What no exemption covers; empty when an authority may sign. The signature is not looked at."""
    return [one for one in findings(certificate) if not any(row.covers(one) for row in EXEMPTIONS)]


@lru_cache(maxsize=1)
def _validator() -> validation.ValidatorContainer:
    return rfc5280.create_pkix_certificate_validator_container(
        rfc5280.create_decoding_validators(name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS),
        [
            rfc5280.create_issuer_validator_container([]),
            rfc5280.create_validity_validator_container(),
            rfc5280.create_subject_validator_container([]),
            rfc5280.create_extensions_validator_container([]),
            rfc5280.create_spki_validator_container([]),
        ],
    )


def _read(certificate: bytes) -> list[Finding]:
    try:
        document = loader.load_certificate(certificate, "certificate")
    except ValueError:
        return [Finding("FATAL", "cannot_be_read", "certificate", "")]
    return [
        Finding(one.finding.severity.name, one.finding.code, result.node.path, one.message or "")
        for result in _validator().validate(document.root)
        for one in result.finding_descriptions
        if one.finding.severity.name in STOPPING
    ]


def _with_readable_policy(certificate: bytes) -> bytes | None:
    """The same certificate with a policy of shorter arcs instead of ours; None for one without ours."""
    twin = certificate
    for policy in (SIGNER_POLICY, AUTHORITY_POLICY):
        twin = twin.replace(core.ObjectIdentifier(policy).dump(), _READABLE_POLICY)
    return None if twin == certificate else twin
