"""The responder that speaks for a CA: its short-lived certificate, and its signed answers (RFC 6960 section 4.2.2.2).

Its key lives in the authorities' signer instance and signs answers only; the CA's own key signs no answer. The
certificate says id-pkix-ocsp-nocheck (section 4.2.2.2.1): nobody asks for its status, so it lives for weeks only.
"""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.db import transaction

from ledger.log import SYSTEM, append
from signing import certificates
from signing.issuing import encoding, names, second_reading
from signing.issuing.seam import Answer, NotIssued, Status
from signing.models import IssuingCertificate, OcspResponder
from signing.signer.client import Result, Signed, authorities

LIFE = timedelta(days=30)
RENEWED = LIFE / 2  # before the end
_KINDS = ("sha1", "sha256")
_BATCH = 1000  # requests in one frame of the signer: less than half a MiB


def current(code: str, at: datetime, sign: Callable[[bytes], bytes]) -> OcspResponder:
    """The CA's responder; made, and signed by `sign`, where there is none or it has lived half its life.

    NotIssued when the authority does not sign, or a linter finds something in what it would sign.
    """
    found = newest(code)
    if found is not None and found.not_before <= at < found.not_after - RENEWED:
        return found
    issuer = bytes(IssuingCertificate.objects.get(code=code).certificate)
    draft, serial = _draft(code, issuer, at)
    problems = second_reading.problems(draft)
    if problems:
        raise NotIssued("; ".join(problems))
    certificate = sign(certificates.to_be_signed(draft))
    parsed = x509.load_der_x509_certificate(certificate)
    with transaction.atomic():
        row = OcspResponder.objects.create(
            issuer=code,
            serial=certificates.serial_text(serial),
            certificate=certificate,
            not_before=parsed.not_valid_before_utc,
            not_after=parsed.not_valid_after_utc,
        )
        append("signing.responder_made", actor=SYSTEM, subject=code, data={"serial": row.serial})
    return row


def newest(code: str) -> OcspResponder | None:
    return OcspResponder.objects.filter(issuer=code).order_by("-not_after", "-pk").first()


def _draft(code: str, issuer_der: bytes, at: datetime) -> tuple[bytes, int]:
    issuer = x509.load_der_x509_certificate(issuer_der)
    (spki,) = authorities().public([names.responder_key_name(code)])
    key, serial = certificates.public_key(spki), secrets.randbits(128) | 1 << 128
    organisation = dict(names.NAMES[code])["O"]
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{organisation} OCSP responder"),
        ]
    )
    start = at.replace(minute=0, second=0, microsecond=0)  # a relying party's clock may be a little behind
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject)
        .public_key(key)
        .serial_number(serial)
        .not_valid_before(start)
        .not_valid_after(min(start + LIFE, certificates.not_after(issuer_der)))
        .add_extension(certificates.authority_key(issuer), False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)
        .add_extension(usage, True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False)
        .add_extension(x509.OCSPNoCheck(), False)
    )
    return certificates.sign_away(builder), serial


def answers(
    code: str,
    issuer: x509.Certificate,
    responder: OcspResponder,
    asked: Sequence[Status],
    this_update: datetime,
    next_update: datetime,
) -> list[Answer]:
    """Each status signed twice, once for each way in which requests name the CA; NotIssued."""
    speaker_der = bytes(responder.certificate)
    speaker, named = x509.load_der_x509_certificate(speaker_der), encoding.names_of(issuer)
    bodies = [
        encoding.answer_to_sign(named[kind], speaker, status, this_update, next_update)
        for status in asked
        for kind in _KINDS
    ]
    key = names.responder_key_name(code)
    results: list[Result] = []
    for start in range(0, len(bodies), _BATCH):
        results += authorities().answer([(key, body) for body in bodies[start : start + _BATCH]])
    whole = [
        encoding.answer(body, _signature(result), speaker_der)
        for body, result in zip(bodies, results, strict=True)
    ]
    return [Answer(*pair, this_update, next_update) for pair in zip(whole[::2], whole[1::2], strict=True)]


def _signature(result: Result) -> bytes:
    if not isinstance(result, Signed):
        raise NotIssued(result.reason)
    return result.signature
