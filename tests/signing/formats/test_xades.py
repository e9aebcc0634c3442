"""XAdES made by signxml over our remote key, with exclusive c14n as Japanese prescriptions have it; xmlsec1 judges."""

from pathlib import Path

import pytest

from ledger.models import Entry
from signing.keystore import KeyKind
from tests.support import days
from tests.support.beside import BESIDE
from tests.support.ehr import Ehr
from tests.support.witnesses import xades

pytestmark = [*BESIDE, pytest.mark.requirement("SG-1")]
ELEMENT = "Prescription"
DOCUMENT = '<Prescription xmlns:a="urn:a" Id="rx"><a:Drug>アムロジピン錠 5mg {number}</a:Drug></Prescription>'
ELSEWHERE = b'<b:Bundle xmlns:b="urn:b" xmlns:a="urn:other" xml:lang="ja"><b:Entry>%s</b:Entry></b:Bundle>'


def ehr_of(server: str, kind: KeyKind) -> Ehr:
    day = days.issued_day(kind)
    ehr = Ehr(server, {"client_id": day.client.client_id, "client_secret": "secret"}, "http://127.0.0.1/")
    ehr.token = day.bearer
    return ehr


def documents(count: int) -> list[bytes]:
    return [DOCUMENT.format(number=number).encode() for number in range(count)]


@pytest.mark.parametrize("kind", [KeyKind.RSA_2048, KeyKind.P256])
def test_xmlsec1_accepts_it_where_it_was_made_and_where_it_is_embedded(
    server: str, tmp_path: Path, kind: KeyKind
) -> None:
    ehr = ehr_of(server, kind)
    signed = xades.sign_all(documents(3), ehr, reference="rx")
    chain = ehr.certificates()
    assert [entry.data["count"] for entry in Entry.objects.filter(kind="signing.signed")] == [3]
    for each in signed:
        is_good, said = xades.xmlsec1(tmp_path, each, ELEMENT, chain)
        assert is_good and "SignedInfo References (ok/all): 3/3" in said, said
    is_good, said = xades.xmlsec1(tmp_path, ELSEWHERE % signed[0], ELEMENT, chain)
    assert is_good, said


def test_what_was_changed_afterwards_fails(server: str, tmp_path: Path) -> None:
    ehr = ehr_of(server, KeyKind.RSA_2048)
    (signed,) = xades.sign_all(documents(1), ehr, reference="rx")
    chain = ehr.certificates()
    assert xades.xmlsec1(tmp_path, signed, ELEMENT, chain)[0]
    for old, new in ((b"5mg", b"50mg"), (b"text/xml", b"text/xmk"), (b"<ds:X509Data>", b"<ds:X509Data >")):
        assert old in signed
        changed = signed.replace(old, new)
        expected = old.strip(b"<>").strip() == new.strip(b"<>").strip()  # a blank in a tag changes nothing
        assert xades.xmlsec1(tmp_path, changed, ELEMENT, chain)[0] is expected
    foreign = ehr_of(server, KeyKind.RSA_2048).certificates()
    assert foreign[0] != chain[0]
    assert not xades.xmlsec1(tmp_path, signed, ELEMENT, [chain[0], chain[0]])[0]  # a root that is none


def test_the_trap_is_still_there_without_the_override(server: str, tmp_path: Path) -> None:
    """When this fails, signxml writes its references rightly and the override can go."""
    ehr = ehr_of(server, KeyKind.RSA_2048)
    (signed,) = xades.sign_all(documents(1), ehr, reference="rx", unpatched=True)
    assert not xades.xmlsec1(tmp_path, signed, ELEMENT, ehr.certificates())[0]
