"""Each refusal as a sentence for the person: what is wrong, why, what to do now (law 5); whom to ask is the CA."""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise


class Refusal(NamedTuple):
    status: int
    what: Words
    why: Words
    now: Words


_SIGN_IN_AGAIN = _("下のボタンから、もう一度お試しください。")

SIGN_IN: dict[str, Refusal] = {
    "phone_unknown": Refusal(
        200,
        _("この端末は登録されていません"),
        _("登録されていない端末か、別の端末に替わったあとの古い端末です。"),
        _("登録した端末を使うか、マイナンバーカードで本人確認をしてください。"),
    ),
    "phone_changed": Refusal(
        200,
        _("この端末の登録は確認できません"),
        _("端末の鍵の性質が、登録したときと変わっています。"),
        _("マイナンバーカードで本人確認をしてください。端末は登録し直しが必要です。認証局にご連絡ください。"),
    ),
    "phone_cloned": Refusal(
        200,
        _("この端末の登録は確認できません"),
        _("同じ鍵が別の場所でも使われたおそれがあるため、この端末による本人確認を停止しました。"),
        _(
            "マイナンバーカードで本人確認をし、「端末の登録と削除」で登録し直してください。覚えのない署名があれば、認証局へご連絡ください。"
        ),
    ),
    "phone_stopped": Refusal(
        200,
        _("この端末による本人確認は停止されています"),
        _("同じ鍵が別の場所でも使われたおそれがあるため、停止しました。"),
        _("マイナンバーカードで本人確認をし、「端末の登録と削除」で登録し直してください。"),
    ),
    "phone_cancelled": Refusal(
        200,
        _("本人確認は中断されました"),
        _("指紋や顔の確認が、取り消されたか、時間切れになりました。"),
        _SIGN_IN_AGAIN,
    ),
    "phone_unsupported": Refusal(
        200,
        _("このブラウザでは、スマートフォンによる本人確認ができません"),
        _("ブラウザが対応していません。"),
        _("新しい Safari か Chrome を使うか、マイナンバーカードで本人確認をしてください。"),
    ),
    "phone_not_verified": Refusal(
        200,
        _("本人の確認ができませんでした"),
        _("指紋・顔・画面ロックによる確認が行われませんでした。"),
        _SIGN_IN_AGAIN,
    ),
    "ceremony_unknown": Refusal(
        200,
        _("この本人確認は時間切れか、すでに終わっています"),
        _("本人確認の操作は 10 分のうちに、同じブラウザで、1 回だけ受け付けます。"),
        _SIGN_IN_AGAIN,
    ),
    "phone_failed": Refusal(
        200,
        _("端末から正しい返事がありませんでした"),
        _("端末またはブラウザが、決められた形で返事をしませんでした。"),
        _SIGN_IN_AGAIN,
    ),
    "credential_not_active": Refusal(
        200,
        _("いまは署名に使えません"),
        _("あなたの電子証明書は、一時停止・失効・期限切れのいずれかの状態です。"),
        _("認証局の窓口にご連絡ください。"),
    ),
    "card_cancelled": Refusal(
        200, _("カードの読み取りは中断されました"), _("カードの読み取りが取り消されました。"), _SIGN_IN_AGAIN
    ),
    "card_removed": Refusal(
        200,
        _("カードが途中で離れました"),
        _("読み取りの途中で、カードがリーダーから離れました。"),
        _("カードを置いたまま、もう一度お試しください。"),
    ),
    "card_wrong_pin": Refusal(
        200,
        _("暗証番号が違います"),
        _("利用者証明用電子証明書の暗証番号（数字 4 桁）が違います。3 回続けて間違えるとロックされます。"),
        _("暗証番号を確かめて、もう一度お試しください。"),
    ),
    "card_locked": Refusal(
        200,
        _("カードの暗証番号がロックされています"),
        _("暗証番号が 3 回続けて間違って入力されました。"),
        _(
            "お住まいの市区町村の窓口で、暗証番号を再設定してください。それまでは、登録したスマートフォンで本人確認ができます。"
        ),
    ),
    "card_revoked": Refusal(
        200,
        _("このカードの電子証明書は失効しています"),
        _("カードの更新や届け出により、利用者証明用電子証明書が失効しています。"),
        _(
            "市区町村の窓口で電子証明書を発行し直し、認証局にご連絡ください。それまでは、登録したスマートフォンで本人確認ができます。"
        ),
    ),
    "card_not_checked": Refusal(
        200,
        _("カードの電子証明書の有効性を確認できません"),
        _("失効情報をいま確認できないため、安全のため受け付けていません。"),
        _("しばらくしてから、もう一度お試しください。登録したスマートフォンなら、いま本人確認ができます。"),
    ),
    "card_unknown": Refusal(
        200,
        _("このカードは、署名用に登録されていません"),
        _("審査が完了した申請のカードと、別のカードか、更新されたあとのカードです。"),
        _(
            "申請のときに使ったカードで、もう一度お試しください。カードを更新した方は、認証局にご連絡ください。"
        ),
    ),
    "card_refused": Refusal(
        200,
        _("カードの電子証明書を確認できませんでした"),
        _("期限が切れているか、このサービスで使えない電子証明書です。"),
        _("マイナンバーカードをご確認ください。登録したスマートフォンなら、いま本人確認ができます。"),
    ),
    "phone_certificate": Refusal(
        200,
        _("スマートフォン用電子証明書は使えません"),
        _("本人確認には、マイナンバーカードそのものが必要です。"),
        _("マイナンバーカードをカードリーダーで読み取ってください。"),
    ),
}

_BACK_TO_THE_PC = _("元の画面に戻り、もう一度、本人確認の方法を選んでください。")

# The QR code of a sign-in, at the phone and at the screen that shows it.
SHOWN_SIGN_IN: dict[str, Refusal] = {
    "sign_in_unknown": Refusal(
        404,
        _("この本人確認は見つかりません"),
        _("アドレスが途中で切れているか、別のアドレスです。"),
        _("元の画面のQRコードを、もう一度読み取ってください。"),
    ),
    "sign_in_over": Refusal(
        410,
        _("このQRコードは、もう使えません"),
        _("表示してから 10 分が過ぎたか、すでに使われたか、元の画面で取りやめられました。"),
        _BACK_TO_THE_PC,
    ),
    "sign_in_elsewhere": Refusal(
        409,
        _("別の端末かブラウザで、このQRコードが開かれています"),
        _("1 つのQRコードを使えるのは、先に開いた 1 台だけです。"),
        _("覚えがないときは、元の画面で「やめる」を押し、QRコードを表示し直してください。"),
    ),
    "sign_in_not_opened": Refusal(
        409,
        _("この本人確認を続けられません"),
        _("このブラウザでは、まだ始まっていません。"),
        _("元の画面のQRコードを、もう一度読み取ってください。"),
    ),
}


def of(table: dict[str, Refusal], code: str) -> Refusal:
    """The sentence for a code; what has none of its own is a phone or card that did not answer properly."""
    return table.get(code) or table["phone_failed"]
