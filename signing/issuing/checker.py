"""A second pair of eyes after issuance: what is stored is read again, night by night (Boulder's cert-checker).

Both linters, the CA's signature, the bytes that were intended and the row's own columns. What does not fit is kept in
`CertificateCheck`, written to the ledger once, and counted in /metrics. The longest unread come first; a job reads a
bounded batch and calls the next, until everything was read since the night began.
"""

import logging
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from django.db import transaction
from django.db.models import Q

from ledger import clock
from ledger.log import SYSTEM, append
from outbox import jobs
from signing import certificates
from signing.certificates import Subject
from signing.issuing import embedded, keys, lint, second_reading
from signing.models import CertificateCheck, Credential, IssuanceIntent, IssuingCertificate

BATCH = 200  # some 20 ms each
_EVERY = timedelta(hours=20)
_ENDED = timedelta(days=1)

logger = logging.getLogger(__name__)


def begin(at: datetime) -> None:
    """For the clock, once a day; the work is the `keys` queue's, which has the linter loaded."""
    with transaction.atomic():
        jobs.enqueue("signing.relint", f"{at:%Y-%m-%d}", queue="keys", dedupe=f"relint-{at:%Y%m%d}-0")


def check_some(subject: str) -> None:
    """Handler of `signing.relint`; `subject` is the day, for the reader of the queue."""
    at = clock.now()
    unread = Q(check_row=None) | Q(check_row__checked_at__lte=at - _EVERY)
    rows = Credential.objects.filter(unread, certificate__isnull=False, not_after__gt=at - _ENDED)
    batch = list(rows.select_related("signer", "check_row").order_by("check_row__checked_at", "pk")[:BATCH])
    for credential in batch:
        _note(credential, problems(credential), at)
    if len(batch) == BATCH:
        with transaction.atomic():
            jobs.enqueue("signing.relint", subject, queue="keys")


def problems(credential: Credential) -> list[str]:
    """What does not fit any more, as codes and places; empty for a good certificate."""
    certificate = bytes(credential.certificate or b"")
    try:
        found = certificates.read(certificate)
    except certificates.Malformed:
        return ["cannot be read"]
    issuer_der = bytes(IssuingCertificate.objects.get(code=credential.issuer).certificate)
    return [
        *_columns(credential, found),
        *_signature(certificate, issuer_der),
        *_intended(credential, certificate),
        *lint.problems(certificate, _subject(found), found.public_key, embedded.issuer(credential.issuer)),
        *second_reading.problems(certificate),
    ]


def _columns(credential: Credential, found: certificates.HpkiCertificate) -> list[str]:
    stored = (credential.serial, credential.not_before, credential.not_after)
    fits = {
        "columns differ": stored == (found.serial, *found.period),
        "subject is another person": found.person_id == credential.signer.person_id,
        "role is another": found.role == credential.qualification,
        "key is of another kind": keys.kind_of(found.public_key) is credential.key_kind,
    }
    return [word for word, is_so in fits.items() if not is_so]


def _signature(certificate: bytes, issuer_der: bytes) -> list[str]:
    try:
        parsed = x509.load_der_x509_certificate(certificate)
        parsed.verify_directly_issued_by(x509.load_der_x509_certificate(issuer_der))
    except (InvalidSignature, ValueError, TypeError):
        return ["not signed by its authority"]
    return []


def _intended(credential: Credential, certificate: bytes) -> list[str]:
    intent = IssuanceIntent.objects.filter(credential=credential).first()
    is_intended = intent is not None and bytes(intent.to_be_signed or b"") == certificates.to_be_signed(
        certificate
    )
    return [] if is_intended else ["not what was intended"]


def _subject(found: certificates.HpkiCertificate) -> Subject:
    """As the certificate itself has it: the order is erased, so only the form can be read again."""
    given, _, family = found.common_name.partition(" ")
    return Subject(found.person_id, family, given, found.name_kanji, found.role or "")


def _note(credential: Credential, found: list[str], at: datetime) -> None:
    text, row = "\n".join(found), getattr(credential, "check_row", None)
    with transaction.atomic():
        CertificateCheck.objects.update_or_create(
            credential=credential, defaults={"checked_at": at, "findings": text}
        )
        if text and (row is None or row.findings != text):
            append(
                "signing.certificate_finding",
                actor=SYSTEM,
                subject=str(credential.public_id),
                authority=credential.authority,
                data={"problems": "; ".join(found)[:500]},
            )
    if text:
        logger.error("certificate of credential %s: %s", credential.public_id, "; ".join(found))
