"""The list of the automatic checks, in the order in which an officer reads it (RV-5)."""

from collections.abc import Mapping

from enrollment.checks import identity, papers, registers, spelling
from enrollment.checks.asking import Check
from enrollment.problems import gettext_noop as _

_BY_EYE = _("署名された申請内容と画像を見比べて確認してください。")
_BY_REGISTER = _("認証局の台帳で、登録番号と生年月日から確認してください。")

TABLE = (
    Check(
        "jpki_signature",
        _("電子署名と失効"),
        identity.signature,
        _("公的個人認証の検証端末で、署名用電子証明書の有効性を確認してください。"),
    ),
    Check(
        "certificates",
        _("カードの電子証明書の期限"),
        identity.certificates_last,
        _("申請者に、カードの電子証明書の有効期限を確認してください。"),
    ),
    Check("names", _("氏名の一致"), identity.names_agree, _BY_EYE, "identity_kind"),
    Check("age", _("年齢"), identity.age, _BY_EYE, "identity_kind"),
    Check("romaji", _("カタカナとローマ字"), spelling.romaji, _BY_EYE),
    Check("printed_name", _("印字する氏名"), spelling.printed, _BY_EYE),
    Check("other_name", _("通称名・旧姓・旧名"), spelling.other_name, _BY_EYE, "name_proof"),
    Check("registration", _("登録番号と登録年月日"), registers.registration, _BY_EYE, "licence_agrees"),
    Check("duplicates", _("重複申請"), registers.duplicates, _BY_REGISTER),
    Check("card_holder", _("HPKIカード保有"), registers.card_holder, _BY_REGISTER),
    Check(
        "files",
        _("添付ファイルの同一性"),
        papers.intact,
        _("画像が署名されたものと同じであることを、運用担当者に確認してください。"),
    ),
    Check("identity_day", _("身分証の有効期限"), papers.identity_in_force, _BY_EYE, "identity_kind"),
    Check("pictures", _("画像の確認"), papers.measured, _BY_EYE, "photo"),
    Check("shared_files", _("ほかの申請と同じ画像"), papers.shared, _BY_EYE),
)
CHECKS: Mapping[str, Check] = {row.name: row for row in TABLE}
TITLES: Mapping[str, str] = {row.name: row.title for row in TABLE}
