"""Renewal before the end (CA-11, issue 4 item 7): when it may be asked for, asking, and the two notices.

A renewal is a new key and a new certificate for the same 本人ID; enrollment decides by the CA's setting and orders it
as a successor, so the old certificate signs until the new one is active.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q

from ledger import clock, log
from outbox import jobs
from outbox.models import Job
from signing import flow
from signing.errors import Refused
from signing.models import CardBinding, Credential, RenewalRequest, SigningSession
from signing.ordering import STANDING

NOTICE_DAYS = (90, 30)  # before the last day; the first of them opens the renewal
FRESH = timedelta(minutes=10)  # ASVS 7.5.3: who changes how they sign proves who they are anew
_CARDS_FOR = timedelta(days=5)  # less than a finished job is kept, so that none is told twice
STRONG = ("my_number_card", "authenticator", "hpki_card")
OPEN = (flow.Answer.WAITING, flow.Answer.ACCEPTED)
_MOVES = {move.name: move for move in flow.ANSWER_MOVES}


def opens_at(credential: Credential) -> datetime | None:
    """00:00 JST of the day that lies ninety days before the certificate's last one."""
    if credential.not_after is None:
        return None
    return clock.end_of_day(clock.today(credential.not_after) - timedelta(days=NOTICE_DAYS[0] + 1))


def is_open(credential: Credential, at: datetime) -> bool:
    opens = opens_at(credential)
    is_standing = credential.state in STANDING and credential.not_after is not None
    return is_standing and opens is not None and opens <= at <= (credential.not_after or at)


def is_fresh(session: SigningSession, at: datetime) -> bool:
    return session.means in STRONG and at - session.started_at < FRESH


def ask(session: SigningSession, at: datetime) -> RenewalRequest:
    """The signer's wish; while one is open it is returned instead of a new one.

    Raises Refused: not_fresh, too_early, credential_not_active.
    """
    if not is_fresh(session, at):
        raise Refused("not_fresh")
    try:
        with transaction.atomic():
            credential = Credential.objects.select_for_update(no_key=True).get(pk=session.credential_id)
            if credential.state != flow.Credential.ACTIVE:
                raise Refused("credential_not_active")
            if not is_open(credential, at):
                raise Refused("too_early")
            return _standing(credential) or _made(credential, session, at)
    except IntegrityError:
        found = _standing(session.credential)
        if found is None:
            raise
        return found


def newest(credential: Credential) -> RenewalRequest | None:
    """What was asked for last, with the answer so far."""
    return credential.renewal_requests.order_by("-pk").first()


def find(credential: UUID) -> RenewalRequest | None:
    """The open request about this credential, for enrollment."""
    rows = RenewalRequest.objects.select_related("credential")
    return rows.filter(credential__public_id=credential, answer__in=OPEN).first()


def answer(public_id: UUID, move: str, at: datetime, reason: str = "") -> bool:
    """Enrollment's word: accept, refuse (with a code), fulfil; False when it was said before."""
    row = _MOVES[move]
    changed = RenewalRequest.objects.filter(public_id=public_id, answer__in=row.sources).update(
        answer=row.target, reason=reason, answered_at=at
    )
    return changed == 1


def tell_due(at: datetime) -> int:
    """For the clock: certificates that end within 90 and 30 days, each told once per notice; how many.

    After a long silence only the nearer notice is told. One whose successor is on its way is not reminded.
    """
    count = 0
    for days in sorted(NOTICE_DAYS):
        until = clock.end_of_day(clock.today(at) + timedelta(days=days))
        succeeded = Exists(Credential.objects.filter(succeeds=OuterRef("pk"), state=flow.Credential.ORDERED))
        untold = Q(reminded_days=None) | Q(reminded_days__gt=days)
        rows = Credential.objects.filter(untold, state__in=STANDING, not_after__gt=at, not_after__lt=until)
        for credential in rows.exclude(succeeded).order_by("pk")[:500]:
            count += _tell(credential, days, untold)
    return count


def _tell(credential: Credential, days: int, untold: Q) -> int:
    with transaction.atomic():
        if Credential.objects.filter(untold, pk=credential.pk).update(reminded_days=days) != 1:
            return 0
        jobs.enqueue("signing.renewal_due", str(credential.public_id))
    return 1


def tell_cards_ended(at: datetime) -> int:
    """For the clock: bound My Number Cards whose certificate has ended (N14), each told once; how many.

    Those of the last days only: after a longer silence nobody needs to hear of a card that has long been replaced.
    """
    ended = CardBinding.objects.filter(is_living=True, not_after__lte=at, not_after__gt=at - _CARDS_FOR)
    count = 0
    for binding in ended.filter(credential__state__in=STANDING).select_related("credential")[:500]:
        with transaction.atomic():
            mark = f"signing.card_ended:{binding.pk}"
            if not Job.objects.filter(dedupe=mark).exists():
                jobs.enqueue("signing.card_ended", str(binding.credential.public_id), dedupe=mark)
                count += 1
    return count


def _standing(credential: Credential) -> RenewalRequest | None:
    return credential.renewal_requests.filter(answer__in=OPEN).first()


def _made(credential: Credential, session: SigningSession, at: datetime) -> RenewalRequest:
    row = RenewalRequest.objects.create(credential=credential, means=session.means, created_at=at)
    jobs.enqueue("signing.renewal_wanted", str(credential.public_id))
    log.append(
        "signing.renewal_wanted",
        actor=log.Actor("signer", str(credential.signer.public_id)),
        subject=str(credential.public_id),
        authority=credential.authority,
        data={"session": str(session.public_id), "means": session.means},
    )
    return row
