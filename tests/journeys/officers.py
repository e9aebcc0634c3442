"""The officers of an authority at the review desk, each with a second factor of their own."""

import base64
import hashlib
import hmac
import struct
import time
from collections.abc import Iterable
from typing import Any

from playwright.sync_api import Page, expect

from tests.journeys.eyes import Eyes

STEP = 30
_spent: dict[tuple[str, str], int] = {}  # (desk, officer) -> the last step whose code was used


def code_of(secret: str, step: int) -> str:
    """RFC 6238 with HMAC-SHA-1 and six digits, as an authenticator app counts."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    place = digest[-1] & 15
    return f"{int.from_bytes(digest[place : place + 4], 'big') % 2**31 % 10**6:06d}"


def unused_code(desk: str, username: str, secret: str) -> str:
    """No code works twice: the earliest unused one that the desk still takes (one step of drift), else the next."""
    after = _spent.get((desk, username), 0)
    step = max(after + 1, int(time.time()) // STEP - 1)
    if step > int(time.time()) // STEP + 1:
        time.sleep((step - 1) * STEP - time.time())
    if step < time.time() // STEP and time.time() % STEP > STEP - 3:
        step += 1  # it would be too old when it arrives
    _spent[desk, username] = step
    return code_of(secret, step)


class Officer:
    """One browser page in the hands of one demo officer (a row of `manage.py demo_people`)."""

    def __init__(self, page: Page, officer: dict[str, Any], eyes: Eyes) -> None:
        self.page, self.officer, self.eyes = page, officer, eyes

    def signs_in(self) -> None:
        """Name, password and the code of the authenticator app."""
        username = self.officer["username"]
        self.page.goto("/admin/")
        self.eyes.look(self.page, "desk-sign-in")
        self.page.locator("[name=username]").fill(username)
        self.page.locator("[name=password]").fill(self.officer["password"])
        desk = self.page.url.split("/admin/")[0]
        code = unused_code(desk, username, self.officer["totp_secret"])
        self.page.locator("[name=otp_token]").fill(code)
        self.page.locator("#login-form button[type=submit]").click()
        expect(self.page.locator("#logout-form")).to_be_attached()

    def opens_worklist(self) -> list[str]:
        """The receipt numbers that wait for somebody."""
        self.page.goto("/admin/enrollment/application/")
        found: list[str] = self.page.locator("#result_list .field-receipt_number a").all_inner_texts()
        return found

    def opens(self, receipt: str) -> None:
        """A case from the worklist."""
        assert receipt in self.opens_worklist()
        self.eyes.look(self.page, "desk-worklist")
        self.page.locator("#result_list a", has_text=receipt).click()

    def waits_for_the_checks(self) -> None:
        """The automatic checks have left their findings."""
        for _ in range(120):
            self.page.wait_for_load_state()
            lines = self.page.locator(".desk-findings li")
            if lines.count() and not self.page.locator(".desk-findings .finding-wait").count():
                return
            time.sleep(0.5)
            self.page.reload()
        raise AssertionError("no findings of the automatic checks")

    def claims(self, receipt: str) -> None:
        self.opens(receipt)
        self.waits_for_the_checks()
        self.eyes.look(self.page, "desk-case")
        self.page.get_by_role("button", name="審査を始める").click()

    def fills_checklist(self) -> None:
        """Every line passes; the answers keep themselves, and the button of the decision opens."""
        self.page.wait_for_load_state()
        for row in self.page.locator("#sheet fieldset").all():
            row.locator("input[value=pass]").check()
        expect(self.page.locator(".desk-say button")).to_be_enabled()

    def unfolds(self, title: str) -> None:
        """The panel of one decision, where it has one."""
        self.page.wait_for_load_state()
        panel = self.page.locator("details.desk-ask > summary", has_text=title)
        if panel.count():
            panel.click()

    def decides(self, title: str) -> None:
        """The button of the decision; the desk says that it is done, on the next case if there is one."""
        button = "details.desk-ask[open] form button, .desk-say button"
        self.page.locator(button, has_text=title).click()
        told = " ".join(self.page.locator(".messagelist").all_inner_texts())
        assert f"{title}：完了しました" in told, (
            told or self.page.locator("main, #content").first.inner_text()
        )

    def claims_and_recommends(self, receipt: str) -> None:
        self.claims(receipt)
        self.fills_checklist()
        self.eyes.look(self.page, "desk-recommend")
        self.decides("承認を推薦する")

    def approves(self, receipt: str) -> None:
        self.opens(receipt)
        self.fills_checklist()
        self.eyes.look(self.page, "desk-approve")
        self.decides("承認する")

    def asks_for_correction(self, receipt: str, places: Iterable[tuple[str, str, str]]) -> None:
        """`places`: step, field, code of the reason."""
        self.claims(receipt)
        self.unfolds("修正を求める")
        for step, field, reason in places:
            self.page.locator(f"[name='reason:{step}:{field}']").select_option(reason)
        self.eyes.look(self.page, "desk-return")
        self.decides("修正を求める")
