"""CPU and queries of the officers' queue and of a case screen, with 100, 10,000 and 1,000,000 applications.

`python -m tests.bench.bench_queue` (COUNTS=100,10000 for fewer, ROUNDS=50 for more). Of the applications 10,000 at most
are open; an examiner of two authorities looks at the list as it opens, under filters (a saved one too), at its last
page by key, and at a case. As in bench_pages: a process and a database for each size take turns round by round, and
CPU is that of the process plus that of its PostgreSQL backend, from /proc/…/schedstat.

A page under a rare filter has fewer rows of 100 applications than of 10,000; so the last is also put beside the middle.
Aim (issue 4, point 13): last within 1.3 times the first, the number of queries the same.
"""

import os
import time

from tests.bench.bench_pages import Cost, Measured
from tests.support import services

COUNTS = [int(count) for count in os.environ.get("COUNTS", "100,10000,1000000").split(",")]
ROUNDS = int(os.environ.get("ROUNDS", "30"))
AIM = 1.3
MEASURE = "import django; django.setup(); from tests.bench import queued; queued.main()"


def main() -> None:
    server = services.PostgreSQL(services.RUN / "bench-queue")
    measured = []
    for count in COUNTS:
        began = time.monotonic()
        measured.append(Measured(server, count, MEASURE))
        measured[-1].answer()
        print(f"{count:,} applications, ready in {time.monotonic() - began:.0f} s", flush=True)
    for _ in range(ROUNDS):
        for one in measured:
            one.round()
    for one in measured:
        one.end()
    show([one.costs() for one in measured])


def show(costs: list[dict[str, Cost]]) -> None:
    print(f"CPU ms of one look, median of {ROUNDS} (the database's part of it)")
    heads = "".join(f"{count:,}".rjust(18) for count in COUNTS)
    print(f"{'page':20}{heads}  last/first last/middle   queries  (aim {AIM}, queries the same)")
    for name in costs[0]:
        each = [cost[name] for cost in costs]
        first, last = each[-1].cpu / each[0].cpu, each[-1].cpu / each[len(each) // 2].cpu
        queries = sorted({one.queries for one in each})
        is_above = first > AIM or len(queries) > 1
        figures = "".join(f"{one.cpu:9.2f} ({one.database:6.2f})" for one in each)
        print(
            f"{name:20}{figures}  {first:10.2f} {last:11.2f}   {'/'.join(map(str, queries)):>7}"
            f"{'  ABOVE' if is_above else ''}"
        )


if __name__ == "__main__":
    main()
