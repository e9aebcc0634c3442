"""The officer's checklist of each authority, as dated versions. Change by adding a row, never by editing one.

Sources: seed 001 p.6 (photo, identity document, licence), p.16 (maiden name), p.6 with NM-20 (which paper shows a
former name at which authority); PH-07 to PH-14, NM-20, NM-22; issue "Review, issuance and binding", point 2.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from enrollment.problems import gettext_noop as _


class Line(NamedTuple):
    """One question of the officer.

    `applies_to` names the attachment slot that must be there, or "" for always. `shown_by` is the slot whose measured
    lines stand beside it, `steps` those whose signed answers do.
    """

    slug: str
    question: str
    applies_to: str = ""
    shown_by: str = ""
    steps: Sequence[str] = ()


class ChecklistRow(NamedTuple):
    """What is asked from `since` on; `version` stands beside every answer that was given under it."""

    since: date
    version: str
    lines: tuple[Line, ...]


BEGIN = date(2024, 6, 1)


def _lines(name_proof: str) -> tuple[Line, ...]:
    return (
        Line(
            "photo",
            _("顔写真は旅券用の規格に合う（正面・無帽・無背景・6か月以内）"),
            shown_by="photo",
            steps=("photo",),
        ),
        Line(
            "identity_kind",
            _("身分証は4種のいずれかで、有効期限内である"),
            shown_by="identity",
            steps=("identity",),
        ),
        Line("identity_face", _("身分証の顔と顔写真は同じ人である"), steps=("card",)),
        Line(
            "licence_agrees",
            _("資格免許証の氏名・登録番号・登録年月日が申請内容と一致する"),
            shown_by="licence_front",
            steps=("names", "licence"),
        ),
        Line("licence_back", _("裏面の追記を確認した"), "licence_back", "licence_back"),
        Line(
            "licence_name_proof",
            _("改姓手続き中の書類で旧姓とのつながりを確認した"),
            "licence_name_proof",
            "licence_name_proof",
        ),
        Line("name_proof", name_proof, "name_proof", "name_proof", steps=("other-name",)),
    )


# NM-20: which paper shows the name that is written beside the registered one.
CHECKLISTS: dict[str, tuple[ChecklistRow, ...]] = {
    "jma": (
        ChecklistRow(
            BEGIN,
            "jma-1",
            _lines(
                _(
                    "併記する氏名の書類は、戸籍謄本・抄本または戸籍の証明書で、併記する氏名とのつながりが分かる"
                )
            ),
        ),
    ),
    "medis": (
        ChecklistRow(
            BEGIN,
            "medis-1",
            _lines(_("併記する氏名の書類は、旧姓を記載した住民票の写しで、併記する氏名と一致する")),
        ),
    ),
    "jpa": (
        ChecklistRow(
            BEGIN,
            "jpa-1",
            _lines(
                _(
                    "併記する氏名の書類は、旧姓を記載した住民票の写しまたは薬剤師免許証で、併記する氏名と一致する"
                )
            ),
        ),
    ),
}
