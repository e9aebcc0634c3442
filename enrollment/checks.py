"""The automatic checks of a submitted case: a list of small questions, each answered by one finding (RV-5).

Celery runs them in the authority's own queue (decision 13). Each check may run again at any time; a check that
breaks is itself a finding ("error"), never a stuck case: the officer decides.
"""

import logging
import uuid
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy

from cards import cms, jpki, profile, trust
from enrollment import checklists, names, signed, statement
from enrollment.flow import LIVING, State
from enrollment.models import Application, Attachment, CardHolder, Finding
from enrollment.models import Statement as StatementRow
from enrollment.steps import file_hints
from ledger import clock, log

logger = logging.getLogger(__name__)


class Result(NamedTuple):
    """outcome: pass, notice (look at it), fail (it does not hold); detail: a sentence for the officer."""

    outcome: str
    detail: str = ""


class Case(NamedTuple):
    """What the checks may look at: the signed statement, not the rows that came after it."""

    application: Application
    row: StatementRow
    facts: Mapping[str, Any]
    answers: Mapping[str, Mapping[str, Any]]
    at: datetime


def run_all(subject: str) -> None:
    """`enrollment.submitted`: run every check of the newest round; running again replaces the findings."""
    at = clock.now()
    application = Application.objects.get(public_id=uuid.UUID(subject))
    row = signed.newest(application)
    if row is None or application.state not in (State.SUBMITTED, State.IN_REVIEW, State.RECOMMENDED):
        return  # withdrawn or decided in the meantime
    facts = statement.read(row.content)
    case = Case(application, row, facts, facts["answers"], at)
    results = {name: _ask(name, check, case) for name, check in CHECKS.items()}
    with transaction.atomic():
        for name, result in results.items():
            Finding.objects.update_or_create(
                application=application,
                round=application.round,
                check_name=name,
                defaults={"outcome": result.outcome, "detail": result.detail, "found_at": at},
            )
        log.append(
            "application.checked",
            actor=log.Actor("system", "checks"),
            subject=str(application.public_id),
            authority=application.authority,
            data={name: result.outcome for name, result in results.items()},
        )


def _ask(name: str, check: Callable[[Case], Result], case: Case) -> Result:
    try:
        return check(case)
    except Exception:  # a check that breaks must not stop the others: its failure is the finding
        logger.exception("check %s failed for %s", name, case.application.public_id)
        return Result("error", "この確認は実行できませんでした。手作業で確認してください。")


def _jpki_signature(case: Case) -> Result:
    """The CMS holds over the frozen bytes, and the certificate is valid at this hour (ST-10, RV-5)."""
    content = case.row.content
    certificate = cms.verify(bytes(case.row.cms or b""), content)
    result = jpki.verify(
        certificate, profile.CertificateKind.SIGNATURE, case.at, trust.TrustStore.load(settings.JPKI_TRUST)
    )
    if result.outcome is jpki.Outcome.VALID:
        return Result("pass", "署名は有効です。証明書はいま失効していません。")
    if result.outcome is jpki.Outcome.NOT_CHECKED:
        return Result("fail", "証明書の失効を確認できませんでした。")
    if result.outcome is jpki.Outcome.REVOKED:
        return Result("fail", "署名用電子証明書は失効しています。")
    return Result("fail", f"署名用電子証明書を検証できません（{result.problem}）。")


def _names_agree(case: Case) -> Result:
    """The card's name and the certificate's (NM-06, NM-07)."""
    certificate = bytes(case.row.signature_certificate or b"")
    result = jpki.verify(
        certificate, profile.CertificateKind.SIGNATURE, case.at, trust.TrustStore.load(settings.JPKI_TRUST)
    )
    if result.attributes is None:
        return Result("fail", "証明書に氏名がありません。")
    match = names.compare(str(case.answers["card"]["name"]), result.attributes.name)
    if match is names.Match.EQUAL:
        return Result("pass", "カードと証明書の氏名は一致します。")
    if match is names.Match.VARIANT:
        return Result("notice", "異体字・代替文字の違いがあります。身分証の画像と見比べてください。")
    return Result("fail", "カードと証明書の氏名が一致しません。")


def _files_are_intact(case: Case) -> Result:
    """What the officer sees is what was signed: digests of originals and of shown copies (decision 25)."""
    changed = signed.changed_files(case.application, case.facts)
    if changed:
        return Result("fail", f"添付ファイル（{'、'.join(changed)}）が署名されたものと異なります。")
    if signed.erased(case.application):
        return Result(
            "notice", "個人番号が写っていたため消去した添付ファイルがあります。修正を求めてください。"
        )
    return Result("pass", "すべての添付ファイルは署名されたものと同じです。")


def _file_warnings(case: Case) -> Result:
    """What was measured in the pictures, with its figures; never a refusal (PH-07 to PH-10)."""
    declared = str(case.answers.get("photo", {}).get("taken_on") or "")
    noticed = []
    for row in Attachment.objects.filter(application=case.application).order_by("slot", "ordinal"):
        day = declared if row.slot == "photo" else ""
        seen = checklists.Seen(row.slot, row.warnings, row.measures, file_hints.shown_sides(row), day)
        for line in checklists.measured(seen):
            if line.outcome == checklists.CARE:
                figure = f"（{line.figure % line.values}）" if line.figure else ""
                noticed.append(f"{SLOTS[row.slot]}：{line.what}{figure}")
    return (
        Result("notice", " / ".join(noticed)) if noticed else Result("pass", "画像に気になる点はありません。")
    )


def _no_duplicate(case: Case) -> Result:
    """Equal registration number, or equal name, birth date and sex, in other cases of any authority (decision 7)."""
    others = Application.objects.exclude(pk=case.application.pk).filter(
        state__in=[state.value for state in (*LIVING, State.ISSUED) if state is not State.DRAFT]
    )
    same_number = others.filter(
        qualification=case.application.qualification, registration_number=case.application.registration_number
    ).count()
    same_person = (
        others.filter(person_key=case.application.person_key).count() if case.application.person_key else 0
    )
    if same_number or same_person:
        return Result(
            "notice",
            f"同じ登録番号の申請 {same_number} 件、氏名・生年月日・性別が同じ申請 {same_person} 件があります。",
        )
    return Result("pass", "重複する申請はありません。")


def _no_card_holder(case: Case) -> Result:
    """CA-11, CA-19: the register of holders and open orders, by qualification, number and birth date."""
    born = date.fromisoformat(str(case.answers["card"]["birth_date"]))
    held = CardHolder.objects.filter(
        qualification=case.application.qualification,
        registration_number=case.application.registration_number,
        birth_date=born,
    ).first()
    if held is None:
        return Result("pass", "HPKIカード保有者の台帳にありません。")
    return Result("fail", f"HPKIカード保有者の台帳にあります（{held.authority.upper()}・{held.status}）。")


def _registration_is_plausible(case: Case) -> Result:
    """DQ-07: registered at eighteen at the earliest; under twenty-two is worth a look."""
    born = date.fromisoformat(str(case.answers["card"]["birth_date"]))
    registered = date.fromisoformat(str(case.answers["licence"]["registered_on"]))
    age = registered.year - born.year - ((registered.month, registered.day) < (born.month, born.day))
    if age < 18 or registered > clock.today(case.at):
        return Result("fail", f"登録年月日の時点で {age} 歳です。")
    if age < 22:
        return Result("notice", f"登録年月日の時点で {age} 歳です。免許証と見比べてください。")
    return Result("pass", f"登録年月日の時点で {age} 歳です。")


SLOTS = {
    "photo": "顔写真",
    "identity": "身分証",
    "licence_front": "資格免許証（表）",
    "licence_back": "資格免許証（裏）",
    "name_proof": "併記する氏名の書類",
    "licence_name_proof": "改姓手続き中の書類",
}
CHECKS: Mapping[str, Callable[[Case], Result]] = {
    "jpki_signature": _jpki_signature,
    "names": _names_agree,
    "files": _files_are_intact,
    "pictures": _file_warnings,
    "duplicates": _no_duplicate,
    "card_holder": _no_card_holder,
    "registration": _registration_is_plausible,
}
TITLES = {
    "jpki_signature": gettext_lazy("電子署名と失効"),
    "names": gettext_lazy("氏名の一致"),
    "files": gettext_lazy("添付ファイルの同一性"),
    "pictures": gettext_lazy("画像の確認"),
    "duplicates": gettext_lazy("重複申請"),
    "card_holder": gettext_lazy("HPKIカード保有"),
    "registration": gettext_lazy("登録年月日"),
}
