"""Work that was promised is done, once, whatever dies meanwhile (security.md 3.3: rows 2, 5, 6, 7).

A writer commits mails as fast as it may and notes each one that was acknowledged. Meanwhile parts of the product are
killed, Redis is emptied or stopped, PostgreSQL is restarted. In the end every acknowledged mail is sent, and no other
one exists. `CHAOS=long` (`make chaos`) runs for minutes and prints what was lost.
"""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import services
from tests.support.product import ROOT, Product

pytestmark = [pytest.mark.chaos, pytest.mark.journey]

LONG = os.environ.get("CHAOS") == "long"
FAULTS = 40 if LONG else 6
PAUSE = 2.0 if LONG else 1.0
# seconds without one more sent; a job whose worker was killed on Redis waits for its lease of twenty seconds and for
# the next sweep
PATIENCE = 90.0

WRITER = """
import os, sys, time
os.environ["DJANGO_SETTINGS_MODULE"] = "deploy.settings"
import django
django.setup()
from django.db import connection, transaction
from outbox import mails
number = 0
while not os.path.exists(sys.argv[1]):
    try:
        with transaction.atomic():
            mails.send("nobody@people.example", "chaos", "x", kind="chaos", about="chaos", dedupe=f"chaos-{number}")
        print(number, flush=True)
    except Exception:
        connection.close()
        time.sleep(0.2)
    number += 1
    time.sleep(0.02)
"""

COUNT = """
import json
from outbox.models import Job, Mail
rows = Mail.objects.filter(kind="chaos")
print("COUNTED", json.dumps({
    "sent": [m.dedupe for m in rows if m.sent_at], "all": [m.dedupe for m in rows],
    "failed": Job.objects.filter(state="failed").count()}))
"""


def counted(product: Product) -> dict[str, list[str]]:
    output = product.manage("shell", "-v", "0", "-c", COUNT).stdout
    found: dict[str, list[str]] = json.loads(output.partition("COUNTED")[2])
    return found


def sent_at_last(product: Product) -> dict[str, list[str]]:
    """What is counted when everything is sent, or when nothing more has been for too long: a queue is no loss."""
    result, until = counted(product), time.monotonic() + PATIENCE
    while set(result["sent"]) != set(result["all"]) and time.monotonic() < until:
        time.sleep(2)
        before, result = len(result["sent"]), counted(product)
        if len(result["sent"]) > before:
            until = time.monotonic() + PATIENCE
    return result


def empty_redis() -> None:
    subprocess.run(
        ["redis-cli", "-p", str(services.redis().port), "flushall"], check=True, capture_output=True
    )


def stop_redis_for_a_while() -> None:
    services.redis().stop()
    time.sleep(1)
    services.redis().start()


def restart_postgresql() -> None:
    services.postgresql().stop()
    services.postgresql().start()


def faults_of(product: Product, kind: str) -> dict[str, Callable[[], object]]:
    faults: dict[str, Callable[[], object]] = {
        f"kill {part}": lambda part=part: product.kill(part) for part in ("clock", "web", "worker")
    }
    if kind == "servers":
        faults |= {"empty Redis": empty_redis, "stop Redis": stop_redis_for_a_while}
    if kind == "servers" and LONG:
        faults |= {"restart PostgreSQL": restart_postgresql}
    return faults


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", ["embedded", "servers"])
def test_nothing_that_was_promised_is_lost_or_done_twice(kind: str, tmp_path: Path) -> None:
    dice = random.Random(20261120)
    start = Product.embedded if kind == "embedded" else Product.on_servers
    with start(tmp_path) as product:
        end = tmp_path / "enough"
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(end)],
            cwd=ROOT,
            env=product.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert writer.stdout is not None
        first = writer.stdout.readline()  # it has begun: the faults may
        faults = faults_of(product, kind)
        happened = []
        for number in range(FAULTS):
            name = list(faults)[number] if number < len(faults) else dice.choice(list(faults))
            time.sleep(dice.uniform(0.5, 1.5) * PAUSE)
            try:
                faults[name]()
            except ProcessLookupError:
                continue  # it was dead already
            happened.append(name)
        end.touch()
        promised = {f"chaos-{line.strip()}" for line in [first, *writer.stdout.read().split()]}
        writer.stdout.close()
        writer.wait(60)
        assert len(promised) > 50
        result = sent_at_last(product)
        lost = promised - set(result["sent"])
        print(
            f"\n{kind}: {len(happened)} faults, {len(promised)} promises, {len(lost)} lost, {result['failed']} failed"
        )
        assert lost == set()
        assert len(result["all"]) == len(set(result["all"]))
        assert set(result["sent"]) == set(result["all"])
