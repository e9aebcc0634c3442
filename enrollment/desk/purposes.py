"""Why an officer looks at a case: it follows from the work, or it is stated on a page before anything is seen (RV-4).

Source: issue 4 point 4 ("every view of personal data or a document is logged: who, which, when, why"); the ministry's
safety guideline 6.0, operations part 8 and 17 (access records are kept and looked through); security.md threat 24.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from enrollment.flow import State
from enrollment.models import Application, CaseView, StatedPurpose
from enrollment.review import UNDO, is_silent
from enrollment.steps.question import Words
from ledger import clock, log
from staff.models import Officer

IN_FORCE = timedelta(minutes=30)  # a stated purpose, and what still belongs to a decision of one's own

# What the work itself says; nobody chooses these.
WORK: dict[str, Words] = {
    "review": _("審査"),
    "approval": _("承認の判断"),
    "own_decision": _("自分が判断した直後の確認"),
}
# What an officer states; "other" needs words of one's own.
STATED: dict[str, Words] = {
    "audit": _("監査"),
    "inquiry": _("申請者からの問い合わせ・苦情への対応"),
    "disclosure": _("開示請求・公的な照会への対応"),
    "colleague": _("審査の引継ぎ・相談"),
    "credential": _("証明書または登録用URLの手続き"),
    "incident": _("事故・不正の調査"),
    "other": _("その他（下に書いてください）"),
}
TITLES: dict[str, Words] = {**WORK, **STATED}

# Different cases that one officer sees in a day before the log says so (security.md threat 24: mass viewing).
# A full day of review at under two minutes each stays below the first; nobody's duties need the second.
MOST_WORKED, MOST_STATED = 300, 50


def of_work(case: Application, officer: Officer, at: datetime) -> str:
    """The purpose that is plain from the work: one's own claim, a free case, another's recommendation; else ""."""
    if officer.holds("EXAMINER", case.authority):
        is_mine = case.state == State.IN_REVIEW and case.claimed_by_id == officer.pk
        if (
            case.state == State.SUBMITTED or is_mine or is_silent(case, at)
        ):  # a silent colleague's may be taken over
            return "review"
    if officer.holds("APPROVER", case.authority):
        if case.state == State.RECOMMENDED and case.recommended_by_id != officer.pk:
            return "approval"
        is_undoable = case.decided_at is not None and at < case.decided_at + UNDO
        if case.state == State.APPROVED and case.approved_by_id == officer.pk and is_undoable:
            return "approval"
    return ""


def in_force(case: Application, officer: Officer, at: datetime) -> str:
    """The purpose under which this officer may look now; "" when none is known and one must be stated."""
    plain = of_work(case, officer, at)
    if plain:
        return plain
    if case.decisions.filter(officer=officer, decided_at__gt=at - IN_FORCE, decided_at__lte=at).exists():
        return "own_decision"
    stated = case.stated_purposes.filter(officer=officer, expires_at__gt=at, stated_at__lte=at)
    found = stated.order_by("-pk").first()
    return found.code if found is not None else ""


def state(case: Application, officer: Officer, code: str, note: str, at: datetime) -> None:
    """Keep what the officer wants with this case, for half an hour."""
    with transaction.atomic():
        row = StatedPurpose.objects.create(
            application=case,
            officer=officer,
            code=code,
            note=note,
            stated_at=at,
            expires_at=at + IN_FORCE,
        )
        log.append(
            "case.purpose_stated",
            actor=log.Actor("officer", str(officer.public_id)),
            subject=str(case.public_id),
            authority=case.authority,
            data={"purpose": code, "statement": row.pk},
        )


def count(case: Application, officer: Officer, purpose: str, at: datetime) -> None:
    """Inside the transaction of a look: a case more on this officer's day, and one entry when the day has too many."""
    day, is_work = clock.today(at), purpose in WORK
    mine = CaseView.objects.filter(application=case, officer=officer)
    if mine.filter(day=day).exists():
        return
    if not mine.update(day=day, is_work=is_work):
        CaseView.objects.bulk_create(
            [CaseView(application=case, officer=officer, day=day, is_work=is_work)], ignore_conflicts=True
        )
    seen = CaseView.objects.filter(officer=officer, day=day, is_work=is_work).count()
    most = MOST_WORKED if is_work else MOST_STATED
    if seen == most + 1:
        log.append(
            "staff.view_budget_exceeded",
            actor=log.SYSTEM,
            subject=str(officer.public_id),
            authority=case.authority,
            data={"cases": seen, "day": day.isoformat(), "stated": not is_work},
        )
