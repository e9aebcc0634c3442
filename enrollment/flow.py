"""The life of an application and its steps, as tables. The first file to open.

Beside it the two lives that it starts: of each automatic check, and of the HPKI card (ST-25).

Sources: seed 001 steps 1 to 14, form-rules ST-01, ST-02, ST-13, ST-25; decisions 6, 26, 32.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from enrollment.authorities import FieldSet
from enrollment.problems import gettext_noop as _


class State(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    IN_REVIEW = "in_review"
    RETURNED = "returned"
    RECOMMENDED = "recommended"
    APPROVED = "approved"  # decided, but for ten seconds it can be taken back (decision 32)
    ISSUING = "issuing"
    ISSUED = "issued"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Actor(StrEnum):
    APPLICANT = "applicant"
    EXAMINER = "examiner"
    APPROVER = "approver"
    SYSTEM = "system"


class Move(NamedTuple):
    name: str
    sources: tuple[State, ...]
    target: State
    actors: tuple[Actor, ...]


def move(name: str, sources: tuple[State, ...], target: State, *actors: Actor) -> Move:
    return Move(name, sources, target, actors)


S, A = State, Actor

# fmt: off
#        name                   from                                   to             who
MOVES = (
    move("submit",              (S.DRAFT, S.RETURNED),                 S.SUBMITTED,   A.APPLICANT),
    move("claim",               (S.SUBMITTED,),                        S.IN_REVIEW,   A.EXAMINER),
    move("take_over",           (S.IN_REVIEW,),                        S.IN_REVIEW,   A.EXAMINER),
    move("release",             (S.IN_REVIEW,),                        S.SUBMITTED,   A.EXAMINER, A.SYSTEM),
    move("return_to_applicant", (S.IN_REVIEW,),                        S.RETURNED,    A.EXAMINER),
    move("recommend",           (S.IN_REVIEW,),                        S.RECOMMENDED, A.EXAMINER),
    move("endorse",             (S.RECOMMENDED,),                      S.RECOMMENDED, A.APPROVER),
    move("send_back",           (S.RECOMMENDED,),                      S.SUBMITTED,   A.APPROVER),
    move("reject",              (S.IN_REVIEW, S.RECOMMENDED),          S.REJECTED,    A.EXAMINER, A.APPROVER),
    move("propose_rejection",   (S.IN_REVIEW, S.RECOMMENDED),          S.SUBMITTED,   A.EXAMINER, A.APPROVER),
    move("approve",             (S.RECOMMENDED,),                      S.APPROVED,    A.APPROVER),
    move("take_back",           (S.APPROVED,),                         S.RECOMMENDED, A.APPROVER),
    move("take_back_word",      (S.RECOMMENDED, S.RETURNED, S.REJECTED), S.IN_REVIEW, A.EXAMINER),
    move("take_back_rejection", (S.REJECTED,),                         S.RECOMMENDED, A.APPROVER),
    move("order",               (S.APPROVED,),                         S.ISSUING,     A.SYSTEM),
    move("deliver",             (S.ISSUING,),                          S.ISSUED,      A.SYSTEM),
    move("withdraw",            (S.SUBMITTED, S.IN_REVIEW, S.RETURNED),S.WITHDRAWN,   A.APPLICANT),
    move("lapse",               (S.RETURNED,),                         S.WITHDRAWN,   A.SYSTEM),
)
# fmt: on
MOVE = {row.name: row for row in MOVES}

# A person has at most one of these at a time (CA-12, decision 7).
LIVING = (S.DRAFT, S.SUBMITTED, S.IN_REVIEW, S.RETURNED, S.RECOMMENDED, S.APPROVED, S.ISSUING)
# At most one of these per qualification and registration number (decision 7).
GRANTED = (S.APPROVED, S.ISSUING, S.ISSUED)

# What the applicant reads (ST-13).
SHOWN = {
    S.DRAFT: _("下書き"),
    S.SUBMITTED: _("申請中"),
    S.IN_REVIEW: _("申請中"),
    S.RECOMMENDED: _("申請中"),
    S.APPROVED: _("申請中"),
    S.ISSUING: _("申請中"),
    S.RETURNED: _("再提出依頼"),
    S.ISSUED: _("審査完了"),
    S.REJECTED: _("不承認"),
    S.WITHDRAWN: _("取下げ"),
}


# --- an automatic check (RV-5) ------------------------------------------------------------------------------------


class Check(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    AGAIN = "again"  # it could not be done; its next try has a time
    DONE = "done"
    GIVEN_UP = "given_up"  # it could not be done at all: an officer does it by hand
    DROPPED = "dropped"  # its round was decided, withdrawn or replaced before it was done


class CheckMove(NamedTuple):
    name: str
    sources: tuple[Check, ...]
    target: Check
    actors: tuple[Actor, ...]


C = Check
# fmt: off
#             name         from                                    to           who
CHECK_MOVES = (
    CheckMove("take",      (C.WAITING, C.AGAIN, C.RUNNING),        C.RUNNING,   (A.SYSTEM,)),
    CheckMove("finish",    (C.RUNNING,),                           C.DONE,      (A.SYSTEM,)),
    CheckMove("put_off",   (C.RUNNING,),                           C.AGAIN,     (A.SYSTEM,)),
    CheckMove("give_up",   (C.WAITING, C.AGAIN, C.RUNNING),        C.GIVEN_UP,  (A.SYSTEM,)),
    CheckMove("drop",      (C.WAITING, C.AGAIN, C.RUNNING),        C.DROPPED,   (A.SYSTEM,)),
    CheckMove("ask_again", (C.DONE, C.GIVEN_UP, C.AGAIN),          C.WAITING,   (A.EXAMINER, A.APPROVER, A.SYSTEM)),
)
# fmt: on
CHECK_MOVE = {row.name: row for row in CHECK_MOVES}
CHECK_OPEN = (C.WAITING, C.RUNNING, C.AGAIN)


# --- orders for another certificate (renewal, name change, BD-12) -----------------------------------------------


class OrderKind(StrEnum):
    RENEWAL = "renewal"
    NAME_CHANGE = "name_change"
    CARD_HOLDER = "card_holder"


class OrderState(StrEnum):
    WAITING = "waiting"
    RECOMMENDED = "recommended"
    APPROVED = "approved"  # decided, but for ten seconds it can be taken back (decision 32)
    ISSUING = "issuing"
    ISSUED = "issued"
    REJECTED = "rejected"
    STOPPED = "stopped"  # the certificate it was to succeed has been revoked


class OrderMove(NamedTuple):
    name: str
    sources: tuple[OrderState, ...]
    target: OrderState
    actors: tuple[Actor, ...]


def order_move(name: str, sources: tuple[OrderState, ...], target: OrderState, *actors: Actor) -> OrderMove:
    return OrderMove(name, sources, target, actors)


O = OrderState  # noqa: E741

# fmt: off
ORDER_MOVES = (
    order_move("suffice",   (O.WAITING,),                                        O.APPROVED,    A.SYSTEM),
    order_move("recommend", (O.WAITING,),                                        O.RECOMMENDED, A.EXAMINER),
    order_move("send_back", (O.RECOMMENDED,),                                    O.WAITING,     A.APPROVER),
    order_move("approve",   (O.RECOMMENDED,),                                    O.APPROVED,    A.APPROVER),
    order_move("take_back", (O.APPROVED,),                                       O.RECOMMENDED, A.APPROVER),
    order_move("reject",    (O.WAITING, O.RECOMMENDED),                          O.REJECTED,    A.EXAMINER, A.APPROVER),
    order_move("order",     (O.APPROVED,),                                       O.ISSUING,     A.SYSTEM),
    order_move("deliver",   (O.ISSUING,),                                        O.ISSUED,      A.SYSTEM),
    order_move("stop",      (O.WAITING, O.RECOMMENDED, O.APPROVED, O.ISSUING),   O.STOPPED,     A.SYSTEM),
)
# fmt: on
ORDER_MOVE = {row.name: row for row in ORDER_MOVES}
ORDER_OPEN = (O.WAITING, O.RECOMMENDED, O.APPROVED, O.ISSUING)
ORDER_GRANTED = (O.APPROVED, O.ISSUING, O.ISSUED)


# --- the HPKI card, where the authority makes one (ST-25) ----------------------------------------------------------


class Card(StrEnum):
    MAKING = "making"
    NOTIFIED = "notified"  # the letter says where to fetch it
    RECEIVED = "received"
    SHIPPED = "shipped"
    ENDED = "ended"  # the certificate was revoked before the card was handed over


class CardMove(NamedTuple):
    """`way`: how the authority hands its cards over (`authorities.card_way`), "" for both."""

    name: str
    sources: tuple[Card, ...]
    target: Card
    actors: tuple[Actor, ...]
    way: str


K = Card
# fmt: off
#            name             from                      to           who                         way
CARD_MOVES = (
    CardMove("hand_over",     (K.MAKING,),              K.MAKING,    (A.APPROVER,),              ""),
    CardMove("send_notice",   (K.MAKING,),              K.NOTIFIED,  (A.EXAMINER, A.APPROVER),   "pickup"),
    CardMove("receive",       (K.NOTIFIED,),            K.RECEIVED,  (A.EXAMINER, A.APPROVER),   "pickup"),
    CardMove("ship",          (K.MAKING,),              K.SHIPPED,   (A.EXAMINER, A.APPROVER),   "post"),
    CardMove("end",           (K.MAKING, K.NOTIFIED),   K.ENDED,     (A.SYSTEM,),                ""),
)
# fmt: on
CARD_MOVE = {row.name: row for row in CARD_MOVES}

# What the applicant reads (ST-25).
CARD_SHOWN = {
    K.MAKING: _("作成中"),
    K.NOTIFIED: _("交付案内送付済み"),
    K.RECEIVED: _("受取済み"),
    K.SHIPPED: _("発送済み"),
    K.ENDED: _("発行しません（証明書が失効したため）"),
}
NO_CARD = _("カードなし")


# --- the steps of the source manual (seed 001 pp. 10-14) ------------------------------------------------------


@dataclass(frozen=True)
class Draft:
    """What the steps ask about an application; `drafts.load` makes it from the rows.

    `answers` holds the steps whose last saved answers are valid, `begun` those where something has been saved,
    `files` the slots whose files the chosen authority takes.
    """

    qualification: str = ""
    authority: str = ""
    fields: FieldSet | None = None
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    begun: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()
    has_card_pin: bool = False
    confirmed_email: str = ""
    is_submitted: bool = False

    def answer(self, step: str, name: str) -> Any:
        return self.answers.get(step, {}).get(name)


class Step(NamedTuple):
    """One page. `number` is the source manual's; `group` names the page of ⑨ under which its answers are shown."""

    slug: str
    number: int
    title: str
    applies: Callable[[Draft], bool]
    is_complete: Callable[[Draft], bool]
    minutes: int


def _always(draft: Draft) -> bool:
    return True


def _answered(slug: str) -> Callable[[Draft], bool]:
    return lambda draft: slug in draft.answers


def _answered_with_file(slug: str, slot: str) -> Callable[[Draft], bool]:
    return lambda draft: slug in draft.answers and slot in draft.files


def _needs_name_proof(draft: Draft) -> bool:  # NM-20, NM-26: typed by hand instead of read from the card
    return draft.answer("other-name", "kind") in ("alias", "former") and not draft.answer(
        "other-name", "from_card"
    )


def _has_notes_on_back(draft: Draft) -> bool:  # PH-14
    return bool(draft.answer("licence", "has_notes_on_back"))


def _is_changing_surname(draft: Draft) -> bool:  # PH-14, NM-22
    return bool(draft.answer("licence", "is_changing_surname"))


def _asks_membership(draft: Draft) -> bool:  # DQ-27
    return draft.fields is not None and bool(draft.fields.membership)


def _makes_card(draft: Draft) -> bool:  # DQ-26
    return draft.fields is not None and draft.fields.card_pin_digits > 0


def _pin_is_sealed(draft: Draft) -> bool:
    return draft.has_card_pin


def _email_is_confirmed(draft: Draft) -> bool:  # DQ-21: a changed address is unconfirmed again
    return bool(draft.confirmed_email) and draft.confirmed_email == draft.answer("email", "address")


def _is_submitted(draft: Draft) -> bool:
    return draft.is_submitted


def _row(
    slug: str,
    number: int,
    title: str,
    applies: Callable[[Draft], bool] = _always,
    is_complete: Callable[[Draft], bool] | None = None,
    minutes: int = 1,
) -> Step:
    return Step(slug, number, title, applies, is_complete or _answered(slug), minutes)


# fmt: off
#        slug                 seed  title                                applies                complete
STEPS = (
    _row("qualification",       3,  _("国家資格と申請先")),
    _row("card",                4,  _("マイナンバーカードの読み取り")),
    _row("card-check",          5,  _("本人情報の確認")),
    _row("names",               6,  _("氏名のカタカナとローマ字")),
    _row("other-name",          6,  _("通称名・旧姓・旧名の併記")),
    _row("name-proof",          6,  _("併記する氏名の書類"),              _needs_name_proof,
                                                            _answered_with_file("name-proof", "name_proof")),
    _row("home",                6,  _("住所の郵便番号")),
    _row("licence",             6,  _("資格の登録番号と登録年月日")),
    _row("licence-front",       6,  _("資格免許証の画像（表）"),          _always,
                                                            _answered_with_file("licence-front", "licence_front")),
    _row("licence-back",        6,  _("資格免許証の画像（裏）"),          _has_notes_on_back,
                                                            _answered_with_file("licence-back", "licence_back")),
    _row("licence-name-proof",  6,  _("改姓手続き中の書類"),              _is_changing_surname,
                                                  _answered_with_file("licence-name-proof", "licence_name_proof")),
    _row("membership",          6,  _("会への所属"),                      _asks_membership),
    _row("card-pin",            6,  _("HPKIカードの暗証番号"),            _makes_card,            _pin_is_sealed),
    _row("workplace",           7,  _("勤務先"), minutes=2),
    _row("delivery",            7,  _("連絡先と送付先")),
    _row("photo",               7,  _("顔写真"),                          _always,
                                                            _answered_with_file("photo", "photo"), 3),
    _row("identity",            7,  _("身分証の画像"),                    _always,
                                                            _answered_with_file("identity", "identity"), 2),
    _row("email",               8,  _("メールアドレス")),
    _row("email-code",          8,  _("メールアドレスの確認"),            _always,                _email_is_confirmed),
    _row("check",               9,  _("入力内容の確認"), minutes=2),
    _row("consent",            10,  _("確認事項への同意"), minutes=2),
    _row("sign",               11,  _("署名"),                            _always,                _is_submitted),
    _row("done",               12,  _("送信完了"),                        _always,                _is_submitted, 0),
)
# fmt: on
STEP = {row.slug: row for row in STEPS}
# The source manual's twelve steps, as the progress bar counts them (ST-01); ① and ② lie before the draft.
PHASES = {
    1: _("入口"),
    2: _("ご案内とログイン"),
    3: _("国家資格と申請先"),
    4: _("カードの読み取り"),
    5: _("本人情報の確認"),
    6: _("申請情報"),
    7: _("勤務先・写真・身分証"),
    8: _("メールアドレス"),
    9: _("入力内容の確認"),
    10: _("同意"),
    11: _("署名"),
    12: _("送信完了"),
}
ASKED = tuple(row for row in STEPS if row.number <= 8)
CHECK, CONSENT, SIGN, DONE = "check", "consent", "sign", "done"


def steps_for(draft: Draft) -> tuple[Step, ...]:
    """The steps that this application has, in order."""
    return tuple(row for row in STEPS if row.applies(draft))


def is_open(step: Step, draft: Draft) -> bool:
    """Whether what this step needs is valid (ST-02): ③④⑤ in order, then ⑥⑦⑧ in any order, ⑨ when all are complete."""
    if not step.applies(draft):
        return False
    if step.number <= 5:
        before = [row for row in STEPS if row.number < step.number]
    elif step.number <= 8:
        before = [row for row in STEPS if row.number <= 5]
    else:
        before = [row for row in STEPS if row.number < step.number]
    return all(row.is_complete(draft) for row in before if row.applies(draft))


def first_open(draft: Draft, after: str = "") -> Step:
    """Where to go on: the first incomplete step behind `after`, else the first incomplete one of all."""
    rows = steps_for(draft)
    behind = (
        rows[[row.slug for row in rows].index(after) + 1 :] if after in {row.slug for row in rows} else rows
    )
    for row in (*behind, *rows):
        if not row.is_complete(draft) and is_open(row, draft):
            return row
    return STEP[DONE]
