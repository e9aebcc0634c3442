"""Whoever reaches the database changes rows, not what the person signed."""

import pytest

from enrollment import issuance, review, signed
from enrollment.errors import Refused
from enrollment.flow import State
from enrollment.models import Application, Attachment, StepAnswers
from ledger import clock
from signing.models import IssuanceIntent
from tests.support import cases
from vault import files

pytestmark = pytest.mark.django_db
CHECKED = {"photo": "pass", "identity_kind": "pass", "identity_face": "pass", "licence_agrees": "pass"}


def _claimed() -> tuple[Application, object]:
    case, examiner = cases.submitted(), cases.officer("examiner", ("jma", "EXAMINER"))
    review.claim(case, examiner, clock.now())
    return case, examiner


def _refused(case: Application, examiner: object) -> object:
    with pytest.raises(Refused, match="statement_broken") as refused:
        review.recommend(case, examiner, "", CHECKED, clock.now())  # type: ignore[arg-type]
    case.refresh_from_db()
    assert case.state == State.IN_REVIEW
    return refused.value.detail["problem"]


def test_a_changed_statement_is_recommended_by_nobody() -> None:
    case, examiner = _claimed()
    row = case.statements.get()
    row.content = row.content.replace("花子".encode(), "華子".encode())
    row.save()
    assert _refused(case, examiner) == "signature"


def test_another_person_s_statement_does_not_serve() -> None:
    case, examiner = _claimed()
    other = cases.submitted().statements.get()
    case.statements.update(content=other.content, cms=other.cms)
    assert _refused(case, examiner) == "another_case"


def test_another_authority_s_case_is_not_what_was_signed() -> None:
    case, examiner = _claimed()
    Application.objects.filter(pk=case.pk).update(qualification="dentist")
    case.refresh_from_db()
    assert _refused(case, examiner) == "another_case"


def test_another_card_than_the_signed_one_is_noticed() -> None:
    case, examiner = _claimed()
    Application.objects.filter(pk=case.pk).update(certificate_fingerprint=b"x" * 32)
    case.refresh_from_db()
    assert _refused(case, examiner) == "another_card"


def test_a_changed_or_lost_file_stops_the_second_officer_too() -> None:
    case, examiner = _claimed()
    review.recommend(case, examiner, "", CHECKED, clock.now())  # type: ignore[arg-type]
    approver = cases.officer("approver", ("jma", "APPROVER"))
    Attachment.objects.filter(application=case).update(shown_file=files.save(b"another picture"))
    with pytest.raises(Refused, match="statement_broken"):
        review.approve(case, approver, "", CHECKED, clock.now())
    Attachment.objects.filter(application=case).update(shown_file="0" * 32)
    with pytest.raises(Refused, match="statement_broken"):
        review.approve(case, approver, "", CHECKED, clock.now())
    assert Application.objects.get(pk=case.pk).state == State.RECOMMENDED


def test_the_certificate_is_ordered_from_the_signed_words_and_not_from_later_rows() -> None:
    case, examiner = _claimed()
    review.recommend(case, examiner, "", CHECKED, clock.now())  # type: ignore[arg-type]
    at = clock.now() - review.UNDO
    review.approve(case, cases.officer("approver", ("jma", "APPROVER")), "", CHECKED, at)
    row = StepAnswers.objects.get(application=case, step="names")
    row.data = {"values": {**row.data["values"], "family_romaji": "OTHER"}}
    row.save()
    issuance.order(str(case.public_id))
    assert IssuanceIntent.objects.get().subject["family_romaji"] == "MIHON"


def test_an_unsigned_case_has_no_facts() -> None:
    case, _examiner = _claimed()
    case.statements.update(signed_at=None)
    with pytest.raises(Refused, match="statement_broken"):
        signed.facts(case)
