"""The demo's encryption keys of the three authorities: certificates for the product, private keys for the card maker.

Only the demo's card maker reads the private keys (decision 20); no process of the product does.
"""

import os
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from enrollment.authorities import all_authorities
from ledger import clock

LIFETIME = timedelta(days=3650)


def make(home: Path) -> None:
    """Write `<home>/authorities/<code>.pem` and `<home>/card-maker/<code>.key`; what is there already stays."""
    for authority in all_authorities():
        certificate = home / "authorities" / f"{authority.code}.pem"
        if not certificate.exists():
            _make_one(authority.code, certificate, home / "card-maker" / f"{authority.code}.key")


def _make_one(code: str, certificate: Path, private: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"TEST card PIN encryption {code.upper()}")])
    now = clock.now()
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=True,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(usage, critical=True)
        .sign(key, SHA256())
    )
    for path in (certificate, private):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    descriptor = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
