"""Revocation lists: complete, signed, numbered upwards, stored before anyone reads them.

A revocation enqueues `signing.crl`; the clock renews a list at half its life. CA/Browser Forum BR 4.9.7 (not binding
here, taken as the measure): a new list at least every seven days and within a day of a revocation.
"""

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
KEPT = 5  # former lists, for whoever asks why


def authority(code: str) -> CertificationAuthority:
    """The CA of this code; IssuingCertificate.DoesNotExist before `ensure` was run."""
    return EmbeddedAuthority(code)


def publish(subject: str) -> None:
    """Sign and store the next list of the CA `subject` (its code); handler of `signing.crl`.

    The CA's row stays locked from the count to the commit, so numbers and contents rise together.
    """
    at = clock.now().replace(microsecond=0)
    with transaction.atomic():
        IssuingCertificate.objects.select_for_update().get(code=subject)
        latest = RevocationList.objects.filter(issuer=subject).aggregate(number=Max("number"))["number"]
        number = (latest or 0) + 1
        revoked = _revoked(subject, at)
        content = authority(subject).crl(number, revoked, at, at + LIFE)
        RevocationList.objects.create(
            issuer=subject, number=number, content=content, this_update=at, next_update=at + LIFE
        )
        RevocationList.objects.filter(issuer=subject, number__lte=number - KEPT).delete()
        append("signing.list_published", actor=SYSTEM, subject=subject,
               data={"number": number, "entries": len(revoked)})  # fmt: skip


def _revoked(code: str, at: datetime) -> list[Revoked]:
    """Entries stay one list beyond the certificate's end (RFC 5280 section 3.3)."""
    rows = Credential.objects.filter(
        issuer=code, state=flow.Credential.REVOKED, serial__isnull=False, not_after__gt=at - LIFE
    ).order_by("revoked_at", "pk")
    values = rows.values_list("serial", "revoked_at", "revocation_reason")
    return [Revoked(int(serial, 16), when, reason) for serial, when, reason in values if serial and when]


def due(at: datetime) -> list[str]:
    """CAs whose newest list has lived half its life."""
    newest = RevocationList.objects.values("issuer").annotate(until=Max("next_update"))
    return sorted(row["issuer"] for row in newest if row["until"] - LIFE / 2 <= at)


def publish_due() -> int:
    """For the clock: one job per list that is due; how many."""
    at = clock.now()
    codes = due(at)
    with transaction.atomic():
        for code in codes:
            jobs.enqueue("signing.crl", code, queue="keys", dedupe=f"crl-{code}-{at:%Y%m%d%H}")
    return len(codes)
