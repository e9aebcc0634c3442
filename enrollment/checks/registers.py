"""What other cases and the authorities' registers say of the same person (decision 7, CA-10 to CA-12, CA-19, DQ-07).

A self-claimed number must block nobody and reveal nothing: of another authority's cases only the number is told.
"""

from datetime import date

from enrollment import days
from enrollment.applicants import registers
from enrollment.checks.asking import FAIL, NOTICE, PASS, Case, Result, Said, found, together
from enrollment.days import age_on
from enrollment.flow import LIVING, State
from enrollment.models import Application
from enrollment.problems import Problem
from enrollment.problems import gettext_noop as _
from ledger import clock

HANDED_IN = [state.value for state in (*LIVING, State.ISSUED) if state is not State.DRAFT]
MOST_NAMED = 5


def duplicates(case: Case) -> Result:
    """Equal registration number, or equal name, birth date and sex, in other cases of any authority."""
    mine = case.application
    others = Application.objects.exclude(pk=mine.pk).filter(state__in=HANDED_IN)
    same_number = others.filter(
        qualification=mine.qualification, registration_number=mine.registration_number
    )
    same_person = others.filter(person_key=mine.person_key) if mine.person_key else others.none()
    told = []
    for rows, ours, elsewhere in (
        (
            same_number,
            _("同じ登録番号の申請がこの認証局に %(number)s 件あります（%(receipts)s）。"),
            _("同じ登録番号の申請がほかの認証局に %(number)s 件あります。"),
        ),
        (
            same_person,
            _("氏名・生年月日・性別が同じ申請がこの認証局に %(number)s 件あります（%(receipts)s）。"),
            _("氏名・生年月日・性別が同じ申請がほかの認証局に %(number)s 件あります。"),
        ),
    ):
        here = rows.filter(authority=mine.authority)
        if number := here.count():
            named = here.order_by("pk").values_list("receipt_number", flat=True)[:MOST_NAMED]
            receipts = "、".join(str(receipt) for receipt in named)
            told.append((NOTICE, Said(ours, {"number": number, "receipts": receipts})))
        if number := rows.exclude(authority=mine.authority).count():
            told.append((NOTICE, Said(elsewhere, {"number": number})))
    return together(told, _("重複する申請はありません。"))


def card_holder(case: Case) -> Result:
    """CA-11, CA-19: the registers of holders and open orders, by qualification, number and birth date."""
    standing = registers.standing(
        case.application.qualification, case.application.registration_number, case.born
    )
    if standing == registers.ORDERED:
        return found(FAIL, _("認証局の台帳では、HPKIカードの発行待ちです。"))
    if standing:
        return found(FAIL, _("認証局の台帳では、HPKIカード（期限切れ・失効を含む）の保有者です。"))
    return found(PASS, _("HPKIカード保有者の台帳にありません。"))


def registration(case: Case) -> Result:
    """DQ-02, DQ-07: the number of the case is the one that was signed, and the dates can be true."""
    number = case.answer("licence", "registration_number")
    if number != case.application.registration_number:
        return found(FAIL, _("申請の登録番号が、署名された登録番号と異なります。"))
    registered = date.fromisoformat(case.answer("licence", "registered_on"))
    today, years = clock.today(case.at), age_on(registered, case.born)
    try:
        days.registered_on(registered.isoformat(), birth_date=case.born, today=today)
        if reissued := case.answer("licence", "reissued_on"):
            days.reissued_on(reissued, registered=registered, today=today)
    except Problem as problem:
        return Result(FAIL, [Said(problem.template, problem.values)])
    if days.is_early_registration(registered, case.born):
        return found(NOTICE, _("登録年月日の時点で%(years)s歳です。免許証と見比べてください。"), years=years)
    return found(PASS, _("登録年月日の時点で%(years)s歳です。"), years=years)
