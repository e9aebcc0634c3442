"""What an applicant is told of links, phones and the card, and the phone's line; against the real signing room."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from deploy.events import HANDLERS
from enrollment import issuance
from enrollment.models import (
    Applicant,
    ApplicantSession,
    Application,
    CardHolder,
    CertificateOrder,
)
from enrollment.views import phone_line
from ledger import clock, log
from outbox import notices as inbox
from outbox.models import Job, Mail, Notice
from signing import credentials, links, reminders
from signing.models import CardBinding, Credential
from signing.phones import life as phones
from tests.signing.phones.binding import Holder, new_phone
from tests.support import cases
from vault import tokens

pytestmark = pytest.mark.django_db
OFFICER = log.Actor("officer", "somebody")
OWNER = log.Actor("signer", "owner")


@pytest.fixture(autouse=True)
def fast_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def _signed_in(applicant: Applicant) -> str:
    at, token = clock.now(), tokens.new_token()
    ApplicantSession.objects.create(
        token_digest=tokens.digest(token),
        applicant=applicant,
        certificate=applicant.certificates.get(),
        created_at=at,
        last_seen_at=at,
    )
    return token


class Issued:
    """An applicant whose case is issued, with a link in the inbox."""

    def __init__(self) -> None:
        self.application = cases.submitted()
        self.applicant = self.application.applicant
        self.browser = Client()
        self.browser.cookies[settings.APPLICANT_COOKIE_NAME] = _signed_in(self.applicant)
        self.holder = Holder()
        self.credential: Credential = self.holder.credential
        first, second = (cases.officer(name, ("jma", "EXAMINER")) for name in ("first", "second"))
        Application.objects.filter(pk=self.application.pk).update(
            state="issuing", recommended_by=first, approved_by=second, credential=self.credential.public_id
        )
        self.application.refresh_from_db()
        self.at = clock.now()
        Credential.objects.update(not_after=self.at + timedelta(days=1800))
        issuance.deliver(self.subject)
        self.application.refresh_from_db()

    @property
    def subject(self) -> str:
        return str(self.credential.public_id)

    def hear(self) -> list[str]:
        """Carry out every job of signing that waits, each twice: a queue delivers at least once."""
        heard = []
        for job in Job.objects.filter(kind__startswith="signing.", state="ready").order_by("pk"):
            for _twice in range(2):
                HANDLERS[job.kind](job.subject)
            Job.objects.filter(pk=job.pk).update(state="done")
            heard.append(job.kind)
        return heard

    def notices(self, kind: str) -> list[Notice]:
        return list(Notice.objects.filter(kind=kind).order_by("pk"))

    def mails(self, kind: str) -> list[Mail]:
        return list(Mail.objects.filter(kind=kind))

    def line(self, at: datetime | None = None) -> phone_line.Line:
        return phone_line.of(self.application, at or clock.now())

    def status(self) -> str:
        return str(self.browser.get(reverse("status")).content.decode())

    def secret(self) -> dict[str, str]:
        found = Notice.objects.filter(secret__isnull=False).get()
        secret: dict[str, str] = json.loads(found.secret or "")
        return secret


@pytest.mark.requirement("ST-34", "ST-16", "BD-05")
def test_a_bound_and_a_replaced_phone_are_told_of_once_each_by_inbox_and_bare_mail() -> None:
    case = Issued()
    case.holder.bind(new_phone(), case.at)
    case.hear()
    case.holder.bind(new_phone(), case.at + timedelta(hours=1))
    assert set(case.hear()) == {"signing.link_bound", "signing.phone_replaced"}
    assert [len(case.notices(kind)) for kind in ("n8", "n9")] == [2, 1]
    bound, ended = case.notices("n8")[0].body, case.notices("n9")[0].body
    assert "端末：iPhone" in bound and "登録日時：" in bound
    assert "この端末では、もう本人確認ができません" in ended and "iPhone" in ended
    for text in (bound, ended):
        assert "/me/" in text and "お心当たりがない場合" in text
    for mail in (*case.mails("n8"), *case.mails("n9")):
        assert "iPhone" not in mail.body and "/me/" not in mail.body
    assert len(case.mails("n9")) == 1
    assert inbox.secret_of(case.applicant.public_id, case.notices("n5")[0].public_id) == ""


@pytest.mark.requirement("BD-17", "ST-33", "ST-16")
def test_the_notice_of_the_completed_review_names_the_person_id_and_the_mail_does_not() -> None:
    case = Issued()
    person_id = case.credential.signer.person_id
    assert f"あなたの本人ID：{person_id}" in case.notices("n5")[0].body
    assert person_id not in case.mails("n5")[0].body


@pytest.mark.requirement("ST-24")
def test_the_phones_line_goes_from_waiting_over_bound_and_removed_back() -> None:
    case = Issued()
    last = clock.last_day(links.expiry(case.at))
    assert (case.line().state, case.line().last_day) == ("waiting", last)
    page = case.status()
    assert "登録待ち" in page and f"（{last.year}年{last.month}月{last.day}日 24時まで）" in page
    assert "マイナンバーカードによる署名は利用できます" in page
    case.holder.bind(new_phone(), case.at)
    case.hear()
    page = case.status()
    assert "登録済み" in page and "マイナンバーカードによる署名は利用できます。" not in page
    phones.remove(case.credential, OWNER, "signer_request", clock.now())
    case.hear()
    assert case.line().state == "none"
    page = case.status()
    assert "未登録（任意）" in page and "マイナンバーカードによる署名は利用できます。" in page
    assert "登録が削除されました" in case.notices("n9")[0].title


@pytest.mark.requirement("ST-24", "ST-19", "ST-34", "BD-15")
def test_an_expired_link_is_told_of_and_an_officer_sends_another() -> None:
    case = Issued()
    end = links.expiry(case.at)
    assert case.line(end).state == "expired"  # before the clock has come round
    links.expire_overdue(end)
    case.hear()
    assert case.line().state == "expired"
    notice = case.notices("n7")[0]
    for words in ("ご自分でQRコードを作れます", "認証局へお申し出ください", "費用がかかることがあります"):
        assert words in notice.body
    assert len(case.notices("n7")) == 1 and not Notice.objects.filter(secret__isnull=False).exists()
    page = case.status()
    assert "URL期限切れ" in page and reverse("signing:me_phone") in page and "費用" in page
    until = issuance.reissue_link(case.application, actor=OFFICER, reason="asked_by_phone", at=clock.now())
    assert (case.line().state, case.line().until) == ("waiting", until)
    secret = case.secret()
    assert links.open(secret["url"].split("/")[-2], secret["password"], "browser", clock.now())
    mail = case.mails("link_again")[0]
    assert secret["password"] not in mail.body and "/r/" not in mail.body
    assert "登録用のURLとパスワードを見る" in case.status()


@pytest.mark.requirement("ST-24")
def test_a_dead_link_is_not_offered_before_the_clock_has_come_round() -> None:
    case = Issued()
    assert "登録用のURLとパスワードを見る" in case.status()
    long_ago = case.at - timedelta(days=93)  # more than three civil months
    case.application.timeline.filter(kind="deliver").update(happened_at=long_ago)
    page = case.status()
    assert "URL期限切れ" in page and "登録用のURLとパスワードを見る" not in page


@pytest.mark.requirement("ST-24")
def test_a_link_that_would_replace_the_phone_is_no_end_of_the_phone() -> None:
    case = Issued()
    case.holder.bind(new_phone(), case.at)
    case.hear()
    until = issuance.reissue_link(case.application, actor=OFFICER, reason="asked_by_phone", at=clock.now())
    day = clock.last_day(until)
    page = case.status()
    shown = f"（{day.year}年{day.month}月{day.day}日 24時まで）"
    assert f"登録済み</strong><br>端末を替えるためのURLを送りました{shown}" in page


@pytest.mark.requirement("ST-24", "BD-15")
def test_the_older_link_dies_at_once_and_late_news_of_it_harms_the_newer_one_not() -> None:
    case = Issued()
    old = case.secret()
    for _ in range(5):
        with pytest.raises(links.Refused):
            links.open(old["url"].split("/")[-2], "wrong", "browser", clock.now())
    issuance.reissue_link(case.application, actor=OFFICER, reason="locked", at=clock.now())
    with pytest.raises(links.Refused, match="link_void"):
        links.open(old["url"].split("/")[-2], old["password"], "browser", clock.now())
    assert "signing.link_locked" in case.hear()
    assert case.line().state == "waiting" and case.secret()["url"] != old["url"]
    assert len(case.notices("n17")) == 1


@pytest.mark.requirement("ST-24", "ST-37", "ST-18")
def test_a_locked_link_says_how_to_get_another_and_what_it_may_cost() -> None:
    case = Issued()
    token = case.secret()["url"].split("/")[-2]
    for _ in range(5):
        with pytest.raises(links.Refused):
            links.open(token, "wrong", "browser", clock.now())
    case.hear()
    assert case.line().state == "locked" and "URLロック" in case.status()
    body = case.notices("n17")[0].body
    for words in ("元に戻せません", "費用", "/me/", "マイナンバーカードによる署名は利用できます"):
        assert words in body, words
    assert len(case.mails("n17")) == 1


@pytest.mark.requirement("BD-15", "ST-24")
def test_the_signers_wish_brings_one_new_link_however_often_it_is_delivered() -> None:
    case = Issued()
    old = case.secret()
    links.want(case.credential, OWNER, clock.now())
    assert case.hear() == ["signing.link_wanted"]
    assert len(case.notices("link_again")) == 1 and len(case.mails("link_again")) == 1
    assert case.secret()["url"] != old["url"]
    assert "お申し出により" in case.notices("link_again")[0].body


@pytest.mark.requirement("ST-34")
def test_reminders_of_a_link_come_30_and_7_days_before_once_each_and_respect_the_wish() -> None:
    case = Issued()
    end = links.expiry(case.at)

    def tick(at: datetime) -> int:
        return reminders.remind_of_links(at) + reminders.remind_of_links(at)

    nine = end - timedelta(days=30, hours=15)  # nine in the morning
    assert tick(nine - timedelta(seconds=1)) == 0
    assert tick(nine) == 1
    assert tick(end - timedelta(days=8)) == 0
    assert tick(end - timedelta(days=7)) == 1
    case.hear()
    assert ["あと30日" in each.body or "あと7日" in each.body for each in case.notices("n6")] == [True, True]
    assert len(case.mails("n6")) == 2
    case.applicant.wants_reminders = False
    case.applicant.save()
    issuance.reissue_link(case.application, actor=OFFICER, reason="lost", at=case.at)
    tick(end - timedelta(days=7))
    case.hear()
    assert (len(case.notices("n6")), len(case.mails("n6"))) == (3, 2)


def test_who_was_away_for_a_month_is_reminded_once_not_twice() -> None:
    case = Issued()
    end = links.expiry(case.at)
    assert reminders.remind_of_links(end - timedelta(days=3)) == 1
    assert reminders.remind_of_links(end - timedelta(days=2)) == 0
    assert "signing.link_ends_in_7" in case.hear()


@pytest.mark.requirement("ST-36")
def test_the_end_of_the_bound_certificate_is_told_90_and_30_days_before() -> None:
    case = Issued()
    end = datetime(2027, 9, 30, 14, 59, 59, tzinfo=UTC)
    binding = CardBinding.objects.create(
        credential=case.credential, fingerprint=b"f" * 32, not_after=end, bound_at=case.at
    )
    for days in (90, 30):
        assert reminders.remind_of_cards(end - timedelta(days=days, hours=16)) == 0
        assert reminders.remind_of_cards(end - timedelta(days=days, hours=14)) == 1
        assert reminders.remind_of_cards(end - timedelta(days=days, hours=14)) == 0
    case.hear()
    first, second = (each.body for each in case.notices("n15"))
    assert "2027年9月30日" in first and "90日前" in first and "30日前" in second
    for words in ("/card/", "/me/", "もう一度登録してください"):
        assert words in first
    assert len(case.mails("n15")) == 2
    CardBinding.objects.filter(pk=binding.pk).update(is_living=False, reminded_days=None)
    assert reminders.remind_of_cards(end - timedelta(days=1)) == 0


@pytest.mark.requirement("ST-37")
def test_a_bound_card_and_a_qr_code_without_a_card_are_told_of() -> None:
    case = Issued()
    now = clock.now()
    credentials.bind_card(case.credential, b"a" * 32, None, at=now, actor=OWNER)
    case.hear()
    credentials.bind_card(case.credential, b"b" * 32, None, at=now + timedelta(hours=1), actor=OWNER)
    case.hear()
    assert len(case.notices("n16")) == 2 and len(case.mails("n16")) == 2
    for _ in range(2):
        links.show(case.credential, means="jma_numbers", browser_token="pc", at=now)
    case.hear()
    assert len(case.notices("n18")) == 2 and len(case.mails("n18")) == 2
    assert "お心当たりがない場合" in case.notices("n18")[0].body
    assert "/me/" not in case.mails("n18")[0].body


@pytest.mark.requirement("RV-9")
def test_a_stopped_phone_is_a_security_notice_and_no_phone_any_more() -> None:
    case = Issued()
    bound = case.holder.bind(new_phone(), case.at)
    case.hear()
    phones.stop(bound, "counter_went_back", clock.now())
    case.hear()
    assert len(case.notices("phone_stopped")) == 1 and len(case.mails("phone_stopped")) == 1
    assert case.line().is_stopped and "停止しました" in case.status()


def test_an_undone_binding_puts_the_former_phone_back_on_the_line() -> None:
    case = Issued()
    case.holder.bind(new_phone(), case.at)
    case.holder.bind(new_phone(), case.at + timedelta(minutes=1))
    phones.undo(case.credential, OWNER, case.at + timedelta(minutes=2))
    case.hear()
    assert case.line().state == "bound"
    assert "前の端末に戻しました" in case.status()


@pytest.mark.requirement("ST-37", "BD-13")
def test_a_card_holder_without_an_account_is_told_by_bare_mails_to_the_registers_address() -> None:
    holder, now = Holder(), clock.now()
    credential = holder.credential
    known = CardHolder.objects.create(
        authority="jma",
        qualification="doctor",
        registration_number="123456",
        birth_date=now.date(),
        status="valid",
        email="holder@example.jp",
    )
    CertificateOrder.objects.create(
        kind="card_holder",
        authority="jma",
        qualification="doctor",
        person=credential.signer.applicant,
        person_id=credential.signer.person_id,
        holder=known,
        credential=credential.public_id,
        created_at=now,
        changed_at=now,
    )
    links.show(credential, means="jma_numbers", browser_token="pc", at=now)
    holder.bind(new_phone(), now)
    credentials.bind_card(credential, b"a" * 32, None, at=now, actor=OWNER)
    subject = str(credential.public_id)
    for kind in ("signing.qr_shown", "signing.link_bound", "signing.card_bound", "signing.qr_shown"):
        HANDLERS[kind](subject)
    mails = [each for each in Mail.objects.all() if each.recipient == "holder@example.jp"]
    assert len(mails) == 3
    assert sum("券面の番号" in each.body for each in mails) == 1
    assert not Notice.objects.exists()
    for mail in mails:
        assert "iPhone" not in mail.body and credential.signer.person_id not in mail.body


def test_news_of_an_unknown_credential_are_nobodys() -> None:
    for kind in HANDLERS:
        if kind.startswith(
            ("signing.link_", "signing.phone_", "signing.card_ends", "signing.qr_", "signing.card_b")
        ):
            HANDLERS[kind]("7b1c3c66-6d0a-4d8e-9a7e-1d2f3a4b5c6d")
    assert not Notice.objects.exists()
