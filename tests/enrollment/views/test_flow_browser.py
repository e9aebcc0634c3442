"""The flow in Chromium, at both widths, plain and in error: it fits, is accessible, and keeps what is typed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from enrollment import flow, notices, review
from enrollment.flow import State
from enrollment.models import Application, EmailCode
from ledger import clock
from outbox.models import Job, Mail
from tests.support import cases
from tests.support.beside import IN_CHROMIUM, aside
from tests.support.browser import DESK, NARROWEST, assert_accessible, assert_fits, chromium, shoot, visit
from tests.support.people import Applying

pytestmark = IN_CHROMIUM


@contextmanager
def at_the_browser(person: Applying, browser: Browser, server: str) -> Iterator[Page]:
    """The same person, signed in by the same session, before Chromium."""
    with visit(browser, server) as page:
        name = settings.APPLICANT_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": person.browser.cookies[name].value, "url": server}])
        yield page


def look(page: Page, path: str, name: str) -> None:
    """Both widths of one page; an empty path is the page that is open."""
    if path:
        page.goto(path)
    for size, width in ((NARROWEST, "360"), (DESK, "1280")):
        page.set_viewport_size(size)
        assert_fits(page)
        shoot(page, f"flow-{name}-{width}")
    assert_accessible(page)
    assert page.locator("h1").count() == 1
    page.set_viewport_size(NARROWEST)


def step(slug: str) -> str:
    return reverse("step", args=[slug])


def test_the_flow_is_accessible_and_fits_plain_and_in_error(server: str) -> None:
    person = Applying()
    person.sign_in()
    with chromium() as browser, at_the_browser(person, browser, server) as page:
        look(page, reverse("tasks"), "tasks-new")
        aside(person.until, "membership")
        half = {"version": 0, "member": "yes", "number": "12", "pause": "1"}
        aside(person.browser.post, step("membership"), half)
        look(page, reverse("tasks"), "tasks-half")
        look(page, step("membership"), "membership")
        page.get_by_role("button", name="保存して次へ").click()
        look(page, "", "membership-error")
        assert page.title().startswith("エラー：")
        expect(page.locator(".error-summary")).to_be_focused()
        page.locator(".error-summary a").first.click()
        expect(page.locator("#id_number")).to_be_focused()
        aside(person.post, "membership", {"member": "yes", "number": "1234567891"})
        page.get_by_role("button", name="保存して次へ").click()
        look(page, "", "conflict")
        aside(person.until, "email-code")
        look(page, step("email"), "email")
        look(page, step("email-code"), "email-code")
        page.locator("#id_code").fill("123")
        page.get_by_role("button", name="確認して次へ").click()
        look(page, "", "email-code-error")
        aside(_stuck)
        look(page, step("email-code"), "email-code-stuck")
        aside(person.until, flow.CHECK)
        look(page, step(flow.CHECK), "check")
        aside(person.until, flow.CONSENT)
        look(page, step(flow.CONSENT), "consent")
        page.get_by_role("button", name="この内容で署名へ進む").click()
        look(page, "", "consent-error")
        aside(_begun_long_ago)
        look(page, step(flow.CONSENT), "consent-changed")
        aside(person.until, flow.SIGN)
        look(page, step(flow.SIGN), "sign")


def _begun_long_ago() -> None:
    Application.objects.update(created_at=clock.now() - timedelta(days=700))


def _wait_two_minutes() -> None:
    EmailCode.objects.update(created_at=clock.now() - timedelta(minutes=2))


def _withdraw() -> None:
    Application.objects.update(state=State.WITHDRAWN)


def _stuck() -> None:
    mail = Mail.objects.get(kind="n2")
    Mail.objects.filter(pk=mail.pk).update(sent_at=None)
    Job.objects.filter(subject=str(mail.public_id)).update(attempts=1, last_error="refused", state="ready")


def test_what_follows_is_accessible_and_fits_too(server: str) -> None:
    person = Applying()
    application = person.submit()
    with chromium() as browser, at_the_browser(person, browser, server) as page:
        look(page, step(flow.DONE), "done")
        page.emulate_media(media="print")
        shoot(page, "flow-done-print")
        page.emulate_media(media="screen")
        look(page, reverse("status"), "status-submitted")
        look(page, reverse("withdraw", args=[application.public_id]), "withdraw")
        look(page, reverse("account_address"), "account-address")
        aside(_wait_two_minutes)
        page.locator("#id_address").fill("new@example.jp")
        page.get_by_role("button", name="保存する").click()
        look(page, "", "account-code")
        aside(_return, application)
        look(page, reverse("status"), "status-returned")
        look(page, reverse("tasks"), "tasks-returned")
        page.goto(step(flow.CHECK))
        page.get_by_role("button", name="この内容で同意へ進む").click()
        look(page, "", "check-unchanged")
        look(page, step("home"), "closed")
        look(page, step("licence"), "licence-returned")
        aside(_issue, application)
        look(page, reverse("status"), "status-issued")
        page.get_by_role("link", name="登録用のURLとパスワードを見る").click()
        look(page, "", "notice-issued")
        look(page, reverse("tasks"), "refused-issued")
        aside(_withdraw)
        look(page, reverse("status"), "status-withdrawn")


def _return(application: Application) -> None:
    examiner = cases.officer("examiner", (application.authority, "EXAMINER"))
    review.claim(application, examiner, clock.now())
    wanted = [
        review.Correction(
            "licence", "registration_number", "mismatch", "登録番号：書類の記載と一致しません。"
        ),
        review.Correction("photo", "", "unclear", "顔写真：画像が不鮮明です。撮り直してください。"),
    ]
    review.return_to_applicant(application, examiner, wanted, clock.now())


def _issue(application: Application) -> None:
    new = cases.issued(application, clock.now())
    with transaction.atomic():
        secret = (new.url_path, new.password, new.expires_at)
        notices.completed(application, *secret, str(application.credential), person_id="2345ABCDEF")


@pytest.mark.requirement("ST-02")
def test_what_is_typed_keeps_itself_and_back_and_next_do_no_harm(server: str) -> None:
    person = Applying()
    person.until("membership")
    with chromium() as browser, at_the_browser(person, browser, server) as page:
        page.goto(step("membership"))
        page.locator("input[name=member][value=yes]").check()
        page.locator("#id_number").press_sequentially("12345")
        expect(page.locator("[data-autosave-line]")).to_contain_text("保存しました ")
        shoot(page, "flow-autosaved-360")
        page.reload()
        expect(page.locator("#id_number")).to_have_value("12345")
        # "next" right after a key, while it is being kept
        page.locator("#id_number").press("End")
        page.locator("#id_number").press_sequentially("67890")
        page.get_by_role("button", name="保存して次へ").click()
        page.wait_for_url(f"**{step('card-pin')}")
        page.go_back()
        expect(page.locator("#id_number")).to_have_value("1234567890")
        page.locator("#id_number").fill("1234567891")
        expect(page.locator("[data-autosave-line]")).to_contain_text("保存しました ")
        page.get_by_role("button", name="保存して次へ").click()
        page.wait_for_url(f"**{step('card-pin')}")
        # another tab has changed it since: the line says so, "next" asks
        page.goto(step("membership"))
        aside(person.post, "membership", {"member": "yes", "number": "1234567892"})
        page.locator("#id_number").fill("1234567893")
        expect(page.locator("[data-autosave-line]")).to_contain_text("別の画面（タブ）でも変更されています")
        page.get_by_role("button", name="保存して次へ").click()
        expect(page.locator("h1")).to_have_text("どちらの内容を残しますか")
        page.get_by_text("1234567892").click()
        page.get_by_role("button", name="選んだ内容を保存して次へ").click()
        page.wait_for_url(f"**{step('card-pin')}")
        page.goto(step("membership"))
        expect(page.locator("#id_number")).to_have_value("1234567892")
