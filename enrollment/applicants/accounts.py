"""The applicant's account and session: opened by a physical My Number Card, kept apart from every other principal.

Sources: ST-04, ST-21, ST-23, ST-27; decisions 2 and 7. The cookie's clear text is stored nowhere.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction

from cards.jpki import JpkiResult
from enrollment.models import Applicant, ApplicantCertificate, ApplicantSession
from ledger import log
from vault import tokens

TOUCH_EVERY = 30  # seconds: the last use is written at most this often
LATELY = timedelta(days=1)
LONGEST = timedelta(hours=12)  # however much it is used (NIST SP 800-63B-4 AAL2; ASVS 5.0 7.3.2)


def actor(applicant: Applicant) -> log.Actor:
    return log.Actor("applicant", str(applicant.public_id))


def sign_in(
    proof: JpkiResult, at: datetime, former: ApplicantSession | None = None, *, way: str = ""
) -> tuple[ApplicantSession, str]:
    """Open a session for the holder of this authentication certificate; the first sign-in makes the account.

    `proof` is a checked answer of the card, `way` how it was read (ways.py). Returns the row and the cookie's clear
    text, new at each sign-in.
    """
    with transaction.atomic():
        certificate = _certificate(proof, at)
        if former is not None:
            ApplicantSession.objects.filter(pk=former.pk, ended_at=None).update(ended_at=at)
        token = tokens.new_token()
        session = ApplicantSession.objects.create(
            token_digest=tokens.digest(token),
            applicant=certificate.applicant,
            certificate=certificate,
            way=way,
            created_at=at,
            last_seen_at=at,
        )
        log.append(
            "applicant.signed_in",
            actor=actor(certificate.applicant),
            subject=str(certificate.applicant.public_id),
            data={"way": way},
        )
    return session, token


def current(token: str, at: datetime) -> ApplicantSession | None:
    """The living session of this cookie, or None: unknown, ended, or idle for too long (ST-21)."""
    session = look(token, at)
    if session is not None and (at - session.last_seen_at).total_seconds() > TOUCH_EVERY:
        touch(session, at)
    return session


def look(token: str, at: datetime) -> ApplicantSession | None:
    """As `current`, without counting as a use of the session."""
    session = _of_cookie(token)
    if session is None or session.ended_at is not None or until(session) <= at:
        return None
    return session


def lately(token: str, at: datetime) -> ApplicantSession | None:
    """The session of this cookie that has ended within the last day, however it ended; it opens nothing."""
    session = _of_cookie(token)
    if session is None or session.last_seen_at <= at - LATELY or look(token, at) is not None:
        return None
    return session


def touch(session: ApplicantSession, at: datetime) -> None:
    """Note a use: thirty minutes more from now."""
    ApplicantSession.objects.filter(pk=session.pk, last_seen_at__lt=at).update(last_seen_at=at)
    session.last_seen_at = max(at, session.last_seen_at)


def until(session: ApplicantSession) -> datetime:
    """When this session ends unless it is used before; twelve hours after the sign-in at the latest."""
    return min(session.last_seen_at + settings.APPLICANT_IDLE, session.created_at + LONGEST)


def _of_cookie(token: str) -> ApplicantSession | None:
    if not token or len(token) > 100 or not token.isascii():
        return None
    rows = ApplicantSession.objects.select_related("applicant", "certificate")
    return rows.filter(token_digest=tokens.digest(token)).first()


def sign_out(session: ApplicantSession, at: datetime) -> None:
    with transaction.atomic():
        if ApplicantSession.objects.filter(pk=session.pk, ended_at=None).update(ended_at=at) == 1:
            applicant = session.applicant
            log.append("applicant.signed_out", actor=actor(applicant), subject=str(applicant.public_id))


def _certificate(proof: JpkiResult, at: datetime) -> ApplicantCertificate:
    """The row of this certificate, made with its account at the first sight (ST-27)."""
    known = ApplicantCertificate.objects.select_related("applicant").filter(fingerprint=proof.fingerprint)
    found = known.first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            return ApplicantCertificate.objects.create(
                applicant=Applicant.objects.create(created_at=at),
                fingerprint=proof.fingerprint,
                issuer_key_id=proof.issuer_key_id,
                serial=f"{proof.serial:x}",
                not_after=proof.not_after,
                first_seen_at=at,
            )
    except IntegrityError:  # the same card signed in twice at the same moment
        return known.get()
