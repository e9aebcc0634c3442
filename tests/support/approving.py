"""Runs in the environment of a product beside it: many approved cases at once, and what became of them.
`main` reads its words, once Django is set up:

    submit 6       # JSON: the applications' public ids
    approve 3      # the same of those that it approved
    report         # JSON: one row per application

Cases and decisions go through the review services, so the worker sees what it would see of the desk's.
"""

import json
import sys
from datetime import timedelta
from typing import Any

from django.db.models import Q

from enrollment import checklists, review
from enrollment.models import Application
from ledger import clock
from ledger.models import Entry
from outbox.models import Job, Mail, Notice
from signing.models import Credential, EnrollmentLink, IssuanceIntent
from staff.models import Officer
from tests.support import cases

UNDONE = timedelta(seconds=11)  # approved so long ago that nobody can take it back any more


def submit(count: int) -> list[str]:
    """`count` new cases of JMA."""
    return [str(cases.submitted().public_id) for _ in range(count)]


def approve(count: int) -> list[str]:
    """Claim, recommend and approve `count` of them; the orders are due at once."""
    examiner, approver = (Officer.objects.get(username=f"jma-{role}") for role in ("examiner", "approver"))
    answers = {line.slug: "pass" for line in checklists.lines_for(frozenset({"licence_front"}))}
    made = list(Application.objects.filter(authority="jma", state="submitted")[:count])
    for case in made:
        at = clock.now() - UNDONE
        review.claim(case, examiner, at)
        review.recommend(case, examiner, "", answers, at)
        review.approve(case, approver, "", answers, at)
    return [str(case.public_id) for case in made]


def report() -> list[dict[str, Any]]:
    """Per application: its state, and how many of everything that there must be one of."""
    rows = []
    for case in Application.objects.exclude(approved_by=None):
        credentials = Credential.objects.filter(signer__applicant=case.applicant.public_id)
        names = [str(one.public_id) for one in credentials]
        jobs = Job.objects.filter(subject__in=[*names, str(case.public_id)])
        about = Q(about__in=[*names, str(case.public_id)])
        rows.append(
            {
                "application": str(case.public_id),
                "state": case.state,
                "orders": IssuanceIntent.objects.filter(reference=case.public_id).count(),
                "certificates": credentials.filter(state="active").exclude(certificate=None).count(),
                "credentials": len(names),
                "drafts": Entry.objects.filter(kind="signing.issuance_intended", subject__in=names).count(),
                "open_links": EnrollmentLink.objects.filter(credential__in=credentials, state="open").count(),
                "notices": Notice.objects.filter(about, kind="n5", owner=case.applicant.public_id).count(),
                "mails": Mail.objects.filter(about, kind="n5").exclude(sent_at=None).count(),
                "open_jobs": jobs.exclude(state="done").count(),
                "attempts": max((job.attempts for job in jobs), default=0),
            }
        )
    return rows


def main() -> None:
    name, *count = sys.argv[1:]
    told = report() if name == "report" else {"submit": submit, "approve": approve}[name](int(*count))
    print(json.dumps(told), flush=True)
