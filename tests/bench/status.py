"""The rows and calls that bench_status measures: Django is set up and the authorities' instance answers."""

import os
import re
import resource
import subprocess
import time
import uuid
from datetime import timedelta

from django.conf import settings
from django.core.management import call_command

from ledger import clock
from signing import issuing
from signing.issuing import answers, lists
from signing.models import Credential, RevocationList, Signer

SERIAL = 1 << 128
ENTRIES = int(os.environ.get("ENTRIES", "100000"))
ANSWERS = int(os.environ.get("ANSWERS", "2000"))


def fill(revoked: int, living: int) -> None:
    """Rows with a serial and no certificate: neither list nor answer reads one."""
    call_command("migrate", verbosity=0)
    issuing.ensure()
    at = clock.now()
    common = {"authority": "jma", "qualification": "doctor", "created_at": at, "changed_at": at,
              "not_before": at, "not_after": at + timedelta(days=1800)}  # fmt: skip
    signers = Signer.objects.bulk_create(
        [
            Signer(
                applicant=uuid.uuid4(), person_id=f"B{n:09d}", user_handle=uuid.uuid4().bytes, created_at=at
            )
            for n in range(revoked + living)
        ],
        batch_size=5000,
    )
    Credential.objects.bulk_create(
        [
            Credential(signer=who, issuer="jma", state="revoked", serial=f"{SERIAL + n:034x}", revoked_at=at,
                       revocation_reason="superseded", **common)
            for n, who in enumerate(signers[:revoked])
        ],
        batch_size=5000,
    )  # fmt: skip
    Credential.objects.bulk_create(
        [
            Credential(signer=who, issuer="medis", state="active", serial=f"{SERIAL + revoked + n:034x}", **common)
            for n, who in enumerate(signers[revoked:])
        ],
        batch_size=5000,
    )  # fmt: skip
    answers.renew("jpa")  # the linter is loaded, the responder's key is made
    lists.authority("medis").ocsp([], at, at + answers.LIFE)


def publish() -> bytes:
    lists.renew("jma")
    return bytes(RevocationList.objects.filter(issuer="jma").latest("number").content)


def answer() -> None:
    while answers.due("medis", clock.now()).exists():
        answers.renew("medis")


def main() -> None:
    fill(ENTRIES, ANSWERS)
    per_second = rsa_signatures()
    began, cpu = time.monotonic(), time.process_time()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    content = publish()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    took, cpu = time.monotonic() - began, time.process_time() - cpu
    path = settings.HOME / "list.crl"
    path.write_bytes(content)
    reading = time.monotonic()
    subprocess.run(
        ["openssl", "crl", "-inform", "DER", "-in", f"{path}", "-noout"], check=True, capture_output=True
    )
    reading = time.monotonic() - reading
    print(f"list of {ENTRIES:,}: {len(content):,} bytes, {took:.2f} s ({cpu:.2f} s CPU of the worker), "
          f"{peak / 1024:.0f} MiB more memory; openssl reads it in {reading:.2f} s")  # fmt: skip
    print(f"  beside one RSA-2048 signature of openssl ({1000 / per_second:.2f} ms)")
    began = time.monotonic()
    answer()
    took = time.monotonic() - began
    print(f"answers: {ANSWERS / took:,.0f} certificates a second, {2 * ANSWERS / took:,.0f} signatures; "
          f"openssl speed rsa2048: {per_second:,.0f} signatures a second")  # fmt: skip


def rsa_signatures() -> float:
    done = subprocess.run(
        ["openssl", "speed", "-seconds", "2", "rsa2048"], capture_output=True, text=True, check=True
    )
    (found,) = re.findall(r"^rsa 2048 bits +\S+ +\S+ +([\d.]+)", done.stdout, re.MULTILINE)
    return float(found)
