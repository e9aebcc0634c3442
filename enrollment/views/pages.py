"""What differs from step to step: what a page shows besides its form, what happens to a secret, what follows a save."""

from collections.abc import Callable
from datetime import datetime
from email.utils import parseaddr
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from enrollment import authorities, drafts, flow, signed, statement, submission
from enrollment.applicants import card_pins, comparison, corrections, emails
from enrollment.applicants.prices import amount_text
from enrollment.errors import Refused
from enrollment.flow import Draft, Step
from enrollment.models import Application
from enrollment.steps import Question
from enrollment.steps.consent import Consent
from enrollment.views import refusals, summary
from enrollment.views.door import Visit
from ledger.clock import today


class Page(NamedTuple):
    """Everything that a step's page is about."""

    request: HttpRequest
    visit: Visit
    application: Application
    draft: Draft
    step: Step


def shared(page: Page) -> dict[str, Any]:
    """What every page of the flow shows: where one is, whose application it is, the way back."""
    before = [
        row for row in flow.steps_for(page.draft) if flow.STEPS.index(row) < flow.STEPS.index(page.step)
    ]
    return {
        "step": page.step,
        "title": _(page.step.title),
        "steps": progress(page.draft, page.step.number),
        "application": page.application,
        "authority_name": _(authorities.authority(page.draft.authority).name) if page.draft.authority else "",
        "person": page.draft.answer("card", "name") or "",
        "previous": reverse("step", args=[before[-1].slug]) if before else reverse("tasks"),
        "makes_card": bool(page.draft.fields and page.draft.fields.card_pin_digits),
        "wanted": [
            row.sentence
            for row in corrections.asked(page.application, page.draft)
            if row.slug == page.step.slug and not row.is_changed
        ],
    }


def progress(draft: Draft, current: int) -> list[dict[str, Any]]:
    """The twelve steps of the source manual for parts/steps.html."""
    found = []
    for number, title in flow.PHASES.items():
        rows = [row for row in flow.steps_for(draft) if row.number == number]
        done = number <= 2 or all(row.is_complete(draft) for row in rows)
        state = "current" if number == current else "done" if done else "todo"
        first = next((row for row in rows if flow.is_open(row, draft)), None)
        is_link = done and number != current and number > 2 and not draft.is_submitted
        url = reverse("step", args=[first.slug]) if first and is_link else ""
        found.append({"title": _(title), "state": state, "url": url})
    return found


def seal_pin(page: Page, form: Question) -> None:
    card_pins.seal(page.application, form.cleaned_data["pin"], page.visit.at)


def confirm_code(page: Page, form: Question) -> None:
    address = str(page.draft.answer("email", "address"))
    emails.confirm(page.visit.applicant, address, form.cleaned_data["code"], page.visit.at)


def send_code(page: Page, form: Question) -> None:
    applicant, address = page.visit.applicant, str(form.cleaned_data["address"])
    applicant.wants_reminders = bool(form.cleaned_data["wants_reminders"])
    applicant.save(update_fields=["wants_reminders"])
    if (
        not emails.is_confirmed(applicant, address)
        and emails.pending(applicant, address, page.visit.at) is None
    ):
        try:
            emails.send_code(applicant, address, page.visit.at)
        except Refused:
            return  # the code's page says when the next one can be sent


def freeze(page: Page, form: Question) -> None:
    submission.freeze(page.application, page.visit.at)


def is_what_was_seen(page: Page, form: Question) -> str:
    """⑨: a page that was open while another tab, or midnight, changed something is looked at once more (ST-09)."""
    untouched = corrections.is_untouched(page.application, page.draft)
    if untouched:
        rows = corrections.unchanged(page.application, page.draft)
        listed = _("、").join(_(row.label) for row in rows)
        return _(
            "修正をお願いした項目が、まだ1つも変わっていません：%(listed)s。"
            "「修正をお願いした項目」の一覧から直してください。直す必要がないと思われるときは、申請先の認証局にお問い合わせください。"
        ) % {"listed": listed}
    if form.cleaned_data["seen"] == submission.checked(page.application, page.draft, page.visit.at).hex():
        return ""
    return _(
        "この画面を開いたあとで、申請の内容が変わりました。下の内容をもう一度ご確認のうえ、お進みください。"
    )


def is_what_was_read(page: Page, form: Question) -> str:
    """⑩: what is agreed to is what stood on the page (CA-16)."""
    if isinstance(form, Consent) and form.cleaned_data["asked"] == form.versions:
        return ""
    return _("確認事項が新しくなりました。変わったところをお読みのうえ、もう一度同意してください。")


def _check_context(page: Page) -> dict[str, Any]:
    price = submission.price_of(page.draft, today(page.visit.at))
    return {
        "groups": summary.groups(page.application, page.draft, page.draft.answers, links_at=page.visit.at),
        "asked": corrections.asked(page.application, page.draft),
        "seen": submission.checked(page.application, page.draft, page.visit.at).hex(),
        "changes": consent_changes(page.application, page.draft, page.visit.at),
        "price": amount_text(price),
        "price_as_of": price.as_of,
        "card_text": _(
            authorities.card_text(
                page.draft.authority,
                today(page.visit.at),
                wants_card=page.draft.answer("qualification", "wants_card") != drafts.NO_CARD,
            )
        ),
        "waiting_text": _(authorities.waiting_text(page.draft.authority, today(page.visit.at))),
    }


def consent_changes(
    application: Application, draft: Draft, at: datetime
) -> tuple[authorities.ConsentChange, ...]:
    """What is to be agreed to now and was not when the draft was begun, or last signed (CA-16)."""
    frozen = signed.newest(application)
    if frozen is not None:
        former = [(one["id"], one["version"]) for one in statement.read(frozen.content)["consents"]]
    else:
        items = authorities.consents(draft.authority, today(application.created_at))
        former = [(item.id, item.version) for item in items]
    return authorities.consent_changes(former, draft.authority, today(at), _) if former else ()


def _email_context(page: Page) -> dict[str, Any]:
    address = str(page.draft.answer("email", "address") or page.visit.applicant.email)
    return code_context(page.visit.applicant, address, page.visit.at) | {
        "is_confirmed": page.step.is_complete(page.draft) and page.step.slug == "email-code",
        "onward": reverse("step", args=[flow.first_open(page.draft, page.step.slug).slug]),
        "resend_url": reverse("resend_code"),
        "change_url": reverse("step", args=["email"]),
    }


def code_context(owner: emails.Owner, address: str, at: datetime) -> dict[str, Any]:
    """What a code's page says of its mail: from whom, on its way or stuck, when the next can be sent (DQ-20, DQ-28)."""
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    waiting = emails.pending(owner, address, at)
    left = emails.wait(owner, at)
    return {
        "address": address,
        "sender": sender,
        "sender_domain": sender.rpartition("@")[2],
        "code_is_on_its_way": waiting is not None,
        "is_stuck": waiting is not None and emails.is_stuck(waiting),
        "tries_left": emails.TRIES - waiting.attempts if waiting else 0,
        "again": "" if left.seconds == 0 else refusals.wait_sentence(left.code, left.seconds),
    }


def _office_context(page: Page) -> dict[str, Any]:
    """③ What one should know of each authority before choosing (CA-21, CA-22)."""
    return {"offices": comparison.compared(today(page.visit.at))}


def _card_context(page: Page) -> dict[str, Any]:
    return {"card_rows": summary.rows("card", page.draft.answers["card"])}


def _pin_context(page: Page) -> dict[str, Any]:
    return {"is_sealed": page.draft.has_card_pin}


SECRETS: dict[str, Callable[[Page, Question], None]] = {"card-pin": seal_pin, "email-code": confirm_code}
# What is wrong although every answer is right; "" for nothing.
GUARDS: dict[str, Callable[[Page, Question], str]] = {
    flow.CHECK: is_what_was_seen,
    flow.CONSENT: is_what_was_read,
}
AFTER: dict[str, Callable[[Page, Question], None]] = {"email": send_code, flow.CONSENT: freeze}
CONTEXTS: dict[str, Callable[[Page], dict[str, Any]]] = {
    "qualification": _office_context,
    "card-check": _card_context,
    "card-pin": _pin_context,
    flow.CHECK: _check_context,
    flow.CONSENT: _check_context,
    "email": _email_context,
    "email-code": _email_context,
}
