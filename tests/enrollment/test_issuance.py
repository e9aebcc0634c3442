import json
import uuid
from datetime import timedelta

import pytest

from enrollment import issuance, review, signed
from enrollment.desk import shown
from enrollment.flow import State
from enrollment.models import Application, CardOrder, SealedPin
from enrollment.views import timelines
from ledger import clock
from outbox.models import Job, Mail, Notice
from signing import issuance as signing_issuance
from signing.issuing import setup
from signing.models import CardBinding, Credential
from staff.models import Officer
from tests.support import cases

CHECKED = {"photo": "pass", "identity_kind": "pass", "identity_face": "pass", "licence_agrees": "pass"}


def _approved(ago: timedelta = review.UNDO) -> Application:
    """Ten seconds ago, so that the order leaves now."""
    case, at = cases.submitted(), clock.now() - ago
    examiner = cases.officer("examiner", ("jma", "EXAMINER"))
    review.claim(case, examiner, at)
    review.recommend(case, examiner, "", CHECKED, at)
    review.approve(case, cases.officer("approver", ("jma", "APPROVER")), "", CHECKED, at)
    return case


@pytest.mark.django_db(transaction=True)
@pytest.mark.requirement("ST-15", "ST-23")
def test_an_approved_case_ends_with_one_certificate_one_link_and_one_mail_however_often_tasks_run(
    signers: object,
) -> None:
    setup.ensure()
    case = _approved()
    subject = str(case.public_id)
    issuance.order(subject)
    issuance.order(subject)
    credential = Credential.objects.get()
    signing_issuance.carry_out(str(credential.public_id))
    signing_issuance.carry_out(str(credential.public_id))
    issuance.deliver(str(credential.public_id))
    issuance.deliver(str(credential.public_id))
    case.refresh_from_db()
    credential.refresh_from_db()
    assert (case.state, credential.state, case.credential) == (State.ISSUED, "active", credential.public_id)
    binding = CardBinding.objects.get(is_living=True)
    assert bytes(binding.fingerprint) == bytes(case.certificate_fingerprint)
    assert signed.facts(case)["authentication_certificate_sha256"] == bytes(binding.fingerprint).hex()
    secret = json.loads(Notice.objects.get(kind="n5").secret or "")
    mail = Mail.objects.get(kind="n5")
    assert "/r/" in secret["url"]
    assert secret["password"] not in mail.body and "/r/" not in mail.body
    last = clock.civil_months_later(clock.today(clock.now()), 3)
    until = f"URLの有効期限：{last.year}年{last.month}月{last.day}日 24時まで"
    assert until in Notice.objects.get(kind="n5").body


@pytest.mark.django_db(transaction=True)
def test_a_taken_back_approval_orders_nothing(signers: object) -> None:
    case = _approved(ago=timedelta(0))
    review.take_back(case, case.approved_by, clock.now())  # type: ignore[arg-type]
    issuance.order(str(case.public_id))
    assert Credential.objects.count() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.requirement("RV-3")
def test_approved_again_the_first_words_job_does_not_cut_the_second_ones_ten_seconds_short(
    signers: object,
) -> None:
    setup.ensure()
    case = _approved(ago=timedelta(seconds=9))
    approver = Officer.objects.get(username="approver")
    review.take_back(case, approver, clock.now())
    review.approve(case, approver, "", CHECKED, clock.now())
    first = Job.objects.filter(kind="enrollment.approved").order_by("run_after")[0]
    assert first.run_after < clock.now() + timedelta(seconds=5)  # due while the second word can be taken back
    issuance.order(str(case.public_id))
    assert not Credential.objects.exists()
    review.take_back(case, approver, clock.now())
    assert case.state == State.RECOMMENDED


@pytest.mark.django_db(transaction=True)
def test_the_sealed_pin_goes_into_the_card_order_and_nowhere_else(signers: object) -> None:
    case = _approved()
    SealedPin.objects.create(application=case, authority="jma", sealed=b"sealed", sealed_at=clock.now())
    issuance.order(str(case.public_id))
    assert SealedPin.objects.count() == 0
    assert bytes(CardOrder.objects.get().sealed_pin or b"") == b"sealed"


@pytest.mark.django_db(transaction=True)
@pytest.mark.requirement("RV-6")
def test_officers_read_once_that_the_certificate_waits_and_the_applicant_reads_nothing(
    signers: object,
) -> None:
    setup.ensure()
    case = _approved()
    issuance.order(str(case.public_id))
    subject = str(Credential.objects.get().public_id)
    issuance.stopped(subject)
    issuance.stopped(subject)
    case.refresh_from_db()
    assert case.state == State.ISSUING
    assert [row["title"] for row in shown.timeline(case)].count(str(shown.EVENTS["issuance_stopped"])) == 1
    assert "issuance_stopped" not in str(timelines.events(case))
    issuance.stopped(str(uuid.uuid4()))  # somebody else's
