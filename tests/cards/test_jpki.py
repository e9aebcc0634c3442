"""What is believed about a JPKI certificate, and what is not."""

import dataclasses
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from asn1crypto.core import UTF8String
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cards import jpki, profile
from cards.client import MyNumberCard
from cards.exchange import CardRequest, CardResponse
from cards.jpki import Outcome, TrustError, TrustStore, verify
from cards.pki import Hierarchy
from cards.profile import CertificateKind, CertifiedFacts
from cards.reader import perform

from .conftest import AT, ENDS, FACTS, ISSUED, ORIGIN, World

SIGNATURE, AUTHENTICATION = CertificateKind.SIGNATURE, CertificateKind.AUTHENTICATION
CHALLENGE = bytes(range(32))


def said(result: jpki.JpkiResult) -> tuple[Outcome, str]:
    return result.outcome, result.problem


def test_a_good_signature_certificate_says_who_holds_it(world: World, trust: TrustStore) -> None:
    result = verify(world.card.signature_certificate, SIGNATURE, AT, trust)
    assert said(result) == (Outcome.VALID, "")
    assert result.attributes == jpki.SignatureAttributes(
        name="田中　花子",
        address="東京都千代田区一番町１－２",
        birth_date=date(1980, 2, 29),
        sex="2",
        former_family="佐藤",
        alias="",
        written="田中［佐藤］　花子",
        name_flags="0" * 9,
        address_flags="0" * 13,
    )
    assert result.fingerprint == sha256(world.card.signature_certificate).digest()
    assert result.not_after == ENDS
    parsed = x509.load_der_x509_certificate(world.card.signature_certificate)
    assert result.serial == parsed.serial_number
    assert trust.anchor(result.issuer_key_id) == world.hierarchy.current(SIGNATURE).certificate


def test_a_good_authentication_certificate_names_nobody(world: World, trust: TrustStore) -> None:
    result = verify(world.card.authentication_certificate, AUTHENTICATION, AT, trust)
    assert said(result) == (Outcome.VALID, "")
    assert result.attributes is None


def test_the_former_generation_is_found_by_key_though_the_names_are_one(
    world: World, trust: TrustStore
) -> None:
    former = world.hierarchy.former(SIGNATURE)
    certificate = former.signature_certificate(FACTS, world.signature_key, ISSUED, ENDS)
    result = verify(certificate, SIGNATURE, AT, trust)
    assert said(result) == (Outcome.VALID, "")
    assert trust.anchor(result.issuer_key_id) == former.certificate


def test_each_kind_is_refused_in_the_others_place(world: World, trust: TrustStore) -> None:
    assert said(verify(world.card.signature_certificate, AUTHENTICATION, AT, trust)) == (
        Outcome.ERROR,
        "policy",
    )
    assert said(verify(world.card.authentication_certificate, SIGNATURE, AT, trust)) == (
        Outcome.ERROR,
        "policy",
    )


@pytest.mark.parametrize(
    ("at", "problem"),
    [
        (ISSUED - timedelta(seconds=1), "not_yet_valid"),
        (ENDS + timedelta(seconds=1), "expired"),
        (AT + timedelta(days=4000), "issuer_expired"),
    ],
)
def test_outside_its_time_it_is_an_error(world: World, trust: TrustStore, at: datetime, problem: str) -> None:
    assert said(verify(world.card.signature_certificate, SIGNATURE, at, trust)) == (Outcome.ERROR, problem)


def test_another_hierarchy_of_the_same_name_is_unknown(world: World, trust: TrustStore) -> None:
    stranger = Hierarchy.create(AT).current(SIGNATURE)
    assert stranger.certificate.subject == world.hierarchy.current(SIGNATURE).certificate.subject
    certificate = stranger.signature_certificate(FACTS, world.signature_key, ISSUED, ENDS)
    assert said(verify(certificate, SIGNATURE, AT, trust)) == (Outcome.ERROR, "unknown_issuer")


def test_a_key_id_that_was_copied_does_not_help(world: World, trust: TrustStore) -> None:
    former, current = world.hierarchy.former(SIGNATURE), world.hierarchy.current(SIGNATURE)
    liar = dataclasses.replace(former, certificate=current.certificate)  # its key, the other's key id
    certificate = liar.signature_certificate(FACTS, world.signature_key, ISSUED, ENDS)
    assert said(verify(certificate, SIGNATURE, AT, trust)) == (Outcome.ERROR, "bad_signature")


def test_a_revoked_certificate_is_told_even_by_an_old_list(world: World, tmp_path: Path) -> None:
    world.hierarchy.current(SIGNATURE).revoke(world.card.signature_certificate, AT)
    store = world.trust(tmp_path)
    for at in (AT, AT + timedelta(days=60)):
        result = verify(world.card.signature_certificate, SIGNATURE, at, store)
        assert said(result) == (Outcome.REVOKED, "revoked")
    assert said(verify(world.card.authentication_certificate, AUTHENTICATION, AT, store)) == (
        Outcome.VALID,
        "",
    )


def test_without_a_list_it_is_not_checked_and_never_valid(world: World, trust: TrustStore) -> None:
    result = verify(world.card.signature_certificate, SIGNATURE, AT, TrustStore(trust.anchors, ()))
    assert said(result) == (Outcome.NOT_CHECKED, "list_missing")
    assert result.attributes is not None


@pytest.mark.parametrize("days", [31, -1])
def test_with_a_list_of_another_time_it_is_not_checked(world: World, trust: TrustStore, days: int) -> None:
    result = verify(world.card.signature_certificate, SIGNATURE, AT + timedelta(days=days), trust)
    assert said(result) == (Outcome.NOT_CHECKED, "list_stale")


def test_the_list_of_the_other_generation_says_nothing(world: World, trust: TrustStore) -> None:
    former, current = world.hierarchy.generations[SIGNATURE]
    lists = (x509.load_der_x509_crl(former.revocation_list(AT)),)
    outcomes = [
        verify(
            authority.signature_certificate(FACTS, world.signature_key, ISSUED, ENDS),
            SIGNATURE,
            AT,
            TrustStore(trust.anchors, lists),
        ).outcome
        for authority in (former, current)
    ]
    assert outcomes == [Outcome.VALID, Outcome.NOT_CHECKED]


def test_a_list_with_a_bad_signature_is_an_error(world: World, trust: TrustStore) -> None:
    current, former = world.hierarchy.current(SIGNATURE), world.hierarchy.former(SIGNATURE)
    forged = dataclasses.replace(current, key=former.key).revocation_list(AT + timedelta(hours=1))
    store = TrustStore(trust.anchors, (*trust.lists, x509.load_der_x509_crl(forged)))
    result = verify(world.card.signature_certificate, SIGNATURE, AT + timedelta(hours=2), store)
    assert said(result) == (Outcome.ERROR, "list_bad_signature")


def test_a_list_of_another_municipality_says_nothing_and_the_own_one_decides(
    world: World, trust: TrustStore
) -> None:
    current = world.hierarchy.current(SIGNATURE)

    def part(town: str) -> x509.CertificateRevocationList:
        name = x509.DirectoryName(profile.list_name(SIGNATURE, "Tokyo-to", town))
        point = x509.IssuingDistributionPoint([name], None, False, False, None, False, False)
        return (
            x509.CertificateRevocationListBuilder()
            .issuer_name(current.certificate.subject)
            .last_update(AT)
            .next_update(AT + timedelta(days=1))
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(current.key.public_key()), False
            )
            .add_extension(point, critical=True)
            .sign(current.key, SHA256())
        )

    certificate = world.card.signature_certificate
    elsewhere = TrustStore(trust.anchors, (part("Minato-ku"),))
    assert said(verify(certificate, SIGNATURE, AT, elsewhere)) == (Outcome.NOT_CHECKED, "list_missing")
    here = TrustStore(trust.anchors, (part("Chiyoda-ku"),))
    assert said(verify(certificate, SIGNATURE, AT, here)) == (Outcome.VALID, "")


def _issued(world: World, change: str) -> bytes:
    """A certificate of the right authority with one thing wrong."""
    current = world.hierarchy.current(SIGNATURE)
    good = x509.load_der_x509_certificate(world.card.signature_certificate)
    builder = (
        x509.CertificateBuilder()
        .subject_name(good.subject)
        .issuer_name(good.issuer)
        .public_key(good.public_key())
        .serial_number(7)
        .not_valid_before(ISSUED)
        .not_valid_after(ENDS)
    )
    san = list(good.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    for item in good.extensions:
        value, critical = item.value, item.critical
        if isinstance(value, x509.SubjectAlternativeName):
            value = x509.SubjectAlternativeName(_names(change, san))
        if isinstance(value, x509.KeyUsage) and change == "usage":
            value = profile.key_usage(signing=False)
        if isinstance(value, x509.CertificatePolicies) and change == "production_policy":
            policy = profile.PRODUCTION_POLICIES[SIGNATURE]
            value = x509.CertificatePolicies([x509.PolicyInformation(policy, None)])
        builder = builder.add_extension(value, critical)
    if change == "critical":
        unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
        builder = builder.add_extension(unknown, critical=True)
    if change == "ca":
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.sign(current.key, SHA256()).public_bytes(Encoding.DER)


def _names(change: str, good: list[x509.GeneralName]) -> list[x509.GeneralName]:
    def other(oid: x509.ObjectIdentifier, text: str) -> x509.OtherName:
        return x509.OtherName(oid, UTF8String(text).dump())

    by_oid = {name.type_id: name for name in good if isinstance(name, x509.OtherName)}
    changed: dict[str, list[x509.GeneralName]] = {
        "reordered": list(reversed(good)),
        "name_twice": [*good, other(profile.NAME_OID, "別人")],
        "no_name": [name for oid, name in by_oid.items() if oid != profile.NAME_OID],
        "bad_birth": list((by_oid | {profile.BIRTH_OID: other(profile.BIRTH_OID, "319801301")}).values()),
        "bad_sex": list((by_oid | {profile.SEX_OID: other(profile.SEX_OID, "7")}).values()),
        "not_text": list(
            (by_oid | {profile.NAME_OID: x509.OtherName(profile.NAME_OID, b"\x02\x01\x01")}).values()
        ),
        "nul": list((by_oid | {profile.NAME_OID: other(profile.NAME_OID, "a\x00b")}).values()),
        "flags": list(
            (
                by_oid | {profile.ADDRESS_SUBSTITUTES_OID: other(profile.ADDRESS_SUBSTITUTES_OID, "02")}
            ).values()
        ),
    }
    return changed.get(change, good)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("none", ""),
        ("reordered", ""),
        ("usage", "key_usage"),
        ("ca", "key_usage"),
        ("critical", "critical_extension"),
        ("production_policy", "policy"),
        ("name_twice", "attributes"),
        ("no_name", "attributes"),
        ("bad_birth", "attributes"),
        ("bad_sex", "attributes"),
        ("nul", "attributes"),
        ("flags", "attributes"),
        ("not_text", "unreadable"),
    ],
)
def test_one_thing_wrong_is_enough(world: World, trust: TrustStore, change: str, problem: str) -> None:
    result = verify(_issued(world, change), SIGNATURE, AT, trust)
    assert said(result) == (Outcome.ERROR if problem else Outcome.VALID, problem)
    assert (result.attributes is None) is bool(problem)


def test_substitute_characters_are_told(world: World, trust: TrustStore) -> None:
    facts = CertifiedFacts("高橋　吉乃", "東京都", date(1990, 1, 1), "2", name_substitutes="10010")
    current = world.hierarchy.current(SIGNATURE)
    certificate = current.signature_certificate(facts, world.signature_key, ISSUED, ENDS)
    found = verify(certificate, SIGNATURE, AT, trust).attributes
    assert found is not None
    assert found.has_substitutes
    assert (found.name_flags, found.written) == ("10010", "高橋　吉乃")


@given(position=st.integers(0, 2000), value=st.integers(0, 255), cut=st.none() | st.integers(0, 2000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
def test_broken_der_is_a_clean_error(
    made: World, tmp_path_factory: pytest.TempPathFactory, position: int, value: int, cut: int | None
) -> None:
    whole = made.card.signature_certificate
    broken = bytearray(whole)
    broken[position % len(broken)] = value
    result = verify(bytes(broken[:cut]), SIGNATURE, AT, _trust_of(made))
    assert bytes(broken[:cut]) == whole or result.outcome is Outcome.ERROR


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_any_bytes_are_a_clean_error(made: World, content: bytes) -> None:
    assert verify(content, AUTHENTICATION, AT, _trust_of(made)).outcome is Outcome.ERROR


def _trust_of(made: World) -> TrustStore:
    return TrustStore(tuple(authority.certificate for authority in made.hierarchy.all()), ())


def authenticated(client: MyNumberCard) -> CardResponse:
    return perform(CardRequest("authenticate", challenge=CHALLENGE, return_to="/"), client, "1234", ORIGIN)


def test_an_authentication_is_for_one_origin_and_one_challenge(
    client: MyNumberCard, trust: TrustStore
) -> None:
    response = authenticated(client)
    assert jpki.check_authentication(response, ORIGIN, CHALLENGE, AT, trust).outcome is Outcome.VALID
    for origin, challenge in (("https://inkan.example.evil", CHALLENGE), (ORIGIN, CHALLENGE[::-1])):
        result = jpki.check_authentication(response, origin, challenge, AT, trust)
        assert said(result) == (Outcome.ERROR, "signature")


def test_an_answer_of_another_kind_is_no_authentication(
    client: MyNumberCard, world: World, trust: TrustStore
) -> None:
    response = authenticated(client)
    for bent in (
        dataclasses.replace(response, operation="sign"),
        dataclasses.replace(response, outcome="cancelled"),
        dataclasses.replace(response, signature=b""),
        dataclasses.replace(response, signature=response.signature[:-1] + b"\x00\x00"),
        dataclasses.replace(response, authentication_certificate=world.card.signature_certificate),
        dataclasses.replace(response, authentication_certificate=b""),
    ):
        assert jpki.check_authentication(bent, ORIGIN, CHALLENGE, AT, trust).outcome is Outcome.ERROR


def test_a_signature_is_for_one_content(client: MyNumberCard, trust: TrustStore) -> None:
    request = CardRequest("sign", digest=sha256(b"statement").digest())
    response = perform(request, client, "abc123", ORIGIN)
    assert jpki.check_signature(response, b"statement", AT, trust).outcome is Outcome.VALID
    assert said(jpki.check_signature(response, b"statement.", AT, trust)) == (Outcome.ERROR, "signature")


def test_test_anchors_are_recognised_and_a_spoilt_folder_is_named(trust: TrustStore, tmp_path: Path) -> None:
    assert trust.is_test
    with pytest.raises(TrustError, match="no anchor"):
        TrustStore.load(tmp_path / "nothing")
    (tmp_path / "bad.pem").write_text("not a certificate")
    with pytest.raises(TrustError, match=r"bad\.pem"):
        TrustStore.load(tmp_path)


def test_an_anchor_that_does_not_say_test_is_not_test(world: World) -> None:
    key = world.signature_key
    name = x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "JPKI")])
    anchor = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
        .sign(key, SHA256())
    )
    assert not TrustStore((anchor,), ()).is_test
