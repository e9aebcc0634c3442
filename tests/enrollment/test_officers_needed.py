"""Who must be different from whom: held by the database, whoever writes to it (RV-3, decision 6)."""

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from enrollment import authorities, review
from enrollment.authority_data import rows
from enrollment.authority_data.kinds import OfficersRow
from enrollment.errors import Refused
from enrollment.flow import State
from enrollment.models import Application, Decision
from ledger import clock
from outbox.models import Job, Notice
from staff.models import Officer
from tests.support import cases

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("RV-3")]
CHECKED = dict.fromkeys(("photo", "identity_kind", "identity_face", "licence_agrees"), "pass")


def officers(*names: str) -> list[Officer]:
    return [cases.officer(name, ("jma", "EXAMINER"), ("jma", "APPROVER")) for name in names]


def strict(monkeypatch: pytest.MonkeyPatch, **more: int) -> None:
    """JMA asks for more officers from some day on."""
    row = OfficersRow(date(2025, 1, 1), **more)
    monkeypatch.setitem(rows.OFFICERS, "jma", (OfficersRow(rows.BEGIN), row))


def recommended(by: Officer) -> Application:
    case = cases.submitted()
    review.claim(case, by, clock.now())
    review.recommend(case, by, "", CHECKED, clock.now())
    return case


def refused_by_the_database(act: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        act()


def test_neither_a_save_nor_a_bulk_update_gives_one_officer_both_words() -> None:
    first, second = officers("first", "second")
    case = recommended(first)
    several = Application.objects.filter(pk__in=[case.pk])
    refused_by_the_database(lambda: several.update(approved_by=first, state=State.APPROVED))
    refused_by_the_database(lambda: several.update(state=State.APPROVED))
    refused_by_the_database(
        lambda: several.update(recommended_by=None, approved_by=second, state=State.ISSUED)
    )

    def save() -> None:
        row = Application.objects.get(pk=case.pk)
        row.approved_by, row.state = first, State.APPROVED
        row.save()

    def in_bulk() -> None:
        row = Application.objects.get(pk=case.pk)
        row.approved_by, row.state = first, State.ISSUING
        Application.objects.bulk_update([row], ["approved_by", "state"])

    refused_by_the_database(save)
    refused_by_the_database(in_bulk)
    case.refresh_from_db()
    assert case.state == State.RECOMMENDED


def test_an_authority_can_only_add() -> None:
    assert authorities.officers_needed("jma", date(2026, 11, 26))[1:] == (2, 1)
    case = cases.submitted()
    for odd in ({"approvals_needed": 1}, {"approvals_needed": 4}, {"rejections_needed": 0}):
        refused_by_the_database(lambda odd=odd: Application.objects.filter(pk=case.pk).update(**odd))


def test_where_three_are_asked_for_the_second_endorses_and_a_third_approves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    strict(monkeypatch, approvals=3)
    first, second, third = officers("first", "second", "third")
    case = recommended(first)
    review.approve(case, second, "", CHECKED, clock.now())
    assert (case.state, case.endorsed_by, case.approved_by) == (State.RECOMMENDED, second, None)
    assert not Job.objects.filter(kind="enrollment.approved").exists()
    for spoken in (first, second):
        with pytest.raises(Refused, match="same_officer"):
            review.approve(case, spoken, "", CHECKED, clock.now())
    review.approve(case, third, "", CHECKED, clock.now())
    assert (case.state, case.approved_by) == (State.APPROVED, third)
    verdicts = Decision.objects.filter(application=case).order_by("pk").values_list("verdict", flat=True)
    assert list(verdicts) == ["recommended", "endorsed", "approved"]


def test_the_database_wants_the_third_officer_too(monkeypatch: pytest.MonkeyPatch) -> None:
    strict(monkeypatch, approvals=3)
    first, second, third = officers("first", "second", "third")
    case = recommended(first)
    several = Application.objects.filter(pk=case.pk)
    refused_by_the_database(lambda: several.update(approved_by=second, state=State.APPROVED))
    for endorsed, approved in ((first, third), (third, third)):
        refused_by_the_database(
            lambda e=endorsed, a=approved: several.update(endorsed_by=e, approved_by=a, state=State.APPROVED)
        )
    assert several.update(endorsed_by=second, approved_by=third, state=State.APPROVED) == 1


def test_a_case_keeps_the_number_of_the_day_on_which_it_was_handed_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = officers("first", "second")
    case = cases.submitted()
    strict(monkeypatch, approvals=3, rejections=2)
    review.claim(case, first, clock.now())
    review.recommend(case, first, "", CHECKED, clock.now())
    review.approve(case, second, "", CHECKED, clock.now())
    assert case.state == State.APPROVED


@pytest.mark.parametrize("is_recommended", [False, True])
def test_where_two_reject_the_first_proposes_and_somebody_else_makes_it_so(
    is_recommended: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict(monkeypatch, rejections=2)
    first, second, third = officers("first", "second", "third")
    if is_recommended:
        case = recommended(third)
    else:
        case = cases.submitted()
        review.claim(case, first, clock.now())
    review.reject(case, first, "資格を確認できません。", clock.now(), "not_qualified")
    assert (case.state, case.rejection_proposed_by, case.recommended_by) == (State.SUBMITTED, first, None)
    assert not Notice.objects.filter(kind="n10").exists()  # the applicant is told when it is decided
    refused_by_the_database(lambda: Application.objects.filter(pk=case.pk).update(state=State.REJECTED))
    refused_by_the_database(
        lambda: Application.objects.filter(pk=case.pk).update(state=State.REJECTED, rejected_by=first)
    )
    review.claim(case, first, clock.now())
    with pytest.raises(Refused, match="same_officer_rejects"):
        review.reject(case, first, "やはり", clock.now())
    review.release(case, first, clock.now())
    review.claim(case, second, clock.now())
    review.reject(case, second, "資格を確認できません。", clock.now(), "not_qualified")
    assert (case.state, case.rejected_by) == (State.REJECTED, second)
    cases.leaves(case)
    assert Notice.objects.filter(kind="n10").count() == 1
    assert Decision.objects.get(verdict="rejected").reason == "not_qualified"


def test_a_proposed_rejection_may_also_be_recommended_by_somebody_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    strict(monkeypatch, rejections=2)
    first, second = officers("first", "second")
    case = cases.submitted()
    review.claim(case, first, clock.now())
    review.reject(case, first, "資格を確認できません。", clock.now())
    review.claim(case, second, clock.now())
    review.recommend(case, second, "", CHECKED, clock.now())
    assert (case.state, case.rejection_proposed_by) == (State.RECOMMENDED, None)
