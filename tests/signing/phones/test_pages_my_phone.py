"""/me/phone/: what a signer can do about a phone, and what must be proven first."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import Settings

from ledger import clock
from outbox.models import Job
from signing.models import Authenticator, EnrollmentLink, SigningSession
from signing.phones.rules import PhoneRules
from tests.signing.phones.binding import Holder, new_phone
from tests.support.credentials import active_credential
from vault import tokens

pytestmark = pytest.mark.django_db
PATH = "/me/phone/"
MINUTE = timedelta(minutes=1)


def only_once(authority: str, at: object) -> PhoneRules:
    return PhoneRules(once=True, synced=True, note="日本薬剤師会にお問い合わせください。")


class Signer:
    def __init__(self, means: str = "my_number_card", age: timedelta = MINUTE) -> None:
        self.holder = Holder(active_credential(at=clock.now()))
        self.browser = Client()
        token = tokens.new_token()
        self.session = SigningSession.objects.create(
            token_digest=tokens.digest(token),
            credential=self.holder.credential,
            means=means,
            started_at=clock.now() - age,
            expires_at=clock.now() + timedelta(hours=17),
        )
        self.browser.cookies[settings.SIGNER_COOKIE_NAME] = token

    def bind(self) -> Authenticator:
        return self.holder.bind(new_phone(), clock.now() - 2 * MINUTE)

    def page(self) -> str:
        return self.browser.get(PATH).content.decode()

    def wish(self, wish: str, *, sure: bool = False, status: int = 200) -> str:
        response = self.browser.post(PATH, {"wish": wish, **({"sure": "1"} if sure else {})}, follow=True)
        assert response.status_code == status
        return response.content.decode()


@pytest.mark.requirement("BD-15")
def test_the_card_brings_a_link_into_the_inbox() -> None:
    signer = Signer()
    page = signer.page()
    assert "登録されていません。マイナンバーカードによる署名は利用できます。" in page
    assert "費用がかかることがあります" in page
    assert "それまでの端末" not in page
    told = signer.wish("link")
    assert "「お知らせ」に送ります" in told
    assert "現在の端末" not in told  # there is none
    assert Job.objects.filter(kind="signing.link_wanted").count() == 1
    assert "用意しています" in signer.page()


@pytest.mark.requirement("BD-15", "BD-05")
def test_the_card_shows_a_qr_code_which_asks_about_the_old_phone_first() -> None:
    signer = Signer()
    signer.bind()
    page = signer.wish("qr")
    assert "現在のデバイスを削除して再度登録をし直しますか？" in page
    assert EnrollmentLink.objects.get(state="open").means == "my_number_card"


@pytest.mark.requirement("BD-15", "RV-9")
@pytest.mark.parametrize("wish", ["qr", "link", "remove", "undo"])
def test_ten_minutes_after_the_authentication_it_is_asked_for_again(wish: str) -> None:
    signer = Signer(age=timedelta(minutes=10, seconds=1))
    signer.bind()
    page = signer.wish(wish, sure=True, status=403)
    assert "もう一度、本人確認をしてください" in page
    assert 'href="/me/sign-in/?next=/me/phone/"' in page
    assert Authenticator.objects.get().state == "active"
    assert not Job.objects.filter(kind="signing.link_wanted").exists()


@pytest.mark.requirement("RV-9")
@pytest.mark.parametrize("wish", ["link", "undo"])
def test_what_a_stolen_phone_could_misuse_needs_a_card(wish: str) -> None:
    signer = Signer("authenticator")
    signer.bind()
    assert "マイナンバーカードで本人確認をしてください" in signer.wish(wish, sure=True, status=403)
    assert Authenticator.objects.get().state == "active"


def test_the_sign_in_leads_back_to_this_page_and_to_no_other_address() -> None:
    page = Client().get("/me/sign-in/?next=/me/phone/").content.decode()
    assert 'name="next" value="/me/phone/"' in page
    page = Client().get("/me/sign-in/?next=/me/phone/../../evil").content.decode()
    assert 'name="next" value="/me/"' in page


def test_removing_asks_once_more_and_then_the_phone_is_gone() -> None:
    signer = Signer()
    phone = signer.bind()
    assert "端末の登録を削除しますか" in signer.wish("remove")
    assert Authenticator.objects.get().state == "active"
    assert "端末の登録を削除しました" in signer.wish("remove", sure=True)
    phone.refresh_from_db()
    assert phone.state == "removed"
    assert "登録された端末はありません" in signer.wish("remove", sure=True, status=409)


def test_who_removes_the_phone_that_opened_the_day_has_ended_the_day() -> None:
    signer = Signer("authenticator")
    phone = signer.bind()
    SigningSession.objects.update(authenticator=phone)
    assert "今日の本人確認も終わりました" in signer.wish("remove", sure=True)
    assert signer.browser.get(PATH).status_code == 303


def test_an_unknown_registration_is_undone_within_a_day() -> None:
    signer = Signer()
    old, new = signer.bind(), signer.bind()
    page = signer.page()
    assert old.label in page
    assert "登録を取り消す" in page
    assert "また使えます" in signer.wish("undo", sure=True)
    assert [row.state for row in Authenticator.objects.order_by("pk")] == ["active", "removed"]
    Authenticator.objects.filter(pk=new.pk).update(bound_at=clock.now())
    Authenticator.objects.filter(pk=old.pk).update(bound_at=clock.now() - timedelta(hours=24))
    assert "登録を取り消す" not in signer.page()
    assert "24 時間が過ぎました" in signer.wish("undo", sure=True, status=409)


@pytest.mark.requirement("BD-15")
def test_the_authority_that_binds_once_says_so_and_offers_nothing(settings: Settings) -> None:
    settings.SIGNING_PHONE_RULES = f"{__name__}.only_once"
    signer = Signer()
    signer.bind()
    page = signer.page()
    assert "1 回に限られます" in page
    assert "日本薬剤師会にお問い合わせください" in page
    assert 'value="qr"' not in page
    for wish in ("qr", "link"):
        assert "ここからは登録し直せません" in signer.wish(wish, status=409)


def test_a_wish_that_does_not_exist_changes_nothing() -> None:
    signer = Signer()
    signer.bind()
    for wish in ("", "stop", "__class__"):
        signer.wish(wish)
    assert Authenticator.objects.get().state == "active"
