"""What is interrupted goes on: a draft over logout, another browser and a restart; issuance over killed workers."""

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.journeys.applicants import Applicant
from tests.journeys.city import City, city
from tests.journeys.eyes import Eyes, eventually
from tests.support.product import ROOT, Product

SEEN = Eyes("seen", is_strict=False)
FILES = ("licence-front", "photo", "identity")
KILLS, ROUNDS, CASES_A_ROUND = 20, 4, 3
COUNTED = ("orders", "credentials", "certificates", "drafts", "open_links", "notices", "mails")
APPROVING = "import django; django.setup(); from tests.support import approving; approving.main()"
LEASE_IS_OVER = 310  # seconds: longer than the five minutes of a dead worker's lease


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with Product.embedded(tmp_path_factory.mktemp("interruptions")) as running:
        yield running


@pytest.fixture(scope="module")
def town(product: Product, browser: Browser) -> Iterator[City]:
    with city(product, browser) as town:
        yield town


# --- a draft ------------------------------------------------------------------------------------------------------


def shown(applicant: Applicant) -> dict[str, str]:
    """Every answer of the check page, and the digest of every file behind it."""
    page = applicant.page
    found = {}
    for step in ("names", "licence", "workplace", "delivery"):
        applicant.opens(step)
        for field in page.locator("main form input:not([type=hidden]):not([type=radio])").all():
            found[f"{step}:{field.get_attribute('name')}"] = field.input_value()
    for step in FILES:
        applicant.opens(step)
        address = page.locator("a.kept-picture").get_attribute("href")
        assert address, f"no file is kept for {step}"
        answer = page.request.get(address)
        assert answer.ok
        found[step] = sha256(answer.body()).hexdigest()
    return found


def test_a_draft_with_its_files_survives_logout_another_browser_and_a_restart(town: City) -> None:
    first = town.applicant("alias", SEEN)
    first.signs_in()
    first.fills_everything(until="email")
    before = shown(first)
    first.signs_out()
    first.page.goto("/apply/")
    assert "/apply/sign-in/" in first.page.url

    second = town.applicant("alias", SEEN, phone=False)  # another browser, on a PC
    second.signs_in()
    assert shown(second) == before

    town.product.restart()
    assert shown(second) == before  # signed in as before: nothing stood in the process alone
    second.fills_everything()
    assert second.signs()


# --- killed workers -----------------------------------------------------------------------------------------------


@contextlib.contextmanager
def approving(product: Product, *words: str) -> Iterator[Any]:
    """The answer of tests.support.approving; the block runs while that program is still ending."""
    env = {
        **product.env,
        "DJANGO_SETTINGS_MODULE": "deploy.settings",
        "INKAN_JPKI_TRUST": f"{product.home}/other-jpki",  # its own, so that the demo's cards stay believed
    }
    command = [sys.executable, "-c", APPROVING, *words]
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = process.stdout.readline()
        yield json.loads(told)
    assert process.returncode == 0


def children(pid: int) -> list[int]:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def kill_somebody(product: Product, dice: random.Random) -> bool:
    """SIGKILL to the worker, or (three times of four) to one of the processes that do its work."""
    worker = product.pids()["worker"]
    at_work = children(worker)
    victim = dice.choice(at_work) if at_work and dice.random() < 0.75 else worker
    try:
        os.kill(victim, signal.SIGKILL)
    except ProcessLookupError:  # died of an earlier kill
        return False
    return True


def kill_at_work(product: Product) -> bool:
    """SIGKILL to the whole worker while it issues a certificate: the round's first kill meets a job."""
    database = sqlite3.connect(f"file:{product.home}/inkan.sqlite3?mode=ro", uri=True)
    busy = "SELECT count(*) FROM outbox_job WHERE state = 'leased' AND kind = 'signing.issue'"
    with contextlib.closing(database):
        end = time.monotonic() + 30
        while not database.execute(busy).fetchone()[0]:
            assert time.monotonic() < end, "the worker never began to issue"
            time.sleep(0.002)
    worker = product.pids()["worker"]
    for victim in (*children(worker), worker):
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
    return True


def report(product: Product) -> list[dict[str, Any]]:
    with approving(product, "report") as rows:
        return list(rows)


def test_twenty_kills_of_the_worker_end_in_one_certificate_each_and_all_is_delivered(
    product: Product,
) -> None:
    seed = random.SystemRandom().randrange(10**6)
    dice, kills = random.Random(seed), 0
    with approving(product, "submit", str(ROUNDS * CASES_A_ROUND)) as submitted:
        cases = set(submitted)
    for number in range(1, ROUNDS + 1):
        with approving(product, "approve", str(CASES_A_ROUND)) as approved:
            assert len(approved) == CASES_A_ROUND
            kills += kill_at_work(product)
            while kills < KILLS * number / ROUNDS:
                kills += kill_somebody(product, dice)
                time.sleep(dice.uniform(0.02, 0.5))
        product.env["INKAN_CLOCK_OFFSET"] = str(LEASE_IS_OVER * number)
        product.restart()

    def settled() -> list[dict[str, Any]]:
        rows = report(product)
        done = all(row["state"] == "issued" and not row["open_jobs"] and row["mails"] for row in rows)
        return rows if done else []

    rows = eventually(settled, f"every case to be issued (dice {seed})", 90, 1.0)
    assert {row["application"] for row in rows} >= cases
    assert any(row["attempts"] > 1 for row in rows), f"no kill has met a job (dice {seed})"
    for row in rows:
        ones = {name: row[name] for name in COUNTED}
        assert set(ones.values()) == {1}, f"{ones} (dice {seed})"
    assert json.loads(product.manage("audit", "verify").stdout)
    product.manage("reconcile")
