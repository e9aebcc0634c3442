"""What the operators' pages say."""

from typing import TYPE_CHECKING, TypeAlias

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Words: TypeAlias = "str | _StrPromise"

STATES: dict[str, Words] = {
    "ordered": _("発行中"),
    "active": _("有効"),
    "suspended": _("一時停止中"),
    "revoked": _("失効"),
    "expired": _("有効期間終了"),
}
ACTS: dict[str, Words] = {"suspend": _("一時停止する"), "revoke": _("失効させる")}
REASONS: dict[str, dict[str, Words]] = {
    "suspend": {
        "suspected_misuse": _("不正な利用の疑いがある"),
        "under_investigation": _("障害や事故の調査をしている"),
        "signer_request": _("本人から停止の申出があった"),
    },
    "revoke": {
        "key_compromise": _("鍵の危殆化（本人以外が署名できる状態になった）"),
        "cessation_of_operation": _("利用をやめた（本人の申出・死亡など）"),
        "superseded": _("新しい証明書に替えた"),
        "unspecified": _("そのほか"),
    },
}
