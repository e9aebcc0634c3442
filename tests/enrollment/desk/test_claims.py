"""A claim lives while its officer is at work, is taken over from who is silent, and is shown to the others (RV-1)."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from enrollment import review
from enrollment.errors import Refused
from enrollment.flow import State
from enrollment.models import Application, TakeOver
from ledger import clock
from ledger.models import Entry
from staff.models import Officer
from tests.enrollment.desk.test_desk import PASSED, desk
from tests.support import cases

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("RV-1")]
LIST = "/admin/enrollment/application/"
BEAT = f"{LIST}beat/"
MINUTE = timedelta(minutes=1)


def url(case: Application, name: str = "") -> str:
    return reverse("admin:enrollment_case", args=[case.public_id]) + (f"{name}/" if name else "")


def two() -> tuple[Officer, Officer, Application, datetime]:
    first, second = (cases.officer(name, ("jma", "EXAMINER")) for name in ("first", "second"))
    case, at = cases.submitted(), clock.now()
    review.claim(case, first, at)
    return first, second, case, at


@pytest.fixture
def later() -> Any:
    def wait(minutes: float) -> None:
        settings.CLOCK_OFFSET += minutes * MINUTE

    before = settings.CLOCK_OFFSET
    yield wait
    settings.CLOCK_OFFSET = before


def test_a_claim_runs_out_a_quarter_of_an_hour_after_the_last_sign() -> None:
    first, _second, case, at = two()
    assert review.release_lapsed(at + 14 * MINUTE) == 0
    assert review.stay(first, at + 14 * MINUTE) == 1
    assert review.release_lapsed(at + 28 * MINUTE) == 0
    assert review.release_lapsed(at + 30 * MINUTE) == 1
    case.refresh_from_db()
    assert (case.state, case.claimed_by, case.claimed_at) == (State.SUBMITTED, None, None)
    assert review.stay(first, at + 31 * MINUTE) == 0  # a lost claim does not come back


def test_whoever_has_lost_the_role_keeps_no_claim() -> None:
    first, _second, case, at = two()
    first.roles.all().delete()
    gone = Officer.objects.get(pk=first.pk)
    assert review.stay(gone, at + 14 * MINUTE) == 0
    assert review.release_lapsed(at + 16 * MINUTE) == 1
    case.refresh_from_db()
    assert case.state == State.SUBMITTED


def test_the_holders_look_act_and_beat_keep_the_claim_and_a_colleagues_do_not(later: Any) -> None:
    first, second, case, _at = two()
    mine, other = desk(first), desk(second)
    for step in (
        lambda: mine.get(url(case)),
        lambda: mine.post(url(case, "checklist"), {"line-photo": "pass"}),
        lambda: mine.post(BEAT),
    ):
        later(2)
        step()
        case.refresh_from_db()
        assert case.claimed_until == pytest.approx(clock.now() + review.CLAIM, abs=timedelta(seconds=5))
    until = case.claimed_until
    later(2)
    other.post(BEAT, {"case": str(case.public_id)})
    other.get(LIST)
    case.refresh_from_db()
    assert case.claimed_until == until


def test_an_officer_at_work_keeps_all_of_their_claims() -> None:
    first, _second, case, at = two()
    other = cases.submitted()
    review.claim(other, first, at)
    assert review.stay(first, at + 10 * MINUTE) == 2
    assert review.release_lapsed(at + 20 * MINUTE) == 0
    assert Application.objects.filter(claimed_by=first, pk__in=[case.pk, other.pk]).count() == 2


def test_a_sign_of_life_costs_the_same_however_many_cases_are_held() -> None:
    first, _second, _case, at = two()
    counts = []
    for minute in (5, 10):
        with CaptureQueriesContext(connection) as captured:
            review.stay(first, at + minute * MINUTE)
        counts.append(len(captured))
        for _ in range(3):
            review.claim(cases.submitted(), first, at + minute * MINUTE)
    assert counts[0] == counts[1]
    assert review.stay(first, at + 14 * MINUTE) == 7
    assert review.release_lapsed(at + 28 * MINUTE) == 0


def test_nobody_takes_a_case_from_an_officer_at_work() -> None:
    first, second, case, at = two()
    with pytest.raises(Refused, match="not_now"):
        review.take_over(case, second, first, at, at + 2 * MINUTE)
    assert not TakeOver.objects.exists()


def test_what_was_confirmed_is_what_is_taken() -> None:
    first, second, case, at = two()
    third = cases.officer("third", ("jma", "EXAMINER"))
    review.take_over(case, third, first, at, at + 4 * MINUTE)
    with pytest.raises(Refused, match="not_now"):  # the page still named the first, then the first's moment
        review.take_over(case, second, first, at, at + 9 * MINUTE)
    with pytest.raises(Refused, match="not_now"):
        review.take_over(case, second, third, at, at + 9 * MINUTE)
    with pytest.raises(Refused, match="not_now"):
        review.take_over(case, third, third, at + 4 * MINUTE, at + 9 * MINUTE)
    with pytest.raises(Refused, match="not_yours"):
        stranger = cases.officer("stranger", ("medis", "EXAMINER"))
        review.take_over(case, stranger, third, at + 4 * MINUTE, at + 9 * MINUTE)
    case.refresh_from_db()
    assert case.claimed_by == third


def test_a_silent_colleagues_case_is_taken_over_on_the_screen_and_the_colleague_is_told(later: Any) -> None:
    first, second, case, _at = two()
    mine, other = desk(first), desk(second)
    later(4)
    page = other.get(url(case)).content.decode()
    assert (
        "審査者firstが" in page
        and "から担当しています。最後に動きがあったのは" in page
        and "確かめたので引き継ぐ" in page
    )
    case.refresh_from_db()
    assert case.claimed_at is not None
    told = {"holder": str(first.public_id), "since": case.claimed_at.isoformat()}
    assert other.post(url(case, "take_over"), {**told, "holder": str(second.public_id)}).status_code == 409
    assert other.post(url(case, "take_over"), {"holder": "x", "since": "x"}).status_code == 422
    assert other.post(url(case, "take_over"), told).status_code == 302
    case.refresh_from_db()
    assert case.claimed_by == second
    entry = Entry.objects.get(kind="application.take_over", subject=str(case.public_id))
    assert (entry.actor_id, entry.data["former"]) == (str(second.public_id), str(first.public_id))
    beat = mine.post(BEAT, {"case": str(case.public_id)}).json()
    assert (
        str(case.receipt_number) in beat["lost"][0] and "審査者second" in beat["case"] and beat["held"] == 0
    )
    refused = mine.post(url(case, "recommend"), PASSED)
    assert refused.status_code == 409 and "審査者secondが" in refused.content.decode()
    assert f"{case.receipt_number} は、" in mine.get(LIST).content.decode()
    assert f"{case.receipt_number} は、" not in mine.get(LIST).content.decode()  # told once


def test_a_lapsed_claim_that_nobody_took_is_said_to_be_nobodys(later: Any) -> None:
    first, _second, case, _at = two()
    later(16)
    review.release_lapsed(clock.now())
    refused = desk(first).post(url(case, "recommend"), PASSED)
    assert refused.status_code == 409
    assert "いまは誰も担当していません。" in refused.content.decode()


@pytest.mark.parametrize("since", ["2026-99-99", "2026-13-45T25:61:00+00:00", "\x00", "x" * 41, "2026-01-01"])
def test_a_forged_moment_takes_nothing(since: str, later: Any) -> None:
    first, second, case, _at = two()
    later(5)
    data = {"holder": str(first.public_id), "since": since}
    assert desk(second).post(url(case, "take_over"), data).status_code in (409, 422)
    case.refresh_from_db()
    assert case.claimed_by == first
