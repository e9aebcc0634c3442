"""The ways to have the card read: four of them, of which one is the person's own (ST-26; seed 001 pp. 7-9).

Three read the card where the page is open; with the fourth a PC shows a QR code and a phone reads the card for it.
"""

from typing import NamedTuple

from django.utils.translation import gettext_lazy

from enrollment.steps.question import Words

IPHONE, ANDROID, READER, QR = "iphone", "android", "reader", "qr"


class Way(NamedTuple):
    """`put` says where the card goes, `needs` what one needs for it."""

    code: str
    title: Words
    needs: Words
    put: Words


WAYS = (
    Way(
        IPHONE,
        gettext_lazy("iPhoneで読み取る"),
        gettext_lazy("このiPhoneでこのページを開いている方。iPhone 7以降。"),
        gettext_lazy("カードを平らな所に置き、iPhoneの背面の上のほうを、カードの中央に重ねます。"),
    ),
    Way(
        ANDROID,
        gettext_lazy("Androidで読み取る"),
        gettext_lazy("このAndroidスマートフォンでこのページを開いている方。NFCをオンにしておきます。"),
        gettext_lazy(
            "カードを平らな所に置き、スマートフォンの背面の読み取りマークを、カードの中央に重ねます。"
        ),
    ),
    Way(
        READER,
        gettext_lazy("パソコンとカードリーダーで読み取る"),
        gettext_lazy("パソコンに、ICカードリーダーライターをつないでいる方。"),
        gettext_lazy("カードを、パソコンにつないだカードリーダーにセットします。"),
    ),
    Way(
        QR,
        gettext_lazy("パソコンのQRコードを、スマートフォンで読み取る"),
        gettext_lazy(
            "パソコンで入力して、カードはスマートフォンで読み取りたい方。カードリーダーはいりません。"
        ),
        gettext_lazy("スマートフォンでQRコードを開いてから、案内に沿ってカードを重ねます。"),
    ),
)
WAY = {row.code: row for row in WAYS}


def known(code: str) -> str:
    """The code itself, or "" for one that is not in the table."""
    return code if code in WAY else ""


def guessed(user_agent: str) -> str:
    """The way that fits the device with which the page was opened."""
    if "iPhone" in user_agent or "iPad" in user_agent:
        return IPHONE
    return ANDROID if "Android" in user_agent else READER
