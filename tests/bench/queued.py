"""The measuring processes of bench_queue: so many applications, of which 10,000 at most are open, and an examiner.

`_fill` makes rows by INSERT … SELECT from one real case that a person submitted: people, certificates, applications,
and the findings of the open ones; a closed case keeps none here, and nothing else of a case is read by the worklist.
Open ones are of the last five weeks, the others of ten years. One in ten open cases is a claim, five of them the
examiner's.
"""

import sys
from typing import Any
from urllib.parse import urlencode

from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import setup_test_environment
from django.urls import reverse

from enrollment import checks, review
from enrollment.desk.worklist import queue
from enrollment.desk.worklist.filters import Filter
from enrollment.models import Application, SavedFilter
from ledger import clock
from staff.models import Officer
from tests.bench import many
from tests.bench.pages import Page, serve
from tests.deploy.landed import at_the_desk
from tests.support import cases
from tests.support.people import Applying

MOST_OPEN = 10_000
SAVED = Filter(state="open", authority="jma", qualification="doctor", hold="free", age="care")
FILTERS = {
    "as it opens": Filter(),
    "newest first": Filter(order="newest"),
    "saved filter": SAVED,
    "mine": Filter(state="in_review", hold="mine"),
    "late": Filter(age="late"),
    "issued": Filter(state="issued"),
    "issued dentists": Filter(state="issued", qualification="dentist"),
    "everything": Filter(state="all"),
    "everything of mine": Filter(state="all", hold="mine"),
    "a day's numbers": Filter(state="all", number="9"),  # its day is put in by `_pages`
}


def main() -> None:
    setup_test_environment()
    call_command("migrate", verbosity=0)
    examiner = cases.officer("jma-examiner", ("jma", "EXAMINER"), ("medis", "EXAMINER"))
    cases.officer("jma-approver", ("jma", "APPROVER"))
    template = Applying("doctor").submit()
    checks.run_all(str(template.public_id))
    review.claim(template, examiner, clock.now())
    with connection.cursor() as cursor:
        _fill(cursor, template, int(sys.argv[1]))
    serve(_pages(at_the_desk(examiner), examiner, template))


def _pages(desk: Client, examiner: Officer, template: Application) -> list[Page]:
    """The list under each filter, its last page, and a case."""
    place, at = reverse("admin:enrollment_application_changelist"), clock.now()
    SavedFilter.objects.create(officer=examiner, name="2週間以上", query=SAVED.query(), made_at=at)
    newest = Application.objects.filter(state="submitted").latest("submitted_at", "pk")
    day = (newest.receipt_number or "")[:6]
    pages = [
        Page(name, desk, f"{place}?{(wanted._replace(number=day) if wanted.number else wanted).query()}")
        for name, wanted in FILTERS.items()
    ]
    for name, wanted in (("last page", Filter()), ("last of everything", Filter(state="all"))):
        end = queue.page(wanted._replace(order="newest"), examiner, at, most=queue.PAGE + 1).rows[-1]
        after = urlencode({"after": str(end.public_id)})
        pages.append(Page(name, desk, f"{place}?{wanted.query()}&{after}"))
    one = Page(
        "one number", desk, f"{place}?{Filter(state='all', number=newest.receipt_number or '').query()}"
    )
    case = Page("case screen", desk, reverse("admin:enrollment_case", args=[template.public_id]))
    return [*pages, one, case]


def _fill(cursor: Any, template: Application, count: int) -> None:
    given = {"template": template.pk, "applicant": template.applicant_id, "count": count - 1}
    cursor.execute("SET session_replication_role = replica")  # no look-up of each row's foreign keys: minutes
    cursor.execute("SELECT max(id) FROM enrollment_applicant")
    given["base"] = cursor.fetchone()[0]
    people = "generate_series(1, %(count)s) AS n, enrollment_applicant t WHERE t.id = %(applicant)s"
    many.copy(cursor, "enrollment.Applicant", people, {"public_id": "gen_random_uuid()"}, given)
    _applications(cursor, given)
    findings = (
        "enrollment_application a, enrollment_finding t WHERE a.id <> %(template)s "
        "AND t.application_id = %(template)s AND a.state IN ('submitted', 'in_review', 'recommended')"
    )
    many.copy(cursor, "enrollment.Finding", findings, {"application_id": "a.id"}, given)
    cursor.execute("RESET session_replication_role")
    cursor.execute("VACUUM ANALYZE")


def _applications(cursor: Any, given: dict[str, Any]) -> None:
    """`n` counts from one; the first MOST_OPEN are open."""
    officers = "(SELECT array_agg(id ORDER BY id) FROM staff_officer)"
    state = (
        f"CASE WHEN n <= {MOST_OPEN} THEN (CASE WHEN n %% 10 = 0 THEN 'in_review' WHEN n %% 10 < 3 "
        "THEN 'recommended' ELSE 'submitted' END) WHEN n %% 100 < 5 THEN 'draft' WHEN n %% 100 < 10 THEN 'rejected' "
        "WHEN n %% 100 < 12 THEN 'withdrawn' WHEN n %% 1000 = 13 THEN 'returned' ELSE 'issued' END"
    )
    ago = (
        f"(CASE WHEN n <= {MOST_OPEN} THEN n * 503 %% 50400 ELSE n * 37 %% 5256000 END) * interval '1 minute'"
    )
    granted, claimed = f"({state}) = 'issued'", f"({state}) = 'in_review'"
    moment = f"t.submitted_at - {ago}"
    number = f"to_char({moment}, 'YYMMDD') || '-' || lpad(n::text, 6, '0') || '-K'"
    values = {
        "public_id": "gen_random_uuid()",
        "receipt_number": f"CASE WHEN ({state}) = 'draft' THEN NULL ELSE {number} END",
        "applicant_id": "%(base)s + n",
        "state": state,
        "authority": "(ARRAY['jma', 'medis', 'jpa'])[1 + n %% 3]",
        "qualification": "(ARRAY['doctor', 'pharmacist', 'doctor', 'dentist', 'doctor'])[1 + n / 3 %% 5]",
        "certificate_fingerprint": "sha256(n::text::bytea)",
        "registration_number": "n::text",
        "person_key": "sha256(n::text::bytea)",
        "created_at": f"{moment} - interval '1 hour'",
        "changed_at": moment,
        "submitted_at": f"CASE WHEN ({state}) = 'draft' THEN NULL ELSE {moment} END",
        "decided_at": f"CASE WHEN {granted} THEN {moment} END",
        "recommended_by_id": f"CASE WHEN {granted} OR ({state}) = 'recommended' THEN {officers}[1] END",
        "approved_by_id": f"CASE WHEN {granted} THEN {officers}[2] END",
        "claimed_by_id": f"CASE WHEN {claimed} THEN {officers}[CASE WHEN n <= 50 THEN 1 ELSE 2 END] END",
        "claimed_until": f"CASE WHEN {claimed} THEN t.claimed_until END",
        "return_until": f"CASE WHEN ({state}) = 'returned' THEN t.submitted_at + interval '30 days' END",
        "credential": f"CASE WHEN {granted} THEN gen_random_uuid() END",
    }
    source = "generate_series(1, %(count)s) AS n, enrollment_application t WHERE t.id = %(template)s"
    many.copy(cursor, "enrollment.Application", source, values, given)
