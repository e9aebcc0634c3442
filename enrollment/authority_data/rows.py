"""Who may be asked for what, at which price, from which day. Change by adding a row, never by editing one.

Sources: seed 001 pp. 3, 5, 6 (edition 2024-10, prices as of 2024-06); form-rules CA-01 to CA-22, DQ-27.
"""

from datetime import date

from enrollment.authority_data.kinds import (
    Authority,
    CardRow,
    FieldSet,
    FlagRow,
    NoticeRow,
    OpeningRow,
    PickupPlace,
    PriceRow,
    Qualification,
    TextRow,
)
from enrollment.problems import gettext_noop as _

BEGIN = date(2024, 6, 1)
# The second row of CA-01: the day on which pharmacists may choose JPA here. The operator sets it.
JPA_OPENS = date(2026, 4, 1)

QUALIFICATIONS = (
    Qualification("doctor", _("医師"), _("医籍"), _("医籍登録番号")),
    Qualification("dentist", _("歯科医師"), _("歯科医籍"), _("歯科医籍登録番号")),
    Qualification("pharmacist", _("薬剤師"), _("薬剤師名簿"), _("薬剤師名簿登録番号")),
)

# The order is the one in which ③ offers them.
AUTHORITIES = (
    Authority(
        "jma",
        _("日本医師会"),
        "JMA",
        "https://www.jmaca.med.or.jp/",
        _("日本医師会 電子認証センター"),
    ),
    Authority(
        "medis",
        _("MEDIS"),
        "MEDIS",
        "https://www.medis.or.jp/8_hpki/",
        _("医療情報システム開発センター HPKI電子認証局"),
    ),
    Authority(
        "jpa",
        _("日本薬剤師会"),
        "JPA",
        "https://www.nichiyaku.or.jp/hpki/",
        _("日本薬剤師会 認証局"),
    ),
)

OPENINGS: dict[str, tuple[OpeningRow, ...]] = {
    "jma": (OpeningRow(BEGIN, "doctor"),),
    "medis": (
        OpeningRow(BEGIN, "doctor"),
        OpeningRow(BEGIN, "dentist"),
        OpeningRow(BEGIN, "pharmacist"),
    ),
    "jpa": (OpeningRow(JPA_OPENS, "pharmacist"),),
}

PRICES: dict[str, tuple[PriceRow, ...]] = {
    "jma": (PriceRow(BEGIN, True, 0, 0), PriceRow(BEGIN, False, 5_500, 0)),
    "medis": (PriceRow(BEGIN, True, 26_950, 26_950), PriceRow(BEGIN, False, 26_950, 26_950)),
    "jpa": (PriceRow(BEGIN, True, 19_800, 19_800), PriceRow(BEGIN, False, 26_400, 26_400)),
}

CARDS: dict[str, tuple[CardRow, ...]] = {
    "jma": (
        CardRow(
            BEGIN,
            True,
            False,
            _("HPKIカードは発行されます（電子証明書の利用開始より後に交付されます）。"),
        ),
    ),
    "medis": (CardRow(BEGIN, True, False, _("HPKIカードは発行されます。")),),
    "jpa": (CardRow(BEGIN, False, False, _("この申請ではHPKIカードは発行されません。")),),
}

# fmt: off
PREFECTURES = (
    "北海道", "青森県", "岩手県", "宮城県", "秋田県", "山形県", "福島県", "茨城県",
    "栃木県", "群馬県", "埼玉県", "千葉県", "東京都", "神奈川県", "新潟県", "富山県",
    "石川県", "福井県", "山梨県", "長野県", "岐阜県", "静岡県", "愛知県", "三重県",
    "滋賀県", "京都府", "大阪府", "兵庫県", "奈良県", "和歌山県", "鳥取県", "島根県",
    "岡山県", "広島県", "山口県", "徳島県", "香川県", "愛媛県", "高知県", "福岡県",
    "佐賀県", "長崎県", "熊本県", "大分県", "宮崎県", "鹿児島県", "沖縄県",
)
# fmt: on
# JMA hands its cards over at the medical associations of the prefectures.
JMA_PLACES = tuple(
    PickupPlace(f"{number:02d}", f"{prefecture}医師会") for number, prefecture in enumerate(PREFECTURES, 1)
)

FIELDS: dict[str, FieldSet] = {
    "jma": FieldSet(
        membership="medical_association",
        membership_label=_("都道府県等医師会に所属していますか"),
        member_number_digits=10,
        card_pin_digits=4,
        pickup_places=JMA_PLACES,
        delivery_address=True,
        card_preview=True,
        printed_name=True,
        office_postal_codes=True,
        name_proofs=(_("戸籍謄本"), _("戸籍抄本"), _("戸籍の全部事項証明書または個人事項証明書")),
    ),
    "medis": FieldSet(
        membership="",
        membership_label="",
        member_number_digits=0,
        card_pin_digits=4,
        pickup_places=(),
        delivery_address=True,
        card_preview=True,
        printed_name=False,
        office_postal_codes=True,
        name_proofs=(_("旧姓を記載した住民票の写し"),),
    ),
    "jpa": FieldSet(
        membership="pharmacists_association",
        membership_label=_("都道府県薬剤師会に所属していますか"),
        member_number_digits=0,
        card_pin_digits=0,
        pickup_places=(),
        delivery_address=False,
        card_preview=False,
        printed_name=False,
        office_postal_codes=True,
        name_proofs=(_("旧姓を記載した住民票の写し"), _("旧姓が分かる薬剤師免許証")),
    ),
}

WAITING: dict[str, tuple[TextRow, ...]] = {
    "jma": (
        TextRow(
            BEGIN, _("会員の方は約1か月半から2か月、そのほかの方は約2か月から3か月で審査が終わる見込みです。")
        ),
    ),
    "medis": (TextRow(BEGIN, _("約1か月から2か月で審査が終わる見込みです。")),),
    "jpa": (TextRow(BEGIN, _("約1か月から2か月で審査が終わる見込みです。")),),
}

NOTICES: dict[str, tuple[NoticeRow, ...]] = {
    "jma": (
        NoticeRow(
            BEGIN,
            None,
            "",
            _(
                "マイナンバーカードやスマートフォンによる署名が先に使えるようになり、HPKIカードは後から交付されます。"
            ),
        ),
        NoticeRow(
            BEGIN,
            None,
            "",
            _("会員でない方の発行費用5,500円は、ここから申請した場合に限り、当面の間、減免されます。"),
        ),
    ),
    "medis": (
        NoticeRow(
            BEGIN,
            date(2025, 4, 1),
            "",
            _("半導体の不足により、HPKIカードのお届けに時間がかかることがあります。"),
        ),
    ),
    "jpa": (
        NoticeRow(
            BEGIN,
            JPA_OPENS,
            "pharmacist",
            _(
                "日本薬剤師会への申請は、まだここから受け付けていません。日本薬剤師会のホームページから申請してください。"
            ),
        ),
        NoticeRow(
            JPA_OPENS,
            None,
            "pharmacist",
            _("お使いの薬局システムがHPKIセカンド電子証明書に対応している必要があります。"),
        ),
        NoticeRow(
            JPA_OPENS,
            None,
            "pharmacist",
            _("勤務先の薬局とMEDISとの契約（HPKIセカンド電子証明書の利用契約）が必要です。"),
        ),
        NoticeRow(JPA_OPENS, None, "pharmacist", _("スマートフォンの登録は、当面、1回に限られます。")),
        NoticeRow(
            JPA_OPENS,
            None,
            "pharmacist",
            _("HPKIカードを後から申請するときは、同じ額の費用がもう一度かかります。"),
        ),
    ),
}

# BD-15: whether a phone can be bound only once.
PHONE_ONCE: dict[str, tuple[FlagRow, ...]] = {
    "jma": (FlagRow(BEGIN, False),),
    "medis": (FlagRow(BEGIN, False),),
    "jpa": (FlagRow(BEGIN, True),),
}

LINK_REISSUE: dict[str, tuple[TextRow, ...]] = {
    "jma": (
        TextRow(
            BEGIN,
            _(
                "登録用URLの再発行には、費用がかかることがあります。"
                "日本医師会 電子認証センターにお問い合わせください。"
            ),
        ),
    ),
    "medis": (
        TextRow(BEGIN, _("登録用URLの再発行には、費用がかかることがあります。MEDISにお問い合わせください。")),
    ),
    "jpa": (
        TextRow(
            BEGIN,
            _(
                "登録用URLの再発行には、費用がかかることがあります。当面、登録は1回に限られますので、日本薬剤師会にお問い合わせください。"
            ),
        ),
    ),
}

IMAGES = frozenset({"jpeg", "png", "bmp"})
JPEG = frozenset({"jpeg"})
JPEG_OR_PDF = frozenset({"jpeg", "pdf"})
SLOTS = ("photo", "identity", "licence_front", "licence_back", "name_proof", "licence_name_proof")
