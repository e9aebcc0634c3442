"""What a phone's owner can do when a ceremony fails: which app holds the browser, which setting to change, by device.

Sources: seed 001 annex 2 (4/6), (5/6) ⑥; form-rules BD-07, BD-11; ux.md section 5.1. A browser's name is a hint only:
whatever is recognised here changes words, never what is allowed.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from signing import devices

Words = str | Promise
Family = Literal["apple", "android", "other"]

# Browsers inside other apps: most of them cannot reach the phone's authenticator.
_APPS = (
    (("Line/", " LIFF"), _("LINE")),
    (("YJApp", "jp.co.yahoo"), _("Yahoo! JAPAN アプリ")),
    (("Instagram",), _("Instagram")),
    (("FBAN", "FBAV", "FB_IAB"), _("Facebook")),
    (("Twitter",), _("X（旧 Twitter）")),
    (("MicroMessenger",), _("WeChat")),
    (("KAKAOTALK",), _("KakaoTalk")),
    (("BytedanceWebview", "musical_ly", "TikTok"), _("TikTok")),
    (("Slack",), _("Slack")),
    (("Gmail",), _("Gmail")),
    (("SmartNews",), _("スマートニュース")),
    (("GSA/",), _("Google アプリ")),
)
_OTHER_APP = _("ほかのアプリ")
_APPLE = ("iPhone", "iPad", "Mac")


def app(user_agent: str) -> Words:
    """The app whose built-in browser this is, or ""."""
    named = next((name for marks, name in _APPS if any(mark in user_agent for mark in marks)), "")
    # Android's WebView names itself; on an iPhone only real browsers say "Safari".
    is_bare = "; wv)" in user_agent or (
        ("iPhone" in user_agent or "iPad" in user_agent) and "Safari" not in user_agent
    )
    return named or (_OTHER_APP if is_bare else "")


def family(user_agent: str) -> Family:
    kind = devices.kind(user_agent)
    if kind in _APPLE:
        return "apple"
    return "android" if kind.startswith("Android") else "other"


class Help(NamedTuple):
    """`steps` in order; `picture` is a file of static/pictures; `needs_browser`: the address is shown to be copied."""

    steps: Sequence[Words] = ()
    picture: str = ""
    needs_browser: bool = False


_LOCK: dict[Family, Sequence[Words]] = {
    "apple": (
        _("「設定」を開き、「Face ID とパスコード」（機種により「Touch ID とパスコード」）を選びます。"),
        _("パスコードを設定し、顔または指紋を登録します。"),
        _(
            "「設定」の「一般」から「自動入力とパスワード」"
            "（iOS 17 までは「パスワード」の「パスワードオプション」）を選び、"
            "「パスワードとパスキーを自動入力」をオンにします。"
        ),
        _("Safari に戻り、もう一度登録します。"),
    ),
    "android": (
        _("「設定」を開き、「セキュリティ」（機種により「セキュリティとプライバシー」）を選びます。"),
        _("「画面ロック」で、PIN・パターン・パスワードのどれかを設定します。"),
        _("「指紋」または「顔」を登録します。"),
        _("Chrome に戻り、もう一度登録します。"),
    ),
    "other": (
        _("端末の設定で、画面ロックと、指紋または顔を設定します。"),
        _(
            "Windows では「設定」の「アカウント」から「サインイン オプション」を選び、Windows Hello を設定します。"
        ),
        _("ブラウザに戻り、もう一度登録します。"),
    ),
}
_BROWSER: dict[Family, Sequence[Words]] = {
    "apple": (
        _("下のアドレスをコピーします。"),
        _("「Safari」を開き、上または下のアドレスの欄に貼り付けて開きます。"),
        _(
            "別のブラウザが開くときは、「設定」の「アプリ」から「Safari」を選び、"
            "「デフォルトのブラウザApp」を Safari に変えます。"
        ),
    ),
    "android": (
        _("下のアドレスをコピーします。"),
        _("「Chrome」を開き、上のアドレスの欄に貼り付けて開きます。"),
        _("それでも登録できないときは、Play ストアで Chrome を新しくします。"),
    ),
    "other": (
        _("下のアドレスをコピーします。"),
        _("登録する端末の Safari または Chrome に貼り付けて開きます。"),
    ),
}
_AGAIN = (
    _("「登録する」を押すと、端末の確認の画面が出ます。"),
    _("2 分のうちに、指紋・顔・画面ロックのどれかで確認します。"),
)


def steps(code: str, user_agent: str) -> Help:
    """For one failure of `link_refusals.PHONE` on this device."""
    device = family(user_agent)
    if code == "no_biometrics":
        return Help(_LOCK[device], "phone-lock.svg")
    if code == "phone_unsupported" or (app(user_agent) and code != "already_registered"):
        return Help(_BROWSER[device], "phone-browser.svg", needs_browser=True)
    if code in ("phone_cancelled", "phone_timeout", "phone_not_verified"):
        return Help(_AGAIN, "phone-fingerprint.svg")
    return Help()


def elsewhere(user_agent: str) -> Sequence[Words]:
    """How to open this very address in the browser that can register."""
    return _BROWSER[family(user_agent)]
