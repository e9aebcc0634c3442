"""Revocation lists: complete, signed, numbered upwards, stored before anyone reads them.

A revocation enqueues `signing.crl`; the clock renews a list at half its life. CA/Browser Forum BR 4.9.7 (not binding
here, taken as the measure): a new list at least every seven days and within a day of a revocation.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from ledger import clock
from ledger.log import SYSTEM, append
from outbox import jobs
from signing import flow
from signing.issuing.embedded import EmbeddedAuthority
from signing.issuing.seam import CertificationAuthority, Revoked
from signing.models import Credential, IssuingCertificate, RevocationList

LIFE = timedelta(days=4)
HALF = LIFE / 2
KEPT = 5  # former lists, for whoever asks why
_ROWS = 2000  # read at once


def authority(code: str) -> CertificationAuthority:
    """The CA of this code; IssuingCertificate.DoesNotExist before `ensure` was run."""
    return EmbeddedAuthority(code)


def announce(credential: Credential) -> None:
    """Have the new status told by list and by answer; call in the transaction that changes it."""
    subject = str(credential.public_id)
    jobs.enqueue("signing.crl", credential.issuer, queue="keys", dedupe=f"crl-revoked-{subject}")
    jobs.enqueue("signing.ocsp", subject, queue="keys", dedupe=f"ocsp-revoked-{subject}")


class _Entries:
    """The revoked certificates of a CA, read row by row; afterwards `count` and `digest` say what went by."""

    def __init__(self, code: str, at: datetime) -> None:
        self._code, self._at = code, at
        self.count, self._seen = 0, hashlib.sha256()

    def __iter__(self) -> Iterator[Revoked]:
        # An entry stays one list beyond its certificate's end (RFC 5280 section 3.3).
        rows = Credential.objects.filter(
            issuer=self._code,
            state=flow.Credential.REVOKED,
            serial__isnull=False,
            not_after__gt=self._at - LIFE,
        ).order_by("revoked_at", "pk")
        values = rows.values_list("serial", "revoked_at", "revocation_reason")
        for serial, when, reason in values.iterator(_ROWS):
            if serial and when:
                self.count += 1
                self._seen.update(f"{serial} {int(when.timestamp())} {reason}\n".encode())
                yield Revoked(int(serial, 16), when, reason)

    def digest(self) -> bytes:
        return self._seen.digest()

    def read(self) -> bytes:
        for _ in self:
            pass
        return self.digest()


def renew(subject: str) -> None:
    """Handler of `signing.crl`: publish, unless the newest list is young and says the same already.

    So of a hundred revocations at once each is in a list, and not a hundred lists are signed.
    """
    at = clock.now()
    with transaction.atomic():
        _lock(subject)
        newest = RevocationList.objects.filter(issuer=subject).order_by("-number").first()
        if (
            newest is None
            or newest.next_update - HALF <= at
            or bytes(newest.entries_digest) != _Entries(subject, at).read()
        ):
            publish(subject)


def publish(subject: str) -> None:
    """Sign and store the next list of the CA `subject` (its code).

    The CA's row stays locked from the reading to the commit: one writer, so numbers and contents rise together. The
    number is the moment in milliseconds, or one more than the last: it rises even when the database was restored from
    a backup that has never heard of the last lists (Boulder numbers its lists by time, for the same reason).
    """
    at = clock.now()
    with transaction.atomic():
        _lock(subject)
        latest = RevocationList.objects.filter(issuer=subject).aggregate(number=Max("number"))["number"]
        number = max((latest or 0) + 1, int(at.timestamp() * 1000))
        at = at.replace(microsecond=0)
        entries = _Entries(subject, at)
        content = authority(subject).crl(number, entries, at, at + LIFE)
        RevocationList.objects.create(
            issuer=subject,
            number=number,
            content=content,
            this_update=at,
            next_update=at + LIFE,
            entries=entries.count,
            entries_digest=entries.digest(),
        )
        kept = RevocationList.objects.filter(issuer=subject).order_by("-number").values_list("pk", flat=True)
        RevocationList.objects.filter(issuer=subject).exclude(pk__in=list(kept[:KEPT])).delete()
        append("signing.list_published", actor=SYSTEM, subject=subject,
               data={"number": number, "entries": entries.count})  # fmt: skip


def _lock(code: str) -> None:
    IssuingCertificate.objects.select_for_update().get(code=code)


def due(at: datetime) -> list[str]:
    """CAs whose newest list has lived half its life."""
    newest = RevocationList.objects.values("issuer").annotate(until=Max("next_update"))
    return sorted(row["issuer"] for row in newest if row["until"] - HALF <= at)


def publish_due() -> int:
    """For the clock: one job per list that is due; how many."""
    at = clock.now()
    codes = due(at)
    with transaction.atomic():
        for code in codes:
            jobs.enqueue("signing.crl", code, queue="keys", dedupe=f"crl-{code}-{at:%Y%m%d%H}")
    return len(codes)
