"""The timetable of jobs, mails and notices (decision 31). Dedupe marks of mails and notices outlive what they say."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from ledger import clock
from ledger.erasure import Erased, Rule
from outbox.models import Job, Mail, Notice

MAIL_DAYS = 7
JOB_DAYS = 30  # far longer than any cause repeats itself: the longest wait between two attempts is an hour
UNSENT_DAYS = 90
NOTICE_MONTHS = 60


def _mails(at: datetime) -> QuerySet[Mail]:
    sent = Q(sent_at__lte=at - timedelta(days=MAIL_DAYS))
    never = Q(sent_at=None, created_at__lte=at - timedelta(days=UNSENT_DAYS))
    return Mail.objects.filter(sent | never, erased_at=None)


def _keys(rows: QuerySet[Job] | QuerySet[Mail] | QuerySet[Notice], most: int) -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True)[:most])


def old_mails(at: datetime, most: int) -> list[int]:
    return _keys(_mails(at), most)


def erase_mails(keys: Sequence[int], at: datetime) -> Erased | None:
    count = _mails(at).filter(pk__in=keys).update(recipient="", body="", erased_at=at)
    return Erased("mail", {"count": count}) if count else None


def _jobs(at: datetime) -> QuerySet[Job]:
    return Job.objects.filter(state=Job.State.DONE, created_at__lte=at - timedelta(days=JOB_DAYS))


def done_jobs(at: datetime, most: int) -> list[int]:
    return _keys(_jobs(at), most)


def erase_jobs(keys: Sequence[int], at: datetime) -> Erased | None:
    count = _jobs(at).filter(pk__in=keys).delete()[0]
    return Erased("job", {"count": count}) if count else None


def _notices(at: datetime) -> QuerySet[Notice]:
    day = clock.civil_months_later(clock.today(at), -NOTICE_MONTHS)
    return Notice.objects.filter(created_at__lt=clock.end_of_day(day) - timedelta(days=4))


def old_notices(at: datetime, most: int) -> list[int]:
    return _keys(_notices(at), most)


def erase_notices(keys: Sequence[int], at: datetime) -> Erased | None:
    count = _notices(at).filter(pk__in=keys).delete()[0]
    return Erased("notice", {"count": count}) if count else None


TIMETABLE: tuple[Rule, ...] = (
    Rule(
        "mail",
        what="メールの宛先と本文",
        after="送信",
        period="7日（送信できなかったものは作成から90日）",
        remains="種類、件名、送信日時",
        source='our decision: long enough for "it did not arrive"; no mail holds more than the address (ST-16)',
        due=old_mails,
        erase=erase_mails,
    ),
    Rule(
        "job",
        what="終わった処理の記録（種類と番号だけ）",
        after="作成",
        period="30日",
        remains="監査記録",
        source="our decision: a cause repeats itself within hours, never after a month",
        due=done_jobs,
        erase=erase_jobs,
    ),
    Rule(
        "notice",
        what="ポータルのお知らせ",
        after="掲載",
        period="5年",
        remains="なし",
        source="our decision: as long as a certificate lives",
        due=old_notices,
        erase=erase_notices,
    ),
)
