"""The signer's pages on a phone and at a desk: looked at, accessible, no sideways scrolling, no JavaScript needed."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from playwright.sync_api import Browser, Page
from pytest_django import Settings

from ledger import clock, daily, verify_proof
from ledger.log import Actor
from signing import ceremonies, credentials
from signing.acts import stopped
from signing.models import ActivationItem, Credential, SignatureRecord, SigningSession
from signing.records import usage
from tests.ledger import keys
from tests.signing.records import rows
from tests.support.beside import IN_CHROMIUM
from tests.support.browser import chromium, complaints, inspect, visit
from tests.support.credentials import active_credential
from tests.support.days import ehr
from tests.support.signed_in import bound_phone
from vault import tokens

pytestmark = IN_CHROMIUM
KEY = keys.elliptic()
DAY = timedelta(days=1)
LONG = "処方箋（内服）整理番号2026-000123-000456 リフィル可 電子処方箋管理サービス登録用"


@pytest.fixture
def token() -> str:
    return tokens.new_token()


@pytest.fixture
def session(token: str, settings: Settings) -> SigningSession:
    """A signer with a month of signatures, some of them unusual; yesterday is closed."""
    credential = active_credential(at=clock.now() - 40 * DAY)
    Credential.objects.update(serial="5f3a9c1e7b2d4a60")
    bound_phone(credential)
    hospital, pharmacy = ehr("医療法人社団みどり会　みどり総合病院　電子カルテ"), ehr("さくら薬局")
    found = rows.session_of(credential, clock.now() - timedelta(hours=2))
    found.token_digest = tokens.digest(token)
    found.save()
    for days in (20, 5, 1):
        settings.CLOCK_OFFSET = -days * DAY
        rows.signed(found, hospital, 3, clock.now(), label=LONG if days == 1 else "処方箋 3件")
    settings.CLOCK_OFFSET = timedelta(0)
    daily.close_day(clock.today(clock.now() - DAY), KEY.sign, KEY.pem)
    usage.watch(clock.now() - timedelta(minutes=2))
    last_night = clock.end_of_day(clock.today(clock.now() - DAY)) + timedelta(minutes=1)
    rows.signed(found, pharmacy, 2, last_night, label="")
    (unknown,) = rows.signed(found, hospital, 1, clock.now() - timedelta(minutes=5), label="調剤結果")
    SignatureRecord.objects.filter(pk=unknown.pk).update(result="unknown")
    usage.watch(clock.now())
    return found


@contextmanager
def signed_in(browser: Browser, site: str, token: str, phone: bool, **options: Any) -> Iterator[Page]:
    with visit(browser, site, phone=phone, **options) as page:
        page.context.add_cookies(
            [{"name": django_settings.SIGNER_COOKIE_NAME, "value": token, "url": site, "httpOnly": True}]
        )
        yield page


def looker(page: Page, width: str) -> Callable[[str], None]:
    def look(name: str) -> None:
        inspect(page, f"me-{width}-{name}")

    return look


@pytest.mark.requirement("SG-6")
@pytest.mark.parametrize("phone", [True, False], ids=["360", "1280"])
def test_every_page_of_the_records_is_looked_at(
    phone: bool, site: str, session: SigningSession, token: str, tmp_path: Path
) -> None:
    with chromium() as browser, signed_in(browser, site, token, phone) as page:
        look = looker(page, "360" if phone else "1280")
        page.goto("/me/")
        look("start")
        page.get_by_role("link", name="すべての署名の記録").click()
        look("records")
        page.get_by_text("絞り込む", exact=True).click()
        page.get_by_label("施設・システム").select_option(label="さくら薬局")
        page.get_by_label("結果").select_option(label="署名済み")
        look("search")
        page.get_by_role("button", name="この条件で探す").click()
        assert page.locator(".record").count() == 2
        look("found")
        complaints(page).expect("422")
        page.get_by_label("文書のハッシュ値").fill("ハッシュ")
        page.get_by_role("button", name="この条件で探す").click()
        look("search-wrong")
        page.goto("/me/signatures/?digest=00000000")
        look("nothing-found")
        page.goto("/me/signatures/?result=unknown")
        page.get_by_role("link", name="調剤結果").click()
        look("unknown")
        page.goto("/me/signatures/")
        page.get_by_role("link", name=LONG).first.click()
        page.get_by_text("確かめ方").click()
        look("one")
        with page.expect_download() as download:
            page.get_by_role("link", name="証明を受け取る").click()
        proof = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
        with page.expect_download() as download:
            page.get_by_role("link", name="日次の根").click()
        root = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
        assert verify_proof.verify(proof, root, [KEY.pem])
        page.goto("/me/signatures/")
        with page.expect_download() as download:
            page.get_by_role("link", name="表計算用のファイル").click()
        assert download.value.suggested_filename.endswith(".csv")
        page.get_by_role("button", name="English").click()
        page.wait_for_function("document.documentElement.lang === 'en'")
        page.goto("/me/signatures/")
        look("records-english")
        page.goto("/me/")
        look("start-english")


@pytest.mark.parametrize("phone", [True, False], ids=["360", "1280"])
def test_a_suspended_signer_reads_before_deciding(phone: bool, site: str, session: SigningSession) -> None:
    """By a phone that had not suspended: what the documents are called stays hidden."""
    credential, proof, at = session.credential, tokens.new_token(), clock.now()
    credentials.suspend(credential, Actor("operator", "desk"), "signer_request", at)
    ceremonies.begin(stopped.END, proof, at, signer=credential.signer)
    with chromium() as browser, signed_in(browser, site, proof, phone) as page:
        look = looker(page, "360" if phone else "1280")
        page.goto("/me/stopped/choice/")
        look("stopped-choice")
        page.get_by_role("link", name="署名の記録を確かめる").click()
        look("stopped-records")
        page.get_by_role("link", name="内容は表示していません").first.click()
        look("stopped-record")
        page.goto("/me/stopped/choice/")
        page.get_by_role("button", name="何もせずに終わる").click()
        page.get_by_role("heading", name="この手続きの本人確認を終えました").wait_for()
        look("stopped-left")
        page.goto("/me/signatures/")
        page.wait_for_url("**/me/sign-in/?next=/me/signatures/")


@pytest.mark.requirement("SG-6")
def test_from_an_entry_that_is_not_mine_everything_stops_in_two_taps(
    site: str, session: SigningSession, token: str
) -> None:
    """Session, open authorisations and the certificate: by one act, on the phone."""
    rows.authorised(session, ehr(), [rows.digest(1)], clock.now())
    with chromium() as browser, signed_in(browser, site, token, phone=True) as page:
        look = looker(page, "360")
        page.goto("/me/signatures/")
        page.get_by_role("link", name="覚えがない").first.click()
        look("stop")
        page.get_by_role("button", name="一時停止する").click()
        page.get_by_role("heading", name="電子証明書を一時停止しました").wait_for()
        look("stopped")
        page.goto("/me/signatures/")
        page.wait_for_url("**/me/sign-in/?next=/me/signatures/")
        look("sign-in-again")
    assert Credential.objects.get().state == "suspended"
    assert SigningSession.objects.get(pk=session.pk).ended_at is not None
    assert ActivationItem.objects.filter(state="dead").count() == 1


def test_it_works_without_javascript(site: str, session: SigningSession, token: str) -> None:
    with chromium() as browser, signed_in(browser, site, token, True, java_script_enabled=False) as page:
        page.goto("/me/signatures/")
        page.get_by_text("絞り込む", exact=True).click()
        page.get_by_label("結果").select_option(label="結果不明")
        page.get_by_role("button", name="この条件で探す").click()
        assert page.locator(".record").count() == 1
        page.get_by_role("link", name="調剤結果").click()
        page.get_by_role("link", name="すぐに止める").click()
        page.get_by_role("button", name="一時停止する").click()
        page.get_by_role("heading", name="電子証明書を一時停止しました").wait_for()


@pytest.mark.parametrize("phone", [True, False], ids=["360", "1280"])
def test_before_the_first_signature_the_page_says_what_will_stand_there(
    phone: bool, site: str, token: str
) -> None:
    credential = active_credential(at=clock.now())
    session = rows.session_of(credential, clock.now(), means="my_number_card")
    session.token_digest = tokens.digest(token)
    session.save()
    with chromium() as browser, signed_in(browser, site, token, phone) as page:
        look = looker(page, "360" if phone else "1280")
        page.goto("/me/")
        look("start-empty")
        page.goto("/me/signatures/")
        look("records-empty")
        page.goto("/me/revoke/")
        look("revoke")
        page.get_by_label("もう使わない").check()
        page.get_by_role("button", name="失効する").click()
        page.get_by_role("heading", name="電子証明書を失効しました").wait_for()
        look("revoked")
