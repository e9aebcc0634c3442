"""The desk's own words for a case's state; the applicant's are flow.SHOWN (ST-13)."""

from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from enrollment.flow import State
from enrollment.steps.question import Words


class StateWords(NamedTuple):
    """`mark` is the sign beside the words: "care" asks for an officer, "good" and "wrong" are ends, "" waits."""

    title: Words
    mark: str = ""


STATES: dict[State, StateWords] = {
    State.DRAFT: StateWords(_("下書き")),
    State.SUBMITTED: StateWords(_("審査待ち"), "care"),
    State.IN_REVIEW: StateWords(_("審査中")),
    State.RECOMMENDED: StateWords(_("承認待ち"), "care"),
    State.APPROVED: StateWords(_("承認済み（発行待ち）"), "good"),
    State.ISSUING: StateWords(_("発行中"), "good"),
    State.ISSUED: StateWords(_("審査完了"), "good"),
    State.RETURNED: StateWords(_("再提出待ち")),
    State.REJECTED: StateWords(_("不承認"), "wrong"),
    State.WITHDRAWN: StateWords(_("取下げ")),
}
