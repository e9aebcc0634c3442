"""再提出依頼: only the named fields open, unchanged ones are named, the whole is signed anew (ST-14, ST-32)."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from deploy.demo import pictures
from enrollment import drafts, flow, notices, review, signed, statement, submission
from enrollment.applicants import corrections
from enrollment.desk import changes
from enrollment.errors import Refused
from enrollment.flow import State
from enrollment.models import Application
from ledger import clock
from outbox.models import Mail, Notice
from tests.support import cases
from tests.support.people import Applying

pytestmark = pytest.mark.django_db
LICENCE = review.Correction(
    "licence", "registration_number", "mismatch", "登録番号：書類の記載と一致しません。"
)
PHOTO = review.Correction("photo", "", "unclear", "顔写真：画像が不鮮明です。撮り直してください。")


def returned(person: Applying, *wanted: review.Correction) -> Application:
    """Submitted, and sent back by an examiner."""
    application = person.submit()
    examiner = cases.officer("examiner", (application.authority, "EXAMINER"))
    review.claim(application, examiner, clock.now())
    review.return_to_applicant(application, examiner, wanted, clock.now())
    return application


@pytest.mark.requirement("ST-14", "K-01")
def test_the_list_names_what_is_asked_and_leads_from_one_to_the_next_and_to_the_check_page() -> None:
    person = Applying()
    returned(person, LICENCE, PHOTO)
    tasks = person.browser.get(reverse("tasks")).content.decode()
    assert "登録番号：書類の記載と一致しません。" in tasks and tasks.count("まだ変わっていません") == 2
    assert "続きから（資格の登録番号と登録年月日）" in tasks
    licence = {"registration_number": "222222", "registered_on": "2010-01-01"}
    page = person.post("licence", licence)
    assert page.url == reverse("step", args=["photo"])
    person.post("photo", person.answers("photo"))  # the same picture is no correction
    assert "まだ変わっていません" in person.browser.get(reverse("tasks")).content.decode()
    other = (pictures.folder(settings.HOME, "dentist") / "photo.jpg").read_bytes()
    person.post("photo", person.answers("photo") | {"file": SimpleUploadedFile("new.jpg", other)})
    tasks = person.browser.get(reverse("tasks")).content.decode()
    assert tasks.count("変更しました") == 2 and "続きから（入力内容の確認）" in tasks


@pytest.mark.requirement("ST-14")
def test_who_changes_nothing_is_stopped_with_the_names_of_the_fields() -> None:
    person = Applying()
    application = returned(person, LICENCE, PHOTO)
    sign = person.get(flow.SIGN).content.decode()
    assert "修正をお願いした項目が、まだ1つも変わっていません" in sign
    assert "<li>登録番号</li><li>顔写真</li>" in sign
    with pytest.raises(Refused, match="unchanged"):
        submission.freeze(application, clock.now())
    check = person.do(flow.CHECK).content.decode()
    assert "まだ1つも変わっていません：登録番号、顔写真。" in check and "<title>エラー：" in check
    person.post("licence")  # the same number again is no correction
    assert "まだ1つも変わっていません" in person.do(flow.CHECK).content.decode()
    person.post("licence", {"registration_number": "222222", "registered_on": "2010-01-01"})
    assert (
        "まだ変わっていません" in person.get(flow.CHECK).content.decode()
    )  # the photo: said, and not stopped
    assert person.submit().state == State.SUBMITTED


@pytest.mark.requirement("ST-14")
def test_only_the_named_fields_open_and_what_they_decide() -> None:
    person = Applying()
    wanted = review.Correction("names", "family_kana", "other", "姓（カタカナ）：ふりがなが違います。")
    application = returned(person, wanted)
    opened = drafts.open_fields(application, drafts.load(application, clock.now()), clock.now()) or {}
    assert (
        opened["names"] >= {"family_kana", "family_romaji", "manual"}
        and "printed_name" not in opened["names"]
    )
    assert "home" not in opened
    page = person.get("home").content.decode()
    assert "修正の対象ではありません" in page and "保存して次へ" not in page
    before = drafts.answers(application, "membership")
    person.post("membership", {"member": "no"})
    assert drafts.answers(application, "membership") == before
    kept = person.browser.post(
        reverse("step", args=["membership"]), {"version": "1", "member": "no", "autosave": "1"}
    )
    assert kept.json()["state"] == "saved" and drafts.answers(application, "membership") == before


@pytest.mark.requirement("ST-14")
def test_a_wrong_value_in_an_open_field_opens_no_other_field() -> None:
    """What is typed makes the step incomplete; that is no way to the fields that nobody asked about."""
    person = Applying()
    application = returned(person, LICENCE)
    person.post("licence", {"registration_number": "not a number", "registered_on": "1999-01-01"})
    opened = drafts.open_fields(application, drafts.load(application, clock.now()), clock.now()) or {}
    assert opened["licence"] == {"registration_number"}
    person.post("licence", {"registration_number": "222222", "registered_on": "1999-01-01"})
    assert drafts.answers(application, "licence")["registered_on"] == "2004-05-10"
    assert drafts.answers(application, "licence")["registration_number"] == "222222"


@pytest.mark.requirement("ST-14")
def test_a_name_that_is_no_field_of_the_form_opens_its_page() -> None:
    person = Applying()
    application = returned(person, review.Correction("names", "family", "other", "姓：違います。"))
    opened = drafts.open_fields(application, drafts.load(application, clock.now()), clock.now()) or {}
    assert opened["names"] == {drafts.WHOLE_STEP}


@pytest.mark.requirement("ST-14", "ST-09")
def test_the_whole_is_signed_anew_on_the_digest_of_the_former_and_what_changed_can_be_read() -> None:
    person = Applying()
    application = returned(person, LICENCE)
    first = statement.read(application.statements.get().content)
    person.post("licence", {"registration_number": "222222", "registered_on": "2010-01-01"})
    again = person.submit()
    second = signed.facts(again)
    assert second["previous_sha256"] == bytes(again.statements.get(round=1).sha256).hex()
    assert second["answers"].keys() == first["answers"].keys() and second["files"] == first["files"]
    assert statement.differences(first, second) == [
        statement.Difference("licence", "registration_number", person.person.registration_number, "222222")
    ]
    assert changes.changes(first, second) == [
        changes.Change("資格の登録番号と登録年月日：登録番号", person.person.registration_number, "222222")
    ]
    assert corrections.asked(again, drafts.load(again, clock.now())) == []


@pytest.mark.requirement("ST-32")
def test_the_request_says_which_item_why_where_and_until_when() -> None:
    person = Applying()
    application = returned(person, LICENCE, PHOTO)
    application.refresh_from_db()
    cases.leaves(application)
    notice = Notice.objects.get(kind="n3")
    until = application.return_day
    assert until is not None and (until - clock.today(clock.now())).days == 30
    day = f"{until.year}年{until.month}月{until.day}日 24時まで"
    for words in (
        "登録番号：書類の記載と一致しません。（直す手順：⑥ 資格の登録番号と登録年月日）",
        "顔写真：画像が不鮮明です。撮り直してください。（直す手順：⑦ 顔写真）",
        "修正する項目を見る",
        day,
    ):
        assert words in notice.body, (words, notice.body)
    mail = Mail.objects.get(kind="n3")
    assert "登録番号：" not in mail.body and "修正をお願いします" in mail.body
    notices.return_reminder(application)
    reminder = Notice.objects.get(kind="n4")
    assert "期限が近づいています" in reminder.title and day in reminder.body
    assert Mail.objects.filter(kind="n4").count() == 1
    notices.return_reminder(application)
    assert Notice.objects.filter(kind="n4").count() == 1


@pytest.mark.requirement("ST-13")
def test_a_returned_application_is_the_only_box_that_asks() -> None:
    person = Applying()
    application = returned(person, LICENCE)
    page = person.browser.get(reverse("status")).content.decode()
    assert page.count('class="asked"') == 1 and "再提出依頼" in page and "修正する項目を見る" in page
    Application.objects.filter(pk=application.pk).update(return_until=clock.now() + timedelta(days=3))
    assert "までに修正して" in person.browser.get(reverse("status")).content.decode()
