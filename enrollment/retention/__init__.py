"""The timetable of the registration authority: what is kept how long, and what removes it (decision 31, ST-21, DQ-23).

The first file to read. Rows are data; README.md beside it shows the same table in words, and a test compares the two.
Nothing is marked as deleted: it is gone, and the ledger says so with public ids and counts. `legal_hold` keeps an
application's answers, files, statements and findings; a PIN is no evidence and goes all the same.
"""

from enrollment.retention import ended, people, stored, unfinished
from ledger.erasure import BATCH_OF_A_FLOOD, MOST_OF_A_FLOOD, Rule

JUDGEMENT = "our decision; 個人情報保護法 22条: erased without delay once it is no longer needed"
CASE = 1  # keys per transaction: each case is a batch of its own, with an entry of its own

# What may not wait for the hour: deadlines that are told to the second, and secrets of what has ended.
BY_THE_MINUTE: tuple[Rule, ...] = (
    Rule(
        "returned_lapsed",
        what="修正を求められた申請の添付画像とHPKIカードの暗証番号",
        after="修正の期限（24時）",
        period="ただちに（申請は取下げになります）",
        remains="受付番号、状態、経過",
        source="ST-13, ST-32, DQ-23",
        due=unfinished.lapsed,
        erase=unfinished.lapse,
        batch=CASE,
    ),
    Rule(
        "sealed_pin",
        what="HPKIカードの暗証番号（暗号化したもの）",
        after="カードの作成、または申請の終了",
        period="ただちに",
        remains="なし",
        source="DQ-23, decision 20",
        due=ended.pins_of_no_use,
        erase=ended.erase_pins,
    ),
)

BY_THE_HOUR: tuple[Rule, ...] = (
    Rule(
        "draft_reminder",
        what="下書きの消去の予告",
        after="下書きの最後の変更",
        period="23日（消去の7日前）",
        remains="下書きはそのまま。お知らせでお伝えします",
        source="ST-21; seven days as ST-32",
        due=unfinished.to_be_reminded,
        erase=unfinished.remind,
        batch=CASE,
    ),
    Rule(
        "return_reminder",
        what="修正の期限の予告",
        after="修正のお願い",
        period="期限の7日前",
        remains="申請はそのまま。お知らせでお伝えします",
        source="ST-32 (N4)",
        due=unfinished.returns_to_be_reminded,
        erase=unfinished.remind_of_return,
        batch=CASE,
    ),
    Rule(
        "draft",
        what="下書き（入力内容、添付画像、暗証番号）",
        after="最後の変更の日",
        period="30日",
        remains="なし（お知らせでお伝えします）",
        source="ST-21",
        due=unfinished.overdue_drafts,
        erase=unfinished.erase_draft,
        batch=CASE,
    ),
    Rule(
        "ended_case",
        what="不承認・取下げになった申請の入力内容、添付画像、署名した申請書、審査の所見",
        after="不承認または取下げの日（取下げでは、添付画像と暗証番号は取下げと同時）",
        period="3か月",
        remains="受付番号、申請先、状態、経過の日時",
        source=f"{JUDGEMENT}; three months to ask why, as 行政不服審査法 18条 gives for an appeal",
        due=ended.ended_cases,
        erase=ended.erase_case,
        batch=CASE,
    ),
    Rule(
        "issued_case",
        what="発行された申請の入力内容、添付画像、署名した申請書、審査の所見",
        after="電子証明書の有効期間の満了",
        period="10年",
        remains="受付番号、申請先、状態、経過の日時",
        source="decision 31; 電子署名法施行規則 12条2項 as domain.md 6.4 reads it",
        due=ended.issued_cases,
        erase=ended.erase_case,
        batch=CASE,
    ),
    Rule(
        "email_code",
        what="メールアドレスの確認コード（照合用の値）",
        after="有効期限（10分）",
        period="1日",
        remains="なし",
        source=f"DQ-20; {JUDGEMENT}",
        due=people.spent_codes,
        erase=people.erase_codes,
    ),
    Rule(
        "card_reading",
        what="マイナンバーカードの読み取り要求",
        after="有効期限（10分）",
        period="1日",
        remains="なし",
        source=f"ST-27; {JUDGEMENT}",
        due=people.old_readings,
        erase=people.erase_readings,
        batch=BATCH_OF_A_FLOOD,
        most=MOST_OF_A_FLOOD,
    ),
    Rule(
        "phone_answer",
        what="スマートフォンで読み取り、受け取られなかったカードの情報",
        after="有効期限（10分）",
        period="1時間以内",
        remains="なし",
        source=f"ST-26; {JUDGEMENT}",
        due=people.unfetched_answers,
        erase=people.erase_answers,
    ),
    Rule(
        "unsent_form",
        what="ログインの時間切れの後に送信された入力内容",
        after="送信",
        period="1時間（遅くとも2時間以内）",
        remains="なし",
        source=f"ST-21; {JUDGEMENT}",
        due=people.unsent_forms,
        erase=people.erase_unsent,
    ),
    Rule(
        "join_request",
        what="更新したカードの登録の申出（署名したもの。登録に至らなかったもの）",
        after="申出",
        period="90日",
        remains="監査記録",
        source=f"BD-14; {JUDGEMENT}",
        due=people.old_joins,
        erase=people.erase_joins,
    ),
    Rule(
        "name_change",
        what="氏名の変更の入力内容（署名していないもの）",
        after="最後の変更",
        period="30日",
        remains="なし",
        source=f"as a draft; {JUDGEMENT}",
        due=people.unsigned_names,
        erase=people.erase_names,
    ),
    Rule(
        "applicant_session",
        what="申請者のログイン状態",
        after="ログアウト、または30分間操作がないとき",
        period="1日",
        remains="監査記録（ログインの日時）",
        source=f"ST-21; {JUDGEMENT}",
        due=people.ended_sessions,
        erase=people.erase_sessions,
    ),
    Rule(
        "link_secret",
        what="お知らせの中の登録用URLとパスワード",
        after="登録、期限切れ、停止、再発行（それぞれただちに）。遅くとも発行から",
        period="3か月と7日",
        remains="お知らせの本文",
        source="decision 19, ST-17",
        due=people.old_secrets,
        erase=people.erase_secrets,
    ),
)

BY_THE_DAY: tuple[Rule, ...] = (
    Rule(
        "orphaned_file",
        what="どの申請にも属さない添付画像（保存の途中で障害があったもの）",
        after="保存",
        period="1日",
        remains="なし",
        source="security.md 3 (11); `manage.py reconcile` tells them before",
        due=stored.orphans,
        erase=stored.erase_orphans,
    ),
)
