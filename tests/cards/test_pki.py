"""The TEST JPKI in the eyes of openssl, which has never heard of us."""

import re
import subprocess
from datetime import date
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from cards.pki import Hierarchy
from cards.profile import CertificateKind, birth_text

from .conftest import AT, World


def openssl(*arguments: str | Path) -> str:
    run = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    return run.stdout + run.stderr


def text_of(der: bytes, folder: Path) -> str:
    (folder / "certificate.der").write_bytes(der)
    return openssl(
        "x509", "-inform", "DER", "-in", folder / "certificate.der", "-noout", "-text", "-nameopt", "utf8"
    )


def test_openssl_reads_a_signature_certificate_as_the_profile_says(world: World, tmp_path: Path) -> None:
    text = re.sub(r"\s+", " ", text_of(world.card.signature_certificate, tmp_path))
    assert "Issuer: C=JP, O=JPKI-TEST, OU=JPKI for digital signature, OU=Japan Agency for Local" in text
    assert re.search(r"Subject: C=JP, L=Tokyo-to, L=Chiyoda-ku, CN=[0-9]{22}A ", text)
    assert "Key Usage: critical Digital Signature, Non Repudiation X509v3" in text
    assert (
        "Certificate Policies: critical Policy: 1.2.392.200149.8.5.1.0.20 CPS: http://www.jpki.go.jp/cps.html"
        in text
    )
    assert (
        "DirName:C = JP, O = JPKI-TEST, OU = JPKI for digital signature, OU = CRL Distribution Points" in text
    )
    assert "Public-Key: (2048 bit)" in text and "sha256WithRSAEncryption" in text


def test_openssl_finds_no_person_in_an_authentication_certificate(world: World, tmp_path: Path) -> None:
    text = re.sub(r"\s+", " ", text_of(world.card.authentication_certificate, tmp_path))
    assert re.search(r"Subject: C=JP, CN=[0-9]{22}A ", text)
    assert "Key Usage: critical Digital Signature X509v3" in text
    assert "Alternative Name" not in text


def test_the_attributes_stand_in_the_order_of_a_real_card(world: World) -> None:
    certificate = x509.load_der_x509_certificate(world.card.signature_certificate)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [name.type_id.dotted_string[-1] for name in names if isinstance(name, x509.OtherName)] == list(
        "143526"
    )


@pytest.mark.parametrize("revoked", [False, True])
def test_openssl_verifies_the_path_with_the_list(world: World, tmp_path: Path, revoked: bool) -> None:
    if revoked:
        world.hierarchy.current(CertificateKind.SIGNATURE).revoke(world.card.signature_certificate, AT)
    world.hierarchy.publish(tmp_path, AT)
    certificate = x509.load_der_x509_certificate(world.card.signature_certificate)
    (tmp_path / "leaf").write_bytes(certificate.public_bytes(Encoding.PEM))
    (tmp_path / "list").write_bytes(
        x509.load_der_x509_crl((tmp_path / "signature-2.crl").read_bytes()).public_bytes(Encoding.PEM)
    )
    said = openssl(
        "verify",
        "-crl_check",
        "-x509_strict",
        "-attime",
        str(int(AT.timestamp())),
        "-CAfile",
        tmp_path / "signature-2.pem",
        "-CRLfile",
        tmp_path / "list",
        tmp_path / "leaf",
    )
    assert ("certificate revoked" in said) is revoked
    assert (f"{tmp_path / 'leaf'}: OK" in said) is not revoked


def test_generations_share_one_name_and_no_key(world: World) -> None:
    for kind in CertificateKind:
        former, current = world.hierarchy.former(kind), world.hierarchy.current(kind)
        assert former.certificate.subject == current.certificate.subject
        assert former.key.public_key() != current.key.public_key()
        assert "TEST" in former.certificate.subject.rfc4514_string()


def test_the_authorities_can_be_kept_and_go_on(world: World, tmp_path: Path) -> None:
    world.hierarchy.save(tmp_path)
    again = Hierarchy.load(tmp_path)
    assert [one.certificate for one in again.all()] == [one.certificate for one in world.hierarchy.all()]
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


@pytest.mark.parametrize(
    ("born", "text"),
    [
        (date(1980, 2, 17), "319800217"),
        (date(1989, 1, 7), "319890107"),
        (date(1989, 1, 8), "419890108"),
        (date(2019, 5, 1), "520190501"),
        (date(1926, 12, 24), "219261224"),
        (date(1912, 7, 29), "119120729"),
        (date(1850, 1, 1), "018500101"),
    ],
)
def test_birth_dates_carry_the_digit_of_their_era(born: date, text: str) -> None:
    assert birth_text(born) == text
