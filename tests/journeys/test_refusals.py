"""Each way to be refused is tried by a person, is answered with a sentence that says what to do next, and loses
nothing (issue 2, "What must be shown"). The stories share one product and are told in this order.
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.journeys.applicants import Applicant, Notice
from tests.journeys.city import City, city
from tests.journeys.eyes import Eyes, eventually, refusal, slug_of
from tests.journeys.phones import Phone
from tests.journeys.signers import Signer
from tests.support.browser import complaints
from tests.support.product import Product

EYES = Eyes("refusals")
SEEN = Eyes("seen", is_strict=False)  # where the main job has looked
MONTHS_LATER = 93 * 86400  # seconds: more than three civil months
WRONG = "0000000000"


@pytest.fixture(scope="module")
def town(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with Product.embedded(tmp_path_factory.mktemp("refusals")) as product, city(product, browser) as town:
        yield town


def submitted(town: City, slug: str) -> tuple[Applicant, str]:
    applicant = town.applicant(slug, SEEN)
    return applicant, applicant.applies()


# --- cards that are turned away -----------------------------------------------------------------------------------


def test_a_certificate_held_by_a_phone_is_turned_away_with_the_manuals_sentence(town: City) -> None:
    person = town.applicant("phone", EYES)
    person.expects_refused_request(409)
    person.signs_in()
    told = refusal(person.page)
    assert (
        "医療等分野の電子署名利用申請は、スマホ用電子証明書に対応していないため、利用できません。"
        "マイナンバーカードを利用して再度ログインしてください。" in told
    )
    assert "※ 申請状況照会には利用できません。" in told
    EYES.look(person.page, "phone-certificate")
    person.page.goto("/apply/")
    assert "/apply/sign-in/" in person.page.url


def test_a_locked_card_says_where_it_is_unlocked(town: City) -> None:
    person = town.applicant("locked", EYES)
    person.expects_refused_request(409)
    person.page.goto("/apply/sign-in/")
    person.page.locator("form[action='/reader/'] button").click()
    person.lays_on_the_reader(person.person["authentication_pin"])
    assert "利用者証明用の暗証番号は使えません" in person.page.locator("main").inner_text()
    EYES.look(person.page, "reader-locked")
    person.page.get_by_role("button", name=re.compile("続ける|戻る")).click()
    told = refusal(person.page)
    assert "利用者証明用電子証明書の暗証番号（数字4桁）が使えなくなっています。" in told
    assert "市区町村の窓口で、利用者証明用の暗証番号の再設定（初期化）を受けてください。" in told
    EYES.look(person.page, "locked-card")


def test_a_revoked_signature_certificate_stops_the_signature_and_keeps_the_draft(town: City) -> None:
    person = town.applicant("revoked", SEEN)
    person.signs_in()
    person.fills_everything()
    person.expects_refused_request(409)
    person.reads_the_card("signature_password")
    told = refusal(person.page)
    assert "署名用電子証明書は失効しています。" in told
    assert "市区町村の窓口で署名用電子証明書の発行を受けてから" in told
    EYES.look(person.page, "revoked-certificate")
    assert person.status() == "下書き"
    person.page.goto("/apply/")
    assert person.page.locator("main .actions a.button-primary").first.get_attribute("href") == "/apply/sign/"


# --- one application at a time, and one's own ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def pending(town: City) -> tuple[Applicant, str]:
    """A doctor whose application waits for an officer."""
    return submitted(town, "maiden-name")


def test_a_second_application_is_refused_while_one_is_pending(
    town: City, pending: tuple[Applicant, str]
) -> None:
    _, receipt = pending
    again = town.applicant("maiden-name", EYES)  # another browser, the same card
    again.expects_refused_request(409)
    again.signs_in()
    told = refusal(again.page)
    assert "審査中の申請があるため、新しい申請はできません。" in told
    EYES.look(again.page, "pending")
    again.page.locator("main a.button-primary").click()
    shown = again.page.locator("main").inner_text()
    assert receipt in shown
    assert again.page.locator("section.card").count() == 1


def test_another_persons_addresses_do_not_exist_for_a_stranger(
    town: City, pending: tuple[Applicant, str]
) -> None:
    owner, _ = pending
    owner.page.goto("/status/")
    notice = str(owner.page.locator(".inbox a").first.get_attribute("href"))
    withdraw = str(owner.page.get_by_role("link", name="この申請を取り下げる").get_attribute("href"))
    stranger = town.applicant("dentist", EYES)
    stranger.signs_in()
    stranger.fills_everything(until="photo")
    stranger.answers("photo")
    stranger.opens("photo")
    picture = str(stranger.page.locator("a.kept-picture").get_attribute("href"))
    stranger.expects_refused_request(404)
    for address in (notice, withdraw):
        answer = stranger.page.goto(address)
        assert answer is not None
        assert answer.status == 404, address
    EYES.look(stranger.page, "not-found")
    for page, status in ((stranger.page, 200), (owner.page, 404)):
        assert page.request.get(picture).status == status
    assert owner.status() == "申請中"


def test_a_step_reached_by_its_address_leads_back_to_the_list(town: City) -> None:
    person = town.applicant("alias", SEEN)
    person.signs_in()
    person.opens("sign")
    assert person.page.url.endswith("/apply/")
    assert "先に終える手順があります。" in person.page.locator("main").inner_text()


# --- returned, corrected, approved --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dentist(town: City) -> tuple[Applicant, Notice]:
    """A dentist whose application was returned once, corrected and approved."""
    person = town.applicant("dentist", SEEN)
    person.signs_in()
    person.fills_everything()
    receipt = person.signs()
    examiner = town.officer("medis-examiner", EYES)
    examiner.asks_for_correction(
        receipt, [("photo", "", "photo_standard"), ("workplace", "name", "mismatch")]
    )
    assert person.status() == "再提出依頼"
    person.eyes = EYES
    person.reads_notice("修正のお願い")
    assert "顔写真が旅券用の規格に合いません。" in person.page.locator("main").inner_text()
    person.page.goto("/apply/")
    EYES.look(person.page, "returned-tasks")
    person.page.locator("main .actions a.button-primary").first.click()
    assert slug_of(person.page) in ("photo", "workplace")  # what is asked, not the signature
    person.page.goto("/apply/")
    person.page.locator(".asked a", has_text="名称").click()
    EYES.look(person.page, "returned-workplace")
    assert person.page.locator("main [name=address]").is_disabled()
    person.types("name", "見本歯科医院")
    person.goes_on_from("workplace")
    person.opens("photo")
    person.uploads("photo")
    person.goes_on_from("photo")
    person.fills_everything()
    assert person.signs() == receipt
    town.is_approved("medis", receipt, SEEN)
    person.waits_for("審査完了")
    return person, person.reads_link_and_password()


def test_a_returned_application_is_corrected_and_approved(
    town: City, dentist: tuple[Applicant, Notice]
) -> None:
    person, notice = dentist
    phone = town.phone(SEEN)
    phone.opens(notice.link)
    assert "端末の登録" in phone.page.locator("h1").inner_text()
    assert sum("修正" in mail for mail in person.mails()) == 1


# --- the registration link ----------------------------------------------------------------------------------------


def test_five_wrong_passwords_lock_the_link_and_nothing_else(
    town: City, pending: tuple[Applicant, str]
) -> None:
    person, receipt = pending
    town.is_approved("jma", receipt, SEEN)
    person.waits_for("審査完了")
    notice = person.reads_link_and_password()
    phone = town.phone(EYES)
    for status in (422, 423):
        complaints(phone.page).expect(f"the server responded with a status of {status}")
    phone.opens(notice.link)
    for left in (4, 3, 2, 1):
        phone.types_password(WRONG)
        assert f"あと {left} 回" in phone.page.locator(".error-summary").inner_text()
    EYES.look(phone.page, "wrong-password")
    phone.types_password(WRONG)
    told = refusal(phone.page)
    assert "この登録URLはロックされています" in told
    assert "登録URLの再発行をお申し込みください" in told
    EYES.look(phone.page, "locked-link")
    phone.opens(notice.link)  # the right password has nowhere to go any more
    assert phone.page.locator("input[name=password]").count() == 0
    person.waits_for("審査完了")
    person.eyes = EYES
    person.reads_notice("登録用のURLが停止されました")
    assert notice.password not in person.page.locator("main").inner_text()


def test_the_card_signs_although_the_link_is_locked(town: City, pending: tuple[Applicant, str]) -> None:
    ehr = town.ehr()
    signer = town.applicant("maiden-name", EYES, phone=False)
    signer.page.goto(ehr.asks_for_admission())
    signer.reads_the_card("authentication_pin")
    signer.page.locator("main .actions a.button-primary").click()
    signer.page.wait_for_function("document.querySelector('h1')?.textContent.includes('電子カルテ')")
    ehr.redeems_code()
    assert len(ehr.signs([b"\x01" * 32, b"\x02" * 32])) == 2


@pytest.fixture(scope="module")
def late(town: City, dentist: tuple[Applicant, Notice]) -> tuple[Signer, Notice]:
    """The dentist, back after more than three months without having opened the link."""
    _, notice = dentist
    town.product.env["INKAN_CLOCK_OFFSET"] = str(MONTHS_LATER)
    town.product.restart()
    signer = town.signer("dentist", EYES, phone=True)
    signer.signs_in(wants="status")
    return signer, notice


def dies(link: str, phone: Phone, sentence: str) -> str:
    """The link leads to a refusal and asks for no password; returns its words."""
    complaints(phone.page).expect("the server responded with a status of 410")
    phone.opens(link)
    told = refusal(phone.page)
    assert sentence in told, told
    assert phone.page.locator("input[name=password]").count() == 0
    return told


@pytest.mark.requirement("ST-17", "ST-19", "ST-24", "ST-34", "RV-9")
def test_a_link_dies_after_three_months_and_the_applicants_data_live(
    town: City, late: tuple[Signer, Notice]
) -> None:
    signer, notice = late
    phone = town.phone(EYES)
    told = dies(notice.link, phone, "この登録URLは有効期限を過ぎています")
    assert "ご自身で登録用の QR コードを作れます" in told
    assert "登録URLの再発行をお申し込みください（有料の場合があります）" in told
    EYES.look(phone.page, "expired-link")
    assert signer.status() == "審査完了"
    line = signer.says_of_phone()
    assert line.startswith("URL期限切れ"), line
    assert "マイナンバーカードによる署名は利用できます。" in line
    assert "HPKIカードをお持ちの方は、ご自分でQRコードを作って登録できます。" in line
    assert "マイナンバーカードで新しいURLを受け取るか、認証局にお申し出ください。" in line
    EYES.look(signer.page, "status-link-expired")
    signer.reads_notice("スマートフォン登録用のURLの期限が過ぎました")
    told = signer.page.locator("main").inner_text()
    assert "ご自分でQRコードを作れます" in told
    assert "マイナンバーカードで入って新しいURLを受け取るか" in told
    EYES.look(signer.page, "notice-link-expired")
    signer.reads_notice("審査が完了しました")
    eventually(lambda: notice.password not in signer.reloads(), "the password to leave the inbox", 90)


# --- the phone ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def first(town: City, late: tuple[Signer, Notice]) -> tuple[Phone, str]:
    """The dentist's first phone and its label, bound by the link that the dentist asked for with the card."""
    signer, notice = late
    signer.enters_phone_page()
    EYES.look(signer.page, "my-phone-none")
    signer.asks_for_link()
    signer.reads_notice("スマートフォン登録用の新しいURL")
    EYES.look(signer.page, "notice-link-again")
    link, password = signer.page.locator(".asked .number-value").all_inner_texts()
    assert link != notice.link
    assert password != notice.password
    line = signer.says_of_phone()
    assert line.startswith("登録待ち（"), line
    EYES.look(signer.page, "status-link-waiting")
    dies(notice.link, town.phone(SEEN), "この登録URLは、もう使えません")
    phone = town.phone(SEEN)
    phone.opens(link)
    phone.types_password(password)
    return phone, phone.registers()


@pytest.mark.requirement("BD-15", "ST-24", "ST-34", "RV-9")
def test_the_signer_asks_for_a_new_link_with_the_card_and_only_that_one_binds(
    town: City, late: tuple[Signer, Notice], first: tuple[Phone, str]
) -> None:
    signer, notice = late
    phone, label = first
    phone.enters()
    signer.reads_notice("スマートフォンの登録が完了しました")
    assert f"端末：{label}" in signer.page.locator("main").inner_text()
    assert signer.says_of_phone().startswith("登録済み")
    EYES.look(signer.page, "status-phone-bound")
    dies(notice.link, town.phone(SEEN), "この登録URLは、もう使えません")


@pytest.mark.requirement("BD-05", "BD-15", "ST-34", "RV-9")
def test_a_phone_is_replaced_when_the_signer_says_yes_and_not_before(
    town: City, late: tuple[Signer, Notice], first: tuple[Phone, str]
) -> None:
    signer, _ = late
    old, label = first
    desk = town.signer("dentist", EYES)
    for answer in ("いいえ、やめる", "はい、登録し直す"):
        desk.enters_phone_page()
        EYES.look(desk.page, "my-phone-bound")
        desk.asks_for_qr()
        told = desk.page.locator("main").inner_text()
        assert (
            "デバイスがすでに登録済みとなっています。現在のデバイスを削除して再度登録をし直しますか？" in told
        )
        assert label in told
        EYES.look(desk.page, "qr-asking")
        desk.answers_about_the_old_phone(answer)
        EYES.look(desk.page, f"qr-{answer[:2]}")
        old.enters()  # neither answer has touched it
    new = town.phone(EYES, synced=True)
    number = new.scans(desk.reads_address())
    desk.sees("スマートフォンで、登録を進めてください")
    assert number == desk.page.locator(".pick-number").inner_text()
    assert label in new.page.locator("main").inner_text()
    new.registers("はい、登録する")
    assert "ほかの端末にも同期されることがあります" in new.page.locator("main").inner_text()
    desk.sees("端末を登録しました")
    for page in (new.page, desk.page):
        assert "それまでの端末では、もう本人確認ができません。" in page.locator("main").inner_text()
    EYES.look(desk.page, "qr-done")
    old.eyes = EYES
    old.page.goto("/me/")
    assert "/me/sign-in/" in old.page.url, "the day that the old phone began is not over"
    complaints(old.page).expect("the server responded with a status of 422")
    old.tries_to_enter()
    old.page.locator(".refusal").wait_for()
    assert "この端末は登録されていません" in refusal(old.page)
    EYES.look(old.page, "old-phone-refused")
    new.enters()
    signer.reads_notice("スマートフォンの登録が変更されました")
    assert f"使えなくなった端末：{label}" in signer.page.locator("main").inner_text()
    EYES.look(signer.page, "notice-phone-replaced")
    assert signer.says_of_phone().startswith("登録済み")
    bound = signer.page.locator(".inbox a", has_text="スマートフォンの登録が完了しました")
    eventually(lambda: signer.reloads() and bound.count() == 2, "the notices of both phones")
    signer.enters_phone_page()
    assert (
        "お使いのアカウントで、ほかの端末にも同期されることがあります"
        in signer.page.locator("main").inner_text()
    )
    EYES.look(signer.page, "my-phone-replaced")
