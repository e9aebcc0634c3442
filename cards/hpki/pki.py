"""The TEST authorities that issue HPKI cards' authentication certificates (profile of domain.md section 1.3).

Every name says TEST, and production settings refuse such anchors. They live in files of the demo and of the tests, as
the TEST JPKI does: real cards come from the associations' own authorities, never from this platform.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import ExtensionOID

from cards.hpki import profile
from cards.pki import new_keys, write_whole

CRL_LIFETIME = timedelta(days=30)
CA_LIFETIME = timedelta(days=3653)
CODES = ("jma", "medis", "jpa")


class Cardholder(NamedTuple):
    """What a card says about its holder; `role` is a SubjectDirectoryAttributes value, b"" for none."""

    person_id: str
    common_name: str
    role: bytes


@dataclass(slots=True)
class CardAuthority:
    """One authority, with what it has revoked (serial to time)."""

    code: str
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate
    revoked: dict[int, datetime] = field(default_factory=dict)

    def card(
        self, holder: Cardholder, key: rsa.RSAPrivateKey, not_before: datetime, not_after: datetime
    ) -> x509.Certificate:
        """An authentication certificate: AKI, SKI, keyUsage, CRLDP, hcRole, policy, in the profile's order."""
        point = x509.UniformResourceIdentifier(f"{profile.LISTS}{self.code}.crl")
        policy = x509.PolicyInformation(profile.TEST_HOLDER, [profile.CPS])
        builder = (
            _builder(profile.holder_name(holder.person_id, holder.common_name), key, not_before, not_after)
            .issuer_name(self.certificate.subject)
            .add_extension(self.key_id(), False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(profile.usage(is_authority=False), True)
            .add_extension(
                x509.CRLDistributionPoints([x509.DistributionPoint([point], None, None, None)]), False
            )
        )
        if holder.role:
            oid = ExtensionOID.SUBJECT_DIRECTORY_ATTRIBUTES
            builder = builder.add_extension(x509.UnrecognizedExtension(oid, holder.role), False)
        return builder.add_extension(x509.CertificatePolicies([policy]), True).sign(self.key, SHA256())

    def revoke(self, certificate: x509.Certificate, at: datetime) -> None:
        """The next list names this certificate."""
        self.revoked[certificate.serial_number] = at

    def revocation_list(self, at: datetime, lifetime: timedelta = CRL_LIFETIME) -> bytes:
        """DER of a full CRL."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(at)
            .next_update(at + lifetime)
            .add_extension(self.key_id(), False)
            .add_extension(x509.CRLNumber(int(at.timestamp())), False)
        )
        for serial, when in sorted(self.revoked.items()):
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self.key, SHA256()).public_bytes(Encoding.DER)

    def key_id(self) -> x509.AuthorityKeyIdentifier:
        own = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
        return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own.value)


@dataclass(slots=True)
class CardHierarchy:
    """A root and the authorities under it, by code."""

    root: CardAuthority
    authorities: Mapping[str, CardAuthority]

    def all(self) -> list[CardAuthority]:
        return [self.root, *self.authorities.values()]

    def publish(self, folder: Path, at: datetime) -> None:
        """Write anchors and fresh lists as `HpkiTrust.load` reads them."""
        folder.mkdir(parents=True, exist_ok=True)
        for one in self.all():
            write_whole(folder / f"{one.code}.pem", one.certificate.public_bytes(Encoding.PEM))
            write_whole(folder / f"{one.code}.crl", one.revocation_list(at))

    def save(self, folder: Path) -> None:
        """Keep the authorities' keys (mode 0600), so that later runs can publish fresh lists."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for one in self.all():
            pem = one.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            write_whole(folder / f"{one.code}.key", pem + one.certificate.public_bytes(Encoding.PEM))

    @classmethod
    def load(cls, folder: Path) -> "CardHierarchy":
        """What `save` kept, with nothing revoked yet; raises OSError or ValueError."""
        return cls(_kept(folder, profile.ROOT), {code: _kept(folder, code) for code in CODES})

    @classmethod
    def create(cls, at: datetime) -> "CardHierarchy":
        """New keys; all began three years before `at`."""
        begins = at - timedelta(days=1096)
        own, *keys = new_keys(1 + len(CODES))
        root = CardAuthority(profile.ROOT, own, _authority(profile.ROOT, own, begins, None))
        pairs = zip(CODES, keys, strict=True)
        return cls(
            root, {code: CardAuthority(code, key, _authority(code, key, begins, root)) for code, key in pairs}
        )


def as_pkcs12(name: str, key: rsa.RSAPrivateKey, certificate: x509.Certificate, password: str) -> bytes:
    """What a browser imports in place of a card; a real card's key never leaves it."""
    locked = BestAvailableEncryption(password.encode())
    return pkcs12.serialize_key_and_certificates(name.encode(), key, certificate, None, locked)


def _authority(
    code: str, key: rsa.RSAPrivateKey, begins: datetime, root: CardAuthority | None
) -> x509.Certificate:
    name = profile.authority_name(code)
    builder = (
        _builder(name, key, begins, begins + CA_LIFETIME)
        .issuer_name(name if root is None else root.certificate.subject)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(profile.usage(is_authority=True), True)
        .add_extension(x509.BasicConstraints(True, None if root is None else 0), True)
    )
    if root is None:
        return builder.sign(key, SHA256())
    policy = x509.PolicyInformation(profile.TEST_AUTHORITY, None)
    return (
        builder.add_extension(root.key_id(), False)
        .add_extension(x509.CertificatePolicies([policy]), True)
        .sign(root.key, SHA256())
    )


def _builder(
    subject: x509.Name, key: rsa.RSAPrivateKey, not_before: datetime, not_after: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(secrets.randbelow(0x7EFFFFFF) + 0x01000000)
        .not_valid_before(not_before)
        .not_valid_after(not_after)
    )


def _kept(folder: Path, code: str) -> CardAuthority:
    pem = (folder / f"{code}.key").read_bytes()
    key = load_pem_private_key(pem, None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("not an RSA key")
    return CardAuthority(code, key, x509.load_pem_x509_certificate(pem))
