"""What the clock does besides sweeping the outbox. Each chore may run twice, late, or not at all for a while, and
fails alone: it is logged, counted in /metrics and tried again, and the others are done all the same."""

import base64
from datetime import datetime, timedelta

from celery import shared_task
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from django.conf import settings
from django.db import transaction

from deploy import retention
from enrollment import checks, review
from enrollment.applicants import card_numbers
from ledger import apart, clock, daily
from ledger.models import DailyRoot
from ledger.verify import verify
from outbox import chores, mails
from outbox.chores import Chore
from signing import ceremonies, credentials, issuance, links, reminders
from signing.acts import renewals
from signing.api.oauth import waiting
from signing.authorising import approvals
from signing.card_site import visits
from signing.issuing import answers, checker, lists
from signing.phones import shown_sign_in
from signing.records import failures, left_behind, usage
from signing.signer import client

_MAIL_AT_MOST_SO_LATE = timedelta(days=7)  # a mail's row, and so its `dedupe`, outlives this by far


def _publish_lists(at: datetime) -> None:
    lists.publish_due()


def _close_yesterday(at: datetime) -> None:
    """Yesterday's root of the ledger under the log key (decision 23)."""
    authorities = client.authorities()
    key = load_der_public_key(authorities.public(["log"])[0])
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    daily.close_day(clock.today(at) - timedelta(days=1), authorities.log_sign, pem)


def _keep_roots(at: datetime) -> None:
    """Every closed day's root outside the database: in the file that only grows and, where wanted, in a mail."""
    apart.keep(settings.LEDGER_ROOTS)
    if not settings.ROOTS_MAIL:
        return
    for row in DailyRoot.objects.filter(closed_at__gt=at - _MAIL_AT_MOST_SO_LATE).order_by("day"):
        with transaction.atomic():
            mails.send(
                settings.ROOTS_MAIL,
                f"Inkan {settings.ORIGIN_PARTS.hostname}: root of the audit log {row.day}",
                f"{row.statement}\n\n{base64.encodebytes(bytes(row.signature)).decode()}\n{row.key_pem}",
                kind="ledger.root",
                about=f"root-{row.day}",
                dedupe=f"ledger.root:{row.day}:{settings.ROOTS_MAIL}",
            )


class AuditBroken(RuntimeError):
    """`manage.py audit verify` tells the rest."""


def _verify_newest(at: datetime) -> None:
    """The entries since the root before the last one, each day; the whole log is the operator's (deploy/README.md)."""
    days = list(DailyRoot.objects.order_by("-day").values_list("day", flat=True)[:2])
    kept = apart.read(settings.LEDGER_ROOTS / apart.NAME)
    report = verify(kept=kept, since=days[1] if len(days) == 2 else None)
    if report.broken is not None:
        found = report.broken
        raise AuditBroken(f"{found.problem} {found.shard}/{found.number} {found.day}")


# What ran out: told to the second, done within the minute.
MINUTE: tuple[Chore, ...] = (
    Chore("lapsed claims", review.release_lapsed),
    Chore("checks given up", checks.give_up_stuck),
    Chore("links past their end", links.expire_overdue),
    Chore("links whose end is near", reminders.remind_of_links),
    Chore("cards whose end is near", reminders.remind_of_cards),
    Chore("challenges nobody answered", ceremonies.forget_overdue),
    Chore("authorization requests nobody answered", waiting.forget_overdue),
    Chore("sign-ins by QR code", shown_sign_in.forget_overdue),
    Chore("approvals nobody gave", approvals.expire_overdue),
    Chore("visits of card holders", visits.forget_overdue),
    Chore("visits by a card's numbers", card_numbers.forget_overdue),
    Chore("reservations left behind", left_behind.fail_stuck),
    Chore("outcomes nobody knows", failures.record_missing),
    Chore("unusual use", usage.watch),
    Chore("credentials past their end", credentials.expire_due),
    Chore("renewals to be told", renewals.tell_due),
    Chore("cards past their end", renewals.tell_cards_ended),
    Chore("answers about certificates", answers.renew_due),
    *retention.MINUTE,
)
HOUR: tuple[Chore, ...] = (
    Chore("revocation lists", _publish_lists),
    Chore("daily root of the ledger", _close_yesterday),
    Chore("daily root kept apart", _keep_roots),
    Chore("orders left behind", issuance.resume_overdue),
)
DAY: tuple[Chore, ...] = (
    Chore("audit log since its last roots", _verify_newest),
    Chore("certificates read again", checker.begin),
)


@shared_task(name="clock.minute")
def minute() -> None:
    chores.carry_out(MINUTE)


@shared_task(name="clock.hour")
def hour() -> None:
    chores.carry_out(HOUR)


@shared_task(name="clock.retention")
def keep_or_erase() -> None:
    chores.carry_out(retention.HOUR)


@shared_task(name="clock.day")
def day() -> None:
    chores.carry_out((*DAY, *retention.DAY))
