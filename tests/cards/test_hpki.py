"""An HPKI card's certificate: path, period, policy, key usage, revocation with fail-closed (threats 20, 21)."""

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from cards import pki as jpki_authority
from cards.hpki import check, profile
from cards.hpki.pki import as_pkcs12
from cards.hpki.trust import HpkiTrust
from cards.paths import Outcome
from cards.profile import CertificateKind
from cards.trust import TrustError
from deploy.nginx import render
from ledger import clock
from signing.certificates import healthcare_role
from tests.support.card_site import hpki


@pytest.fixture
def trust(tmp_path: Path) -> HpkiTrust:
    return HpkiTrust.load(hpki.publish(tmp_path))


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def told(certificate: x509.Certificate, trust: HpkiTrust, days: int = 0) -> tuple[str, str, str]:
    result = check.verify(der(certificate), clock.now() + timedelta(days=days), trust)
    return result.outcome.value, result.problem, result.issuer


def forged(like: hpki.HpkiCard, **changes: object) -> x509.Certificate:
    """A certificate of JMA's authority like this one; extensions are changed by class name, or left out (None)."""
    authority = hpki.hierarchy().authorities["jma"]
    was = like.certificate
    builder = (
        x509.CertificateBuilder()
        .subject_name(changes.get("subject", was.subject))  # type: ignore[arg-type]
        .issuer_name(was.issuer)
        .public_key(was.public_key())
        .serial_number(was.serial_number)
        .not_valid_before(was.not_valid_before_utc)
        .not_valid_after(was.not_valid_after_utc)
    )
    for item in was.extensions:
        value = changes.get(type(item.value).__name__, item.value)
        if value is not None:
            builder = builder.add_extension(value, item.critical)  # type: ignore[arg-type]
    if "extra" in changes:
        builder = builder.add_extension(changes["extra"], critical=True)  # type: ignore[arg-type]
    return builder.sign(authority.key, SHA256())


def test_a_good_card_tells_who_holds_it(trust: HpkiTrust) -> None:
    card = hpki.card("JMA0265432")
    result = check.verify(der(card.certificate), clock.now(), trust)
    assert (result.outcome, result.problem, result.issuer) == (Outcome.VALID, "", "jma")
    assert result.person_id == "JMA0265432"
    assert result.role == healthcare_role("doctor")
    assert result.serial == card.certificate.serial_number


def test_a_revoked_card_and_an_ended_one_still_say_whose_they_are(tmp_path: Path) -> None:
    revoked, ended, future = hpki.card(), hpki.card(days=(-90, -1)), hpki.card(days=(2, 90))
    trust = HpkiTrust.load(hpki.publish(tmp_path, revoked=(revoked,)))
    assert told(revoked.certificate, trust) == ("revoked", "revoked", "jma")
    assert told(ended.certificate, trust) == ("error", "expired", "jma")
    assert told(future.certificate, trust) == ("error", "not_yet_valid", "jma")


def test_without_a_usable_list_nothing_passes(tmp_path: Path) -> None:
    """Fail closed: a missing or stale list of the card's authority, or of its root."""
    card = hpki.card().certificate
    trust = HpkiTrust.load(hpki.publish(tmp_path))
    assert told(card, trust, days=31)[:2] == ("not_checked", "list_stale")
    for missing in ("jma.crl", "root.crl"):
        folder = hpki.publish(tmp_path / f"without-{missing}")
        (folder / missing).unlink()
        assert told(card, HpkiTrust.load(folder))[:2] == ("not_checked", "list_missing")


def test_an_authority_that_its_root_has_revoked_issues_nothing_any_more(tmp_path: Path) -> None:
    made = hpki.hierarchy()
    made.root.revoked = {made.authorities["jma"].certificate.serial_number: clock.now() - timedelta(days=1)}
    try:
        trust = HpkiTrust.load(hpki.publish(tmp_path))
    finally:
        made.root.revoked = {}
    assert told(hpki.card().certificate, trust)[0] == "revoked"
    assert told(hpki.card(code="medis").certificate, trust)[0] == "valid"


def test_a_look_alike_hierarchy_is_a_stranger(trust: HpkiTrust) -> None:
    """The same names under other keys, and a card that names our authority's key id with another's signature."""
    twin = hpki.look_alike()
    assert told(hpki.card(authority=twin).certificate, trust) == ("error", "unknown_issuer", "")
    real = hpki.hierarchy().authorities["jma"]
    impostor = type(twin)("jma", twin.key, real.certificate)
    assert told(hpki.card(authority=impostor).certificate, trust) == ("error", "bad_signature", "")


def test_a_list_signed_by_another_is_no_list(tmp_path: Path) -> None:
    folder = hpki.publish(tmp_path)
    real = hpki.hierarchy().authorities["jma"]
    other = hpki.hierarchy().authorities["medis"]
    impostor = type(real)("jma", other.key, real.certificate)
    (folder / "jma.crl").write_bytes(impostor.revocation_list(clock.now()))
    assert told(hpki.card().certificate, HpkiTrust.load(folder))[:2] == ("error", "list_bad_signature")


USAGE = profile.usage(is_authority=False)
NON_REPUDIATION = x509.KeyUsage(False, True, False, False, False, False, False, False, False)
BOTH = x509.KeyUsage(True, True, False, False, False, False, False, False, False)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"KeyUsage": NON_REPUDIATION}, "key_usage"),
        ({"KeyUsage": BOTH}, "key_usage"),
        ({"KeyUsage": None}, "key_usage"),
        ({"CertificatePolicies": None}, "policy"),
        ({"extra": x509.BasicConstraints(True, None)}, "key_usage"),
        ({"extra": x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH])}, "key_usage"),
        ({"extra": x509.InhibitAnyPolicy(0)}, "critical_extension"),
        ({"subject": x509.Name([])}, "person_id"),
        ({"subject": profile.holder_name("A" * 17, "Takashi SAEKI")}, "person_id"),
    ],
)
def test_a_certificate_that_is_not_for_authentication_is_refused(
    changes: dict[str, object], problem: str, trust: HpkiTrust
) -> None:
    assert told(forged(hpki.card(), **changes), trust) == ("error", problem, "jma")


def test_a_policy_of_the_ministry_is_worth_nothing_under_a_test_root(trust: HpkiTrust) -> None:
    policy = x509.CertificatePolicies([x509.PolicyInformation(profile.MINISTRY_HOLDER, None)])
    assert told(forged(hpki.card(), CertificatePolicies=policy), trust)[1] == "policy"


def test_a_my_number_cards_certificate_and_an_authoritys_own_are_no_cards(trust: HpkiTrust) -> None:
    at = clock.now()
    jpki = jpki_authority.Hierarchy.create(at).current(CertificateKind.AUTHENTICATION)
    der_bytes = jpki.authentication_certificate(hpki.key(), at - timedelta(days=1), at + timedelta(days=1))
    assert check.verify(der_bytes, at, trust).problem == "unknown_issuer"
    made = hpki.hierarchy()
    for own in (made.root, made.authorities["jma"]):
        assert check.verify(der(own.certificate), at, trust).outcome is Outcome.ERROR


@pytest.mark.parametrize("junk", [b"", b"\x30\x00", b"-----BEGIN CERTIFICATE-----", bytes(100)])
def test_other_bytes_are_unreadable_and_never_an_exception(junk: bytes, trust: HpkiTrust) -> None:
    assert check.verify(junk, clock.now(), trust).problem == "unreadable"


def test_a_cut_certificate_never_raises(trust: HpkiTrust) -> None:
    whole = der(hpki.card().certificate)
    outcomes = {check.verify(whole[:size], clock.now(), trust).outcome for size in range(0, len(whole), 37)}
    assert outcomes == {Outcome.ERROR}


def test_the_trust_folder_needs_a_root_and_an_authority(tmp_path: Path) -> None:
    folder = hpki.publish(tmp_path)
    assert HpkiTrust.load(folder).is_test
    (folder / "root.pem").unlink()
    with pytest.raises(TrustError, match="a root and an authority"):
        HpkiTrust.load(folder)
    (folder / "jma.pem").write_text("nothing")
    with pytest.raises(TrustError, match=r"jma\.pem"):
        HpkiTrust.load(folder)


def test_openssl_agrees_about_path_and_revocation_and_reads_the_pkcs12(tmp_path: Path) -> None:
    good, revoked = hpki.card(), hpki.card()
    trust = HpkiTrust.load(hpki.publish(tmp_path, revoked=(revoked,)))
    bundle, lists = tmp_path / "all", tmp_path / "lists"
    bundle.write_bytes(render.authorities(trust))
    lists.write_bytes(render.lists(trust))
    (tmp_path / "card.p12").write_bytes(as_pkcs12("card", good.key, good.certificate, "secret"))
    certificate, _key = revoked.files(tmp_path, "revoked")
    read = ["pkcs12", "-in", f"{tmp_path}/card.p12", "-passin", "pass:secret", "-nokeys", "-out"]
    assert _openssl(*read, f"{tmp_path}/good.pem")[0] == 0
    check_all = ["verify", "-crl_check_all", "-CAfile", f"{bundle}", "-CRLfile", f"{lists}"]
    assert _openssl(*check_all, f"{tmp_path}/good.pem")[0] == 0
    status, said = _openssl(*check_all, f"{certificate}")
    assert status != 0 and "certificate revoked" in said


def _openssl(*arguments: str) -> tuple[int, str]:
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr
