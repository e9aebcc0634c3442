"""A database as the first landed version left it, and what the product of today makes of it (decision 38).

`run` starts it in processes of their own, because Django knows one database per process: `make` gives an empty
database the schema of the 0001 migrations and the rows of landed.json; `look`, after `manage.py migrate`, tells what is
there and what the pages answer.

`landed.json` holds the rows that the landed code itself wrote for three demo people: a draft, a
submitted application, an issued one. Encrypted fields stand there in clear and are sealed when they are put in.
"""

import base64
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.test.utils import setup_test_environment
from django.urls import reverse
from django_otp import DEVICE_ID_SESSION_KEY

from enrollment import flow
from enrollment.models import Application
from ledger import verify
from staff.models import Officer

ROOT = Path(__file__).parents[2]
ROWS = Path(__file__).with_name("landed.json")
FIRST = [(app, "0001_initial") for app in ("staff", "ledger", "outbox", "signing", "enrollment")]
READERS: dict[str, Any] = {
    "bytes": base64.b64decode,
    "moment": datetime.fromisoformat,
    "day": date.fromisoformat,
    "uuid": uuid.UUID,
}


def run(word: str, database: str) -> str:
    """What `make`, `look`, or a command of manage.py printed for this DATABASE_URL."""
    script = "import django; django.setup(); from tests.deploy import landed; landed.main()"
    ours = word in ("make", "look")
    command = [sys.executable, "-W", "error", "-c", script] if ours else [sys.executable, "manage.py"]
    done = subprocess.run(
        [*command, *word.split()],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "deploy.settings"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


def main() -> None:
    if sys.argv[1] == "make":
        make(json.loads(ROWS.read_text()))
    else:
        print(json.dumps(look(json.loads(ROWS.read_text()))))


def value(given: Any) -> Any:
    """What a row holds: JSON as it is, or one of READERS by its mark."""
    if isinstance(given, dict) and len(given) == 1:
        ((mark, text),) = given.items()
        if mark in READERS:
            return READERS[mark](text)
    return given


def make(landed: dict[str, Any]) -> None:
    for app, name in FIRST:
        call_command("migrate", app, name, verbosity=0)
    old = MigrationExecutor(connection).loader.project_state(FIRST).apps
    with transaction.atomic():  # foreign keys are looked at when it ends
        for label, rows in landed["rows"].items():
            for row in rows:
                filled = old.get_model(label)(**{name: value(given) for name, given in row.items()})
                filled.save(force_insert=True)
    with connection.cursor() as cursor:
        models = [old.get_model(label) for label in landed["rows"]]
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)


def look(landed: dict[str, Any]) -> dict[str, Any]:
    """`lost`: values that are not what they were; `pages`: address and status; `ledger`: whether it verifies."""
    setup_test_environment()
    settings.CLOCK_OFFSET = datetime.fromisoformat(landed["at"]) - datetime.now(UTC)
    lost = [entry for label, rows in landed["rows"].items() for entry in _lost(label, rows)]
    pages = {**_applicants_pages(landed["cookies"]), **_officers_pages()}
    return {"lost": lost, "pages": pages, "ledger": verify.verify().ok}


def _lost(label: str, rows: list[dict[str, Any]]) -> Iterator[str]:
    model: Any = apps.get_model(label)
    for row in rows:
        now = model._default_manager.filter(pk=row["id"]).first()
        for name, given in row.items():
            then = value(given)
            kept = getattr(now, name, None)
            if (bytes(kept) if isinstance(kept, memoryview) else kept) != then:
                yield f"{label} {row['id']} {name}"


def _applicants_pages(cookies: dict[str, str]) -> dict[str, int]:
    found = {}
    for name, cookie in cookies.items():
        browser = Client()
        browser.cookies[settings.APPLICANT_COOKIE_NAME] = cookie
        steps = [f"/apply/{step.slug}/" for step in flow.ASKED] if name == "draft" else []
        for address in ("/status/", "/apply/", *steps):
            found[f"{name} {address}"] = browser.get(address).status_code
    return found


def _officers_pages() -> dict[str, int]:
    """The worklist and each case, for the officers who may see them."""
    found = {}
    for case in Application.objects.exclude(state="draft"):
        officer = Officer.objects.filter(roles__authority=case.authority).first()
        assert officer is not None
        browser = at_the_desk(officer)
        worklist = reverse("admin:enrollment_application_changelist")
        for address in (worklist, reverse("admin:enrollment_case", args=[case.public_id])):
            found[f"{case.state} {address}"] = browser.get(address).status_code
    return found


def at_the_desk(officer: Officer) -> Client:
    """A browser whose session has passed the second factor."""
    browser = Client()
    browser.force_login(officer)
    session = browser.session
    session[DEVICE_ID_SESSION_KEY] = officer.totp_device().persistent_id
    session.save()
    return browser
