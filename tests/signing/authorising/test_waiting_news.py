"""SG-3: a signer hears that something waits: once per approval, and no caller can make a flood of it."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection

from enrollment.models import Application
from enrollment.orders import news
from ledger import clock, erasure
from ledger.models import Entry
from outbox.models import Job, Mail, Notice
from signing import retention
from signing.authorising import approvals, waiting_news
from signing.errors import Refused
from signing.models import Approval, ApprovalNews
from signing.signer import client as signer_client
from tests.signing.authorising.asking import Signer, ask
from tests.support import cases, days
from tests.support.credentials import NOON
from tests.support.csc import Api, digest
from tests.support.signers import SignerProcesses

pytestmark = pytest.mark.requirement("SG-3")
LABEL = "処方箋 山田太郎様 #麻薬"


def told() -> int:
    return Job.objects.filter(kind=waiting_news.NEWS).count()


def asked_at(day: days.Day, at: datetime, **changes: str) -> None:
    approvals.ask(day.caller, day.credential.public_id, [digest(1)], why=["many"], at=at, **changes)


@pytest.fixture
def case(v2: Api) -> Application:
    """The signer's own account, with a confirmed address."""
    case = cases.submitted()
    v2.day.credential.signer.applicant = case.applicant.public_id
    v2.day.credential.signer.save()
    return case


def carried_out() -> None:
    for job in Job.objects.filter(kind=waiting_news.NEWS):
        for _ in range(2):
            news.on_approval_waiting(job.subject)


class TestTold:
    def test_inbox_and_mail_say_that_something_waits_and_not_what(self, v2: Api, case: Application) -> None:
        ask(v2, digest(1), description=LABEL)
        carried_out()
        notice = Notice.objects.get(owner=case.applicant.public_id, kind="approval_waiting")
        assert "電子カルテ" in notice.body and "/me/approvals/" in notice.body
        mail = Mail.objects.get(kind="approval_waiting")
        assert mail.recipient == case.applicant.email and "/me/approvals/" in mail.body
        for words in (mail.subject, mail.body, notice.title, notice.body):
            assert "山田" not in words and "麻薬" not in words and digest(1).hex()[:16] not in words
        assert "電子カルテ" not in mail.subject + mail.body

    def test_who_wants_no_reminders_gets_no_mail(self, v2: Api, case: Application) -> None:
        case.applicant.wants_reminders = False
        case.applicant.save()
        ask(v2, digest(1))
        carried_out()
        assert (
            Notice.objects.filter(kind="approval_waiting").count(),
            Mail.objects.filter(kind="approval_waiting").count(),
        ) == (1, 0)

    def test_what_was_answered_meanwhile_is_not_told(
        self, v2: Api, case: Application, signer: Signer
    ) -> None:
        _handle, approval = ask(v2, digest(1))
        signer.client.post(f"/me/approvals/{approval.public_id}/refuse/")
        carried_out()
        assert not Notice.objects.filter(kind="approval_waiting").exists()
        with pytest.raises(Refused, match="approval_unknown"):
            waiting_news.find(uuid.uuid4(), clock.now())

    def test_the_link_of_the_mail_leads_over_the_sign_in_to_what_waits(self, v2: Api, signer: Signer) -> None:
        signer.client.cookies.clear()
        answer = signer.client.get("/me/approvals/")
        assert answer["Location"] == "/me/sign-in/?next=/me/approvals/"
        assert signer.client.get(answer["Location"]).context["next_path"] == "/me/approvals/"


class TestNoFlood:
    def test_one_in_ten_minutes_and_ten_a_day_from_one_system(self, v2: Api) -> None:
        for number in range(5):
            ask(v2, digest(number))
        assert told() == 1
        day = days.day(NOON)
        begin = NOON - timedelta(hours=11)  # 1 o'clock in Japan
        for number in range(90):
            asked_at(day, begin + number * timedelta(minutes=10))
            Approval.objects.filter(session=day.session).update(expires_at=begin)
        assert told() == 1 + waiting_news.MOST_A_DAY
        asked_at(day, begin + timedelta(hours=24))
        assert told() == 2 + waiting_news.MOST_A_DAY

    def test_one_system_does_not_use_up_anothers(self, v2: Api) -> None:
        ask(v2, digest(1))
        other = days.ehr("薬局")
        approvals.ask(
            v2.day.caller._replace(client=other.pk, client_id=other.client_id),
            v2.day.credential.public_id, [digest(1)], why=["many"], at=clock.now(),
        )  # fmt: skip
        assert told() == 2

    def test_who_is_at_a_browser_is_led_there_and_told_nothing(self, v2: Api) -> None:
        asked_at(v2.day, clock.now(), next_path="/oauth2/authorize?x")
        assert told() == 0


class TestErased:
    """What limits the news of a day goes a day after it, in batches; the clock may come twice."""

    def rows(self, v2: Api, at: datetime, count: int) -> None:
        signer, today = v2.day.credential.signer, clock.today(at)
        for number in range(count):
            ApprovalNews.objects.create(signer=signer, client=days.ehr(), told_at=at, day=today, count=number)

    def run(self, at: datetime) -> int:
        (rule,) = [each for each in retention.TIMETABLE if each.name == "approval_news"]
        outcome = erasure.carry_out(rule._replace(batch=2), at)
        assert outcome.failed == 0
        return outcome.erased

    def test_in_batches_and_no_earlier(self, v2: Api) -> None:
        late = clock.end_of_day(clock.today(NOON)) - timedelta(minutes=1)  # 23:59 in Japan
        self.rows(v2, late, 5)
        assert self.run(late + timedelta(hours=24)) == 0 and ApprovalNews.objects.count() == 5
        self.rows(v2, late + timedelta(days=1), 1)
        assert self.run(late + timedelta(hours=24, minutes=1)) == 3
        assert self.run(late + timedelta(hours=24, minutes=1)) == 0
        assert ApprovalNews.objects.get().day == clock.today(NOON) + timedelta(days=1)
        entries = Entry.objects.filter(kind="retention.approval_news").order_by("number")
        assert [each.data for each in entries] == [{"count": 2}, {"count": 2}, {"count": 1}]

    def test_who_was_forgotten_is_told_again(self, v2: Api) -> None:
        ask(v2, digest(1))
        ApprovalNews.objects.update(day=clock.today(NOON))
        assert (self.run(clock.now()), told()) == (1, 1)
        ask(v2, digest(2))
        assert told() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="threads with connections of their own")
def test_of_sixteen_that_ask_at_once_one_is_told(signers: SignerProcesses) -> None:
    day, at = days.day(clock.now()), clock.now()

    def one(_number: int) -> None:
        try:
            asked_at(day, at)
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(one, range(16)))
    signer_client.signers().disconnect()
    assert (told(), ApprovalNews.objects.get().count) == (1, 1)
    assert Approval.objects.count() == 16
