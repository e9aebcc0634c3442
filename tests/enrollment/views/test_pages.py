"""The pages: start, task list, status, inbox; where one is, what comes next, whom to ask."""

import json
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from enrollment import flow
from ledger import clock
from ledger.models import Entry
from outbox import notices
from tests.support.people import Applying

pytestmark = pytest.mark.django_db


@pytest.mark.requirement("ST-02")
@pytest.mark.parametrize("slug", ["card", "names", "check", "consent", "sign", "done"])
def test_no_step_is_reached_by_its_address_before_its_time(slug: str) -> None:
    person = Applying()
    person.sign_in()
    assert person.get(slug).url == reverse("tasks")


def test_the_task_list_shows_what_is_done_begun_and_left() -> None:
    person = Applying()
    person.until("licence")
    person.post("licence", {"registration_number": "1"})
    page = person.browser.get(reverse("tasks")).content.decode()
    assert "task-done" in page and "task-doing" in page and "task-todo" in page
    assert "続きから（資格の登録番号と登録年月日）" in page and "青木" in page and "日本医師会" in page


def test_a_page_in_error_says_so_in_its_title_and_leads_to_the_field() -> None:
    person = Applying()
    person.until("home")
    page = person.post("home", {"postal_code": "1"}).content.decode()
    assert "<title>エラー：住所の郵便番号" in page and 'href="#id_postal_code"' in page
    assert 'autocomplete="postal-code"' in page and 'inputmode="numeric"' in page


@pytest.mark.requirement("ST-08")
def test_the_check_page_shows_every_value_and_leads_back_to_itself() -> None:
    person = Applying()
    person.until("check")
    page = person.get("check").content.decode()
    for words in (
        "青木　一郎",
        "アオキ",
        "AOKI",
        "312345",
        "平成16年5月10日",
        "見本診療所",
        "〒113-0021",
        "修正する",
    ):
        assert words in page, words
    assert (page.count('class="summary-picture"') == 3 and "5,500" in page) or "無償" in page
    assert f"{reverse('step', args=['licence'])}?from=check" in page


@pytest.mark.requirement("ST-09")
def test_the_signing_page_shows_the_hash_and_the_very_bytes() -> None:
    person = Applying()
    person.until(flow.SIGN)
    page = person.get(flow.SIGN).content.decode()
    frozen = person.application.statements.get()
    assert bytes(frozen.sha256).hex() in page and "署名するデータそのもの" in page
    assert bytes(frozen.sha256).hex() == bytes(person.application.statements.get().sha256).hex()


@pytest.mark.requirement("ST-12")
def test_the_status_page_lists_applications_with_their_timeline() -> None:
    person = Applying()
    application = person.submit()
    page = person.browser.get(reverse("status")).content.decode()
    for words in (
        str(application.receipt_number),
        "申請中",
        "申請を送信しました",
        "認証局の審査",
        "いまここ",
        "取り下げる",
    ):
        assert words in page, words


@pytest.mark.requirement("ST-15", "ST-33")
def test_link_and_password_stand_in_the_inbox_of_their_owner_alone() -> None:
    person, other = Applying(), Applying("dentist")
    person.sign_in()
    other.sign_in()
    secret = json.dumps({"url": "http://localhost/r/abc/", "password": "k7m9p3q8rs"})
    notice = notices.post(
        person.applicant.public_id, "n5", "審査が完了しました", "本文", secret=secret, about="x"
    )
    url = reverse("notice", args=[notice.public_id])
    page = person.browser.get(url)
    assert "k7m9p3q8rs" in page.content.decode() and "no-store" in page["Cache-Control"]
    assert other.browser.get(url).status_code == 404
    assert "k7m9p3q8rs" not in person.browser.get(reverse("status")).content.decode()
    notices.erase_secret("x")
    assert "k7m9p3q8rs" not in person.browser.get(url).content.decode()


def test_another_applicant_s_application_is_an_address_that_does_not_exist() -> None:
    person, thief = Applying(), Applying("dentist")
    application = person.submit()
    thief.sign_in()
    url = reverse("withdraw", args=[application.public_id])
    assert thief.browser.get(url).status_code == thief.browser.post(url).status_code == 404
    assert thief.browser.get(reverse("withdraw", args=[uuid.uuid4()])).status_code == 404
    application.refresh_from_db()
    assert application.state == "submitted" and application.changed_at <= clock.now()
    written = Entry.objects.filter(kind="applicant.refused", actor_kind="applicant")
    assert [entry.data["code"] for entry in written] == ["application_not_there"] * 3


@pytest.mark.requirement("ST-21")
def test_an_ended_session_leads_to_the_card_and_says_why() -> None:
    person = Applying()
    person.sign_in()
    person.session.delete()
    page = person.browser.get(person.browser.get(reverse("tasks")).url).content.decode()
    assert "ログインの期限が切れました" in page


def test_a_form_without_its_token_is_refused() -> None:
    person = Applying()
    person.sign_in()
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = person.browser.cookies
    assert browser.post(reverse("tasks")).status_code == 403
