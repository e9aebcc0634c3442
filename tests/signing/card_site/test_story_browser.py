"""The story of issue 4: through a real nginx, with the card's PKCS#12 in Chromium and a second browser as the phone.

The holder binds a My Number Card (the HPKI card left in the reader at first), shows a QR code on the PC, a phone scans
it while the PC waits, both finish; a third scan of the same code is refused.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from deploy.demo import people, reader
from ledger import clock
from signing.models import Authenticator, CardBinding, CardVisit, Credential, EnrollmentLink
from staff import qr_codes
from tests.support.beside import IN_CHROMIUM, aside
from tests.support.browser import VirtualAuthenticator, chromium, complaints, inspect, visit
from tests.support.card_site import hpki
from tests.support.card_site.fronted import Site, a_pc, fronted
from tests.support.credentials import active_credential, signer

pytestmark = IN_CHROMIUM
PERSON_ID, OWNER = "JMA0265432", "hpki-card"


@pytest.fixture
def site(tmp_path: Path, settings: Any) -> Iterator[Site]:
    """nginx in front of a server of this run, and the demo's My Number Cards on its reader."""
    people.ensure_cards(settings.HOME, clock.now())
    with fronted(tmp_path, hpki.card(PERSON_ID)) as site:
        yield site


def look(page: Page, name: str) -> None:
    inspect(page, f"card-{name}")


def show_the_card(page: Page, purpose: str) -> None:
    page.goto("/card/")
    page.locator(f'a[href="/card/sign-in/{purpose}/"]').click()
    page.get_by_role("link", name="HPKIカードで本人確認をする").click()


def read(page: Page, card: str) -> None:
    """The demo's reader: which card lies on it, and the 4-digit PIN."""
    page.get_by_role("button", name="マイナンバーカードを登録").click()
    page.locator(f"input[name=card][value={card}]").check()
    page.locator("input[name=pin]").fill(people.person(OWNER).authentication_pin)
    page.locator("button[name=action][value=read]").click()


@pytest.mark.requirement("BD-01", "BD-02", "BD-04", "BD-06", "BD-09", "BD-18", "RV-9")
def test_a_holder_binds_a_card_and_a_phone(site: Site) -> None:
    credential = active_credential(signer(PERSON_ID), at=clock.now())
    with chromium() as browser, ExitStack() as devices:
        pc = devices.enter_context(a_pc(browser, site))
        complaints(pc).expect("422")
        pc.goto("/card/")
        look(pc, "01-start")
        show_the_card(pc, "my_number_card")
        pc.get_by_role("heading", name="マイナンバーカードを登録する").wait_for()
        assert pc.url == f"{site.url}/card/my-number-card/" and PERSON_ID in pc.content()
        look(pc, "02-my-number-card")
        read(pc, reader.HPKI_CARD)
        pc.get_by_role("button", name="申請の画面に戻る").click()
        pc.get_by_text(
            "個人番号カードをカードリーダーにセットし、OKボタンをクリックしてください。"
        ).wait_for()
        look(pc, "03-not-swapped")
        read(pc, OWNER)
        pc.get_by_role("button", name="続ける").click()
        pc.get_by_role(
            "heading", name="マイナンバーカードの登録が完了しました。ブラウザを終了してください。"
        ).wait_for()
        look(pc, "04-my-number-card-done")

        show_the_card(pc, "phone")
        pc.get_by_role("heading", name="スマートフォンを登録・変更する").wait_for()
        look(pc, "05-phone")
        pc.get_by_role("button", name="QRコードを表示する").click()
        pc.get_by_role("heading", name="スマートフォンでQRコードを読み取ってください").wait_for()
        address = aside(lambda: scanned(site, credential))
        drawn = qr_codes.svg(address).split(' d="')[2].split('"')[0]
        assert drawn in pc.content()  # the code on the screen says this address

        phone = devices.enter_context(visit(browser, site.url))
        VirtualAuthenticator(phone)
        phone.goto(address)
        phone.get_by_role("button", name="ログインして登録へ進む").click()
        phone.get_by_role("button", name="登録する").click()
        phone.get_by_role("heading", name="端末を登録しました").wait_for()
        pc.wait_for_url("**/card/phone/qr/")
        pc.get_by_role("heading", name="登録").first.wait_for()
        look(pc, "06-phone-done")

        other = devices.enter_context(visit(browser, site.url))
        complaints(other).expect("410")
        other.goto(address)
        other.get_by_text("使用済み").first.wait_for()
        look(other, "07-used")
    assert Authenticator.objects.get().state == "active"
    assert CardBinding.objects.get(is_living=True).credential == credential
    assert set(CardVisit.objects.values_list("state", flat=True)) == {"ended"}


@pytest.mark.requirement("RV-9")
def test_without_a_card_the_pc_is_told_what_to_do(site: Site) -> None:
    with chromium() as browser, a_pc(browser, site, card=False) as pc:
        complaints(pc).expect("403")
        show_the_card(pc, "my_number_card")
        pc.get_by_role("heading", name="HPKIカードが示されませんでした").wait_for()
        assert pc.url.startswith(f"{site.url}/card/refused/")
        look(pc, "08-no-card")


def scanned(site: Site, credential: Credential) -> str:
    link = EnrollmentLink.objects.get(credential=credential, kind="shown")
    return f"{site.url}/r/{link.shown_token}/"
