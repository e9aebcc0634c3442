"""What the pages about officers say."""

from typing import TYPE_CHECKING, TypeAlias

from django.utils.translation import gettext_lazy as _

from staff import roles

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Words: TypeAlias = "str | _StrPromise"  # a text, or a text that is translated when it is drawn


ROLES: dict[str, Words] = {
    roles.EXAMINER: _("審査者（審査する）"),
    roles.APPROVER: _("承認者（承認する）"),
    roles.AUDITOR: _("監査者（すべて読み、何も変えない）"),
    roles.OPERATOR: _("運用者（個人情報を見ない）"),
}
ACTORS: dict[str, Words] = {  # ledger.log.Actor.kind, for people; the export keeps the code
    "officer": _("審査者"),
    "applicant": _("申請者"),
    "signer": _("署名する人"),
    "caller": _("接続システム"),
    "operator": _("運用者（コマンド）"),
    "system": _("自動処理"),
}
REASONS: dict[str, Words] = {
    "duty_change": _("担当の変更"),
    "left": _("退職・異動"),
    "on_leave": _("休職・長期の不在"),
    "device_lost": _("スマートフォンをなくした、または替えた"),
    "password_forgotten": _("パスワードを忘れた"),
    "locked_out": _("入力を間違えて停止した（本人に確認済み）"),
    "suspected_misuse": _("不正な利用の疑い"),
    "mistake": _("設定の誤り"),
}
REFUSALS: dict[str, Words] = {
    "oneself": _("自分自身には行えません。ほかの運用者に依頼してください。"),
    "not_yours": _("この操作をする役割がありません。"),
    "name_taken": _("このユーザー名は使われています。ほかの名前にしてください。"),
    "role_unknown": _("その役割は指定できません。認証局と役割の組合せを確かめてください。"),
    "role_held": _("その役割は、すでに持っています。"),
    "role_clashes": _("監査者と運用者は、ほかの役割と兼ねられません。先に、いまの役割を外してください。"),
    "role_proposed": _("その役割は、すでに申請中です。"),
    "same_person": _("申請した人と本人は確認できません。ほかの担当者に依頼してください。"),
    "decided": _("ほかの担当者がすでに処理しました。画面の内容を確認してください。"),
    "wrong_code": _("確認コードが正しくありません。新しいコードが表示されるのを待って、入力してください。"),
    "wrong_password": _("パスワードが正しくありません。"),
    "begun_elsewhere": _(
        "この招待は、ほかのブラウザで登録が始められています。心当たりがないときは、すぐに運用担当者に連絡してください。"
    ),
    "invitation_dead": _(
        "この招待は使えません。期限が過ぎたか、使用済みか、新しい招待が発行されています。運用担当者に連絡してください。"
    ),
}
