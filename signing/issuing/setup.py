"""Which authority stands behind a code, and making the embedded ones once."""

from django.db import transaction

from ledger import clock
from ledger.log import SYSTEM, append
from signing.issuing import lists, names
from signing.issuing.embedded import make_certificate
from signing.models import IssuingCertificate, RevocationList


def issuer_of(authority_code: str) -> str:
    """The code of the CA that issues for this association (decision 4); KeyError for an unknown one."""
    return names.REGISTRARS[authority_code].issuer


authority = lists.authority


def ensure() -> None:
    """Root, CAs and their first lists, made where they are missing; safe to repeat and to run twice at once.

    Needs the authorities' signer instance. Lists past half their life are renewed too.
    """
    for code in names.NAMES:
        if not IssuingCertificate.objects.filter(code=code).exists():
            _make(code)
    for code in names.NAMES:
        if not RevocationList.objects.filter(issuer=code).exists():
            lists.publish(code)
    for code in lists.due(clock.now()):
        lists.publish(code)


def _make(code: str) -> None:
    at = clock.now()
    certificate = make_certificate(code, at)
    with transaction.atomic():
        _, is_new = IssuingCertificate.objects.get_or_create(
            code=code, defaults={"certificate": certificate, "made_at": at}
        )
        if is_new:
            append("signing.authority_made", actor=SYSTEM, subject=code)
