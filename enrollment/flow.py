"""The life of an application and its steps, as tables. The first file to open.

Sources: seed 001 steps 1 to 14, form-rules ST-01, ST-02, ST-13; decisions 6, 26, 32.
"""

from enum import StrEnum
from typing import NamedTuple


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
    move("release",             (S.IN_REVIEW,),                        S.SUBMITTED,   A.EXAMINER, A.SYSTEM),
    move("return_to_applicant", (S.IN_REVIEW,),                        S.RETURNED,    A.EXAMINER),
    move("recommend",           (S.IN_REVIEW,),                        S.RECOMMENDED, A.EXAMINER),
    move("send_back",           (S.RECOMMENDED,),                      S.SUBMITTED,   A.APPROVER),
    move("reject",              (S.IN_REVIEW, S.RECOMMENDED),          S.REJECTED,    A.EXAMINER, A.APPROVER),
    move("approve",             (S.RECOMMENDED,),                      S.APPROVED,    A.APPROVER),
    move("take_back",           (S.APPROVED,),                         S.RECOMMENDED, A.APPROVER),
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
    S.DRAFT: "下書き",
    S.SUBMITTED: "申請中",
    S.IN_REVIEW: "申請中",
    S.RECOMMENDED: "申請中",
    S.APPROVED: "申請中",
    S.ISSUING: "申請中",
    S.RETURNED: "再提出依頼",
    S.ISSUED: "審査完了",
    S.REJECTED: "不承認",
    S.WITHDRAWN: "取下げ",
}
