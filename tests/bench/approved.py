"""What bench_approvals asks of a process beside the workers: cases, approvals, what is left of them, the yardstick.

One JSON word per line on stdin, one answer per line on stdout.
"""

import json
import sys
import time
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from django.core.management import call_command
from django.db.models import Max

from enrollment.models import Application
from ledger import clock
from outbox.jobs import sweep
from outbox.models import Job, Notice
from signing import issuing
from signing.models import Credential, EnrollmentLink
from tests.support import approving, cases

YARDS = 40


def prepare(count: int) -> list[str]:
    """An installation with its authorities, two officers and so many submitted cases."""
    call_command("migrate", verbosity=0)
    issuing.ensure()
    cases.officer("jma-examiner", ("jma", "EXAMINER"))
    cases.officer("jma-approver", ("jma", "APPROVER"))
    return approving.submit(count)


def approve(count: int) -> dict[str, Any]:
    return {"approved": len(approving.approve(count)), "at": clock.now().timestamp()}


def left(count: int) -> dict[str, Any]:
    """Cases approved and not yet delivered, jobs not done; when the last case was delivered."""
    granted = Application.objects.exclude(approved_by=None)
    last = granted.filter(state="issued").aggregate(last=Max("changed_at"))["last"]
    return {
        "cases": granted.exclude(state="issued").count(),
        "jobs": Job.objects.exclude(state="done").count(),
        "last": last.timestamp() if last else 0,
        "now": clock.now().timestamp(),
    }


def ring(count: int) -> int:
    """What the clock does every ten seconds."""
    return sweep()


def made(count: int) -> dict[str, int]:
    """One of each per approval, or the figures are worth nothing."""
    return {
        "cases": Application.objects.filter(state="issued").count(),
        "certificates": Credential.objects.filter(state="active").exclude(certificate=None).count(),
        "links": EnrollmentLink.objects.filter(state="open").count(),
        "notices": Notice.objects.filter(kind="n5").count(),
    }


def yardstick(count: int) -> float:
    """CPU seconds of an RSA-2048 key and two signatures with it, on average of YARDS (how long a key takes varies)."""
    began = time.process_time()
    for _ in range(YARDS):
        key = rsa.generate_private_key(65537, 2048)
        for text in (b"one", b"two"):
            key.sign(text, padding.PKCS1v15(), SHA256())
    return (time.process_time() - began) / YARDS


WORDS = {
    "prepare": prepare,
    "approve": approve,
    "left": left,
    "ring": ring,
    "made": made,
    "yardstick": yardstick,
}


def main() -> None:
    for line in sys.stdin:
        word, count = json.loads(line)
        print(json.dumps(WORDS[word](count)), flush=True)
