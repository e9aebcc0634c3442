from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from enrollment import checks, review
from enrollment.errors import Refused
from enrollment.flow import State
from enrollment.models import Application, CheckRun, Decision, Finding
from ledger import clock
from ledger.models import Entry
from outbox.models import Job, Notice
from tests.support import cases

CHECKED = {"photo": "pass", "identity_kind": "pass", "identity_face": "pass", "licence_agrees": "pass"}


def _recommended() -> tuple[Application, object]:
    examiner = cases.officer("examiner", ("jma", "EXAMINER"), ("jma", "APPROVER"))
    case, at = cases.submitted(), clock.now()
    review.claim(case, examiner, at)
    review.recommend(case, examiner, "よい", CHECKED, at)
    return case, examiner


@pytest.mark.django_db
def test_two_officers_bring_a_case_to_approval_and_the_order_leaves_ten_seconds_later() -> None:
    case, _ = _recommended()
    at = clock.now()
    review.approve(case, cases.officer("approver", ("jma", "APPROVER")), "", CHECKED, at)
    assert case.state == State.APPROVED
    job = Job.objects.get(kind="enrollment.approved", subject=str(case.public_id))
    assert job.run_after == at + timedelta(seconds=10)
    kinds = list(
        Entry.objects.filter(subject=str(case.public_id)).order_by("pk").values_list("kind", flat=True)
    )
    signed = "application.checked"  # RV-5: the signature, asked at this hour
    assert kinds == ["application.claim", "application.recommend", signed, "application.approve"]


@pytest.mark.django_db
def test_nobody_approves_what_they_recommended() -> None:
    case, examiner = _recommended()
    with pytest.raises(Refused, match="same_officer"):
        review.approve(case, examiner, "", CHECKED, clock.now())  # type: ignore[arg-type]
    case.refresh_from_db()
    assert case.state == State.RECOMMENDED


@pytest.mark.django_db
@pytest.mark.requirement("RV-5")
def test_an_approval_out_of_turn_asks_no_check_again() -> None:
    case = cases.submitted()
    checks.run_all(str(case.public_id))
    Finding.objects.update(found_at=clock.now() - timedelta(hours=2))
    runs = CheckRun.objects.filter(application=case).order_by("pk")
    before, jobs = list(runs.values("check_name", "state", "turn")), Job.objects.count()
    approver = cases.officer("approver", ("jma", "APPROVER"))
    for state in (State.SUBMITTED, State.WITHDRAWN):
        Application.objects.filter(pk=case.pk).update(state=state)
        case.refresh_from_db()
        with pytest.raises(Refused, match="not_now"):
            review.approve(case, approver, "", CHECKED, clock.now())
    assert list(runs.values("check_name", "state", "turn")) == before and Job.objects.count() == jobs


@pytest.mark.django_db
def test_the_database_refuses_one_officer_for_both_words() -> None:
    case, examiner = _recommended()
    with pytest.raises(IntegrityError), transaction.atomic():
        Application.objects.filter(pk=case.pk).update(approved_by=examiner)
    with pytest.raises(IntegrityError), transaction.atomic():
        Application.objects.filter(pk=case.pk).update(state=State.APPROVED)


@pytest.mark.django_db
def test_an_officer_of_another_authority_can_do_nothing() -> None:
    case = cases.submitted("medis")
    stranger = cases.officer("stranger", ("jma", "EXAMINER"), ("jma", "APPROVER"))
    with pytest.raises(Refused, match="not_yours"):
        review.claim(case, stranger, clock.now())


@pytest.mark.django_db
def test_an_approval_is_taken_back_while_the_order_has_not_left() -> None:
    case, _ = _recommended()
    approver = cases.officer("approver", ("jma", "APPROVER"))
    review.approve(case, approver, "", CHECKED, clock.now())
    review.take_back(case, approver, clock.now())
    assert (case.state, case.approved_by) == (State.RECOMMENDED, None)


@pytest.mark.django_db
def test_a_second_case_of_the_same_registration_is_not_granted() -> None:
    approver = cases.officer("approver", ("jma", "APPROVER"))
    first, examiner = _recommended()
    review.approve(first, approver, "", CHECKED, clock.now())
    second = cases.submitted(registration_number=first.registration_number)
    review.claim(second, examiner, clock.now())  # type: ignore[arg-type]
    review.recommend(second, examiner, "", CHECKED, clock.now())  # type: ignore[arg-type]
    with pytest.raises(Refused, match="already_granted"):
        review.approve(second, approver, "", CHECKED, clock.now())


@pytest.mark.django_db
def test_a_return_names_its_fields_and_tells_the_applicant_why_and_until_when() -> None:
    examiner = cases.officer("examiner", ("jma", "EXAMINER"))
    case, at = cases.submitted(), clock.now()
    review.claim(case, examiner, at)
    fix = review.Correction(
        "licence", "registration_number", "mismatch", "登録番号：書類の記載と一致しません。"
    )
    review.return_to_applicant(case, examiner, [fix], at)
    assert case.state == State.RETURNED and case.claimed_by is None
    assert case.return_items.get().field == "registration_number"
    assert not Notice.objects.exists()
    cases.leaves(case)
    assert "登録番号：書類の記載と一致しません。" in Notice.objects.get(kind="n3").body


@pytest.mark.django_db
def test_a_rejection_needs_a_reason() -> None:
    examiner = cases.officer("examiner", ("jma", "EXAMINER"))
    case = cases.submitted()
    review.claim(case, examiner, clock.now())
    with pytest.raises(Refused, match="reason_missing"):
        review.reject(case, examiner, "  ", clock.now())
    review.reject(case, examiner, "免許証を確認できません。", clock.now())
    assert case.state == State.REJECTED
    assert not Notice.objects.exists()
    cases.leaves(case)
    assert "免許証を確認できません。" in Notice.objects.get(kind="n10").body


@pytest.mark.django_db
def test_a_lapsed_claim_goes_back_into_the_worklist_and_a_living_one_does_not() -> None:
    first, second = (cases.officer(name, ("jma", "EXAMINER")) for name in ("first", "second"))
    case, at = cases.submitted(), clock.now()
    review.claim(case, first, at)
    assert review.release_lapsed(at + timedelta(minutes=14)) == 0
    assert review.release_lapsed(at + timedelta(minutes=16)) == 1
    review.claim(case, second, at + timedelta(minutes=17))
    assert case.claimed_by == second
    assert review.release_lapsed(at + timedelta(minutes=33)) == 1
    case.refresh_from_db()
    assert case.state == State.SUBMITTED


@pytest.mark.django_db(transaction=True)
def test_of_eight_officers_who_claim_at_once_one_gets_the_case() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite serialises writers; the race is tried on PostgreSQL")
    case = cases.submitted()
    officers = [cases.officer(f"officer{number}", ("jma", "EXAMINER")) for number in range(8)]

    def attempt(index: int) -> bool:
        try:
            review.claim(Application.objects.get(pk=case.pk), officers[index], clock.now())
        except Refused:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(max_workers=8) as pool:
        won = list(pool.map(attempt, range(8)))
    assert won.count(True) == 1
    case.refresh_from_db()
    assert case.claimed_by == officers[won.index(True)]
    assert Decision.objects.count() == 0
