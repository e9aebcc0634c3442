"""A PC without an authenticator shows an approval as a QR code; a phone at 360 px approves; the PC goes on itself."""

from datetime import timedelta

import pytest
from django.conf import settings
from playwright.sync_api import Page

from ledger import clock
from signing import links
from signing.models import Approval, SigningSession
from tests.signing.authorising.asking import waiting
from tests.signing.oauth.test_sign_in_browser import address, bind
from tests.support import days
from tests.support.beside import IN_CHROMIUM
from tests.support.browser import (
    VirtualAuthenticator,
    assert_accessible,
    assert_fits,
    chromium,
    shoot,
    visit,
)
from tests.support.credentials import active_credential
from vault import tokens

pytestmark = [*IN_CHROMIUM, pytest.mark.requirement("SG-2", "SG-3")]


def look(page: Page, name: str) -> None:
    assert_accessible(page)
    assert_fits(page)
    shoot(page, f"approval-qr-{name}")


def test_the_pc_shows_the_outcome_by_itself_when_the_phone_has_approved(site: str) -> None:
    at, token = clock.now(), tokens.new_token()
    credential = active_credential(at=at)
    new = links.create(credential, at=at)
    _handle, approval = waiting(days.with_caller(credential, b"", at, days.ehr()))
    SigningSession.objects.create(
        token_digest=tokens.digest(token), credential=credential, means="my_number_card",
        started_at=at, expires_at=at + timedelta(hours=1),
    )  # fmt: skip
    with chromium() as browser, visit(browser, site, phone=False) as pc, visit(browser, site) as phone:
        VirtualAuthenticator(phone)
        bind(phone, new)
        pc.context.add_cookies([{"name": settings.SIGNER_COOKIE_NAME, "value": token, "url": site}])
        pc.goto(f"/me/approvals/{approval.public_id}/")
        look(pc, "page")
        pc.get_by_role("button", name="QRコードを表示する").click()
        pc.locator("svg.qr-picture").wait_for()
        look(pc, "shown")
        pc.set_viewport_size({"width": 360, "height": 740})
        look(pc, "shown-small")
        pc.set_viewport_size({"width": 1280, "height": 900})
        phone.goto(address(pc))
        look(phone, "asked")
        phone.get_by_role("button", name="承認へ進む").click()
        phone.get_by_role("heading", name="数字を比べてください").wait_for()
        look(phone, "number")
        pc.get_by_role("heading", name="スマートフォンで、承認を進めてください").wait_for()
        look(pc, "opened")
        assert pc.locator(".pick-number").inner_text() == phone.locator(".pick-number").inner_text()
        phone.get_by_role("button", name="同じ数字なので、承認する").click()
        phone.get_by_role("heading", name="承認しました").wait_for()
        look(phone, "done")
        pc.get_by_role("heading", name="承認しました").wait_for()
        look(pc, "outcome")
    assert Approval.objects.get().means == "authenticator"
