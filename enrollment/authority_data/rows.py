"""Who may be asked for what, at which price, from which day. Change by adding a row, never by editing one.

Sources: seed 001 pp. 3, 5, 6 (edition 2024-10, prices as of 2024-06); form-rules CA-01 to CA-22, DQ-27.
"""

from datetime import date

from enrollment.authority_data.kinds import (
    Authority,
    CardRow,
    FieldSet,
    FlagRow,
    MonthsRow,
    NoticeRow,
    NumberRow,
    OfficersRow,
    OpeningRow,
    PickupPlace,
    PriceRow,
    Qualification,
    TextRow,
)
from enrollment.problems import gettext_noop as _

BEGIN = date(2024, 6, 1)

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
    "jpa": (),
}
# The second row of CA-01: pairs whose first day the operator sets (authorities.set_openings; closed until then).
OPENED_BY_OPERATOR = frozenset({("jpa", "pharmacist")})

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
ASSOCIATIONS = (
    _("北海道医師会"), _("青森県医師会"), _("岩手県医師会"), _("宮城県医師会"),
    _("秋田県医師会"), _("山形県医師会"), _("福島県医師会"), _("茨城県医師会"),
    _("栃木県医師会"), _("群馬県医師会"), _("埼玉県医師会"), _("千葉県医師会"),
    _("東京都医師会"), _("神奈川県医師会"), _("新潟県医師会"), _("富山県医師会"),
    _("石川県医師会"), _("福井県医師会"), _("山梨県医師会"), _("長野県医師会"),
    _("岐阜県医師会"), _("静岡県医師会"), _("愛知県医師会"), _("三重県医師会"),
    _("滋賀県医師会"), _("京都府医師会"), _("大阪府医師会"), _("兵庫県医師会"),
    _("奈良県医師会"), _("和歌山県医師会"), _("鳥取県医師会"), _("島根県医師会"),
    _("岡山県医師会"), _("広島県医師会"), _("山口県医師会"), _("徳島県医師会"),
    _("香川県医師会"), _("愛媛県医師会"), _("高知県医師会"), _("福岡県医師会"),
    _("佐賀県医師会"), _("長崎県医師会"), _("熊本県医師会"), _("大分県医師会"),
    _("宮崎県医師会"), _("鹿児島県医師会"), _("沖縄県医師会"),
)
# fmt: on
# JMA hands its cards over at the medical associations of the prefectures.
JMA_PLACES = tuple(PickupPlace(f"{number:02d}", name) for number, name in enumerate(ASSOCIATIONS, 1))

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
        card_pin_tries=15,
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
WAITING_MONTHS: dict[str, tuple[MonthsRow, ...]] = {
    "jma": (MonthsRow(BEGIN, members=2, others=3),),
    "medis": (MonthsRow(BEGIN, members=2, others=2),),
    "jpa": (MonthsRow(BEGIN, members=2, others=2),),
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
            None,
            "pharmacist",
            _(
                "日本薬剤師会への申請は、まだここから受け付けていません。日本薬剤師会のホームページから申請してください。"
            ),
            when="closed",
        ),
        NoticeRow(
            BEGIN,
            None,
            "pharmacist",
            _("お使いの薬局システムがHPKIセカンド電子証明書に対応している必要があります。"),
            when="open",
        ),
        NoticeRow(
            BEGIN,
            None,
            "pharmacist",
            _("勤務先の薬局とMEDISとの契約（HPKIセカンド電子証明書の利用契約）が必要です。"),
            when="open",
        ),
        NoticeRow(
            BEGIN, None, "pharmacist", _("スマートフォンの登録は、当面、1回に限られます。"), when="open"
        ),
        NoticeRow(
            BEGIN,
            None,
            "pharmacist",
            _("HPKIカードを後から申請するときは、同じ額の費用がもう一度かかります。"),
            when="open",
        ),
    ),
}

# BD-15: whether a phone can be bound only once.
PHONE_ONCE: dict[str, tuple[FlagRow, ...]] = {
    "jma": (FlagRow(BEGIN, False),),
    "medis": (FlagRow(BEGIN, False),),
    "jpa": (FlagRow(BEGIN, True),),
}

# RV-7, ASVS 5.0 2.3.5: how many officers revoke a certificate (1 or 2); a compromised key is always revoked by one.
REVOCATION_OFFICERS: dict[str, tuple[NumberRow, ...]] = {
    "jma": (NumberRow(BEGIN, 2),),
    "medis": (NumberRow(BEGIN, 2),),
    "jpa": (NumberRow(BEGIN, 2),),
}

# BD-13: registration number and card ID, with a mailed code, serve for a first phone (seed 001 annex 2, 3/6).
CARD_NUMBERS: dict[str, tuple[FlagRow, ...]] = {
    "jma": (FlagRow(BEGIN, True),),
    "medis": (FlagRow(BEGIN, False),),
    "jpa": (FlagRow(BEGIN, False),),
}

# Decision 30: a synced passkey is accepted with a mark; a row with False has such phones refused from that day on.
SYNCED_KEYS: dict[str, tuple[FlagRow, ...]] = {
    "jma": (FlagRow(BEGIN, True),),
    "medis": (FlagRow(BEGIN, True),),
    "jpa": (FlagRow(BEGIN, True),),
}

# Issue 4 item 7, BD-12: whether two officers decide on an order for another certificate; the other way is that the
# authentication suffices. Two officers by default, at a renewal too: the certificate says that its holder is licensed
# today, and nothing that a person can authenticate with says so. A changed name is always seen by officers.
OFFICERS_ALWAYS = (FlagRow(BEGIN, True),)
ORDERS_NEED_OFFICERS: dict[str, dict[str, tuple[FlagRow, ...]]] = {
    code: {"renewal": OFFICERS_ALWAYS, "card_holder": OFFICERS_ALWAYS} for code in ("jma", "medis", "jpa")
}

# BD-14: whether an officer must confirm that a renewed My Number Card is the former one's person.
JOIN_OFFICER: dict[str, tuple[FlagRow, ...]] = {
    "jma": (FlagRow(BEGIN, True),),
    "medis": (FlagRow(BEGIN, True),),
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

# Decision 6: two officers approve and one rejects; an authority's row can add a third, and a second.
OFFICERS: dict[str, tuple[OfficersRow, ...]] = {
    "jma": (OfficersRow(BEGIN),),
    "medis": (OfficersRow(BEGIN),),
    "jpa": (OfficersRow(BEGIN),),
}

IMAGES = frozenset({"jpeg", "png", "bmp"})
JPEG = frozenset({"jpeg"})
JPEG_OR_PDF = frozenset({"jpeg", "pdf"})
SLOTS = ("photo", "identity", "licence_front", "licence_back", "name_proof", "licence_name_proof")
