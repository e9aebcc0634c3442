"""The certificate, its link and its phone on the screen of an issued case, and what this officer may do (RV-7)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet, Value
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from enrollment import aftercare, authorities
from enrollment.flow import State
from enrollment.models import Application
from enrollment.steps.question import Words
from ledger.clock import end_of_day, last_day, today
from outbox.models import Job
from staff.models import Officer


class Act(NamedTuple):
    """`reasons` are asked for; `danger` cannot be undone."""

    title: Words
    told: Words
    reasons: Mapping[str, Words]
    danger: bool = False


# RFC 5280 section 5.3.1
REVOCATIONS: dict[str, Words] = {
    "key_compromise": _("鍵の危殆化（本人以外が署名できる状態になった）"),
    "affiliation_changed": _("氏名・資格など、証明書の記載内容が変わった"),
    "superseded": _("新しい証明書に替えた"),
    "cessation_of_operation": _("利用をやめた（本人の申出・死亡など）"),
    "privilege_withdrawn": _("資格を失った、または取り消された"),
    "unspecified": _("そのほか"),
}
SUSPENSIONS: dict[str, Words] = {
    "lost": _("スマートフォンやマイナンバーカードをなくしたという連絡があった"),
    "signer_request": _("本人から停止の申出があった"),
    "suspected_misuse": _("不正な利用の疑いがある"),
    "under_investigation": _("資格や本人の確認をしている"),
}
RESUMPTIONS: dict[str, Words] = {
    "found_again": _("なくしたものが見つかった"),
    "cleared": _("確認が終わり、問題がなかった"),
    "mistake": _("停止が誤りだった"),
}
LINKS: dict[str, Words] = {
    "link_expired": _("URLの期限が過ぎた"),
    "link_locked": _("パスワードを間違えて、URLが停止した"),
    "new_phone": _("スマートフォンを替えた"),
    "phone_lost": _("スマートフォンをなくした、または壊れた"),
    "not_received": _("お知らせを読めないという連絡があった"),
}
REASONS: dict[str, Words] = {
    **REVOCATIONS,
    **SUSPENSIONS,
    **RESUMPTIONS,
    "revocation_asked": _("失効の確認を待っている"),
    "not_after": _("有効期間が終わった"),
}
ACTS: dict[str, Act] = {
    "suspend": Act(
        _("一時停止する"),
        _("すぐに署名できなくなり、いまの利用も終わります。あとで再開できます。"),
        SUSPENSIONS,
    ),
    "resume": Act(
        _("利用を再開する"), _("署名できるようになります。本人は、もう一度認証します。"), RESUMPTIONS
    ),
    "revoke": Act(
        _("失効させる"),
        _("すぐに署名できなくなり、失効リストに載ります。元に戻せません。"),
        REVOCATIONS,
        danger=True,
    ),
    "confirm": Act(
        _("失効を確認する"),
        _("証明書が失効し、失効リストに載ります。元に戻せません。"),
        {},
        danger=True,
    ),
    "drop": Act(
        _("失効を取りやめる"), _("失効の依頼を取り下げます。証明書は、再開するまで停止したままです。"), {}
    ),
    "link": Act(
        _("登録用URLを再発行する"),
        _(
            "以前のURLはすぐに使えなくなり、新しいURLとパスワードが本人のお知らせに届きます。この画面には表示されません。"
        ),
        LINKS,
    ),
}
# Jobs whose failure leaves a case where it is: the state it waits in (the subject is the case's or the credential's id)
ALARMS = {
    "enrollment.approved": State.APPROVED,
    "signing.issue": State.ISSUING,
    "signing.credential_issued": State.ISSUING,
}
STATES: dict[str, tuple[Words, str]] = {
    "ordered": (_("発行中"), ""),
    "active": (_("有効"), "good"),
    "suspended": (_("一時停止中"), "care"),
    "revoked": (_("失効"), "wrong"),
    "expired": (_("有効期間終了"), "wrong"),
}
LINK_STATES: dict[str, Words] = {
    "": _("未発行"),
    "open": _("登録待ち"),
    "bound": _("登録に使われた"),
    "locked": _("停止（パスワードの誤り）"),
    "expired": _("期限切れ"),
    "void": _("無効"),
}


def offers(case: Application, officer: Officer, at: datetime) -> tuple[str, ...]:
    """Names of acts that this officer may carry out on this case's certificate now."""
    found = aftercare.standing(case)
    if found is None:
        return ()
    asked = aftercare.open_request(case)
    suspends = _holds(officer, case, aftercare.SUSPENDING)
    decides = _holds(officer, case, aftercare.DECIDING)
    is_mine = asked is not None and asked.asked_by_id == officer.pk
    once = found.was_bound and authorities.phone_binding_once(case.authority, today(at))
    is_living = found.state in ("active", "suspended")
    may = {
        "suspend": found.state == "active" and suspends,
        "resume": found.state == "suspended" and decides and asked is None,
        "revoke": is_living and suspends and asked is None,
        "confirm": asked is not None and is_living and decides and not is_mine,
        "drop": asked is not None and (decides or is_mine),
        "link": found.state == "active" and suspends and not once,
    }
    return tuple(name for name in ACTS if may[name])


def _holds(officer: Officer, case: Application, roles: tuple[str, ...]) -> bool:
    return any(officer.holds(role, case.authority) for role in roles)


def alarm(case: Application) -> bool:
    """Whether the order of this case was given up after its last try: nothing will happen by itself any more."""
    subject = case.public_id if case.state == State.APPROVED else case.credential
    kinds = [kind for kind, state in ALARMS.items() if state == case.state]
    failed = Job.objects.filter(kind__in=kinds, subject=str(subject), state=Job.State.FAILED)
    return bool(kinds) and failed.exists()


def with_alarms(cases: QuerySet[Application]) -> QuerySet[Application]:
    """Adds `is_stuck`, as `alarm` says, to a whole list; the few failed jobs are read once, not once a row."""
    jobs = Job.objects.filter(kind__in=[*ALARMS], state=Job.State.FAILED).order_by("-pk")
    found: dict[State, set[str]] = {}
    for kind, subject in jobs.values_list("kind", "subject")[:500]:
        found.setdefault(ALARMS[kind], set()).add(subject)
    approved, issuing = found.get(State.APPROVED, set()), found.get(State.ISSUING, set())
    if not approved and not issuing:
        return cases.annotate(is_stuck=Value(False))
    stuck = Q(state=State.APPROVED, public_id__in=approved) | Q(state=State.ISSUING, credential__in=issuing)
    return cases.annotate(is_stuck=ExpressionWrapper(stuck, BooleanField()))


def _last_whole_day(end: datetime | None) -> date | None:
    """The day at whose 24:00 a link ends, as the applicant reads it; None for one that ends within a day."""
    if end is None or end_of_day(last_day(end)) != end:
        return None
    return last_day(end)


def section(case: Application, officer: Officer, at: datetime) -> dict[str, Any] | None:
    """What `desk/credential.html` draws; None where there is neither a certificate nor an alarm."""
    found, stuck = aftercare.standing(case), alarm(case)
    if found is None:
        return {"stuck": stuck} if stuck else None
    title, mark = STATES.get(found.state, (found.state, ""))
    asked = aftercare.open_request(case)
    return {
        "stuck": stuck,
        "standing": found,
        "state": title,
        "mark": mark,
        "link_state": LINK_STATES.get(found.link_state, found.link_state),
        "link_day": _last_whole_day(found.link_expires_at),
        "reason": REASONS.get(found.revocation_reason, found.revocation_reason),
        "asked": asked,
        "asked_reason": REASONS.get(asked.reason, asked.reason) if asked else "",
        "phone_once": found.was_bound and authorities.phone_binding_once(case.authority, today(at)),
        "acts": [
            {
                "title": ACTS[name].title,
                "danger": ACTS[name].danger,
                "url": reverse("admin:enrollment_case_credential", args=[case.public_id, name]),
            }
            for name in offers(case, officer, at)
        ],
    }
