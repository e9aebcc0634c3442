"""`manage.py doctor`: says in plain words what is wrong with this installation; exit code 1 where something is."""

import shutil
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.migrations.executor import MigrationExecutor

from deploy import checks, health
from ledger import apart, clock, daily
from outbox.models import ChoreRecord

WORDS = {
    "database": "The database does not answer. Is DATABASE_URL right, and does the server run?",
    "broker": "The broker does not answer. Jobs wait in the database until it does. Is BROKER_URL right?",
    "signer": "The signer process does not answer or its key module is away, so nobody can sign. "
    "Start `python -m signing.signer --role signers`.",
    "issuer": "The authorities' signer does not answer or its key module is away, so no certificate can be issued. "
    "Start `python -m signing.signer --role authorities`.",
    "storage": "Files cannot be written. Is there room, and may this user write to STORAGE_URL?",
    "scanner": "The malware scanner of INKAN_CLAMD does not answer, so no file can be uploaded. "
    "Does clamd run, and may this user reach its socket?",
}
FAILED_OFTEN = 3
LITTLE_ROOM = 500 * 1024 * 1024


def _migrations() -> Iterator[str]:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        yield f"{len(waiting)} migrations are not applied to {DEFAULT_DB_ALIAS}. Run `manage.py migrate`."


def _room() -> Iterator[str]:
    free = shutil.disk_usage(settings.HOME).free
    if free < LITTLE_ROOM:
        yield f"Only {free // 1024**2} MB are free under {settings.HOME}."


def _ledger() -> Iterator[str]:
    behind = daily.days_behind(clock.now())
    if behind:
        yield (
            f"The audit log's daily root is {behind} days late. Do the clock, a worker and the authorities' signer run?"
        )
    try:
        missing = apart.not_kept(settings.LEDGER_ROOTS)
    except OSError:
        yield f"The roots of the audit log cannot be read under {settings.LEDGER_ROOTS} (INKAN_ROOTS)."
        return
    if missing:
        yield (
            f"{missing} roots of the audit log are not kept under {settings.LEDGER_ROOTS}. Where a line was removed "
            "there, compare with a copy from elsewhere: `manage.py audit verify --roots FILE`."
        )


def _chores() -> Iterator[str]:
    for row in ChoreRecord.objects.filter(failures__gte=FAILED_OFTEN).order_by("name"):
        yield f"The clock's work `{row.name}` has failed {row.failures} times in a row; the worker's log tells why."


def findings() -> Iterator[str]:
    yield from checks.problems()
    states = health.parts()
    yield from (WORDS[name] for name, state in states.items() if state != "ok")
    if states["database"] == "ok":
        waiting = list(_migrations())
        yield from waiting
        if not waiting:
            yield from _ledger()
            yield from _chores()
    yield from _room()


class Command(BaseCommand):
    help = "Says in plain words what is wrong with this installation."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(findings())
        for number, finding in enumerate(found, 1):
            self.stdout.write(f"{number}. {finding}")
        if found:
            raise SystemExit(1)
        self.stdout.write(f"Nothing is wrong with this installation ({settings.INKAN_ENV}, {settings.HOME}).")
