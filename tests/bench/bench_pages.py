"""CPU of rendering each page of the application, beside a bare Django view; and with 100,000 applications beside 100.

`python -m tests.bench.bench_pages` (MANY=5000 for fewer, ROUNDS=100 for more). Two processes, one on a database of 100
applications and one on 100,000, take turns round by round, so that whatever disturbs the machine disturbs both. Each
asks for every page through Django's whole handler, middleware included; a bare view that answers a word, and an empty
page of the site's own layout, are asked for in the same rounds. CPU is that of the process plus that of its PostgreSQL
backend (/proc/…/schedstat): waiting is not counted. Only reading is measured, so the server need not sync.

Aim (issue "The application form, whole"): no page more than 1.2 times slower with 100,000 applications than with 100.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from typing import IO, Any, NamedTuple

os.environ["TEST_DATABASE"] = (
    "sqlite"  # the run's own server is not needed: this one has a server for two databases
)

from tests.support import services

FEW, MANY = 100, int(os.environ.get("MANY", "100000"))
ROUNDS = int(os.environ.get("ROUNDS", "30"))
AIM = 1.2
MEASURE = "import django; django.setup(); from tests.bench import pages; pages.main()"


class Cost(NamedTuple):
    """Medians over the rounds: CPU milliseconds of the process, of its database backend, and queries of one look."""

    python: float
    database: float
    queries: int

    @property
    def cpu(self) -> float:
        return self.python + self.database


class Measured:
    """A process with a database of so many applications; it measures one round whenever it is told to."""

    def __init__(self, server: services.PostgreSQL, count: int, measure: str = MEASURE) -> None:
        self.count = count
        self.rounds: list[dict[str, list[float]]] = []
        address = server.new_database(f"bench{count}")
        self.process = subprocess.Popen(
            [sys.executable, "-c", measure, str(count)],
            env={**os.environ, "DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "deploy.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdin is not None and self.process.stdout is not None
        self.told: IO[str] = self.process.stdin
        self.tells: IO[str] = self.process.stdout

    def answer(self) -> dict[str, Any]:
        line = self.tells.readline()
        if not line:
            sys.exit("a measuring process ended early")
        found: dict[str, Any] = json.loads(line)
        return found

    def round(self) -> None:
        print("round", file=self.told, flush=True)
        self.rounds.append(self.answer())

    def costs(self) -> dict[str, Cost]:
        found = {}
        for name in self.rounds[0]:
            python, database, queries = zip(*(one[name] for one in self.rounds), strict=True)
            found[name] = Cost(statistics.median(python), statistics.median(database), int(max(queries)))
        return found

    def end(self) -> None:
        self.told.close()
        self.process.wait(30)


def main() -> None:
    server = services.PostgreSQL(services.RUN / "bench")
    measured = []
    for count in (FEW, MANY):
        began = time.monotonic()
        measured.append(Measured(server, count))
        measured[-1].answer()
        print(f"{count:,} applications, ready in {time.monotonic() - began:.0f} s", flush=True)
    for _ in range(ROUNDS):
        for one in measured:
            one.round()
    for one in measured:
        one.end()
    show(*(one.costs() for one in measured))


def show(few: dict[str, Cost], many: dict[str, Cost]) -> None:
    print(f"CPU ms of one look, median of {ROUNDS}; db: the part of it that is the database's")
    head = f"{FEW:,}".rjust(9), "db", "/bare", "/empty", f"{MANY:,}".rjust(9), "db", "ratio"
    print("{:20} queries {} {:>6} {:>6} {:>6} {} {:>6} {:>6}".format("page", *head) + f"  (aim {AIM})")
    for name, cost in few.items():
        other, ratio = many[name], many[name].cpu / cost.cpu
        beside = f"{cost.cpu / few['bare view'].cpu:6.1f} {cost.cpu / few['empty page'].cpu:6.1f}"
        print(
            f"{name:20} {cost.queries:7} {cost.cpu:9.2f} {cost.database:6.2f} {beside} "
            f"{other.cpu:9.2f} {other.database:6.2f} {ratio:6.2f}{'  ABOVE' if ratio > AIM else ''}"
        )


if __name__ == "__main__":
    main()
