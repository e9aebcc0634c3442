"""Certificates as they are issued, and what a relying party does with openssl."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from signing import issuance, issuing
from signing.issuing import names
from signing.models import Credential, IssuingCertificate
from tests.signing.test_issuance import ordered
from tests.support.signers import SignerProcesses


@pytest.fixture
def authorities(signers: SignerProcesses, signer_connection: None, db: None) -> None:
    issuing.ensure()


@pytest.fixture
def issued(authorities: None) -> Callable[[], Credential]:
    def issue(authority: str = "jma") -> Credential:
        credential = ordered(authority=authority)
        issuance.carry_out(str(credential.public_id))
        credential.refresh_from_db()
        return credential

    return issue


class RelyingParty:
    """A folder with the CA's certificates, the leaf's, and whatever was fetched; openssl is asked in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def openssl(self, *arguments: str) -> str:
        done = subprocess.run(
            ["openssl", *arguments], cwd=self.folder, capture_output=True, text=True, check=False
        )
        return done.stdout + done.stderr

    def keep(self, name: str, der: bytes) -> None:
        pem = x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)
        (self.folder / name).write_bytes(pem)

    def lay_out(self, credential: Credential) -> None:
        for name, code in (("root.pem", names.ROOT), ("ca.pem", credential.issuer)):
            self.keep(name, bytes(IssuingCertificate.objects.get(code=code).certificate))
        self.keep("leaf.pem", bytes(credential.certificate or b""))


@pytest.fixture
def relying(tmp_path: Path) -> RelyingParty:
    return RelyingParty(tmp_path)
