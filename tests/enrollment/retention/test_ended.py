"""Refused and withdrawn cases keep three months, issued ones ten years after the certificate; then only the shell."""

import uuid

import pytest
from django.urls import reverse

from enrollment import card_orders, submission
from enrollment.flow import State
from enrollment.models import (
    Application,
    Attachment,
    CardOrder,
    Decision,
    Finding,
    ReturnItem,
    SealedPin,
    Statement,
    StepAnswers,
)
from ledger.models import Entry
from signing.models import Credential, IssuanceIntent
from tests.deploy.landed import at_the_desk
from tests.enrollment.retention.rows import browser_of, ended, jst, run, seal
from tests.support import cases
from tests.support.credentials import active_credential
from vault import files

REFUSED_ON = jst(2026, 11, 30, 12)
LAST_MOMENT = jst(2027, 2, 28, 23, 59, 59)
TOO_LATE = jst(2027, 3, 1)
CONTENT = (StepAnswers, Statement, Attachment, Finding)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("state", [State.REJECTED, State.WITHDRAWN])
def test_three_civil_months_after_the_end_only_the_shell_is_left(state: State) -> None:
    application = ended(state, REFUSED_ON)
    number = application.receipt_number
    assert run("ended_case", LAST_MOMENT) == 0
    assert run("ended_case", TOO_LATE) == 1
    assert [model.objects.count() for model in CONTENT] == [0, 0, 0, 0]
    assert list(files.names()) == []
    assert (ReturnItem.objects.get().note, Decision.objects.get().note) == ("", "")
    application.refresh_from_db()
    assert (application.receipt_number, application.state) == (number, state)
    assert (application.registration_number, application.person_key) == ("", None)
    entry = Entry.objects.get(kind="retention.ended_case")
    assert (entry.subject, entry.data) == (str(application.public_id), {"files": 1, "statements": 1})
    assert run("ended_case", TOO_LATE) == 0
    page = browser_of(application.applicant).get(reverse("status")).content.decode()
    assert "入力内容と画像を消去しました" in page
    officer = cases.officer("reader", (application.authority, "AUDITOR"))
    desk, case = at_the_desk(officer), [application.public_id]
    desk.post(reverse("admin:enrollment_case_purpose", args=case), {"purpose": "audit"})
    screen = desk.get(reverse("admin:enrollment_case", args=case))
    assert screen.status_code == 200
    assert "見本　花子" not in screen.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("day", "last"),
    [
        ((2026, 11, 20), (2027, 2, 20)),
        ((2026, 11, 28), (2027, 2, 28)),
        ((2026, 11, 29), (2027, 2, 28)),
        ((2027, 2, 28), (2027, 5, 31)),
        ((2027, 4, 30), (2027, 7, 31)),
        ((2028, 2, 29), (2028, 5, 31)),
    ],
)
def test_months_are_counted_as_for_the_link(day: tuple[int, ...], last: tuple[int, ...]) -> None:
    ended(State.REJECTED, jst(*day, 23, 59))
    assert run("ended_case", jst(*last, 23, 59)) == 0
    year, month, number = last
    after = jst(year, month, number, 23, 59).replace(second=59)
    assert run("ended_case", after) == 0
    assert run("ended_case", after.fromtimestamp(after.timestamp() + 1, after.tzinfo)) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("state", sorted(set(State) - {State.REJECTED, State.WITHDRAWN, State.ISSUED}))
def test_a_living_case_is_never_touched(state: State) -> None:
    application = cases.submitted(at=REFUSED_ON)
    if state in (State.APPROVED, State.ISSUING):
        pair = {"recommended_by": cases.officer("one"), "approved_by": cases.officer("two")}
        Application.objects.update(state=state, **pair)
    else:
        Application.objects.update(state=state)
    for name in ("ended_case", "issued_case", "sealed_pin"):
        assert run(name, jst(2050, 1, 1)) == 0
    assert application.answers.count() == 3


def issued(credential: Credential) -> Application:
    application = cases.submitted(at=REFUSED_ON)
    Application.objects.filter(pk=application.pk).update(
        state=State.ISSUED,
        recommended_by=cases.officer("one"),
        approved_by=cases.officer("two"),
        decided_at=REFUSED_ON,
        credential=credential.public_id,
    )
    return application


@pytest.mark.django_db(transaction=True)
def test_an_issued_case_is_kept_ten_years_after_its_certificate_ended() -> None:
    credential = active_credential(at=REFUSED_ON)
    application = issued(credential)
    Credential.objects.filter(pk=credential.pk).update(not_after=jst(2031, 11, 29, 23, 59))
    assert run("issued_case", jst(2041, 11, 29, 23, 59)) == 0
    assert application.answers.count() == 3
    assert run("issued_case", jst(2041, 11, 30)) == 1
    assert [model.objects.count() for model in CONTENT] == [0, 0, 0, 0]
    application.refresh_from_db()
    assert application.registration_number != ""  # it goes on keeping a second grant away
    assert run("issued_case", jst(2060, 1, 1)) == 0


@pytest.mark.django_db
def test_the_certificate_itself_goes_then_and_its_serial_number_stays() -> None:
    credential = active_credential(at=REFUSED_ON)
    Credential.objects.filter(pk=credential.pk).update(
        not_after=jst(2031, 11, 29, 23, 59), certificate=b"c", wrapped_key=b"k", serial="7b", state="expired"
    )
    order = {"reference": uuid.uuid4(), "credential": credential, "ordered_at": REFUSED_ON}
    IssuanceIntent.objects.create(**order, subject={"name_kanji": "見本　花子"}, to_be_signed=b"t")
    assert run("certificate", jst(2041, 11, 20)) == 0
    assert run("certificate", jst(2041, 12, 10)) == 1
    credential.refresh_from_db()
    assert (credential.certificate, credential.wrapped_key, credential.serial) == (None, None, "7b")
    intent = IssuanceIntent.objects.get()
    assert (intent.subject, intent.to_be_signed) == ({}, None)
    assert run("certificate", jst(2050, 1, 1)) == 0


# --- the HPKI card's PIN ------------------------------------------------------------------------------------------


@pytest.mark.requirement("DQ-23")
@pytest.mark.django_db
def test_the_pin_goes_when_the_card_is_made_or_the_application_ended_and_not_before() -> None:
    refused, living, carded = (
        ended(State.REJECTED, REFUSED_ON),
        cases.submitted(at=REFUSED_ON),
        cases.submitted(at=REFUSED_ON),
    )
    for application in (refused, living):
        seal(application, REFUSED_ON)
    seal(carded, REFUSED_ON)
    card_orders.begin(carded, REFUSED_ON)
    order = CardOrder.objects.get()
    assert run("sealed_pin", REFUSED_ON) == 1
    assert [row.application for row in SealedPin.objects.all()] == [living]
    order.refresh_from_db()
    assert order.sealed_pin is not None

    CardOrder.objects.update(state="notified")
    assert run("sealed_pin", REFUSED_ON) == 1
    order.refresh_from_db()
    assert order.sealed_pin is None
    assert run("sealed_pin", REFUSED_ON) == 0
    assert [row.data for row in Entry.objects.filter(kind="retention.sealed_pin")] == [{"count": 1}] * 2


@pytest.mark.django_db(transaction=True)
def test_a_withdrawal_erases_pin_and_files_at_once() -> None:
    application = cases.submitted(at=REFUSED_ON)
    seal(application, REFUSED_ON)
    submission.withdraw(application, REFUSED_ON)
    assert (SealedPin.objects.count(), Attachment.objects.count(), list(files.names())) == (0, 0, [])
