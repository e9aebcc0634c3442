"""The measuring processes of bench_pages: fill a database, then one round of all pages for each line on stdin."""

import json
import sys
import time
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.test import Client
from django.test.utils import CaptureQueriesContext, setup_test_environment
from django.urls import path, reverse

from deploy import urls
from enrollment import checks, flow, review
from enrollment.models import Application
from ledger import clock
from tests.bench import many
from tests.deploy.landed import at_the_desk
from tests.support import cases
from tests.support.people import Applying

BARE, LAYOUT = "/bare/", "/layout/"


def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def layout(request: HttpRequest) -> HttpResponse:
    return render(request, "layout.html")


urlpatterns = [path(BARE[1:], bare), path(LAYOUT[1:], layout), *urls.urlpatterns]


class Page(NamedTuple):
    name: str
    browser: Client
    address: str


def main() -> None:
    setup_test_environment()
    settings.ROOT_URLCONF = "tests.bench.pages"
    call_command("migrate", verbosity=0)
    pages, template = _prepare()
    many.fill(template, int(sys.argv[1]))
    serve(pages)


def serve(pages: list[Page]) -> None:
    """Warm, tell how many queries each page takes, then one round of all pages for each line on stdin."""
    for page in pages * 3:  # warm: templates, plans, buffers
        answer = page.browser.get(page.address)
        if answer.status_code != 200:
            sys.exit(f"{page.name} answers {answer.status_code}")
    queries = {page.name: _queries(page) for page in pages}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = Path(f"/proc/{cursor.fetchone()[0]}/schedstat")
    print(json.dumps({"ready": len(pages)}), flush=True)
    for _line in sys.stdin:
        spent = {page.name: [*_spent(page, backend), queries[page.name]] for page in pages}
        print(json.dumps(spent), flush=True)


def _prepare() -> tuple[list[Page], Application]:
    """One person who has answered everything, one who has submitted, an officer, and everybody's pages."""
    examiner = cases.officer("jma-examiner", ("jma", "EXAMINER"), ("medis", "EXAMINER"))
    cases.officer("jma-approver", ("jma", "APPROVER"))
    template = Applying("pharmacist").submit()
    checks.run_all(str(template.public_id))
    review.claim(template, examiner, clock.now())
    person, desk, stranger = Applying("doctor"), at_the_desk(examiner), Client()
    person.until(flow.SIGN)
    steps = [
        Page(row.slug, person.browser, reverse("step", args=[row.slug]))
        for row in flow.STEPS
        if row.slug != flow.DONE and person.get(row.slug).status_code == 200
    ]
    return [
        Page("bare view", stranger, BARE),
        Page("empty page", stranger, LAYOUT),
        Page("start", stranger, "/"),
        Page("task list", person.browser, reverse("tasks")),
        *steps,
        Page("status", person.browser, reverse("status")),
        Page("officer: worklist", desk, reverse("admin:enrollment_application_changelist")),
        Page("officer: case", desk, reverse("admin:enrollment_case", args=[template.public_id])),
    ], template


def _queries(page: Page) -> int:
    with CaptureQueriesContext(connection) as captured:
        page.browser.get(page.address)
    return len(captured)


def _spent(page: Page, backend: Path) -> tuple[float, float]:
    """CPU milliseconds of one look: ours and the database's."""
    before, there = time.process_time(), _ran(backend)
    page.browser.get(page.address)
    return (time.process_time() - before) * 1000, (_ran(backend) - there) * 1000


def _ran(backend: Path) -> float:
    """Seconds that the backend has been on a CPU."""
    return int(backend.read_text().split()[0]) / 1e9
