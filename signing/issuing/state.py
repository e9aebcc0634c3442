"""How the authorities stand: what an operator is woken for, as figures, and what `manage.py reconcile` names."""

from datetime import datetime, timedelta

from django.db.models import Max

from signing import flow
from signing.issuing import answers, lists, names
from signing.models import CertificateCheck, Credential, IssuanceIntent, RevocationList

SETTLED = timedelta(minutes=15)  # BR 4.10.2: an answer about a new certificate may take so long


def lists_overdue(at: datetime) -> dict[str, float]:
    """By CA, the seconds since its newest list was past half its life; 0 while there is nothing to do."""
    newest = dict(RevocationList.objects.values_list("issuer").annotate(until=Max("next_update")))
    return {
        code: max(0.0, (at - (until - lists.HALF)).total_seconds()) for code, until in sorted(newest.items())
    }


def responders_left(at: datetime) -> dict[str, float]:
    """By CA, the seconds until its responder's certificate ends; 0 where there is none."""
    ends = {code: answers.responder_ends(code) for code in names.ISSUERS}
    return {code: 0.0 if end is None else max(0.0, (end - at).total_seconds()) for code, end in ends.items()}


def answers_late(at: datetime) -> int:
    return answers.late(at)


def orders_stopped() -> int:
    return IssuanceIntent.objects.filter(state=flow.Issuance.STOPPED).count()


def certificates_with_findings() -> int:
    return CertificateCheck.objects.exclude(findings="").count()


def faults(at: datetime) -> list[tuple[str, str]]:
    """(stable code, CA or public id) of what does not fit: old lists, a responder that ended, missing answers."""
    found = [
        ("revocation_list_overdue", code)
        for code, until in RevocationList.objects.values_list("issuer").annotate(until=Max("next_update"))
        if until <= at
    ]
    settled = at - SETTLED
    having = Credential.objects.filter(serial__isnull=False, not_after__gt=at, changed_at__lte=settled)
    for code in having.values_list("issuer", flat=True).distinct().order_by("issuer"):
        ends = answers.responder_ends(code)
        if ends is None or ends <= at:
            found.append(("responder_certificate_ended", code))
    late = answers.behind(at).filter(changed_at__lte=settled).values_list("public_id", flat=True)
    found += [("status_answer_late", str(public_id)) for public_id in late.iterator()]
    signed = IssuanceIntent.objects.filter(
        state=flow.Issuance.INTENDED, ordered_at__lt=at - answers.HALF
    ).values_list("credential__public_id", flat=True)
    return found + [("certificate_perhaps_not_stored", str(public_id)) for public_id in signed.iterator()]
