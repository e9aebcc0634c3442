"""What an applicant agrees to at ⑩, per authority (CA-16). The wording is ours.

A changed text gets a new version and a new dated row; old rows stay, because statements cite them.
"""

from datetime import date

from enrollment.authority_data.kinds import ConsentItem, ConsentRow
from enrollment.problems import gettext_noop as _

VERSION = "2024-06"

OWN_APPLICATION = ConsentItem(
    "own-application",
    VERSION,
    _("本人による申請"),
    _(
        "私は、申請する国家資格を持つ本人です。代理人による申請ではありません。"
        "入力した内容と添付した書類は事実と相違ありません。"
        "事実と異なることが分かったときは、申請が認められず、発行された電子証明書が失効することを理解しています。"
    ),
)
NO_CARD = ConsentItem(
    "no-card",
    VERSION,
    _("HPKIカードをお持ちでないこと"),
    _(
        "私は、HPKIカード（有効期限が切れたもの、失効したものを含みます）を持っておらず、"
        "ほかの方法で申請して発行を待っている状態でもありません。"
    ),
)
REMOTE_KEY = ConsentItem(
    "remote-key",
    VERSION,
    _("署名の鍵をお預かりすること"),
    _(
        "HPKIセカンド電子証明書の秘密鍵は、鍵管理サービスの中で作られ、外に取り出せない形で保管されます。"
        "署名は、マイナンバーカード、登録したスマートフォン、またはHPKIカードでご本人が認証したときだけ行われます。"
        "認証に使うカード、スマートフォン、暗証番号は、ほかの人に使わせないでください。"
        "紛失したときや身に覚えのない署名に気付いたときは、すぐに利用を停止し、認証局に連絡してください。"
    ),
)
CERTIFICATE_CONTENTS = ConsentItem(
    "certificate-contents",
    VERSION,
    _("電子証明書に記載される内容"),
    _(
        "電子証明書には、氏名のローマ字、国家資格の名称などが記載されます。"
        "電子署名された処方箋などを受け取った人は、これらの内容を見ることができます。"
        "氏名や資格に変更があったときは、認証局に届け出てください。"
    ),
)
REMOTE_KEY_2025 = ConsentItem(  # seed 004: signing by second certificates is charged from April 2025 (FC-17)
    "remote-key",
    "2025-04",
    _("署名の鍵をお預かりすること"),
    _(
        "HPKIセカンド電子証明書の秘密鍵は、鍵管理サービスの中で作られ、外に取り出せない形で保管されます。"
        "署名は、マイナンバーカード、登録したスマートフォン、またはHPKIカードでご本人が認証したときだけ行われます。"
        "認証に使うカード、スマートフォン、暗証番号は、ほかの人に使わせないでください。"
        "紛失したときや身に覚えのない署名に気付いたときは、すぐに利用を停止し、認証局に連絡してください。"
        "2025年4月から、鍵管理サービスを使う署名の利用料は、勤務先の医療機関・薬局が負担します。"
    ),
)
ONE_QUALIFICATION = ConsentItem(
    "one-qualification",
    VERSION,
    _("申請できる資格は1つです"),
    _("マイナンバーカードを使う電子署名を申請できる国家資格は、お一人につき1つです。"),
)

JMA = (
    ConsentItem(
        "jma-privacy",
        VERSION,
        _("個人情報の取り扱い"),
        _(
            "日本医師会電子認証センターは、入力された内容、添付された画像、マイナンバーカードから読み取った氏名・住所・生年月日・性別を、"
            "本人と医師資格の確認、電子証明書とHPKIカードの発行、交付の案内、利用者への連絡のために使います。"
            "医師資格の確認のため、厚生労働省に照会することがあります。受取場所の医師会には、交付に必要な内容だけを渡します。"
            "マイナンバー（12桁の個人番号）は取得しません。"
        ),
    ),
    ConsentItem(
        "jma-terms",
        VERSION,
        _("利用規約"),
        _(
            "日本医師会認証局の利用規約に従って電子証明書を利用します。"
            "スマートフォンやマイナンバーカードによる署名が先に使えるようになり、HPKIカードは後から交付されます。"
            "会員の資格に変更があったときは届け出ます。"
        ),
    ),
)
MEDIS = (
    ConsentItem(
        "medis-privacy",
        VERSION,
        _("個人情報の取り扱い"),
        _(
            "医療情報システム開発センター（MEDIS）は、入力された内容、添付された画像と書類、"
            "マイナンバーカードから読み取った氏名・住所・生年月日・性別を、"
            "本人と国家資格の確認、電子証明書とHPKIカードの発行、発送、費用の請求、利用者への連絡のために使います。"
            "国家資格の確認のため、厚生労働省に照会することがあります。"
            "マイナンバー（12桁の個人番号）は取得しません。"
        ),
    ),
    ConsentItem(
        "medis-terms",
        VERSION,
        _("利用規約と費用"),
        _(
            "MEDIS認証局の利用規約に従って電子証明書を利用します。"
            "発行の費用は、審査の案内に従って支払います。発行の手続きが始まった後の費用は返金されないことがあります。"
        ),
    ),
)
JPA = (
    ConsentItem(
        "jpa-privacy",
        VERSION,
        _("個人情報の取り扱い"),
        _(
            "日本薬剤師会認証局は、入力された内容、添付された画像、マイナンバーカードから読み取った氏名・住所・生年月日・性別を、"
            "本人と薬剤師資格の確認、薬剤師会会員であることの確認、電子証明書の発行、費用の請求、利用者への連絡のために使います。"
            "薬剤師資格の確認のため、厚生労働省に照会することがあります。"
            "マイナンバー（12桁の個人番号）は取得しません。"
        ),
    ),
    ConsentItem(
        "jpa-terms",
        VERSION,
        _("利用規約と費用"),
        _(
            "日本薬剤師会認証局の利用規約に従って電子証明書を利用します。"
            "この申請ではHPKIカードは発行されません。後からHPKIカードを申請するときは、同じ額の費用がもう一度かかります。"
            "会員の優待価格を選んだときは、会員であることの確認が行われます。"
        ),
    ),
)
COMMON_FIRST = (OWN_APPLICATION, NO_CARD, ONE_QUALIFICATION)
COMMON_LAST = (CERTIFICATE_CONTENTS, REMOTE_KEY)
COMMON_LAST_2025 = (CERTIFICATE_CONTENTS, REMOTE_KEY_2025)
BEGIN = date(2024, 6, 1)
CHARGED = date(2025, 4, 1)

CONSENTS: dict[str, tuple[ConsentRow, ...]] = {
    "jma": (
        ConsentRow(BEGIN, COMMON_FIRST + JMA + COMMON_LAST),
        ConsentRow(CHARGED, COMMON_FIRST + JMA + COMMON_LAST_2025),
    ),
    "medis": (
        ConsentRow(BEGIN, COMMON_FIRST + MEDIS + COMMON_LAST),
        ConsentRow(CHARGED, COMMON_FIRST + MEDIS + COMMON_LAST_2025),
    ),
    "jpa": (
        ConsentRow(BEGIN, COMMON_FIRST + JPA + COMMON_LAST),
        ConsentRow(CHARGED, COMMON_FIRST + JPA + COMMON_LAST_2025),
    ),
}
