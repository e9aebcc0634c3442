"""The TEST JPKI: authorities, certificates and revocation lists with the profiles of domain.md section 3.

Every name says O=JPKI-TEST, and production settings refuse such anchors. Two generations of each authority share
one name, as in the real JPKI, so that whoever picks an issuer by name is found out.
"""

import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from cards.profile import (
    CPS,
    TEST_POLICIES,
    CertificateKind,
    CertifiedFacts,
    authority_name,
    authority_usage,
    holder_names,
    issue_number,
    key_usage,
    list_name,
)

CRL_LIFETIME = timedelta(days=30)
CA_LIFETIME = timedelta(days=3653)


def new_key() -> rsa.RSAPrivateKey:
    """RSA-2048, as every JPKI certificate has."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def new_keys(count: int) -> list[rsa.RSAPrivateKey]:
    """Several keys at once; generation leaves the interpreter's lock."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(lambda _index: new_key(), range(count)))


@dataclass(slots=True)
class Authority:
    """One generation of one authority, with what it has revoked (serial to time)."""

    kind: CertificateKind
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate
    revoked: dict[int, datetime] = field(default_factory=dict)

    def signature_certificate(
        self, facts: CertifiedFacts, key: rsa.RSAPrivateKey, not_before: datetime, not_after: datetime
    ) -> bytes:
        """DER of a 署名用電子証明書: the name stands in the SAN only, the subject's CN is an issue number."""
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
                x509.NameAttribute(NameOID.LOCALITY_NAME, facts.prefecture),
                x509.NameAttribute(NameOID.LOCALITY_NAME, facts.municipality),
                x509.NameAttribute(NameOID.COMMON_NAME, issue_number(not_before)),
            ]
        )
        builder = self._builder(subject, key, not_before, not_after)
        builder = builder.add_extension(key_usage(signing=True), critical=True)
        builder = builder.add_extension(holder_names(facts), critical=False)
        return self._issue(builder, facts.prefecture, facts.municipality)

    def authentication_certificate(
        self, key: rsa.RSAPrivateKey, not_before: datetime, not_after: datetime
    ) -> bytes:
        """DER of a 利用者証明用電子証明書: no name, no place, no attributes."""
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
                x509.NameAttribute(NameOID.COMMON_NAME, issue_number(not_before)),
            ]
        )
        builder = self._builder(subject, key, not_before, not_after)
        builder = builder.add_extension(key_usage(signing=False), critical=True)
        return self._issue(builder, "Tokyo-to", "Chiyoda-ku")

    def revoke(self, certificate_der: bytes, at: datetime) -> None:
        """The next list names this certificate."""
        self.revoked[x509.load_der_x509_certificate(certificate_der).serial_number] = at

    def revocation_list(self, at: datetime, lifetime: timedelta = CRL_LIFETIME) -> bytes:
        """DER of a full CRL of this generation."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(at)
            .next_update(at + lifetime)
            .add_extension(self._key_id(), critical=False)
            .add_extension(x509.CRLNumber(int(at.timestamp())), critical=False)
        )
        for serial, when in sorted(self.revoked.items()):
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self.key, SHA256()).public_bytes(Encoding.DER)

    def _key_id(self) -> x509.AuthorityKeyIdentifier:
        own = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
        return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own.value)

    def _builder(
        self, subject: x509.Name, key: rsa.RSAPrivateKey, not_before: datetime, not_after: datetime
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(secrets.randbelow(0x7EFFFFFF) + 0x01000000)
            .not_valid_before(not_before)
            .not_valid_after(not_after)
            .add_extension(self._key_id(), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )

    def _issue(self, builder: x509.CertificateBuilder, prefecture: str, municipality: str) -> bytes:
        policy = x509.PolicyInformation(TEST_POLICIES[self.kind], [CPS])
        point = x509.DistributionPoint(
            [x509.DirectoryName(list_name(self.kind, prefecture, municipality))], None, None, None
        )
        builder = builder.add_extension(x509.CertificatePolicies([policy]), critical=True)
        builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
        return builder.sign(self.key, SHA256()).public_bytes(Encoding.DER)


@dataclass(slots=True)
class Hierarchy:
    """Two generations of both authorities; the second one issues today."""

    generations: Mapping[CertificateKind, tuple[Authority, Authority]]

    def current(self, kind: CertificateKind) -> Authority:
        return self.generations[kind][1]

    def former(self, kind: CertificateKind) -> Authority:
        return self.generations[kind][0]

    def all(self) -> list[Authority]:
        return [authority for pair in self.generations.values() for authority in pair]

    def publish(self, folder: Path, at: datetime) -> None:
        """Write anchors and fresh lists as `jpki.TrustStore.load` reads them."""
        folder.mkdir(parents=True, exist_ok=True)
        for kind, pair in self.generations.items():
            for number, authority in enumerate(pair, start=1):
                name = f"{kind.name.lower()}-{number}"
                write_whole(folder / f"{name}.pem", authority.certificate.public_bytes(Encoding.PEM))
                write_whole(folder / f"{name}.crl", authority.revocation_list(at))

    def save(self, folder: Path) -> None:
        """Keep the authorities' keys (mode 0600), so that later runs can publish fresh lists."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for kind, pair in self.generations.items():
            for number, authority in enumerate(pair, start=1):
                pem = authority.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
                pem += authority.certificate.public_bytes(Encoding.PEM)
                write_whole(folder / f"{kind.name.lower()}-{number}.key", pem)

    @classmethod
    def load(cls, folder: Path) -> "Hierarchy":
        """What `save` kept, with nothing revoked yet; raises OSError or ValueError."""
        return cls({kind: (_kept(folder, kind, 1), _kept(folder, kind, 2)) for kind in CertificateKind})

    @classmethod
    def create(cls, at: datetime) -> "Hierarchy":
        """New keys; the first generation began eight years before `at` and still lives."""
        keys = iter(new_keys(4))
        starts = (at - timedelta(days=2922), at - timedelta(days=1096))
        return cls(
            {
                kind: (_authority(kind, next(keys), starts[0]), _authority(kind, next(keys), starts[1]))
                for kind in CertificateKind
            }
        )


def _authority(kind: CertificateKind, key: rsa.RSAPrivateKey, not_before: datetime) -> Authority:
    name = authority_name(kind)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(secrets.randbelow(0x7EFFFFFF) + 0x01000000)
        .not_valid_before(not_before)
        .not_valid_after(not_before + CA_LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(authority_usage(), critical=True)
        .sign(key, SHA256())
    )
    return Authority(kind, key, certificate)


def _kept(folder: Path, kind: CertificateKind, number: int) -> Authority:
    pem = (folder / f"{kind.name.lower()}-{number}.key").read_bytes()
    key = load_pem_private_key(pem, None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("not an RSA key")
    return Authority(kind, key, x509.load_pem_x509_certificate(pem))


def write_whole(path: Path, content: bytes) -> None:
    """The whole new file or the whole old one."""
    temporary = path.with_name(path.name + ".new")
    temporary.touch(mode=0o600)
    temporary.write_bytes(content)
    temporary.replace(path)
