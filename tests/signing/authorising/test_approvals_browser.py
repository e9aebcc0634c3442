"""Approving in Chromium with its own WebAuthn: the waiting system gets its SAD, the pages are accessible and fit."""

import base64
import itertools

import pytest
from playwright.sync_api import Page

from ledger import clock
from signing import links
from signing.csc_check.server import Server
from tests.support import days
from tests.support.beside import IN_CHROMIUM
from tests.support.browser import VirtualAuthenticator, chromium, complaints, inspect, visit
from tests.support.csc import RSA_SHA256, digest
from tests.support.days import Day

pytestmark = [*IN_CHROMIUM, pytest.mark.requirement("SG-3")]
LABEL = "処方箋 山田太郎様 2026-11-26 #麻薬"


def test_a_person_reads_approves_and_refuses(site: str) -> None:
    day = days.issued_day()
    link = links.create(day.credential, at=clock.now())
    numbers = itertools.count(1)
    with chromium() as browser, visit(browser, site) as page, Server(site, "v2", day.bearer) as caller:

        def look(name: str) -> None:
            inspect(page, f"approval-{next(numbers):02d}-{name}")

        phone = VirtualAuthenticator(page)
        _bind_and_sign_in(page, link)
        page.goto("/me/approvals/")
        look("none")
        first = _asked(caller, day, 120)
        second = _asked(caller, day, 1)
        page.goto("/me/")
        page.get_by_role("link", name="依頼の内容を見る").click()
        look("list")
        page.get_by_role("link", name="内容を見る").last.click()
        page.get_by_text("文書とハッシュ値").first.click()
        look("one")
        complaints(page).expect("422")
        phone.refuse_user()
        page.get_by_role("button", name="スマートフォンで承認する").click()
        page.get_by_text("本人確認は中断されました").wait_for()
        look("refused-finger")
        phone.refuse_user(False)
        page.get_by_role("button", name="スマートフォンで承認する").click()
        page.get_by_role("heading", name="承認しました").wait_for()
        look("approved")
        answer = caller.call("credentials/authorizeCheck", {"handle": first})
        digests = [digest(number) for number in range(120)]
        signed = caller.sign(str(day.credential.public_id), answer.body["SAD"], digests, signAlgo=RSA_SHA256)
        day.verify(base64.b64decode(signed.body["signatures"][119]), digest(119))
        page.get_by_role("link", name="承認を待っている依頼").click()
        page.get_by_role("link", name="内容を見る").click()
        page.get_by_role("button", name="断る").click()
        page.get_by_role("heading", name="断りました").wait_for()
        look("declined")
        told = caller.call("credentials/authorizeCheck", {"handle": second})
        assert (told.status, told.body["error"]) == (400, "access_denied")
        complaints(page).expect("404")
        page.go_back()
        page.reload()
        page.get_by_role("heading", name="この依頼は、もう承認できません").wait_for()
        look("gone")


def _bind_and_sign_in(page: Page, link: links.NewLink) -> None:
    page.goto(link.url_path)
    page.get_by_label("登録用パスワード").fill(link.password)
    page.get_by_role("button", name="次へ進む").click()
    page.get_by_role("button", name="登録する").click()
    page.get_by_role("heading", name="端末を登録しました").wait_for()
    page.goto("/me/sign-in/")
    page.get_by_role("button", name="この端末で確認する").click()
    page.get_by_role("heading", name="あなたの電子署名").wait_for()


def _asked(caller: Server, day: Day, count: int) -> str:
    answer = caller.authorize(
        str(day.credential.public_id), [digest(number) for number in range(count)], description=LABEL
    )
    assert answer.status == 202, answer.text
    return str(answer.body["handle"])
