"""A PostgreSQL database of many applications, made from one real one by the server itself.

`fill` copies a submitted application with all that hangs on it: answers, statement, pictures, findings, timeline,
notices, mails, jobs, ledger entries. Ciphertexts may be copied: a purpose names the column, not the row. The
first hundred wait for an officer, so that a worklist is as long in a small database as in a large one; the others are
spread as after years: mostly issued, two in a hundred waiting.
"""

from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.db import connection

from enrollment.models import Application

# Of each hundred applications, in this order; the rest are issued.
SHARES = (
    ("draft", 5),
    ("submitted", 1),
    ("recommended", 1),
    ("returned", 1),
    ("rejected", 3),
    ("withdrawn", 2),
)
WAITING = 100
# Rows that hang on an application, and what their copy must not share with the original.
HANGING: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("enrollment.StepAnswers", {}),
    (
        "enrollment.Attachment",
        {"public_id": "gen_random_uuid()", "original_file": "md5(a.id::text || t.id::text)"},
    ),
    ("enrollment.Statement", {}),
    ("enrollment.Finding", {}),
    ("enrollment.TimelineEntry", {}),
)


def fill(template: Application, count: int) -> None:
    """Add copies until there are so many applications; the planner's statistics are new afterwards."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), coalesce(max(id), 0) FROM enrollment_application")
        there, last = cursor.fetchone()
        if there >= count:
            return
        cursor.execute("SELECT coalesce(max(id), 0) FROM enrollment_applicant")
        (base,) = cursor.fetchone()
        _people(cursor, template, base, count - there)
        _applications(cursor, template, base)
        for label, changes in HANGING:
            _hang(cursor, label, template, last, changes)
        _messages(cursor, template, last)
        cursor.execute("VACUUM ANALYZE")


def _columns(label: str) -> tuple[str, list[str]]:
    model = apps.get_model(label)
    return model._meta.db_table, [
        field.column for field in model._meta.concrete_fields if not field.primary_key
    ]


def copy(cursor: Any, label: str, source: str, values: Mapping[str, str], given: Mapping[str, Any]) -> None:
    """INSERT … SELECT of every column of a table: `t.column`, or what `values` says instead."""
    table, columns = _columns(label)
    chosen = ", ".join(values.get(column, f"t.{column}") for column in columns)
    cursor.execute(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} FROM {source}", given)


def _people(cursor: Any, template: Application, base: int, count: int) -> None:
    given = {"applicant": template.applicant_id, "base": base, "count": count}
    numbers = "generate_series(1, %(count)s) AS n"
    new = {"public_id": "gen_random_uuid()"}
    source = f"{numbers}, enrollment_applicant t WHERE t.id = %(applicant)s"
    copy(cursor, "enrollment.Applicant", source, new, given)
    certificate = {"applicant_id": "a.id", "fingerprint": "sha256(a.id::text::bytea)", "serial": "a.id::text"}
    source = (
        "enrollment_applicant a, enrollment_applicantcertificate t "
        "WHERE a.id > %(base)s AND t.applicant_id = %(applicant)s"
    )
    copy(cursor, "enrollment.ApplicantCertificate", source, certificate, given)
    session = {
        "applicant_id": "t.applicant_id",
        "certificate_id": "t.id",
        "token_digest": "t.fingerprint",
        "created_at": "t.first_seen_at",
        "last_seen_at": "t.first_seen_at",
        "ended_at": "t.first_seen_at",
        "way": "''",
    }
    source = "enrollment_applicantcertificate t WHERE t.applicant_id > %(base)s"
    copy(cursor, "enrollment.ApplicantSession", source, session, given)


def _state() -> str:
    cases, until = [], 0
    for state, share in SHARES:
        until += share
        cases.append(f"WHEN a.id %% 100 < {until} THEN '{state}'")
    return f"CASE WHEN a.id <= {WAITING} THEN 'submitted' {' '.join(cases)} ELSE 'issued' END"


def _applications(cursor: Any, template: Application, base: int) -> None:
    granted = f"{_state()} = 'issued'"
    officers = "(SELECT array_agg(id ORDER BY id) FROM staff_officer)"
    ago = "(a.id %% 1000) * interval '1 day'"
    values = {
        "public_id": "gen_random_uuid()",
        "receipt_number": f"CASE WHEN {_state()} = 'draft' THEN NULL ELSE 'M-' || a.id END",
        "applicant_id": "a.id",
        "state": _state(),
        "authority": "(ARRAY['jma', 'medis', 'jpa'])[1 + a.id %% 3]",
        "certificate_fingerprint": "sha256(a.id::text::bytea)",
        "registration_number": "(a.id %% 9999999)::text",
        "person_key": "sha256(a.id::text::bytea)",
        "created_at": f"t.created_at - {ago}",
        "changed_at": f"t.changed_at - {ago}",
        "submitted_at": f"t.submitted_at - {ago}",
        "decided_at": f"CASE WHEN {granted} THEN t.submitted_at - {ago} END",
        "recommended_by_id": f"CASE WHEN {granted} OR {_state()} = 'recommended' THEN {officers}[1] END",
        "approved_by_id": f"CASE WHEN {granted} THEN {officers}[2] END",
        "claimed_by_id": "NULL",
        "claimed_until": "NULL",
        "return_until": f"CASE WHEN {_state()} = 'returned' THEN t.submitted_at + interval '30 days' END",
        "credential": f"CASE WHEN {granted} THEN gen_random_uuid() END",
    }
    source = "enrollment_applicant a, enrollment_application t WHERE a.id > %(base)s AND t.id = %(template)s"
    copy(cursor, "enrollment.Application", source, values, {"base": base, "template": template.pk})


def _hang(cursor: Any, label: str, template: Application, last: int, changes: Mapping[str, str]) -> None:
    table, _ = _columns(label)
    source = (
        f"enrollment_application a, {table} t "
        "WHERE a.id > %(last)s AND a.id <> %(template)s AND t.application_id = %(template)s"
    )
    values = {"application_id": "a.id", **changes}
    copy(cursor, label, source, values, {"last": last, "template": template.pk})


def _messages(cursor: Any, template: Application, last: int) -> None:
    """The inbox, mails, done jobs and ledger entries of each copy, as many as the original has."""
    given = {
        "last": last,
        "template": template.pk,
        "owner": template.applicant.public_id,
        "about": str(template.public_id),
    }
    copies = "enrollment_application a JOIN enrollment_applicant p ON p.id = a.applicant_id"
    mine = "WHERE a.id > %(last)s AND a.id <> %(template)s AND "
    mark = {"public_id": "gen_random_uuid()", "about": "a.public_id::text", "dedupe": "t.dedupe || a.id"}
    notice = {**mark, "owner": "p.public_id"}
    copy(cursor, "outbox.Notice", f"{copies}, outbox_notice t {mine} t.owner = %(owner)s", notice, given)
    copy(cursor, "outbox.Mail", f"{copies}, outbox_mail t {mine} t.about = %(about)s", mark, given)
    job = {"subject": "a.public_id::text", "dedupe": "''", "state": "'done'"}
    copy(cursor, "outbox.Job", f"{copies}, outbox_job t {mine} t.subject = %(about)s", job, given)
    entry = {"subject": "a.public_id::text", "shard": "'copies'", "number": "a.id * 100 + t.number"}
    copy(cursor, "ledger.Entry", f"{copies}, ledger_entry t {mine} t.subject = %(about)s", entry, given)
