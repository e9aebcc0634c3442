"""The demo people whose cases differ: what each of them answers, and what ⑨ must then show, to the letter.

The answers stand as people type them (era dates, full-width figures, hyphens); what is shown stands beside them as
it must be read, written by hand and not computed by the product's own code. Steps that are not named are answered
as every demo person answers them (tests/journeys/applicants.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Values = Mapping[str, Any]
SEALED = "設定済み（表示されません）"  # all that is ever seen of a card PIN (DQ-23)


@dataclass(frozen=True)
class Story:
    """One person's application.

    `says`: step -> field -> value (text, True/False for a box, a choice's value). `files`: step -> kinds of the files,
    one upload each. `shows`: step -> values that ⑨ shows. `names`: what the statement holds, code point by code point.
    """

    slug: str
    phone: bool
    says: Mapping[str, Values]
    shows: Mapping[str, tuple[str, ...]]
    names: Mapping[str, Values]
    price: int
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unprintable: tuple[str, ...] = ()  # what the first 券面表記 is refused for

    @property
    def id(self) -> str:
        return f"{self.slug}-{'phone' if self.phone else 'desktop'}"


DOCTOR = Story(  # a member of the medical association, era date, note on the licence's back, institution code
    slug="doctor",
    phone=True,
    says={
        "licence": {
            "registration_number": "第３１２３４５号",
            "registered_on": "平成十六年五月十日",
            "has_notes_on_back": True,
        },
        "membership": {"member": "yes", "number": "1234567890"},
        "workplace": {
            "has_workplace": "yes",
            "name": "見本総合診療所",
            "institution_code": "13-10110-04-9",
            "postal_code": "〒１００－００１４",
            "address": "東京都千代田区永田町９丁目９番９号",
        },
        "delivery": {"phone": "+81 90-1234-5678", "send_to": "work", "pickup": "13"},
    },
    shows={
        "qualification": ("医師", "日本医師会"),
        "card-check": (
            "青木　一郎",
            "男",
            "1978年4月1日（昭和53年4月1日）",
            "東京都文京区本駒込９丁目９番９号",
        ),
        "names": ("青木", "一郎", "アオキ", "イチロウ", "AOKI", "Ichiro", "青木　一郎"),
        "other-name": ("併記しない",),
        "home": ("〒113-0021",),
        "licence": ("312345", "2004年5月10日（平成16年5月10日）", "はい"),
        "membership": ("あり", "1234567890"),
        "card-pin": (SEALED,),
        "workplace": (
            "見本総合診療所",
            "1310110049（東京都・医科）",
            "〒100-0014",
            "東京都千代田区永田町９丁目９番９号",
        ),
        "delivery": ("090-1234-5678", "勤務先の住所"),
        "email": ("doctor@people.example",),
    },
    names={"card": {"name": "青木　一郎"}, "names": {"family": "青木", "given": "一郎"}},
    price=0,
)
DENTIST = Story(  # MEDIS: documents as PDF, letters to another address
    slug="dentist",
    phone=False,
    says={
        "names": {"family_kana": "いしかわ", "given_kana": "ｹｲｺ"},
        "licence": {"registration_number": "154321", "registered_on": "H23.4.20"},
        "delivery": {
            "phone": "０６（６２０８）８１８１",
            "send_to": "elsewhere",
            "postal_code": "530-0005",
            "address": "大阪府大阪市北区中之島９丁目９番９号　見本ビル９階",
        },
        "identity": {"kind": "passport", "day_on_paper": "R12.3.1"},
    },
    files={"licence-front": ("pdf",), "identity": ("pdf",)},
    shows={
        "qualification": ("歯科医師", "MEDIS"),
        "card-check": ("石川　恵子", "女", "1985年7月21日（昭和60年7月21日）"),
        "names": ("石川", "恵子", "イシカワ", "ケイコ", "ISHIKAWA", "Keiko"),
        "licence": ("154321", "2011年4月20日（平成23年4月20日）"),
        "card-pin": (SEALED,),
        "delivery": (
            "06-6208-8181",
            "そのほかの住所",
            "〒530-0005",
            "大阪府大阪市北区中之島９丁目９番９号　見本ビル９階",
        ),
        "identity": ("日本国旅券（顔写真のあるページ）", "2030年3月1日（令和12年3月1日）"),
    },
    names={"card": {"name": "石川　恵子"}, "names": {"family_kana": "イシカワ", "given_kana": "ケイコ"}},
    price=26_950,
)
PHARMACIST = (
    Story(  # JPA: no card is made; no workplace; the surname on the licence is the former one, PNG papers
        slug="pharmacist",
        phone=True,
        says={
            "qualification": {"authority": "jpa"},
            "licence": {
                "registration_number": "0432109",
                "registered_on": "平成２６年５月１５日",
                "is_changing_surname": True,
            },
            "membership": {"member": "yes"},
            "workplace": {"has_workplace": "none"},
            "delivery": {"phone": "080-0080-4583"},
        },
        files={"licence-front": ("png",), "licence-name-proof": ("png", "bmp"), "photo": ("png",)},
        shows={
            "qualification": ("薬剤師", "日本薬剤師会"),
            "card-check": ("上田　健太", "男", "1990年11月3日（平成2年11月3日）"),
            "names": ("上田", "健太", "ウエダ", "ケンタ", "UEDA", "Kenta"),
            "licence": ("432109", "2014年5月15日（平成26年5月15日）", "はい"),
            "membership": ("あり",),
            "workplace": ("なし",),
            "delivery": ("0800-080-4583",),
        },
        names={"card": {"name": "上田　健太"}, "names": {"printed_name": ""}},
        price=19_800,
    )
)
MAIDEN_NAME = (
    Story(  # the former surname stands on the card; no member: the waiver; another spelling is chosen
        slug="maiden-name",
        phone=False,
        says={
            "names": {"family_kana": "エトウ", "given_kana": "マユミ", "family_romaji": "ETOH"},
            "other-name": {
                "kind": "former",
                "former_from_card": True,
                "family_kana": "オオニシ",
                "family_romaji": "OHNISHI",
            },
            "licence": {"registration_number": "345678", "registered_on": "2008/5/2"},
            "delivery": {"phone": "０５２-９７２-３１１１", "send_to": "home", "pickup": "23"},
        },
        shows={
            "qualification": ("医師", "日本医師会"),
            "card-check": ("江藤　真由美", "大西", "女", "1982年2月28日（昭和57年2月28日）"),
            "names": ("江藤", "真由美", "エトウ", "マユミ", "ETOH", "Mayumi", "江藤　真由美"),
            "other-name": ("旧姓・旧名を併記する", "大西", "オオニシ", "OHNISHI"),
            "membership": ("なし",),
            "delivery": ("052-972-3111", "マイナンバーカードの住所", "愛知県医師会"),
        },
        names={
            "card": {"name": "江藤　真由美", "former_family": "大西"},
            "other-name": {"kind": "former", "from_card": True, "family": "大西", "family_romaji": "OHNISHI"},
        },
        price=0,
    )
)
VARIANT_KANJI = Story(  # 髙 and 𠮷, as a doctor before JMA, whose cards print neither (NM-05, NM-08)
    slug="variant-kanji",
    phone=True,
    says={
        "qualification": {"qualification": "doctor", "authority": "jma"},
        "names": {"printed_name": "高橋　吉乃"},
    },
    unprintable=("1文字目「\u9ad9」", "4文字目「\U00020bb7」"),
    shows={
        "card-check": ("\u9ad9橋　\U00020bb7乃", "女", "1988年9月9日（昭和63年9月9日）"),
        "names": (
            "\u9ad9橋",
            "\U00020bb7乃",
            "タカハシ",
            "ヨシノ",
            "TAKAHASHI",
            "Yoshino",
            "\u9ad8橋　\u5409乃",
        ),
    },
    names={
        "card": {"name": "\u9ad9橋　\U00020bb7乃"},
        "names": {
            "family": "\u9ad9橋",
            "given": "\U00020bb7乃",
            "printed_name": "\u9ad8橋　\u5409乃",
        },
    },
    price=0,
)
ALIAS = Story(  # a foreign resident with an alias on the card, the name in full-width Latin letters
    slug="alias",
    phone=False,
    says={
        "names": {
            "family_kana": "ガルシア",
            "given_kana": "マリア",
            "manual": True,
            "family_typed": "GARCIA",
            "given_typed": "Maria",
        },
        "other-name": {
            "kind": "alias",
            "alias_from_card": True,
            "family_kana": "カトウ",
            "given_kana": "マリア",
        },
        "licence": {"registration_number": "356789", "registered_on": "20090930"},
        "identity": {"kind": "my_number_card", "day_on_paper": "令和12年12月24日"},
    },
    shows={
        "card-check": (
            "ＧＡＲＣＩＡ　ＭＡＲＩＡ",
            "加藤　マリア",
            "女",
            "1979年12月24日（昭和54年12月24日）",
        ),
        "names": ("ＧＡＲＣＩＡ", "ＭＡＲＩＡ", "ガルシア", "マリア", "GARCIA", "Maria"),
        "other-name": ("通称名を併記する", "加藤", "マリア", "カトウ", "マリア", "KATO", "Maria"),
        "identity": ("2030年12月24日（令和12年12月24日）",),
    },
    names={
        "card": {"name": "ＧＡＲＣＩＡ　ＭＡＲＩＡ", "alias": "加藤　マリア"},
        "other-name": {"kind": "alias", "from_card": True, "family": "加藤", "given": "マリア"},
    },
    price=26_950,
)
FORMER_NAME = Story(  # a former name that the card does not hold: typed, with a paper that shows it
    slug="former-name",
    phone=True,
    says={
        "other-name": {
            "kind": "former",
            "family_kanji": "長谷川",
            "given_kanji": "美咲",
            "family_kana": "ハセガワ",
            "given_kana": "ミサキ",
        },
    },
    files={"name-proof": ("pdf",)},
    shows={
        "card-check": ("曽根　美咲",),
        "other-name": (
            "旧姓・旧名を併記する",
            "長谷川",
            "美咲",
            "ハセガワ",
            "ミサキ",
            "HASEGAWA",
            "Misaki",
        ),
    },
    names={"other-name": {"kind": "former", "from_card": False, "family": "長谷川", "given": "美咲"}},
    price=26_950,
)
STORIES = (DOCTOR, DENTIST, PHARMACIST, MAIDEN_NAME, VARIANT_KANJI, ALIAS, FORMER_NAME)
