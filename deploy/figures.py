"""Figures for Prometheus, written by hand: a few counts do not need a library.

Source: contract.md "/metrics"; text format 0.0.4.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from django.apps import apps
from django.conf import settings
from django.db.models import Count, Min

from ledger import apart, clock, daily
from outbox import mails
from signing.issuing import state


class Figure(NamedTuple):
    name: str
    help: str
    samples: list[tuple[dict[str, str], float]]


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _lines(figure: Figure) -> Iterator[str]:
    yield f"# HELP {figure.name} {figure.help}"
    yield f"# TYPE {figure.name} gauge"
    for labels, value in figure.samples:
        inner = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
        yield f"{figure.name}{{{inner}}} {value:g}" if inner else f"{figure.name} {value:g}"


def _by_state(model: str, *fields: str) -> list[tuple[dict[str, str], float]]:
    rows = apps.get_model(model)._default_manager.values(*fields).annotate(rows=Count("pk")).order_by(*fields)
    return [({field: str(row[field]) for field in fields}, row["rows"]) for row in rows]


def _overdue() -> list[tuple[dict[str, str], float]]:
    """Seconds that the oldest ready job of each queue has been due."""
    now = clock.now()
    jobs = apps.get_model("outbox.Job")._default_manager.filter(state="ready", run_after__lte=now)
    oldest = jobs.values("queue").annotate(since=Min("run_after")).order_by("queue")
    return [({"queue": row["queue"]}, (now - row["since"]).total_seconds()) for row in oldest]


def _chores() -> tuple[Figure, Figure]:
    """The clock's pieces of work: failures in a row, and how long ago each was last done (-1: never)."""
    now = clock.now()
    rows = list(apps.get_model("outbox.ChoreRecord")._default_manager.order_by("name"))
    failures = [({"chore": row.name}, row.failures) for row in rows]
    ages = [({"chore": row.name}, (now - row.done_at).total_seconds() if row.done_at else -1) for row in rows]
    return (
        Figure(
            "inkan_chore_failures", "Tries in a row at a piece of the clock's work that failed.", failures
        ),
        Figure("inkan_chore_age_seconds", "How long ago it was last done; -1 for never.", ages),
    )


def _not_kept() -> int:
    try:
        return apart.not_kept(settings.LEDGER_ROOTS)
    except OSError:
        return -1


def _authorities() -> Iterator[Figure]:
    at = clock.now()
    yield Figure(
        "inkan_crl_overdue_seconds",
        "How long the newest revocation list has been past half its life; an alarm from an hour on.",
        [({"issuer": code}, seconds) for code, seconds in state.lists_overdue(at).items()],
    )
    yield Figure(
        "inkan_ocsp_responder_seconds_left",
        "Until the certificate of the authority's OCSP responder ends; renewed at half of 30 days.",
        [({"issuer": code}, seconds) for code, seconds in state.responders_left(at).items()],
    )
    yield Figure(
        "inkan_ocsp_answers_late",
        "Certificates whose status cannot be told right now; an alarm where it stays above 0.",
        [({}, state.answers_late(at))],
    )
    yield Figure(
        "inkan_orders_stopped",
        "Orders whose certificate a linter refused; an alarm from 1 on (manage.py stopped_orders).",
        [({}, state.orders_stopped())],
    )
    yield Figure(
        "inkan_certificates_with_findings",
        "Stored certificates in which the nightly reading found something; an alarm from 1 on.",
        [({}, state.certificates_with_findings())],
    )


def _figures() -> Iterable[Figure]:
    yield Figure("inkan_jobs", "Jobs in the outbox.", _by_state("outbox.Job", "queue", "state"))
    yield Figure("inkan_job_overdue_seconds", "How long the oldest due job waits.", _overdue())
    yield Figure(
        "inkan_applications", "Applications.", _by_state("enrollment.Application", "authority", "state")
    )
    yield Figure("inkan_credentials", "Credentials.", _by_state("signing.Credential", "authority", "state"))
    yield from _authorities()
    yield from _chores()
    yield Figure(
        "inkan_ledger_root_days_behind",
        "Days whose root of the audit log is missing; an alarm from 1 on.",
        [({}, daily.days_behind(clock.now()))],
    )
    yield Figure(
        "inkan_ledger_roots_not_kept",
        "Closed days whose root is not kept outside the database (-1: not readable); an alarm where it stays so.",
        [({}, _not_kept())],
    )
    yield Figure(
        "inkan_mails_perhaps_doubled",
        "Hand-overs to the mail server whose end nobody knows: at most so many copies too many.",
        [({}, mails.perhaps_doubled())],
    )


def exposition() -> str:
    return "".join(f"{line}\n" for figure in _figures() for line in _lines(figure))
