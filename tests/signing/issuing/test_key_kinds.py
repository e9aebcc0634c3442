"""The certificate follows its key: every kind that may be ordered, up to a signature that openssl accepts."""

import subprocess
import uuid
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest
from asn1crypto.keys import ECPointBitString, PublicKeyInfo
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pytest_django import Settings

from signing import certificates, issuance, issuing
from signing.issuing import checker, keys
from signing.keystore import Algorithm, KeyKind, fits
from signing.models import IssuanceIntent
from signing.signer import client
from tests.signing.test_issuance import assert_issued_once, ordered
from tests.support.signers import SignerProcesses, check

CURVES: dict[KeyKind, ec.EllipticCurve] = {KeyKind.P256: ec.SECP256R1(), KeyKind.P384: ec.SECP384R1()}


@cache
def spki(kind: KeyKind) -> bytes:
    key = rsa.generate_private_key(65537, kind.bits) if kind.is_rsa else ec.generate_private_key(CURVES[kind])
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", list(KeyKind))
@pytest.mark.parametrize("made", list(KeyKind))
def test_a_key_of_another_kind_than_ordered_is_not_certified(kind: KeyKind, made: KeyKind) -> None:
    assert keys.problems(spki(made), kind) == ([] if made is kind else ["key is of_another_kind"])


@pytest.mark.parametrize("kind", list(CURVES))
def test_a_point_is_certified_uncompressed_and_on_its_curve_alone(kind: KeyKind) -> None:
    good = spki(kind)
    assert keys.weak(good) == ""
    key = ec.generate_private_key(CURVES[kind]).public_key()
    short = PublicKeyInfo.load(good)
    short["public_key"] = ECPointBitString(key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint))
    assert keys.weak(short.dump(force=True)) == "unreadable"
    assert keys.weak(good[:-1] + bytes([good[-1] ^ 1])) == "unreadable"


@pytest.mark.django_db
class TestOrders:
    @pytest.fixture(autouse=True)
    def _authorities(self, signers: SignerProcesses, signer_connection: None) -> None:
        issuing.ensure()

    @pytest.mark.requirement("SG-5")
    @pytest.mark.parametrize("kind", list(KeyKind))
    def test_the_certificate_follows_the_kind_that_is_set(
        self, kind: KeyKind, settings: Settings, tmp_path: Path
    ) -> None:
        settings.SIGNING_KEY_KIND = kind.value
        credential = ordered()
        settings.SIGNING_KEY_KIND = "rsa2048"  # changed meanwhile: the order keeps what it was given
        issuance.carry_out(str(credential.public_id))
        assert_issued_once(credential)
        assert credential.key_kind is kind
        assert checker.problems(credential) == []
        certificate = bytes(credential.certificate or b"")
        assert keys.kind_of(certificates.read(certificate).public_key) is kind
        self.sign_and_let_openssl_verify(certificate, bytes(credential.wrapped_key or b""), kind, tmp_path)
        self.let_openssl_trust(certificate, credential.issuer, tmp_path)

    def sign_and_let_openssl_verify(
        self, certificate: bytes, wrapped: bytes, kind: KeyKind, folder: Path
    ) -> None:
        text = b"a prescription"
        (folder / "text").write_bytes(text)
        public = x509.load_der_x509_certificate(certificate).public_key()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (folder / "key.pem").write_bytes(pem)
        algorithm = Algorithm.RSA_SHA256 if kind.is_rsa else Algorithm.ECDSA_SHA256
        item = client.Item(wrapped, uuid.uuid4(), sha256(text).digest(), algorithm)
        (result,) = client.signers().sign([item])
        assert isinstance(result, client.Signed)
        (folder / "signature").write_bytes(result.signature)
        command = ["openssl", "dgst", "-sha256", "-verify", "key.pem", "-signature", "signature", "text"]
        told = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert told.stdout.strip() == "Verified OK", told.stderr

    def let_openssl_trust(self, certificate: bytes, issuer: str, folder: Path) -> None:
        chain = issuing.authority(issuer).chain()
        for name, der in (("leaf", certificate), ("ca", chain[0]), ("root", chain[-1])):
            pem = x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)
            (folder / f"{name}.pem").write_bytes(pem)
        command = ["openssl", "verify", "-x509_strict", "-ignore_critical", "-CAfile", "root.pem"]
        told = subprocess.run(
            [*command, "-untrusted", "ca.pem", "leaf.pem"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert told.stdout.strip() == "leaf.pem: OK", told.stderr

    def test_a_store_that_makes_another_kind_stops_the_order(
        self, monkeypatch: pytest.MonkeyPatch, settings: Settings
    ) -> None:
        settings.SIGNING_KEY_KIND = KeyKind.P384.value
        (key,) = client.signers().generate(1, KeyKind.P256)

        class Careless:
            def generate(self, _count: int, _kind: KeyKind) -> list[object]:
                return [key]

        monkeypatch.setattr(issuance, "signers", Careless)
        credential = ordered()
        issuance.carry_out(str(credential.public_id))
        intent = IssuanceIntent.objects.get(credential=credential)
        assert (intent.state, intent.stopped_because) == ("stopped", "key is of_another_kind")


@pytest.mark.parametrize("kind", list(KeyKind))
def test_every_kind_signs_something(signer: client.Signers, kind: KeyKind) -> None:
    """One frame with every algorithm that the kind has, on a key that was opened once."""
    (key,) = signer.generate(1, kind)
    ways = [algorithm for algorithm in Algorithm if fits(kind, algorithm)]
    digests = {one: bytes([7]) * {"sha256": 32, "sha384": 48, "sha512": 64}[one.hash_name] for one in ways}
    results = signer.sign([client.Item(key.wrapped, uuid.uuid4(), digests[one], one) for one in ways])
    for algorithm, result in zip(ways, results, strict=True):
        assert isinstance(result, client.Signed)
        check(key.public_key, result.signature, digests[algorithm], algorithm)
