"""Names that the signer reads. The room knows authorities as codes only (decision 4); these are their signs."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

AUTHORITIES: dict[str, str | Promise] = {
    "jma": _("日本医師会 電子認証センター"),
    "medis": _("医療情報システム開発センター（MEDIS）"),
    "jpa": _("日本薬剤師会 認証局"),
}
QUALIFICATIONS: dict[str, str | Promise] = {
    "doctor": _("医師"),
    "dentist": _("歯科医師"),
    "pharmacist": _("薬剤師"),
}
MEANS: dict[str, str | Promise] = {
    "hpki_card": _("HPKI カード"),
    "my_number_card": _("マイナンバーカード"),
    "authenticator": _("スマートフォン"),
}


def authority(code: str) -> str | Promise:
    return AUTHORITIES.get(code, code)


def qualification(code: str) -> str | Promise:
    return QUALIFICATIONS.get(code, code)
