"""The phone's pages: what they show, what they hide, and what each refusal says to do next."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import Settings

from ledger import clock
from signing import links
from signing.models import Authenticator, Credential, EnrollmentLink
from tests.support.credentials import active_credential
from tests.support.phone import HONEST, Phone, Twist

pytestmark = pytest.mark.django_db
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 20_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari"


@pytest.fixture(autouse=True)
def fast_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


class Visitor:
    """A browser at a registration link."""

    def __init__(self, credential: Credential | None = None) -> None:
        self.credential = credential or active_credential(at=clock.now())
        self.new = links.create(self.credential, at=clock.now())
        self.path = self.new.url_path
        self.client = Client(enforce_csrf_checks=True, headers={"User-Agent": IPHONE})
        self.phone = Phone(settings.ORIGIN, settings.WEBAUTHN_RP_ID)

    def see(self, path: str = "") -> Any:
        return self.client.get(path or self.path, follow=True)

    def give(self, password: str) -> Any:
        return self.client.post(self.path, {"password": password}, follow=True)

    def register(self, twist: Twist = HONEST, **instead: str) -> Any:
        page = self.see().content.decode()
        options = unescape(re.search(r'data-options="([^"]*)"', page)[1])  # type: ignore[index]
        ceremony = re.search(r'name="ceremony" value="([^"]*)"', page)[1]  # type: ignore[index]
        fields = instead or {"credential": self.phone.register(options, twist)}
        return self.client.post(self.path + "complete/", {"ceremony": ceremony, **fields}, follow=True)


def title(response: Any) -> str:
    found = re.search(r"<title>(.*?)</title>", response.content.decode())
    assert found is not None
    return found[1]


@pytest.mark.requirement("ST-20")
def test_before_the_password_the_page_names_the_authority_and_nobody() -> None:
    visitor = Visitor()
    page = visitor.see().content.decode()
    assert "日本医師会" in page
    assert visitor.credential.signer.person_id not in page
    assert str(visitor.credential.public_id) not in page
    assert "医師</dd>" not in page


@pytest.mark.requirement("ST-20")
def test_a_scanner_that_opens_the_link_ten_times_changes_nothing() -> None:
    visitor = Visitor()
    before = EnrollmentLink.objects.values().get()
    for _ in range(10):
        response = Client().get(visitor.path)
        assert response.status_code == 200
        assert not response.cookies
    assert EnrollmentLink.objects.values().get() == before
    assert "この端末を登録します" in visitor.give(visitor.new.password).content.decode()


@pytest.mark.requirement("ST-18")
def test_no_page_is_kept_and_none_tells_its_address() -> None:
    visitor = Visitor()
    pages = [visitor.see(), visitor.give("wrong"), visitor.give(visitor.new.password), visitor.register()]
    for page in pages:
        assert page["Cache-Control"] == "no-store"
        assert page["Referrer-Policy"] == "no-referrer"


@pytest.mark.requirement("BD-17")
def test_after_the_password_the_page_shows_person_id_qualification_and_authority() -> None:
    visitor = Visitor()
    page = visitor.give(visitor.new.password).content.decode()
    assert visitor.credential.signer.person_id in page
    assert "医師</dd>" in page
    assert "日本医師会" in page


@pytest.mark.requirement("BD-06", "K-17")
def test_a_phone_is_registered_and_the_last_page_shows_its_label() -> None:
    visitor = Visitor()
    visitor.give(visitor.new.password)
    page = visitor.register()
    phone = Authenticator.objects.get()
    assert phone.label.startswith("iPhone ")
    assert phone.label in page.content.decode()
    assert "端末を登録しました" in page.content.decode()


@pytest.mark.requirement("BD-09")
def test_the_completion_page_ends_the_visit() -> None:
    visitor = Visitor()
    visitor.give(visitor.new.password)
    visitor.register()
    assert visitor.client.cookies[settings.BROWSER_COOKIE_NAME].value == ""
    page = visitor.see()
    assert page.status_code == 410
    assert "使用済み" in page.content.decode()


@pytest.mark.requirement("BD-05")
def test_the_old_phone_is_named_before_it_is_replaced_and_no_leaves_it_alone() -> None:
    first = Visitor()
    first.give(first.new.password)
    assert "それまでの端末" not in first.register().content.decode()
    second = Visitor(first.credential)
    page = second.give(second.new.password).content.decode()
    assert Authenticator.objects.get().label in page
    assert "現在のデバイスを削除して再度登録をし直しますか？" in page
    assert "そのままお使いいただけます" in second.see(second.path + "stopped/").content.decode()
    assert Authenticator.objects.get().state == "active"
    assert "それまでの端末では、もう本人確認ができません。" in second.register().content.decode()
    assert sorted(Authenticator.objects.values_list("state", flat=True)) == ["active", "replaced"]


def test_a_wrong_password_says_how_many_tries_are_left() -> None:
    visitor = Visitor()
    page = visitor.give("wrong")
    assert page.status_code == 422
    assert "あと 4 回" in page.content.decode()
    assert title(page).startswith("エラー：")


@pytest.mark.requirement("ST-18")
def test_after_five_wrong_passwords_the_page_says_what_to_do() -> None:
    visitor = Visitor()
    for _ in range(4):
        visitor.give("wrong")
    page = visitor.give("wrong")
    assert page.status_code == 423
    assert "再発行" in page.content.decode()
    assert "マイナンバーカードによる署名" in page.content.decode()


@pytest.mark.requirement("ST-19")
def test_an_expired_link_says_what_to_do() -> None:
    visitor = Visitor()
    EnrollmentLink.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    page = visitor.see()
    assert page.status_code == 410
    assert "QR コード" in page.content.decode()


def test_a_replaced_link_points_to_the_newer_one() -> None:
    visitor = Visitor()
    links.create(visitor.credential, at=clock.now())
    assert "新しい登録URLが作られた" in visitor.see().content.decode()


def test_an_unknown_link_is_not_found() -> None:
    for path in ("/r/nothing/", "/r/nothing/done/", "/r/" + "x" * 300 + "/"):
        assert Client().get(path).status_code == 404
    assert Client().post("/r/nothing/", {"password": "x"}).status_code == 404
    assert Client().post("/r/nothing/", {}).status_code == 404
    assert Client().post("/r/nothing/complete/", {"credential": "x"}).status_code == 404


def test_another_browser_is_sent_back_to_the_password() -> None:
    visitor = Visitor()
    visitor.give(visitor.new.password)
    other = Client()
    assert "登録用パスワード" in other.get(visitor.path).content.decode()
    page = other.post(visitor.path + "complete/", {"credential": "{}"})
    assert page.status_code == 409
    assert "別のブラウザ" in page.content.decode()


@pytest.mark.requirement("BD-07")
@pytest.mark.parametrize(
    ("reported", "sentence"),
    [
        ("NoBiometrics", "画面ロックを設定してから"),
        ("NotAllowedError", "登録は中断されました"),
        ("AbortError", "時間切れになりました"),
        ("InvalidStateError", "すでに登録されています"),
        ("Unsupported", "Safari"),
        ("<script>", "正しい返事がありませんでした"),
    ],
)
def test_what_the_browser_reports_becomes_a_sentence_and_the_link_stays_usable(
    reported: str, sentence: str
) -> None:
    visitor = Visitor()
    visitor.give(visitor.new.password)
    page = visitor.register(error=reported)
    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert "<script>" not in page.content.decode().replace('<script type="module"', "")
    assert "端末を登録しました" in visitor.register().content.decode()


def test_a_form_without_an_answer_is_told_so() -> None:
    visitor = Visitor()
    visitor.give(visitor.new.password)
    assert visitor.register(credential="").status_code == 422


def test_a_phone_that_did_not_verify_its_user_is_refused_with_a_sentence() -> None:
    visitor = Visitor()
    visitor.give(visitor.new.password)
    page = visitor.register(Twist(is_verified=False))
    assert "本人の確認ができませんでした" in page.content.decode()
    assert Authenticator.objects.count() == 0


@pytest.mark.requirement("BD-11", "RV-9")
@pytest.mark.parametrize(
    ("mark", "app", "browser"),
    [
        (" Line/14.0", "LINE", "「Safari」を開き"),
        (" YJApp-IOS", "Yahoo! JAPAN アプリ", "「Safari」を開き"),
        (" [FBAN/FBIOS;FBAV/500]", "Facebook", "「Safari」を開き"),
        (" Instagram 300.0", "Instagram", "「Safari」を開き"),
        (" GSA/300.0", "Google アプリ", "「Safari」を開き"),
    ],
)
def test_a_browser_inside_another_app_is_named_with_the_address_to_copy(
    mark: str, app: str, browser: str
) -> None:
    visitor = Visitor()
    page = visitor.client.get(visitor.path, headers={"User-Agent": IPHONE + mark}).content.decode()
    assert f"{app}の中の画面で開いています" in page
    assert browser in page
    assert f"{settings.ORIGIN}{visitor.path}" in page
    assert "の中の画面で開いています" not in visitor.see().content.decode()


@pytest.mark.requirement("BD-11")
def test_a_bare_web_view_is_recognised_without_a_name() -> None:
    visitor = Visitor()
    android = (
        "Mozilla/5.0 (Linux; Android 16; Pixel 9; wv) AppleWebKit/537.36 Chrome/150.0 Mobile Safari/537.36"
    )
    apple = "Mozilla/5.0 (iPhone; CPU iPhone OS 20_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"
    for agent, browser in ((android, "「Chrome」を開き"), (apple, "「Safari」を開き")):
        page = visitor.client.get(visitor.path, headers={"User-Agent": agent}).content.decode()
        assert "ほかのアプリの中の画面で開いています" in page
        assert browser in page


@pytest.mark.requirement("BD-07")
@pytest.mark.parametrize(
    ("agent", "setting"),
    [
        (IPHONE, "「Face ID とパスコード」"),
        ("Mozilla/5.0 (Linux; Android 16; Pixel 9) Chrome/150.0 Mobile Safari/537.36", "「画面ロック」で"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/150.0 Safari/537.36", "Windows Hello"),
    ],
)
def test_missing_biometrics_are_explained_step_by_step_for_the_device(agent: str, setting: str) -> None:
    visitor = Visitor()
    visitor.client = Client(headers={"User-Agent": agent})
    visitor.give(visitor.new.password)
    page = visitor.register(error="NoBiometrics").content.decode()
    assert setting in page
    assert "pictures/phone-lock" in page
    assert "この登録URLは、まだお使いいただけます" in page


def test_a_suspended_credential_takes_no_phone() -> None:
    visitor = Visitor()
    Credential.objects.update(state="suspended")
    page = visitor.see()
    assert page.status_code == 409
    assert "一時停止または失効" in page.content.decode()


def test_the_language_switch_works_without_an_origin() -> None:
    visitor = Visitor()
    visitor.client.post(visitor.path, {"language": "en"}, headers={"Origin": "null"})
    assert visitor.client.cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"
    visitor.client.post(visitor.path, {"language": "../../x"})
    assert visitor.client.cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(method: str) -> None:
    visitor = Visitor()
    assert getattr(visitor.client, method)(visitor.path).status_code == 405
