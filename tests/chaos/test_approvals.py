"""From submitted to a bound phone while everything is killed in turn (issue 4, point 10; security.md 3.3).

Officers at the real desk with their second factor, applicants at their inbox, phones with real WebAuthn keys, all over
HTTP, on a PostgreSQL and a Redis of their own, with a mail server that counts. Every few seconds a process is killed,
a server is emptied, stopped or restarted, or a line is cut. In the end each case is where it belongs: one certificate,
one living phone, every mail there, none twice beyond what the outbox itself counted. `make chaos`: 240 cases, faults
until the last one is done, and fsync on. It prints what was lost. (`make test`: 20 cases, each fault once.)
"""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from tests.chaos.faults import Faults
from tests.chaos.town import PLANS, Applicant, Desk, Town
from tests.support import services
from tests.support.faults.smtp import sink
from tests.support.phone import Phone
from tests.support.product import ROOT, Product

pytestmark = [pytest.mark.chaos, pytest.mark.journey]

LONG = os.environ.get("CHAOS") == "long"
CASES = int(os.environ.get("CASES", "240" if LONG else "20"))
PAUSE = 4.0 if LONG else 3.0
CALM = 300.0 if LONG else 90.0  # until the last retry has run
TO_REVOKE = 12 if LONG else 3


class Crowd:
    """tests.support.faults.crowd as a process beside the product."""

    def __init__(self, product: Product) -> None:
        command = "import django; django.setup(); from tests.support.faults import crowd; crowd.main()"
        self._process = subprocess.Popen(
            [sys.executable, "-c", command],
            cwd=ROOT,
            env={**product.env, "DJANGO_SETTINGS_MODULE": "deploy.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def asks(self, what: str, **order: Any) -> Any:
        assert self._process.stdin is not None and self._process.stdout is not None
        print(json.dumps({"do": what, **order}), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        assert line, f"{what}: the crowd has left"
        return json.loads(line)

    def leaves(self) -> None:
        self._process.kill()
        self._process.communicate()


@contextmanager
def crowd_of(product: Product) -> Iterator[Crowd]:
    crowd = Crowd(product)
    try:
        yield crowd
    finally:
        crowd.leaves()


def applicants_of(crowd: Crowd, product: Product) -> list[Applicant]:
    made = crowd.asks("submit", count=CASES)
    return [
        Applicant(
            one["application"], one["cookie"], PLANS[number % len(PLANS)], Phone(product.url, "localhost")
        )
        for number, one in enumerate(made)
    ]


def wait_for_calm(crowd: Crowd) -> dict[str, int]:
    """Until no job is left that somebody should still do."""
    until = time.monotonic() + CALM
    while (left := crowd.asks("left"))["open"] and time.monotonic() < until:
        time.sleep(1)
    return dict(left)


def wrong_with(one: Applicant, told: dict[str, Any]) -> list[str]:
    """What is not as it should be with this case."""
    expected: dict[str, Any] = {"state": one.state}
    if one.is_issued:
        expected |= {"orders": 1, "certificates": 1, "phones": 1, "links": ["bound"]}
        key = told["living_phones"]
        if told["credentials"] not in (["active"], ["revoked"]):
            expected["credentials"] = ["active"]
        if told["credentials"] == ["active"] and key != [one.phone.keys[-1].credential_id.hex()]:
            return [f"{one.application} ({one.plan}): the living phones are {key}"]
    else:
        expected |= {"orders": 0, "credentials": [], "phones": 0}
    return [
        f"{one.application} ({one.plan}): {name} is {told[name]}, not {value}"
        for name, value in expected.items()
        if told[name] != value
    ]


def unlike_the_others(applicants: list[Applicant], cases: dict[str, Any]) -> list[str]:
    """Cases of one plan got the same notices, mails, timeline and decisions: one more or less was doubled or lost."""
    odd = []
    kinds = {one.application: f"{one.plan} {cases[one.application]['credentials']}" for one in applicants}
    for kind in sorted(set(kinds.values())):
        mine = [one for one in applicants if kinds[one.application] == kind]
        plan = mine[0].plan
        for what in ("notices", "mails", "timeline", "decisions"):
            got = {one.application: json.dumps(cases[one.application][what], sort_keys=True) for one in mine}
            if plan == "second thoughts" and what in ("timeline", "decisions"):
                continue  # whether the ten seconds were over is theirs
            usual = Counter(got.values()).most_common(1)[0][0]
            odd += [
                f"{name} ({plan}): {what} {text}, usually {usual}"
                for name, text in got.items()
                if text != usual
            ]
    return odd


def assert_lists_tell_the_revoked(product: Product, revoked: list[str]) -> None:
    """The published list holds exactly the revoked serials."""
    path = product.home / "jma.crl"
    subprocess.run(["curl", "-sf", "-o", str(path), f"{product.url}/pki/jma.crl"], check=True)
    content = path.read_bytes()
    crl = x509.load_pem_x509_crl(content) if content.startswith(b"-----") else x509.load_der_x509_crl(content)
    assert sorted(entry.serial_number for entry in crl) == sorted(int(serial, 16) for serial in revoked)


@pytest.mark.timeout(3600 if LONG else 600)
@pytest.mark.requirement("RV-10")
def test_each_case_ends_where_it_belongs_whatever_dies(tmp_path: Path) -> None:
    folder = services.RUN / "chaos"
    postgresql, redis = services.PostgreSQL(folder, fsync=LONG), services.Redis(folder)
    with sink() as mail:
        given = {
            "DATABASE_URL": postgresql.new_database("chaos"),
            "BROKER_URL": redis.url,
            "EMAIL_URL": mail.url,
        }
        try:
            with Product(tmp_path / "home", given) as product, crowd_of(product) as crowd:
                faults = Faults(product, postgresql, redis, mail)
                tell(product, crowd, faults, mail.copies)
        finally:
            redis.stop()
            postgresql.stop()


def tell(product: Product, crowd: Crowd, faults: Faults, copies: Any) -> None:
    """The story, and what is printed of it."""
    desks = [Desk(product.url, officer) for officer in crowd.asks("officers", count=2)]
    for desk in desks:
        desk.signs_in()
    applicants = applicants_of(crowd, product)
    town, began = Town(product.url, desks, applicants), time.monotonic()
    town.begin()
    while (town.is_busy and LONG) or not (faults.have_all_happened or town.wrong):
        faults.pause(PAUSE)
        faults.one()
    town.finish()
    took = time.monotonic() - began
    ended = [one.application for one in applicants if one.is_issued][:TO_REVOKE]
    assert {crowd.asks("revoke", application=application) for application in ended} == {"revoked"}
    left = wait_for_calm(crowd)
    found = crowd.asks("report")
    cases, came = found["cases"], copies()
    wrong = [line for one in applicants for line in wrong_with(one, cases[one.application])]
    wrong += unlike_the_others(applicants, cases)
    unsent = [public_id for public_id, is_sent, _ in found["mails"] if not is_sent or not came[public_id]]
    unknown = {public_id: count for public_id, _, count in found["mails"]}
    doubled = {public_id: count - 1 for public_id, count in came.items() if count > 1}
    too_many = {public_id: more for public_id, more in doubled.items() if more > unknown.get(public_id, 0)}
    statuses = sum((desk.person.statuses for desk in desks), Counter[int]())
    print(
        f"\n{len(applicants)} cases in {took:.0f} s: {dict(Counter(row['state'] for row in cases.values()))}\n"
        f"{sum(faults.happened.values())} faults: {dict(faults.happened)}\n"
        f"lost: {len(wrong)} cases, {len(unsent)} mails of {len(unknown)}; "
        f"open jobs {left['open']}, failed {left['failed']}, most attempts {found['attempts']}\n"
        f"mails twice: {sum(doubled.values())}, where {sum(unknown.values())} hand-overs had an unknown end; "
        f"officers' answers: {dict(statuses)}, lines that broke: {sum(desk.person.waits for desk in desks)}"
    )
    assert (wrong, unsent, too_many) == ([], [], {})
    assert (left, found["failed"]) == ({"open": 0, "failed": 0}, [])
    assert_lists_tell_the_revoked(product, found["revoked"])
    for command in (("audit", "verify"), ("reconcile",)):
        done = product.manage(*command, check=False)
        assert done.returncode == 0, done.stdout[-3000:]
