"""What an officer looks at before a recommendation and an approval: as data.

Sources: seed 001 p.6 (photo, identity document, licence), p.16 (maiden name); PH-08, PH-11, NM-20, NM-22.
"""

from collections.abc import Mapping
from typing import NamedTuple

from enrollment.problems import gettext_noop as _


class Line(NamedTuple):
    """One question; `applies_to` names the attachment slot that must be there, or "" for always."""

    slug: str
    question: str
    applies_to: str = ""


LINES = (
    Line("photo", _("顔写真は旅券用の規格に合う（正面・無帽・無背景・6か月以内）")),
    Line("identity_kind", _("身分証は4種のいずれかで、有効期限内である")),
    Line("identity_face", _("身分証の顔と顔写真は同じ人である")),
    Line("licence_agrees", _("資格免許証の氏名・登録番号・登録年月日が申請内容と一致する")),
    Line("licence_back", _("裏面の追記を確認した"), "licence_back"),
    Line("licence_name_proof", _("改姓手続き中の書類で旧姓とのつながりを確認した"), "licence_name_proof"),
    Line("name_proof", _("併記する氏名の書類は、この認証局が定める種類である"), "name_proof"),
)


def lines_for(slots: frozenset[str]) -> tuple[Line, ...]:
    """The lines that apply to a case with these attachment slots."""
    return tuple(line for line in LINES if not line.applies_to or line.applies_to in slots)


def open_lines(slots: frozenset[str], answers: Mapping[str, str]) -> tuple[str, ...]:
    """Slugs that still stand in the way of a recommendation or an approval: unanswered, or answered with fail."""
    return tuple(
        line.slug for line in lines_for(slots) if answers.get(line.slug) not in ("pass", "not_applicable")
    )
