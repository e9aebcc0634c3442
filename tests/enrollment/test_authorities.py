"""Authorities as dated data."""

from datetime import date
from pathlib import Path

import pytest
from django.conf import settings

from enrollment import authorities

SEED_DAY = date(2024, 10, 1)
TODAY = date(2026, 11, 20)


def codes(qualification: str, on: date) -> list[str]:
    return [row.code for row in authorities.open_authorities(qualification, on)]


@pytest.mark.requirement("CA-01", "CA-02")
@pytest.mark.parametrize(
    ("qualification", "then", "now"),
    [
        ("dentist", ["medis"], ["medis"]),
        ("doctor", ["jma", "medis"], ["jma", "medis"]),
        ("pharmacist", ["medis"], ["medis", "jpa"]),
    ],
)
def test_the_matrix_holds_before_and_after_jpa_opens(
    qualification: str, then: list[str], now: list[str]
) -> None:
    assert codes(qualification, SEED_DAY) == then
    assert codes(qualification, TODAY) == now


@pytest.mark.requirement("CA-01")
def test_jpa_opens_on_the_operators_day_and_not_on_the_eve() -> None:
    day = date(2027, 1, 4)
    try:
        authorities.set_openings({("jpa", "pharmacist"): day})
        assert not authorities.is_open("jpa", "pharmacist", date(2027, 1, 3))
        assert authorities.is_open("jpa", "pharmacist", day)
        authorities.set_openings({("jpa", "pharmacist"): None})  # no day set: closed
        assert codes("pharmacist", date(2030, 1, 1)) == ["medis"]
    finally:
        authorities.set_openings({("jpa", "pharmacist"): settings.JPA_OPENS})
    assert str(settings.JPA_OPENS) == "2026-04-01"  # the demo's
    with pytest.raises(authorities.UnknownAuthority):
        authorities.set_openings({("jma", "dentist"): day})


@pytest.mark.requirement("K-13")
def test_each_authority_has_a_site_of_its_own() -> None:
    """004 prints JMA's address for JPA too; here the address is data of each authority."""
    sites = {row.code: row.site for row in authorities.all_authorities()}
    assert len(set(sites.values())) == 3 and "nichiyaku" in sites["jpa"]


@pytest.mark.requirement("CA-03")
@pytest.mark.parametrize(
    ("authority", "qualification"),
    [
        ("jma", "dentist"),
        ("jma", "pharmacist"),
        ("jpa", "doctor"),
        ("", "doctor"),
        ("jma", ""),
        ("JMA", "doctor"),
    ],
)
def test_a_forged_pair_is_closed(authority: str, qualification: str) -> None:
    assert not authorities.is_open(authority, qualification, TODAY)


@pytest.mark.requirement("CA-03", "CA-08")
def test_a_pharmacist_reads_that_jpa_is_closed_and_later_what_to_know() -> None:
    closed = authorities.notices("jpa", "pharmacist", SEED_DAY)
    opened = authorities.notices("jpa", "pharmacist", TODAY)
    assert len(closed) == 1 and "ホームページ" in closed[0]
    assert len(opened) == 4 and not set(closed) & set(opened)
    assert authorities.notices("jpa", "doctor", TODAY) == ()
    assert authorities.authority("jpa").site.startswith("https://www.nichiyaku.or.jp/")


@pytest.mark.requirement("CA-22")
def test_a_notice_ends_on_its_day() -> None:
    assert len(authorities.notices("medis", "dentist", date(2025, 3, 31))) == 1
    assert authorities.notices("medis", "dentist", date(2025, 4, 1)) == ()


@pytest.mark.requirement("CA-04", "CA-05")
@pytest.mark.parametrize(
    ("authority", "member", "amount", "listed", "waived"),
    [
        ("jma", True, 0, 0, False),
        ("jma", False, 0, 5_500, True),
        ("jma", None, 0, 5_500, True),
        ("jpa", True, 19_800, 19_800, False),
        ("jpa", False, 26_400, 26_400, False),
        ("medis", None, 26_950, 26_950, False),
    ],
)
def test_prices_of_the_day(
    authority: str, member: bool | None, amount: int, listed: int, waived: bool
) -> None:
    price = authorities.price(authority, member, TODAY)
    assert price == (amount, listed, waived, date(2024, 6, 1))


@pytest.mark.requirement("CA-06", "CA-07", "CA-20")
def test_cards_come_from_jma_and_medis_and_nobody_is_asked() -> None:
    assert [authorities.card_made(code, TODAY) for code in ("jma", "medis", "jpa")] == [True, True, False]
    assert not any(authorities.card_choice(code, TODAY) for code in ("jma", "medis", "jpa"))
    assert "発行されません" in authorities.card_text("jpa", TODAY)


@pytest.mark.requirement("DQ-26", "DQ-27")
def test_field_sets_differ() -> None:
    jma, medis, jpa = (authorities.fields(code, TODAY) for code in ("jma", "medis", "jpa"))
    assert (jma.membership, jma.member_number_digits, jma.card_pin_digits) == ("medical_association", 10, 4)
    assert len(jma.pickup_places) == 47
    assert (medis.membership, medis.card_pin_digits) == ("", 4)
    assert (jpa.membership, jpa.card_pin_digits, jpa.pickup_places) == ("pharmacists_association", 0, ())
    refused = authorities.fields("jma", TODAY, wants_card=False)
    assert (refused.card_pin_digits, refused.pickup_places, refused.card_preview) == (0, (), False)


@pytest.mark.requirement("PH-01", "PH-02", "PH-50")
def test_formats_by_slot() -> None:
    for slot in authorities.SLOTS:
        assert authorities.formats("jma", slot) == authorities.formats("jpa", slot) == {"jpeg", "png", "bmp"}
    assert authorities.formats("medis", "photo") == {"jpeg"}
    for slot in set(authorities.SLOTS) - {"photo"}:
        assert authorities.formats("medis", slot) == {"jpeg", "pdf"}
        assert authorities.formats("medis", slot, with_pdf=False) == {"jpeg"}
    with pytest.raises(authorities.UnknownAuthority):
        authorities.formats("medis", "selfie")


@pytest.mark.requirement("PH-51")
def test_name_papers_may_be_four_pictures_where_pdf_is_not_taken() -> None:
    assert authorities.most_files("jma", "name_proof") == 4
    assert authorities.most_files("medis", "name_proof") == 1
    assert authorities.most_files("jma", "photo") == 1


@pytest.mark.requirement("CA-16")
def test_consents_are_versioned_and_differ() -> None:
    lists = {code: authorities.consents(code, TODAY) for code in ("jma", "medis", "jpa")}
    for code, items in lists.items():
        ids = [item.id for item in items]
        assert len(set(ids)) == len(ids) >= 6
        assert f"{code}-privacy" in ids
        assert all(item.version and item.title and len(item.text) > 20 for item in items)
    assert lists["jma"] != lists["medis"] != lists["jpa"]


@pytest.mark.requirement("CA-09", "CA-18", "BD-15")
def test_texts_of_waiting_and_reissue() -> None:
    assert "1か月半" in authorities.waiting_text("jma", TODAY)
    assert "費用" in authorities.link_reissue_note("medis", TODAY)
    assert [authorities.phone_binding_once(code, TODAY) for code in ("jma", "jpa")] == [False, True]


@pytest.mark.requirement("DQ-03")
def test_registers_follow_the_qualification() -> None:
    assert [row.register for row in authorities.qualifications()] == ["医籍", "歯科医籍", "薬剤師名簿"]
    with pytest.raises(authorities.UnknownAuthority):
        authorities.qualification("nurse")


@pytest.mark.requirement("NM-20")
def test_papers_for_a_former_name() -> None:
    assert any("戸籍" in paper for paper in authorities.fields("jma", TODAY).name_proofs)
    assert any("住民票" in paper for paper in authorities.fields("medis", TODAY).name_proofs)


def test_the_certificate_for_card_pins_is_the_operators(tmp_path: Path) -> None:
    with pytest.raises(authorities.NoEncryptionCertificate):
        authorities.encryption_certificate("jma", tmp_path)
    (tmp_path / "jma.pem").write_bytes(b"-----BEGIN CERTIFICATE-----\n")
    assert authorities.encryption_certificate("jma", tmp_path).startswith(b"-----BEGIN")
    with pytest.raises(authorities.UnknownAuthority):
        authorities.encryption_certificate("../jma", tmp_path)
