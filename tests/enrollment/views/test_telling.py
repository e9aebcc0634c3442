"""What the applicant is told: notices and mails N1 to N5, N10, N11, the timeline, the inbox, withdrawal."""

import json
import re
import uuid
from datetime import UTC, datetime

import pytest
from django.db import transaction
from django.urls import reverse

from enrollment import checks, flow, notices, phone_news, review
from enrollment.flow import State
from enrollment.models import Application, CardOrder, SealedPin
from ledger import clock
from outbox import notices as inbox
from outbox.models import Mail, Notice
from tests.support import cases
from tests.support.people import Applying

pytestmark = pytest.mark.django_db


def personal(person: Applying) -> list[str]:
    one = person.person
    return [one.name, *one.name.split("\u3000"), one.address, one.kana, *one.kana.split("\u3000"), one.romaji]


def names_nobody(person: Applying, mail: Mail) -> bool:
    return not any(text and text in mail.subject + mail.body for text in personal(person))


@pytest.mark.requirement("ST-30", "ST-16")
def test_n1_tells_number_authority_date_and_how_to_look_up() -> None:
    person = Applying()
    application = person.submit()
    notice = Notice.objects.get(kind="n1", owner=person.applicant.public_id)
    assert notice.title == f"【{application.receipt_number}】医療等分野の電子署名利用申請を受け付けました"
    assert application.submitted_at is not None
    local = application.submitted_at.astimezone(clock.JST)
    for words in (
        f"受付番号：{application.receipt_number}",
        "申請先：日本医師会",
        f"受付日時：{local.year}年{local.month}月{local.day}日",
        "マイナンバーカードでログインし、「申請状況」のページ",
    ):
        assert words in notice.body, words
    mail = Mail.objects.get(kind="n1")
    assert (mail.recipient, mail.subject) == (person.person.email, notice.title)
    assert names_nobody(person, mail) and "/status/" in mail.body


@pytest.mark.requirement("ST-31")
def test_n2_holds_the_code_its_ten_minutes_and_what_a_stranger_does() -> None:
    person = Applying()
    person.until("email-code")
    mail = Mail.objects.get(kind="n2")
    assert len(re.findall(r"\b\d{6}\b", mail.body)) == 1
    assert "10分間有効" in mail.body and "心当たりがない場合は、このメールを破棄してください。" in mail.body
    assert names_nobody(person, mail) and not re.search(r"\d{6}", mail.subject)


@pytest.mark.requirement("ST-15", "ST-16", "ST-33")
def test_n5_says_all_in_the_inbox_and_only_that_in_the_mail() -> None:
    person = Applying()
    application = person.submit()
    end = datetime(2027, 2, 20, 15, tzinfo=UTC)  # 24:00 JST of the 20th
    with transaction.atomic():
        notices.completed(
            application, "/r/secret-token/", "k7m9p3q8rs", end, str(uuid.uuid4()), person_id="2345ABCDEF"
        )
    notice = Notice.objects.get(kind="n5")
    for words in (
        "審査が完了しました",
        "マイナンバーカードで署名する\nいまから利用できます",
        "スマートフォンで署名する",
        "URLの有効期限：2027年2月20日 24時まで",
    ):
        assert words in notice.body, words
    page = person.browser.get(reverse("notice", args=[notice.public_id])).content.decode()
    assert "k7m9p3q8rs" in page and "/r/secret-token/" in page and page.count("data-copy-button") == 2
    mail = Mail.objects.get(kind="n5")
    assert "審査が完了しました。" in mail.body and "お知らせ" in mail.body
    assert "secret-token" not in mail.body and "k7m9p3q8rs" not in mail.body and names_nobody(person, mail)


@pytest.mark.requirement("ST-13")
def test_n10_says_why_and_whom_to_ask_and_the_mail_says_neither() -> None:
    person = Applying()
    application = person.submit()
    examiner = cases.officer("examiner", ("jma", "EXAMINER"))
    review.claim(application, examiner, clock.now())
    review.reject(application, examiner, "免許証の登録番号を確認できませんでした。", clock.now())
    cases.leaves(application)
    notice = Notice.objects.get(kind="n10")
    assert "理由：免許証の登録番号を確認できませんでした。" in notice.body
    assert "日本医師会" in notice.body and "https://" in notice.body
    mail = Mail.objects.get(kind="n10")
    assert "免許証" not in mail.body and names_nobody(person, mail)
    page = person.browser.get(reverse("status")).content.decode()
    assert "不承認" in page and "承認されませんでした" in page and "あらためて申請する" in page


@pytest.mark.requirement("DQ-23")
def test_n11_and_what_the_withdrawal_erases_are_said_before_and_done_after() -> None:
    person = Applying()
    application = person.submit()
    url = reverse("withdraw", args=[application.public_id])
    page = person.browser.get(url).content.decode()
    for words in (
        "添付した画像（3点）",
        "HPKIカードの暗証番号",
        "3か月後に消去",
        "元に戻すことはできません",
        "取り下げない",
    ):
        assert words in page, words
    application.refresh_from_db()
    assert application.state == State.SUBMITTED  # asking is not doing
    done = person.browser.post(url, follow=True).content.decode()
    assert "申請を取り下げました" in done and "あらためて申請する" in done
    assert not application.attachments.exists() and not SealedPin.objects.exists()
    notice, mail = Notice.objects.get(kind="n11"), Mail.objects.get(kind="n11")
    assert "取下げを受け付けました" in notice.body and "消去しました" in notice.body
    assert "取下げを受け付けました" in mail.body and names_nobody(person, mail)


@pytest.mark.requirement("ST-12")
def test_the_timeline_tells_what_was_and_what_comes_with_a_date() -> None:
    person = Applying()
    application = person.submit()
    now = clock.now()
    page = person.browser.get(reverse("status")).content.decode()
    assert page.count('aria-current="step"') == 1 and "自動の確認" in page
    expected = clock.civil_months_later(clock.today(now), 2)
    assert f"{expected.year}年{expected.month}月{expected.day}日ごろまでの見込み" in page
    checks.run_all(str(application.public_id))
    assert "自動の確認が終わりました" in person.browser.get(reverse("status")).content.decode()
    start = person.browser.get("/").content.decode()
    tasks = person.browser.get(reverse("tasks")).content.decode()
    assert reverse("status") in start and reverse("status") in tasks


@pytest.mark.requirement("ST-19", "CA-18")
def test_phone_and_card_have_lines_of_their_own_and_an_ended_link_says_what_to_do() -> None:
    person = Applying()
    application = person.submit()
    first, second = cases.officer("first", ("jma", "EXAMINER")), cases.officer("second", ("jma", "APPROVER"))
    credential = uuid.uuid4()
    Application.objects.filter(pk=application.pk).update(
        state=State.ISSUED, recommended_by=first, approved_by=second, credential=credential
    )
    CardOrder.objects.create(application=application, authority="jma", ordered_at=clock.now())
    page = person.browser.get(reverse("status")).content.decode()
    assert "HPKIカードの作成を始めました" in page
    assert "任意です。登録しなくても、マイナンバーカードによる署名は利用できます" in page
    for _twice in range(2):
        phone_news.on_link_expired(str(credential))
    page = person.browser.get(reverse("status")).content.decode()
    assert page.count("登録用のURLの期限が過ぎました") == 1
    for words in ("ご自分でQRコードを作って登録できます", "認証局に新しいURLをお申し出ください", "費用"):
        assert words in page, words
    phone_news.on_link_bound(str(credential))
    assert "スマートフォンを登録しました" in person.browser.get(reverse("status")).content.decode()
    phone_news.on_link_locked(str(credential))
    assert "登録用のURLが停止されました" in person.browser.get(reverse("status")).content.decode()


def test_the_inbox_counts_what_is_unread_and_an_opened_notice_is_read() -> None:
    person = Applying()
    person.sign_in("status")
    empty = person.browser.get(reverse("status")).content.decode()
    assert "申請はまだありません" in empty and "お知らせはまだありません" in empty
    owner = person.applicant.public_id
    rows = [inbox.post(owner, "n1", f"お知らせ{number}", "本文", secret=json.dumps({})) for number in (1, 2)]
    page = person.browser.get(reverse("status")).content.decode()
    assert "未読のお知らせが2件あります" in page and page.count('class="inbox-mark"') == 2
    person.browser.get(reverse("notice", args=[rows[0].public_id]))
    page = person.browser.get(reverse("status")).content.decode()
    assert "未読のお知らせが1件あります" in page and page.count('class="inbox-mark"') == 1


@pytest.mark.requirement("PH-03")
def test_the_task_list_marks_files_that_the_chosen_authority_does_not_take() -> None:
    person = Applying()
    person.until(flow.CHECK)
    person.application.attachments.filter(slot="photo").update(kind="png")
    person.post("qualification", {"hpki_card": "none", "qualification": "doctor", "authority": "medis"})
    page = person.browser.get(reverse("tasks")).content.decode()
    assert page.count("task-wrong") == 1 and "いまの申請先では使えない形式です" in page
    for words in (
        "⑥",
        "申請情報",
        "⑦",
        "⑧",
        "済んでいます。あと約",
        "続きから",
        "に保存しました",
        "まで保管します",
        "青木",
        "MEDIS",
    ):
        assert words in page, words
