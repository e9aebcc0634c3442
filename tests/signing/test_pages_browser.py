"""The pages in Chromium with its own WebAuthn: a phone is bound, opens the day, and leads back to the EHR."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from ledger import clock
from signing import links
from signing.models import Authenticator, SigningSession
from tests.signing.records import rows
from tests.support.beside import IN_CHROMIUM, aside
from tests.support.browser import VirtualAuthenticator, chromium, complaints, inspect, visit
from tests.support.credentials import active_credential
from tests.support.days import ehr
from tests.support.signed_in import Ehr

pytestmark = IN_CHROMIUM


@contextmanager
def a_phone(browser: Browser, site: str) -> Iterator[Page]:
    """Every page that is looked at is accessible and fits a narrow phone."""
    with visit(browser, site) as page:
        numbers = itertools.count(1)

        def look(name: str) -> None:
            inspect(page, f"signing-{next(numbers):02d}-{name}")

        page.look = look  # type: ignore[attr-defined]
        yield page


def open_link(page: Any, new: links.NewLink) -> None:
    page.goto(new.url_path)
    page.get_by_label("登録用パスワード").fill(new.password)
    page.get_by_role("button", name="次へ進む").click()
    page.get_by_role("heading", name="この端末を登録します").wait_for()


def test_a_phone_is_bound_opens_the_day_and_leads_back_to_the_caller(site: str) -> None:
    credential = active_credential(at=clock.now())
    new = links.create(credential, at=clock.now())
    caller = Ehr(redirect_uri=f"{site}/healthz")
    with chromium() as browser, a_phone(browser, site) as page:
        complaints(page).expect("favicon")  # the EHR's page is plain JSON here
        VirtualAuthenticator(page)
        page.goto(new.url_path)
        page.look("password")  # type: ignore[attr-defined]
        open_link(page, new)
        page.look("register")  # type: ignore[attr-defined]
        page.get_by_role("button", name="登録する").click()
        page.get_by_role("heading", name="端末を登録しました").wait_for()
        page.look("done")  # type: ignore[attr-defined]

        page.goto(caller.authorize_path())
        page.look("sign-in")  # type: ignore[attr-defined]
        page.get_by_role("button", name="この端末で確認する").click()
        page.get_by_role("heading", name="本人確認が済みました").wait_for()
        page.look("signed-in")  # type: ignore[attr-defined]
        page.get_by_role("link", name="電子カルテ へ進む").click()
        page.wait_for_url("**/healthz?code=*")
        page.goto(caller.authorize_path())
        page.wait_for_url("**/healthz?code=*")

        page.goto("/me/")
        page.look("me")  # type: ignore[attr-defined]
        page.get_by_role("link", name="一時停止の画面へ").click()
        page.look("suspend")  # type: ignore[attr-defined]
        page.get_by_role("link", name="やめる").click()
        page.get_by_role("button", name="今日の本人確認を終える").click()
        page.get_by_role("heading", name="今日の本人確認を終えました").wait_for()
        page.look("ended")  # type: ignore[attr-defined]
    phone = Authenticator.objects.get()
    assert (phone.state, phone.is_backup_eligible, phone.transports) == ("active", False, ["internal"])
    assert SigningSession.objects.get().ended_at is not None


@pytest.mark.requirement("SG-6")
def test_a_phone_suspends_and_goes_on_by_itself(site: str) -> None:
    """Everything at 360 px and without a card reader: a phone has none."""
    credential = active_credential(at=clock.now())
    rows.signed(rows.session_of(credential, clock.now()), ehr(), 2, clock.now(), label="処方箋 1枚")
    SigningSession.objects.all().update(ended_at=clock.now())
    new = links.create(credential, at=clock.now())
    with chromium() as browser, a_phone(browser, site) as page:
        VirtualAuthenticator(page)
        open_link(page, new)
        page.get_by_role("button", name="登録する").click()
        page.get_by_role("heading", name="端末を登録しました").wait_for()
        page.goto("/me/suspend/")
        page.get_by_role("button", name="この端末で確認する").click()
        page.get_by_role("button", name="一時停止する").click()
        page.get_by_role("link", name="記録の確認・再開・失効の手続きへ").click()
        page.look("stopped")  # type: ignore[attr-defined]
        page.get_by_role("button", name="この端末で確認する").click()
        page.get_by_role("heading", name="再開するか、失効するかを選んでください").wait_for()
        page.look("stopped-choice")  # type: ignore[attr-defined]
        page.get_by_role("link", name="署名の記録を確かめる").click()
        page.get_by_role("link", name="処方箋 1枚").first.wait_for()
        page.look("stopped-records")  # type: ignore[attr-defined]
        page.get_by_role("link", name="処方箋 1枚").first.click()
        page.get_by_role("heading", name="処方箋 1枚").wait_for()
        page.look("stopped-record")  # type: ignore[attr-defined]
        page.go_back()
        page.get_by_role("link", name="戻る").click()
        page.get_by_role("button", name="再開する").click()
        page.get_by_role("heading", name="電子証明書を再開しました").wait_for()
        page.look("resumed")  # type: ignore[attr-defined]
        page.get_by_role("link", name="本人確認をする").click()
        page.get_by_role("button", name="この端末で確認する").click()
        page.get_by_role("heading", name="あなたの電子署名").wait_for()
    assert [session.ended_at is None for session in SigningSession.objects.order_by("pk")] == [
        False,
        False,
        True,
    ]


def test_the_same_phone_is_told_that_it_is_registered_and_nothing_changes(site: str) -> None:
    credential = active_credential(at=clock.now())
    first = links.create(credential, at=clock.now())
    with chromium() as browser, a_phone(browser, site) as page:
        VirtualAuthenticator(page)
        complaints(page).expect("422")
        open_link(page, first)
        page.get_by_role("button", name="登録する").click()
        page.get_by_role("heading", name="端末を登録しました").wait_for()
        second = aside(lambda: links.create(credential, at=clock.now()))
        open_link(page, second)
        page.look("register-again")  # type: ignore[attr-defined]
        page.get_by_role("button", name="はい、登録する").click()
        page.get_by_role("heading", name="この端末は、すでに登録されています").wait_for()
        page.look("already-registered")  # type: ignore[attr-defined]
    assert Authenticator.objects.get().state == "active"


@pytest.mark.requirement("BD-07")
def test_a_phone_without_biometrics_is_told_what_to_do_and_the_link_stays(site: str) -> None:
    new = links.create(active_credential(at=clock.now()), at=clock.now())
    with chromium() as browser, a_phone(browser, site) as page:
        complaints(page).expect("422")
        open_link(page, new)
        page.get_by_role("button", name="登録する").click()
        page.get_by_text("指紋や顔による画面ロックが使えません").wait_for()
        page.look("no-biometrics")  # type: ignore[attr-defined]
        VirtualAuthenticator(page)
        page.get_by_role("link", name="もう一度、登録の画面へ").click()
        page.get_by_role("button", name="登録する").click()
        page.get_by_role("heading", name="端末を登録しました").wait_for()


def test_a_refused_finger_is_told_so(site: str) -> None:
    new = links.create(active_credential(at=clock.now()), at=clock.now())
    with chromium() as browser, a_phone(browser, site) as page:
        complaints(page).expect("422")
        phone = VirtualAuthenticator(page)
        phone.refuse_user()
        open_link(page, new)
        page.get_by_role("button", name="登録する").click()
        page.get_by_text("登録は中断されました").wait_for()


def test_the_language_is_switched_on_a_page_that_names_no_origin(site: str) -> None:
    new = links.create(active_credential(at=clock.now()), at=clock.now())
    with chromium() as browser, a_phone(browser, site) as page:
        page.goto(new.url_path)
        page.get_by_role("button", name="English").click()
        page.wait_for_function("document.documentElement.lang === 'en'")
