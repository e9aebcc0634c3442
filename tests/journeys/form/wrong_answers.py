"""What people get wrong, page by page: the answers, the file, and a word of what they are told (PH-40 to PH-48)."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.journeys import papers

Make = Callable[[Path, Path], Path]  # (the person's own picture, a folder) -> a file


class Wrong(NamedTuple):
    """`told`: words of the error summary. `turn`: what the file is instead of the person's own."""

    slug: str
    name: str
    says: Mapping[str, Any]
    told: str
    turn: Make | None = None


def _own(picture: Path, _folder: Path) -> Path:
    return picture


def _heic(_picture: Path, folder: Path) -> Path:
    return papers.heic(folder)


def _large(_picture: Path, folder: Path) -> Path:
    return papers.large(folder)


def _empty(_picture: Path, folder: Path) -> Path:
    return papers.empty(folder)


def _blank(_picture: Path, folder: Path) -> Path:
    return papers.blank(folder)


def _pdf(picture: Path, _folder: Path) -> Path:
    return papers.of(picture, "wrong", "pdf")


PHOTO_DAY = {"taken_on": "2026-11-01", "is_recent": True}
NAMES = {"family_kana": "セト", "given_kana": "ユウダイ"}
WORK = {
    "has_workplace": "yes",
    "name": "見本医院",
    "postal_code": "1000014",
    "address": "東京都千代田区永田町９－９－９",
}

DOCTOR = {"qualification": "doctor", "authority": "jma"}
TYPED = {**NAMES, "manual": True, "family_typed": "O'Seto", "given_typed": "YUDAI"}
DENTIST = {"hpki_card": "none", "qualification": "dentist", "authority": "jma"}
EXPIRED = {"kind": "driving_licence", "day_on_paper": "R1.5.1"}
TOO_EARLY = {"kind": "driving_history", "day_on_paper": "H23.12.31"}
ELSEWHERE = {"phone": "03-0000-0000", "send_to": "elsewhere", "pickup": "13"}
NO_DATE = {"registration_number": "ABC", "registered_on": "昭和65年1月1日"}
TOO_YOUNG = {"registration_number": "367890", "registered_on": "S60.4.1"}

# fmt: off
WRONG = (
    Wrong("qualification", "has-card", {"hpki_card": "have", **DOCTOR}, "HPKIカード"),
    Wrong("qualification", "waits-for-card", {"hpki_card": "waiting", **DOCTOR}, "届いて"),
    Wrong("qualification", "closed-pair", DENTIST, "歯科医師"),
    Wrong("names", "no-kana", {"family_kana": "瀬戸", "given_kana": "Yudai"}, "カタカナ"),
    Wrong("names", "no-hepburn", TYPED, "ローマ字"),
    Wrong("names", "unprintable", {**NAMES, "printed_name": "瀬戸　\U00020bb7〓"}, "印字できない"),
    Wrong("other-name", "nothing-typed", {"kind": "former"}, "姓"),
    Wrong("home", "short", {"postal_code": "123-45"}, "郵便番号"),
    Wrong("licence", "no-date", NO_DATE, "登録"),
    Wrong("licence", "too-young", TOO_YOUNG, "登録年月日"),
    Wrong("licence-front", "heic", {}, "HEIC", _heic),
    Wrong("licence-front", "cut", {}, "", papers.cut),
    Wrong("licence-front", "pdf", {}, "JPEG", _pdf),
    Wrong("licence-front", "empty-file", {}, "空", _empty),
    Wrong("licence-front", "too-large", {}, "4MB", _large),
    Wrong("membership", "no-number", {"member": "yes"}, "会員番号"),
    Wrong("membership", "short-number", {"member": "yes", "number": "123"}, "会員番号"),
    Wrong("card-pin", "guessable", {"pin": "1234", "again": "1234"}, "暗証番号"),
    Wrong("card-pin", "differ", {"pin": "8359", "again": "8395"}, "暗証番号"),
    Wrong("workplace", "nothing-typed", {"has_workplace": "yes"}, "名称"),
    Wrong("workplace", "code", {**WORK, "institution_code": "4899"}, "コード"),
    Wrong("delivery", "phone", {"phone": "110", "send_to": "home", "pickup": "13"}, "電話番号"),
    Wrong("delivery", "elsewhere", ELSEWHERE, "送付先"),
    Wrong("photo", "small", PHOTO_DAY, "531", papers.small),
    Wrong("photo", "blank", PHOTO_DAY, "", _blank),
    Wrong("photo", "future", {"taken_on": "R30.1.1", "is_recent": True}, "撮影日"),
    Wrong("photo", "too-old", {"taken_on": "2020-01-01", "is_recent": False}, "撮影日"),
    Wrong("identity", "expired", EXPIRED, "有効期限"),
    Wrong("identity", "history", TOO_EARLY, "交付"),
    Wrong("email", "no-address", {"address": "doctor＠people"}, "メールアドレス"),
    Wrong("email-code", "wrong", {"code": "000000"}, "確認コード"),
)
# fmt: on
SECRETS = ("pin", "again", "code")  # never drawn again


def of(slug: str) -> tuple[Wrong, ...]:
    return tuple(one for one in WRONG if one.slug == slug)
