"""What the checks find: each sentence's cause, and that an honest case has none (RV-5)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import translation

from enrollment import checks
from enrollment.models import ApplicantCertificate, Application, Attachment, CardHolder, Finding
from ledger import clock
from tests.support import cases
from vault import files

pytestmark = pytest.mark.django_db


def found(case: Application, name: str) -> Finding:
    checks.run_all(str(case.public_id))
    return Finding.objects.get(application=case, check_name=name)


def outcomes(case: Application) -> dict[str, str]:
    return dict(checks.run_all(str(case.public_id)))


def answered(step: str, **values: Any) -> dict[str, Any]:
    return {**cases.ANSWERS, step: {**cases.ANSWERS.get(step, {}), **values}}


def former(family: str) -> dict[str, Any]:
    """旧姓 as the card holds it."""
    return {"other-name": {"kind": "former", "from_card": True, "family": family}}


def test_an_honest_case_passes_every_check_and_a_repeat_adds_nothing() -> None:
    case = cases.submitted()
    assert outcomes(case) == outcomes(case) == dict.fromkeys(checks.CHECKS, "pass")
    assert Finding.objects.filter(application=case).count() == len(checks.CHECKS)


def test_a_changed_file_is_found() -> None:
    case = cases.submitted()
    Attachment.objects.filter(application=case).update(shown_file=files.save(b"another picture"))
    finding = found(case, "files")
    assert finding.outcome == "fail" and "資格免許証（表）" in finding.sentence


@pytest.mark.parametrize(
    ("kind", "days", "outcome"),
    [
        ("driving_licence", -1, "fail"),
        ("driving_licence", 0, "pass"),
        ("passport", 300, "pass"),
        ("driving_history", -900, "pass"),
    ],
)
@pytest.mark.requirement("RV-2", "PH-12")
def test_a_paper_that_ran_out_while_the_case_waited_is_found(kind: str, days: int, outcome: str) -> None:
    day = clock.today(clock.now()) + timedelta(days=days)
    case = cases.submitted(answers=answered("identity", kind=kind, day_on_paper=day.isoformat()))
    finding = found(case, "identity_day")
    assert (finding.outcome, finding.line) == (outcome, "identity_kind")
    assert kind == "driving_history" or day.isoformat() in finding.sentence


def test_a_changed_statement_is_found() -> None:
    case = cases.submitted()
    row = case.statements.get()
    row.content = row.content.replace("花子".encode(), "華子".encode())
    row.save()
    assert outcomes(case)["jpki_signature"] == "fail"


def test_a_certificate_revoked_since_is_found_at_this_hour(settings: Any, tmp_path: Any) -> None:
    case = cases.submitted()
    assert outcomes(case)["jpki_signature"] == "pass"
    cases.revoked(case, settings, tmp_path)
    finding = found(case, "jpki_signature")
    assert finding.outcome == "fail" and "失効しています" in finding.sentence


def test_of_another_authoritys_case_only_the_number_is_told() -> None:
    first = cases.submitted("jma")
    second = cases.submitted("medis", registration_number=first.registration_number)
    finding = found(second, "duplicates")
    assert finding.outcome == "notice" and "ほかの認証局に 1 件" in finding.sentence
    assert str(first.receipt_number) not in finding.detail and "jma" not in finding.detail.lower()


def test_a_duplicate_of_the_same_authority_is_named_so_that_the_officer_can_open_it() -> None:
    first = cases.submitted()
    finding = found(cases.submitted(registration_number=first.registration_number), "duplicates")
    assert finding.outcome == "notice" and str(first.receipt_number) in finding.sentence


def test_the_same_person_under_another_number_is_noticed() -> None:
    first, second = cases.submitted(), cases.submitted("medis")
    Application.objects.filter(pk__in=[first.pk, second.pk]).update(person_key=b"p" * 32)
    assert "氏名・生年月日・性別が同じ" in found(second, "duplicates").sentence


@pytest.mark.parametrize(("status", "words"), [("expired", "保有者"), ("ordered", "発行待ち")])
def test_a_holder_of_an_hpki_card_is_found_in_the_register(status: str, words: str) -> None:
    case = cases.submitted()
    CardHolder.objects.create(
        authority="jma",
        qualification="doctor",
        registration_number=case.registration_number,
        birth_date=date(1985, 4, 2),
        status=status,
    )
    finding = found(case, "card_holder")
    assert finding.outcome == "fail" and words in finding.sentence


def test_the_same_picture_in_another_persons_case_is_noticed_even_with_another_file_around_it() -> None:
    first = cases.submitted(picture=b"\xff\xd8 the same pixels \xff\xd9")
    second = cases.submitted("medis", picture=b"\xff\xd8 the same pixels \xff\xd9")
    Attachment.objects.filter(application=first).update(original_sha256=b"o" * 32)  # only its record differs
    finding = found(second, "shared_files")
    assert finding.outcome == "notice" and "ほかの人の申請 1 件" in finding.sentence
    assert str(first.receipt_number) not in finding.detail


def test_ones_own_earlier_case_is_no_other_persons() -> None:
    first = cases.submitted(picture=b"\xff\xd8 mine \xff\xd9")
    second = cases.submitted(picture=b"\xff\xd8 mine \xff\xd9")
    Application.objects.filter(pk=second.pk).update(applicant=first.applicant_id)
    assert found(second, "shared_files").outcome == "pass"


@pytest.mark.parametrize(
    ("name", "answers", "outcome", "words"),
    [
        ("romaji", answered("names", family_romaji="MIHONN"), "notice", "変換候補にない"),
        ("romaji", answered("names", given_kana="オオノ", given_romaji="Ohno"), "pass", "一致"),
        ("printed_name", answered("names", printed_name="見本　華子"), "notice", "異なります"),
        ("printed_name", answered("card", kana="ミホン　カコ"), "notice", "フリガナ"),
        ("printed_name", answered("card", name="見本　\u3013子"), "notice", "字形のない"),
        ("names", answered("card", name="別人　花子"), "fail", "一致しません"),
        ("registration", answered("licence", registered_on="2001-05-01"), "fail", "18歳"),
        ("registration", answered("licence", registered_on="2005-05-01"), "notice", "20歳"),
        ("registration", answered("licence", registered_on="2010-05-01", reissued_on="2009-01-01"), "fail", "書換交付"),
        ("age", answered("card", birth_date="2006-04-02"), "notice", "20歳"),
        ("age", answered("card", birth_date="2012-04-02"), "fail", "歳です"),
        ("age", answered("card", birth_date="1912-04-02"), "notice", "歳です"),
        (
            "other_name",
            answered("other-name", kind="former", from_card=False, family="旧姓", given="花子"),
            "fail",
            "書類がありません",
        ),
        (
            "other_name",
            answered("card", former_family="大西") | former("大西"),
            "pass",
            "カードに記載",
        ),
        (
            "other_name",
            answered("card", former_family="大西") | former("中西"),
            "fail",
            "一致しません",
        ),
    ],
)  # fmt: skip
def test_what_was_signed_is_compared(name: str, answers: Any, outcome: str, words: str) -> None:
    finding = found(cases.submitted(answers=answers, at=AT), name)
    assert (finding.outcome, words in finding.sentence) == (outcome, True), finding.sentence


AT = datetime(2026, 11, 20, 3, tzinfo=UTC)


def test_a_number_changed_beside_the_statement_is_found() -> None:
    case = cases.submitted()
    Application.objects.filter(pk=case.pk).update(registration_number="999999")
    assert outcomes(case)["registration"] == "fail"


def test_a_card_whose_certificate_ends_soon_is_noticed() -> None:
    case = cases.submitted()
    ApplicantCertificate.objects.filter(applicant=case.applicant).update(
        not_after=case.created_at + timedelta(days=80)
    )
    assert "もう一度の登録" in found(case, "certificates").sentence


def test_a_finding_says_its_line_and_speaks_the_readers_language() -> None:
    case = cases.submitted()
    Attachment.objects.filter(application=case).update(shown_file=files.save(b"another picture"))
    Attachment.objects.filter(application=case).update(
        warnings=["picture_dark"], measures={"brightness": 12.5}
    )
    finding = found(case, "files")
    assert found(case, "registration").line == "licence_agrees"
    with translation.override("en"):
        assert not any(ord(letter) > 0x3000 for letter in finding.sentence), finding.sentence
        assert not any(ord(letter) > 0x3000 for letter in found(case, "pictures").sentence)
