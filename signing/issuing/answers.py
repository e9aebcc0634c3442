"""Answers about every certificate, made ahead by the `keys` worker: the web signs nothing (RFC 5019 section 2.2).

Made at issuance, at once on a revocation, and anew every day. What is handed out is decided by the credential's row
at that moment (`ready`): an answer that is late or says less than the row is not given.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple, TypeAlias

from django.db import transaction
from django.db.models import F, Q, QuerySet

from ledger import clock
from outbox import jobs
from signing import flow
from signing.issuing import lists, names, responders
from signing.issuing.seam import Answer, Status
from signing.models import Credential, OcspAnswer, OcspResponder

LIFE = timedelta(days=2)
HALF = LIFE / 2
BATCH = 500  # certificates a job answers for; then it calls the next job
REVOKED = flow.Credential.REVOKED


class Missing(Enum):
    """Why no answer is given: we never issued it (or it ended long ago), or the worker is behind."""

    UNKNOWN = "unknown"
    LATE = "late"


class Ready(NamedTuple):
    content: bytes
    this_update: datetime
    next_update: datetime


_Row: TypeAlias = tuple[int, str, str | None, datetime | None, str]


def make(subject: str) -> None:
    """Handler of `signing.ocsp`: answers about the certificate of credential `subject` (public id)."""
    rows = _rows(Credential.objects.filter(public_id=subject, serial__isnull=False))
    for issuer in {issuer for _, issuer, *_ in rows}:
        _make(issuer, rows, clock.now())


def renew(subject: str) -> None:
    """Handler of `signing.ocsp_renewal`: the CA's responder, then its answers that are due, a bounded batch.

    What is still due afterwards is the next job's.
    """
    at = clock.now()
    lists.authority(subject).ocsp(
        [], at, at + LIFE
    )  # the responder's certificate is renewed though nothing is due
    rows = _rows(due(subject, at)[:BATCH])
    _make(subject, rows, at)
    OcspAnswer.objects.filter(issuer=subject, credential__not_after__lte=at - lists.LIFE).delete()
    if len(rows) == BATCH:
        with transaction.atomic():
            jobs.enqueue("signing.ocsp_renewal", subject, queue="keys")


def due(code: str, at: datetime) -> QuerySet[Credential]:
    """Certificates of this CA without an answer, with one past half its life, or with one that is overtaken."""
    lacking = Q(ocsp_answer=None) | Q(ocsp_answer__next_update__lte=at + HALF)
    overtaken = Q(state=REVOKED, ocsp_answer__is_revoked=False)
    return _answerable(at).filter(lacking | overtaken, issuer=code).order_by("pk")


def behind(at: datetime) -> QuerySet[Credential]:
    """Certificates about which nothing valid can be said right now."""
    lacking = Q(ocsp_answer=None) | Q(ocsp_answer__next_update__lte=at)
    overtaken = Q(state=REVOKED, ocsp_answer__is_revoked=False)
    return _answerable(at).filter(lacking | overtaken).order_by("pk")


def late(at: datetime) -> int:
    return behind(at).count()


def _answerable(at: datetime) -> QuerySet[Credential]:
    """As long as a list would name it: one list beyond the certificate's end."""
    return Credential.objects.filter(serial__isnull=False, not_after__gt=at - lists.LIFE)


def renew_due(at: datetime) -> int:
    """For the clock: a job per CA that has something due, or whose responder is past half its life; how many."""
    codes = [code for code in names.ISSUERS if _is_responder_due(code, at) or due(code, at).exists()]
    with transaction.atomic():
        for code in codes:
            slot = f"{at:%Y%m%d%H}{at.minute // 10}"
            jobs.enqueue("signing.ocsp_renewal", code, queue="keys", dedupe=f"ocsp-{code}-{slot}")
    return len(codes)


def _is_responder_due(code: str, at: datetime) -> bool:
    newest = responders.newest(code)
    return newest is None or newest.not_after - responders.RENEWED <= at


def _rows(credentials: QuerySet[Credential]) -> list[_Row]:
    return list(credentials.values_list("pk", "issuer", "serial", "revoked_at", "revocation_reason"))


def _make(code: str, rows: Sequence[_Row], at: datetime) -> None:
    at = at.replace(microsecond=0)
    asked = [Status(int(serial or "0", 16), when, reason) for _, _, serial, when, reason in rows]
    if asked:
        _store(code, rows, lists.authority(code).ocsp(asked, at, at + LIFE))


def _store(code: str, rows: Sequence[_Row], made: Sequence[Answer]) -> None:
    """Only what still fits its row, under the row's lock: a revocation that was faster has a job of its own."""
    keys = [row[0] for row in rows]
    with transaction.atomic():
        locked = Credential.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
        still = set(_rows(locked))
        fresh = [
            OcspAnswer(
                credential_id=row[0],
                issuer=code,
                is_revoked=row[3] is not None,
                sha1=answer.sha1,
                sha256=answer.sha256,
                this_update=answer.this_update,
                next_update=answer.next_update,
            )
            for row, answer in zip(rows, made, strict=True)
            if row in still
        ]
        OcspAnswer.objects.bulk_create(
            fresh,
            update_conflicts=True,
            unique_fields=["credential"],
            update_fields=["issuer", "is_revoked", "sha1", "sha256", "this_update", "next_update"],
        )


def ready(code: str, serial: str, kind: str, at: datetime) -> Ready | Missing:
    """What is handed out about this serial of this CA; `kind` is how the request named the CA: sha1 or sha256."""
    row = (
        _answerable(at)
        .filter(issuer=code, serial=serial)
        .annotate(content=F(f"ocsp_answer__{kind}"))
        .values_list(
            "state",
            "content",
            "ocsp_answer__is_revoked",
            "ocsp_answer__this_update",
            "ocsp_answer__next_update",
        )
        .first()
    )
    if row is None:
        return Missing.UNKNOWN
    state, content, is_revoked, this_update, next_update = row
    if content is None or next_update <= at or (state == REVOKED and not is_revoked):
        return Missing.LATE
    return Ready(bytes(content), this_update, next_update)


def responder_ends(code: str) -> datetime | None:
    newest: OcspResponder | None = responders.newest(code)
    return None if newest is None else newest.not_after
