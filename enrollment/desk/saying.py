"""The desk's sentences: what a button does, why something is refused, why there is nothing to do."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from enrollment.steps.question import Words

TITLES: Mapping[str, Words] = {
    "claim": _("審査を始める"),
    "take_over": _("引き継ぐ"),
    "release": _("審査待ちに戻す"),
    "return_to_applicant": _("修正を求める"),
    "recommend": _("承認を推薦する"),
    "send_back": _("審査をやり直す"),
    "reject": _("不承認にする"),
    "approve": _("承認する"),
    "take_back": _("取り消す"),
}
# What was said, and what happens when its ten seconds are over (decision 32).
SAID: Mapping[str, Words] = {
    "recommended": _("承認を推薦しました。"),
    "returned": _("修正を求めました。"),
    "rejected": _("不承認にしました。"),
    "approved": _("承認しました。"),
}
AFTERWARDS: Mapping[str, Words] = {
    "recommended": _("そのあとは、別の審査者が判断します。"),
    "returned": _("そのあと、申請者に知らせます。"),
    "rejected": _("そのあと、申請者に知らせます。"),
    "approved": _("そのあと、証明書の発行を依頼します。"),
}
KEYS: Mapping[str, str] = {
    "claim": "c",
    "take_over": "t",
    "return_to_applicant": "b",
    "recommend": "a",
    "approve": "a",
    "send_back": "s",
    "reject": "x",
    "take_back": "u",
}
REFUSALS: Mapping[str, Words] = {
    "not_now": _(
        "この申請は、ほかの審査者がすでに処理したか、状態が変わりました。画面の内容を確認してください。"
    ),
    "not_yours": _("この操作をする役割がありません。"),
    "same_officer": _("承認の推薦と承認は、別の審査者が行います。ほかの承認者に依頼してください。"),
    "already_granted": _("同じ資格と登録番号で、承認済みの申請があります。承認できません。"),
    "nothing_to_correct": _("修正してほしい項目を選んでください。"),
    "reason_missing": _("不承認の理由を書いてください。"),
    "checklist_open": _("確認が終わっていない項目、または「不適合」の項目があります。"),
    "unknown_line": _("この確認項目は、もうありません。画面を開き直してください。"),
    "unknown_answer": _("適合・不適合・該当なしのどれかを選んでください。"),
    "same_officer_rejects": _("不承認を提案した審査者と、不承認にする審査者は、別の人です。"),
    "statement_broken": _(
        "署名された内容と、保管されている内容が異なります。この申請は判断できません。運用担当者に連絡してください。"
    ),
    "signature_fails": _(
        "電子署名の再確認で「不適合」になりました。承認できません。自動確認の結果を見て、修正を求めるか、不承認にしてください。"
    ),
    "revocation_unknown": _(
        "署名用電子証明書の失効を、いま確認できません。承認できません。時間をおいて、もう一度承認してください。"
    ),
    "file_erased": _("消去した画像があるため、承認の推薦と承認はできません。修正を求めてください。"),
    "on_hold": _(
        "この申請は保全の対象に指定されているため、画像を消去できません。運用担当者に連絡してください。"
    ),
}
ERASED_ALREADY = _("この画像は、すでに消去されています。")
OBSTACLES: Mapping[str, Words] = {
    "claimed_by_other": _("ほかの審査者が審査しています。"),
    "same_officer": _("あなたが推薦した申請です。承認は別の審査者が行います。"),
    "endorsed_by_you": _("あなたは2人目として承認しました。最後の承認は別の審査者が行います。"),
    "not_your_role": _("いまの段階を扱う役割がありません。"),
    "closed": _("審査は終わっています。"),
}
EVENTS: Mapping[str, Words] = {
    "begin": _("申請を始めた"),
    "submit": _("提出した"),
    "claim": _("審査を始めた"),
    "take_over": _("ほかの審査者の担当を引き継いだ"),
    "release": _("審査待ちに戻した"),
    "return_to_applicant": _("修正を求めた"),
    "reminded": _("修正をもう一度お願いした"),
    "file_erased": _("個人番号が写っていたため、画像を消去した"),
    "recommend": _("承認を推薦した"),
    "endorse": _("2人目として承認した"),
    "send_back": _("審査をやり直すことにした"),
    "propose_rejection": _("不承認を提案した"),
    "reject": _("不承認にした"),
    "approve": _("承認した"),
    "take_back": _("承認を取り消した"),
    "take_back_word": _("自分の決定を取り消した"),
    "take_back_rejection": _("不承認を取り消した"),
    "order": _("証明書の発行を依頼した"),
    "deliver": _("証明書を発行し、申請者に知らせた"),
    "withdraw": _("取り下げた"),
    "lapse": _("期限までに修正されなかった"),
    "phone_bound": _("申請者がスマートフォンを登録した"),
    "link_locked": _("登録用のURLが停止された"),
    "link_expired": _("登録用のURLの期限が過ぎた"),
    "link_sent_again": _("登録用のURLを再発行した"),
    "card_notified": _("HPKIカードの交付案内を送付した"),
    "card_received": _("HPKIカードが受け取られた"),
    "card_shipped": _("HPKIカードを発送した"),
    "card_ended": _("証明書の失効により、HPKIカードの発行を取りやめた"),
    "erased": _("保存期間が過ぎたため、入力内容と画像を消去した"),
    "draft_reminder": _("下書きの消去を予告した"),
    "return_reminder": _("修正の期限を予告した"),
    "issuance_stopped": _("電子証明書の発行が止まっています（運用者の確認待ち）"),
}
VERDICTS: Mapping[str, Words] = {
    "recommended": EVENTS["recommend"],
    "endorsed": EVENTS["endorse"],
    "sent_back": EVENTS["send_back"],
    "approved": EVENTS["approve"],
    "taken_back": EVENTS["take_back_word"],
    "returned": EVENTS["return_to_applicant"],
    "proposed_reject": EVENTS["propose_rejection"],
    "rejected": EVENTS["reject"],
}
ANSWERS: Mapping[str, Words] = {
    "pass": _("適合"),
    "fail": _("不適合"),
    "not_applicable": _("該当なし"),
}
