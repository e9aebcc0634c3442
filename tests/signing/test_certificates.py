"""The HPKI profile (domain.md section 1), with openssl as the foreign witness."""

import subprocess
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from signing import certificates
from signing.certificates import Issuer, Period, Subject

GOLDEN = {
    "doctor": "303430320606288185420001312831263024a0223120a00c060a2a830886910f01060101a2100c0e"
    "4d65646963616c20446f63746f72",
    "dentist": "302d302b06062881854200013121311f301da01b3119a00c060a2a830886910f01060101a2090c0744656e74697374",
    "pharmacist": "3030302e0606288185420001312431223020a01e311ca00c060a2a830886910f01060101a20c0c0a"
    "506861726d6163697374",
}
AT = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
DOCTOR = Subject("K7PXW3M9QA", "Yamada", "Hanako", "山田\u3000花子", "doctor")


def spki(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


class TestAuthority:
    """A self-signed CA made with cryptography alone."""

    __test__ = False

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Inkan TEST"),
                x509.NameAttribute(NameOID.COMMON_NAME, "HPKI-01-InkanTest-forNonRepudiation"),
            ]
        )
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(4)
            .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
            .not_valid_after(datetime(2046, 1, 1, tzinfo=UTC))
            .add_extension(x509.BasicConstraints(True, 0), True)
            .add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), False)
            .sign(self.key, SHA256())
        )
        self.issuer = Issuer(
            self.certificate.public_bytes(Encoding.DER),
            "http://localhost/pki/jma.crl",
            "http://localhost/pki/",
        )

    def issue(self, subject: Subject, public_key: bytes, serial: int, period: Period) -> bytes:
        draft = certificates.throw_away_certificate(subject, public_key, self.issuer, serial, period)
        to_sign = certificates.to_be_signed(draft)
        signature = self.key.sign(to_sign, padding.PKCS1v15(), SHA256())
        return certificates.assemble(to_sign, signature, spki(self.key))


@pytest.fixture(scope="module")
def authority() -> TestAuthority:
    return TestAuthority()


@pytest.fixture(scope="module")
def signer_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def issued(authority: TestAuthority, signer_key: rsa.RSAPrivateKey) -> bytes:
    period = certificates.fixed_years(AT, 5)
    return authority.issue(DOCTOR, spki(signer_key), 0x8F00112233445566778899AABBCCDDEE, period)


@pytest.mark.parametrize("qualification", sorted(GOLDEN))
def test_the_role_has_the_golden_bytes(qualification: str) -> None:
    assert certificates.healthcare_role(qualification).hex() == GOLDEN[qualification]
    assert certificates.qualification_of(bytes.fromhex(GOLDEN[qualification])) == qualification


def test_a_role_with_one_set_missing_is_refused() -> None:
    single = bytes.fromhex(GOLDEN["dentist"].replace("3121311f", "311f"))
    with pytest.raises(certificates.Malformed):
        certificates.qualification_of(single)


def test_what_is_read_back_is_what_was_put_in(issued: bytes, signer_key: rsa.RSAPrivateKey) -> None:
    found = certificates.read(issued)
    assert found.person_id == "K7PXW3M9QA"
    assert found.common_name == "Hanako Yamada"
    assert found.name_kanji == "山田\u3000花子"
    assert found.role == "doctor"
    assert found.serial == "8f00112233445566778899aabbccddee"
    assert found.period == certificates.fixed_years(AT, 5)
    assert found.public_key == spki(signer_key)


def test_openssl_reads_the_profile(issued: bytes, tmp_path: Path) -> None:
    text = openssl_text(issued, tmp_path)
    assert "Subject: C = JP, CN = Hanako Yamada, serialNumber = K7PXW3M9QA" in text
    assert "Not Before: Nov 19 15:00:00 2026 GMT" in text
    assert "Not After : Nov 20 14:59:59 2031 GMT" in text
    assert "X509v3 Key Usage: critical\n                Non Repudiation\n" in text
    assert (
        "X509v3 Certificate Policies: critical\n                Policy: 2.25.2896048657520128199104032309"
        in text
    )
    assert (
        "DirName:/C=JP/O=Inkan TEST/CN=HPKI-01-InkanTest-forNonRepudiation\n                serial:04" in text
    )
    order = [text.index(title) for title in (
        "Authority Key Identifier", "Subject Key Identifier", "Key Usage", "Subject Alternative Name",
        "CRL Distribution Points", "Subject Directory Attributes", "Certificate Policies")]  # fmt: skip
    assert order == sorted(order)


def openssl_text(certificate: bytes, folder: Path) -> str:
    (folder / "c.der").write_bytes(certificate)
    command = ["openssl", "x509", "-inform", "DER", "-in", str(folder / "c.der"), "-noout", "-text"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_openssl_finds_the_string_types_of_the_profile(issued: bytes, tmp_path: Path) -> None:
    (tmp_path / "c.der").write_bytes(issued)
    command = ["openssl", "asn1parse", "-inform", "DER", "-in", str(tmp_path / "c.der")]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "PRINTABLESTRING   :K7PXW3M9QA" in out
    assert "PRINTABLESTRING   :JP" in out
    assert "UTF8STRING        :Hanako Yamada" in out


def test_openssl_verifies_the_chain(authority: TestAuthority, issued: bytes, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    certificate = x509.load_der_x509_certificate(issued)
    (tmp_path / "c.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    at = str(int(AT.timestamp()))
    command = ["openssl", "verify", "-x509_strict", "-CAfile", str(tmp_path / "ca.pem"), "-attime", at,
               str(tmp_path / "c.pem")]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.strip().endswith(": OK"), done.stdout + done.stderr


def test_a_name_without_kanji_leaves_the_alternative_name_out(
    authority: TestAuthority, signer_key: rsa.RSAPrivateKey
) -> None:
    period = certificates.fixed_years(AT, 5)
    issued = authority.issue(DOCTOR._replace(name_kanji=""), spki(signer_key), 2**120, period)
    assert b"\x06\x03\x55\x1d\x11" not in issued
    assert certificates.read(issued).name_kanji == ""


def test_the_same_bytes_signed_twice_give_the_same_certificate(
    authority: TestAuthority, issued: bytes
) -> None:
    to_sign = certificates.to_be_signed(issued)
    again = authority.key.sign(to_sign, padding.PKCS1v15(), SHA256())
    assert certificates.assemble(to_sign, again, spki(authority.key)) == issued


def test_a_signature_over_other_bytes_is_not_assembled(authority: TestAuthority, issued: bytes) -> None:
    to_sign = certificates.to_be_signed(issued)
    other = authority.key.sign(to_sign + b"\x00", padding.PKCS1v15(), SHA256())
    with pytest.raises(InvalidSignature):
        certificates.assemble(to_sign, other, spki(authority.key))


def test_the_period_counts_the_day_in_japan() -> None:
    late = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # 00:00 JST of the 21st
    assert certificates.fixed_years(late, 5) == Period(
        datetime(2026, 11, 20, 15, 0, tzinfo=UTC), datetime(2031, 11, 21, 14, 59, 59, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("birth", "last"),
    [
        (date(1980, 2, 17), date(2031, 2, 17)),
        (date(1980, 12, 1), date(2030, 12, 1)),
        (date(1980, 11, 20), date(2031, 11, 20)),  # issued on the birthday: the next one is the first
        (date(1980, 2, 29), date(2031, 2, 28)),
    ],
)
def test_the_fifth_birthday_ends_the_certificate(birth: date, last: date) -> None:
    end = certificates.nth_birthday(AT, birth, 5).not_after
    assert end.astimezone(certificates.JST).isoformat() == f"{last.isoformat()}T23:59:59+09:00"


@pytest.mark.parametrize("junk", [b"", b"0", b"\x30\x03\x02\x01\x01", b"not a certificate" * 20])
def test_junk_is_no_certificate(junk: bytes) -> None:
    with pytest.raises(certificates.Malformed):
        certificates.read(junk)
    with pytest.raises(certificates.Malformed):
        certificates.to_be_signed(junk)


def test_a_cut_certificate_is_malformed(issued: bytes) -> None:
    with pytest.raises(certificates.Malformed):
        certificates.read(issued[:-1])


def test_a_key_of_another_kind_is_refused(authority: TestAuthority) -> None:
    weak = rsa.generate_private_key(3, 2048)
    with pytest.raises(certificates.Malformed):
        certificates.throw_away_certificate(
            DOCTOR, spki(weak), authority.issuer, 1, certificates.fixed_years(AT, 5)
        )
