"""Legal hold: an auditor or operator keeps one application from the timetable, and the ledger says why."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from enrollment import submission
from enrollment.flow import State
from enrollment.models import Application, Attachment
from ledger.models import Entry
from tests.enrollment.retention.rows import draft, ended, jst, run
from tests.support import cases

AT = jst(2026, 12, 1, 9)
LATE = AT + timedelta(days=400)
WHY = "東京地裁 令和8年(ワ)第123号"


def hold(act: str, application: Application, by: str, reason: str = WHY) -> str:
    out = io.StringIO()
    call_command(
        "legal_hold",
        act,
        application.receipt_number or str(application.public_id),
        "--by",
        by,
        "--reason",
        reason,
        stdout=out,
    )
    return out.getvalue()


@pytest.mark.django_db
def test_what_is_on_hold_stays_until_the_hold_is_lifted() -> None:
    refused, unfinished = ended(State.REJECTED, AT), draft(AT)
    cases.officer("auditor", ("jma", "AUDITOR"))
    for application in (refused, unfinished):
        assert "legal hold on" in hold("place", application, "auditor")
    for name in ("draft", "draft_reminder", "ended_case"):
        assert run(name, LATE) == 0
    held = Entry.objects.filter(kind="application.held").order_by("pk")
    assert [entry.subject for entry in held] == [str(refused.public_id), str(unfinished.public_id)]
    assert held[0].data == {"reason": WHY}
    assert held[0].actor_kind == "officer"

    hold("lift", refused, "auditor", "和解")
    assert run("ended_case", LATE) == 1
    assert Entry.objects.get(kind="application.hold_lifted").data == {"reason": "和解"}
    assert run("draft", LATE) == 0


@pytest.mark.django_db(transaction=True)
def test_files_on_hold_outlive_a_withdrawal_and_a_lapsed_deadline() -> None:
    withdrawn, lapsed = cases.submitted(at=AT), cases.submitted(at=AT)
    cases.officer("operator", ("", "OPERATOR"))
    for application in (withdrawn, lapsed):
        hold("place", application, "operator")
        application.refresh_from_db()
    submission.withdraw(withdrawn, AT)
    Application.objects.filter(pk=lapsed.pk).update(state=State.RETURNED, return_until=AT)
    run("returned_lapsed", AT)
    lapsed.refresh_from_db()
    assert lapsed.state == State.WITHDRAWN
    assert Attachment.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("roles", [[("medis", "AUDITOR")], [("jma", "EXAMINER")], [("jma", "APPROVER")], []])
def test_nobody_else_may_hold(roles: list[tuple[str, str]]) -> None:
    application = cases.submitted(at=AT)
    cases.officer("somebody", *roles)
    with pytest.raises(CommandError, match="neither auditor nor operator"):
        hold("place", application, "somebody")
    assert not Application.objects.filter(legal_hold=True).exists()


@pytest.mark.django_db
def test_the_command_says_what_is_wrong() -> None:
    application = cases.submitted(at=AT)
    cases.officer("auditor", ("jma", "AUDITOR"))
    for reason in ("", "  ", "x" * 201):
        with pytest.raises(CommandError, match="reason"):
            hold("place", application, "auditor", reason)
    with pytest.raises(CommandError, match="Nothing changed"):
        hold("lift", application, "auditor")
    with pytest.raises(CommandError, match="no officer"):
        hold("place", application, "nobody")
    with pytest.raises(CommandError, match="no application"):
        call_command("legal_hold", "place", "20260101-000000", "--by", "auditor", "--reason", WHY)
    assert Entry.objects.filter(kind__startswith="application.hold").count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_hold_that_comes_while_the_applicant_withdraws_counts() -> None:
    asked = cases.submitted(at=AT)
    cases.officer("operator", ("", "OPERATOR"))
    count = Attachment.objects.filter(application=asked).count()
    hold("place", Application.objects.get(pk=asked.pk), "operator")
    submission.withdraw(asked, AT)  # the row as it was read before the hold
    assert count and Attachment.objects.filter(application=asked).count() == count
