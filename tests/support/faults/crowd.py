"""Runs beside a product, in its environment: makes many submitted cases, and tells what became of them.

One line of JSON in, one line out: {"do": "submit", "count": 40}, {"do": "report"}, …  A database that is away is waited
for. People's own acts (desk, withdrawal, phone) go over HTTP and not through here.
"""

import base64
import json
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import Error, connection, transaction

from enrollment.models import Applicant, ApplicantSession, Application, TimelineEntry
from ledger import clock
from ledger.log import Actor
from outbox import jobs
from outbox.models import Job, Mail, Notice
from signing import credentials
from signing.models import Authenticator, Credential, EnrollmentLink, IssuanceIntent
from staff.models import Officer
from tests.support import cases
from vault import tokens


def officers(count: int) -> list[dict[str, str]]:
    """So many examiners and so many approvers of JMA, with a password and a second factor."""
    made = []
    for number in range(count):
        for role in ("EXAMINER", "APPROVER"):
            name, password = f"crowd-{role.lower()}-{number}", f"a long password of {role} {number}"
            seed = secrets.token_bytes(20)
            Officer.objects.create_officer(name, password, name, [("jma", role)], seed)
            secret = base64.b32encode(seed).decode()
            made.append({"username": name, "password": password, "totp_secret": secret, "role": role})
    return made


def submit(count: int) -> list[dict[str, str]]:
    """New cases with their event, and a signed-in applicant for each."""
    made = []
    for _ in range(count):
        with transaction.atomic():
            case = cases.submitted()
            subject = str(case.public_id)
            jobs.enqueue("enrollment.submitted", subject, queue=settings.REVIEW_QUEUES["jma"])
            made.append({"application": subject, "cookie": _session(case.applicant)})
    return made


def _session(applicant: Applicant) -> str:
    at, token = clock.now(), tokens.new_token()
    ApplicantSession.objects.create(
        token_digest=tokens.digest(token),
        applicant=applicant,
        certificate=applicant.certificates.get(),
        created_at=at,
        last_seen_at=at,
    )
    return token


def revoke(application: str) -> str:
    """The credential of this case is revoked, if it is active; its state."""
    credential = Credential.objects.get(intent__reference=application)
    if credential.state == "active":
        signer = Actor("signer", str(credential.signer.public_id))
        credentials.revoke(credential, signer, "key_compromise", clock.now())
        credential.refresh_from_db()
    return credential.state


def left() -> dict[str, int]:
    """Jobs that somebody should still do soon, and those that failed."""
    soon = clock.now() + timedelta(minutes=20)
    waiting = Job.objects.filter(state__in=("ready", "leased"), run_after__lte=soon)
    return {"open": waiting.count(), "failed": Job.objects.filter(state="failed").count()}


def report() -> dict[str, Any]:
    """Per application what there is of it, and every mail."""
    mails = Mail.objects.values_list("public_id", "sent_at", "unanswered")
    return {
        "cases": {str(case.public_id): _case(case) for case in Application.objects.all()},
        "mails": [[str(public_id), sent is not None, unknown] for public_id, sent, unknown in mails],
        "revoked": sorted(Credential.objects.filter(state="revoked").values_list("serial", flat=True)),
        "failed": [[job.kind, job.last_error] for job in Job.objects.filter(state="failed").order_by("pk")],
        "attempts": max(Job.objects.values_list("attempts", flat=True), default=0),
    }


def _case(case: Application) -> dict[str, Any]:
    mine = Credential.objects.filter(intent__reference=case.public_id)
    about = [str(case.public_id), *(str(one.public_id) for one in mine)]
    phones = Authenticator.objects.filter(credential__in=mine)
    told = Notice.objects.filter(owner=case.applicant.public_id).values_list("kind", flat=True)
    return {
        "state": case.state,
        "orders": IssuanceIntent.objects.filter(reference=case.public_id).count(),
        "credentials": [one.state for one in mine],
        "certificates": mine.exclude(certificate=None).count(),
        "living_phones": [bytes(one.webauthn_id).hex() for one in phones if one.state == "active"],
        "phones": phones.count(),
        "links": sorted(EnrollmentLink.objects.filter(credential__in=mine).values_list("state", flat=True)),
        "notices": dict(Counter(told)),
        "mails": dict(Counter(Mail.objects.filter(about__in=about).values_list("kind", flat=True))),
        "timeline": dict(
            Counter(TimelineEntry.objects.filter(application=case).values_list("kind", flat=True))
        ),
        "decisions": dict(Counter(case.decisions.values_list("verdict", flat=True))),
    }


DOES: dict[str, Callable[..., Any]] = {
    "officers": officers,
    "submit": submit,
    "revoke": revoke,
    "left": left,
    "report": report,
}


def _patiently(order: dict[str, Any]) -> Any:
    until = time.monotonic() + 60
    does = DOES[order.pop("do")]
    while True:
        try:
            return does(**order)
        except Error:
            connection.close()
            if time.monotonic() > until:
                raise
            time.sleep(0.3)


def main() -> None:
    for line in sys.stdin:
        print(json.dumps(_patiently(json.loads(line))), flush=True)
