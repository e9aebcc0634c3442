"""`audit verify` over a long log: time per entry and memory, with 100,000 entries and with a million.

`python -m tests.bench.bench_audit` (MANY=200000 for fewer). The entries are real ones, chained as `log.append` chains
them and closed by a root every tenth of them; each size is verified in a process of its own, whose memory is told.
Beside it stands the yardstick of the same run: SHA-256 over as many records as canonical JSON, nothing else.
Aim: memory does not grow with the log (issue 4, point 11).
"""

import json
import os
import subprocess
import sys
import time

os.environ["TEST_DATABASE"] = "sqlite"  # the run's own server is not needed: this one has its own

from tests.support import services

FEW, MANY = int(os.environ.get("FEW", "100000")), int(os.environ.get("MANY", "1000000"))
FILL = """
import sys
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests.bench import audited
audited.fill(int(sys.argv[1]))
"""
VERIFY = """
import json, resource, sys, time
import django
django.setup()
from ledger import verify
from ledger.models import DailyRoot
days = list(DailyRoot.objects.values_list("day", flat=True))
began = time.process_time()
report = verify.verify(since=days[-1] if sys.argv[1] == "since" else None)
spent = time.process_time() - began
assert report.ok, report
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"entries": report.entries, "roots": report.roots, "cpu": spent, "mb": peak / 1024}))
"""
HASH = """
import time
from hashlib import sha256
from ledger.canonical import canonical_json
record = {"actor": {"id": "7d1f", "kind": "officer"}, "at": "2026-11-20T03:04:05.000006+00:00", "authority": "jma",
          "data": {"round": 1}, "kind": "case.viewed", "number": 1, "shard": "web", "subject": "c" * 36, "version": 1}
began = time.process_time()
for number in range(100000):
    record["number"] = number
    sha256(bytes(17) + canonical_json(record)).digest()
print((time.process_time() - began) / 100000 * 1e6)
"""


def run(program: str, address: str, *words: str) -> str:
    environment = {**os.environ, "DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "deploy.settings"}
    done = subprocess.run(
        [sys.executable, "-c", program, *words], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def main() -> None:
    server = services.PostgreSQL(services.RUN / "bench")
    yardstick = float(run(HASH, server.url()))
    print(f"yardstick: {yardstick:.1f} microseconds of CPU to hash one record as canonical JSON")
    peaks = []
    for count in (FEW, MANY):
        address = server.new_database(f"audit{count}")
        began = time.monotonic()
        run(FILL, address, str(count))
        print(f"{count:,} entries, ready in {time.monotonic() - began:.0f} s", flush=True)
        for what in ("whole", "since"):
            found = json.loads(run(VERIFY, address, what))
            each = found["cpu"] / max(found["entries"], 1) * 1e6
            print(
                f"  {what}: {found['entries']:,} entries, {found['roots']} roots, {found['cpu']:.1f} s of CPU, "
                f"{each:.1f} microseconds each ({each / yardstick:.1f} times the yardstick), peak {found['mb']:.0f} MB"
            )
            if what == "whole":
                peaks.append(found["mb"])
    grown = peaks[1] - peaks[0]
    print(
        f"memory grew by {grown:.0f} MB from {FEW:,} to {MANY:,} entries{'  ABOVE' if grown > 10 else ''}  (aim 10)"
    )


if __name__ == "__main__":
    main()
