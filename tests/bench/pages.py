"""The measuring of bench_pages, once Django is set up."""

import os
import statistics
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
from ledger import clock
from tests.support import cases, many
from tests.support.landed import at_the_desk
from tests.support.people import Applying

FEW, MANY = 100, int(os.environ.get("MANY", "100000"))
ROUNDS = int(os.environ.get("ROUNDS", "40"))
AIM = 1.2
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


class Cost(NamedTuple):
    """Medians over the rounds: CPU milliseconds of this process, of the database's, and the number of queries."""

    python: float
    database: float
    queries: int

    @property
    def cpu(self) -> float:
        return self.python + self.database


def main() -> None:
    setup_test_environment()
    settings.ROOT_URLCONF = "tests.bench.pages"
    call_command("migrate", verbosity=0)
    pages, template = _prepare()
    many.fill(template, FEW)
    few = measure(pages)
    began = time.monotonic()
    many.fill(template, MANY)
    print(f"{MANY:,} applications, filled in {time.monotonic() - began:.0f} s", flush=True)
    show(few, measure(pages))


def _prepare() -> tuple[list[Page], "cases.Application"]:
    """One person who has answered everything, one who has submitted, an officer, and everybody's pages."""
    examiner = cases.officer("jma-examiner", ("jma", "EXAMINER"), ("medis", "EXAMINER"))
    cases.officer("jma-approver", ("jma", "APPROVER"))
    template = Applying("pharmacist").submit()
    checks.run_all(str(template.public_id))
    review.claim(template, examiner, clock.now())
    person, desk = Applying("doctor"), at_the_desk(examiner)
    person.until(flow.SIGN)
    mine, stranger = person.browser, Client()
    steps = [
        Page(slug, mine, reverse("step", args=[slug]))
        for slug in (row.slug for row in flow.STEPS)
        if slug != flow.DONE and mine.get(reverse("step", args=[slug])).status_code == 200
    ]
    return [
        Page("bare view", stranger, BARE),
        Page("empty page", stranger, LAYOUT),
        Page("start", stranger, "/"),
        Page("task list", mine, reverse("tasks")),
        *steps,
        Page("status", mine, reverse("status")),
        Page("officer: worklist", desk, reverse("admin:enrollment_application_changelist")),
        Page("officer: case", desk, reverse("admin:enrollment_case", args=[template.public_id])),
    ], template


def measure(pages: list[Page]) -> dict[str, Cost]:
    """All pages in turn, round after round, so that whatever disturbs the machine disturbs all of them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = Path(f"/proc/{cursor.fetchone()[0]}/schedstat")
    queries = {}
    for page in pages * 3:  # warm: templates, plans, buffers
        with CaptureQueriesContext(connection) as captured:
            answer = page.browser.get(page.address)
        if answer.status_code != 200:
            sys.exit(f"{page.name} answers {answer.status_code}")
        queries[page.name] = len(captured)
    spent: dict[str, list[tuple[float, float]]] = {page.name: [] for page in pages}
    for _ in range(ROUNDS):
        for page in pages:
            before, there = time.process_time(), _ran(backend)
            page.browser.get(page.address)
            spent[page.name].append((time.process_time() - before, _ran(backend) - there))
    return {
        name: Cost(*(statistics.median(one) * 1000 for one in zip(*rounds, strict=True)), queries[name])
        for name, rounds in spent.items()
    }


def _ran(backend: Path) -> float:
    """Seconds that this process has been on a CPU."""
    return int(backend.read_text().split()[0]) / 1e9


def show(few: dict[str, Cost], many_: dict[str, Cost]) -> None:
    print(
        f"{'page':22} queries   {FEW:,}: ms  db ms  /bare /empty   {MANY:,}: ms  db ms   {MANY:,}/{FEW}  aim {AIM}"
    )
    drift = many_["bare view"].cpu / few["bare view"].cpu
    for name, cost in few.items():
        later = many_[name]
        ratio = later.cpu / cost.cpu / drift
        rest = f"{cost.cpu / few['bare view'].cpu:6.1f} {cost.cpu / few['empty page'].cpu:6.1f}"
        print(
            f"{name:22} {cost.queries:7} {cost.cpu:10.2f} {cost.database:6.2f} {rest} "
            f"{later.cpu:14.2f} {later.database:6.2f} {ratio:14.2f}{'  ABOVE' if ratio > AIM else ''}"
        )
