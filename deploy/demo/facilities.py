"""TEST facility certificates: what an EHR or pharmacy system shows at INKAN_API_ORIGIN (decision 40; RFC 8705).

The TEST authority lies in the trust folder, its key beside the demo's other keys; production refuses both (checks.py).
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PASSWORD = "inkan-demo"  # noqa: S105  (invented, and printed by the command)
_AUTHORITY = "TEST Inkan Facility CA"
_LIFETIME = timedelta(days=3650)
FACILITY_LIFETIME = timedelta(days=365)


class Issued(NamedTuple):
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def write(self, folder: Path, name: str) -> list[Path]:
        """NAME.pem (certificate), NAME.key, and NAME.p12 for browsers and Java; readable by their owner alone."""
        lock = BestAvailableEncryption(PASSWORD.encode())
        parts = {
            "pem": self.certificate.public_bytes(Encoding.PEM),
            "key": self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            "p12": pkcs12.serialize_key_and_certificates(
                name.encode(), self.key, self.certificate, None, lock
            ),
        }
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return [_write(folder / f"{name}.{ending}", content) for ending, content in parts.items()]


class Authority:
    """The TEST authority: `trust` holds its certificate, `keys` its key."""

    def __init__(self, trust: Path, keys: Path, at: datetime) -> None:
        self._certificate, self._key = trust / "test-facility-ca.pem", keys / "facility-ca.key"
        if not (self._certificate.exists() and self._key.exists()):
            self._make(at)
        self.certificate = x509.load_pem_x509_certificate(self._certificate.read_bytes())
        key = load_pem_private_key(self._key.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self.key = key

    def issue(
        self, facility: str, name: str, at: datetime, lifetime: timedelta = FACILITY_LIFETIME
    ) -> Issued:
        """A certificate for TLS clients that begins a minute before `at`."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, name),
                x509.NameAttribute(NameOID.SERIAL_NUMBER, facility),
                x509.NameAttribute(NameOID.COMMON_NAME, f"TEST facility {facility}"),
            ]
        )
        builder = (
            _builder(subject, self.certificate.subject, key, at, lifetime)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_uses(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        )
        return Issued(key, builder.sign(self.key, SHA256()))

    def _make(self, at: datetime) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "INKAN-TEST"),
                x509.NameAttribute(NameOID.COMMON_NAME, _AUTHORITY),
            ]
        )
        builder = (
            _builder(name, name, key, at, _LIFETIME)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_uses(key_cert_sign=True, crl_sign=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        for folder in (self._certificate.parent, self._key.parent):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(self._key, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        _write(self._certificate, builder.sign(key, SHA256()).public_bytes(Encoding.PEM))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, at: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(minutes=1))
        .not_valid_after(at + lifetime)
    )


def _uses(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _write(path: Path, content: bytes) -> Path:
    path.touch(mode=0o600)
    path.write_bytes(content)
    return path
