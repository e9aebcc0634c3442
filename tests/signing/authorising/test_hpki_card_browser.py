"""The whole way in Chromium, through a real nginx: a day opened by the HPKI card, and a step-up approved by it."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from signing.csc_check.server import Server
from signing.signer import client as signer_client
from tests.support import days
from tests.support.beside import IN_CHROMIUM
from tests.support.browser import DESK, NARROWEST, chromium, inspect
from tests.support.card_site import hpki
from tests.support.card_site.fronted import Site, a_pc, fronted
from tests.support.csc import RSA_SHA256, digest
from tests.support.days import Day
from tests.support.signers import SignerProcesses

pytestmark = [*IN_CHROMIUM, pytest.mark.requirement("SG-2", "SG-3")]
LABELS = "処方箋 2 件 #麻薬\n#1 処方箋 内科\n#2 処方箋 皮膚科（外用薬）"


@pytest.fixture
def day(signers: SignerProcesses) -> Iterator[Day]:
    yield days.issued_day()
    signer_client.signers().disconnect()
    signer_client.authorities().disconnect()


@pytest.fixture
def site(day: Day, tmp_path: Path) -> Iterator[Site]:
    with fronted(tmp_path, hpki.card_of(day.credential)) as site:
        yield site


def look(page: Page, name: str) -> None:
    """At a desk and on a phone."""
    for size, width in ((DESK, "wide"), (NARROWEST, "narrow")):
        page.set_viewport_size(size)
        inspect(page, f"approval-hpki-{name}-{width}")
    page.set_viewport_size(DESK)


def test_the_holder_of_an_hpki_card_approves_with_it(day: Day, site: Site) -> None:
    credential, digests = str(day.credential.public_id), [digest(1), digest(2)]
    with (
        chromium() as browser,
        a_pc(browser, site) as page,
        Server(site.url, "v2", day.bearer) as caller,
    ):
        page.goto("/me/sign-in/")
        page.get_by_role("link", name="HPKIカードで確認する").click()
        page.get_by_role("link", name="HPKIカードで本人確認をする").click()
        page.get_by_role("heading", name="あなたの電子署名").wait_for()
        handle = str(caller.authorize(credential, digests, description=LABELS).body["handle"])
        page.reload()
        look(page, "1-me")
        page.get_by_role("link", name="依頼の内容を見る").click()
        look(page, "2-list")
        page.get_by_role("link", name="内容を見る").click()
        page.get_by_text("処方箋 皮膚科（外用薬）").wait_for()
        look(page, "3-one")
        page.get_by_role("link", name="HPKIカードで承認する").click()
        look(page, "4-card")
        page.get_by_role("link", name="カードを使って承認する").click()
        page.get_by_role("heading", name="承認しました").wait_for()
        look(page, "5-done")
        sad = caller.call("credentials/authorizeCheck", {"handle": handle}).body["SAD"]
        signed = caller.sign(credential, sad, digests, signAlgo=RSA_SHA256)
        day.verify(base64.b64decode(signed.body["signatures"][1]), digest(2))
