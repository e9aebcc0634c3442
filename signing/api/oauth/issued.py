"""Tokens that are given out: who holds them, and their end with all that they authorised (decision 11)."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from ledger import log
from signing.activation import Caller
from signing.authorising import withdrawing
from signing.flow import Item
from signing.models import (
    AccessToken,
    Activation,
    ActivationItem,
    Approval,
    ClientCertificate,
    Credential,
    OAuthClient,
    SigningSession,
)


def caller(
    client: OAuthClient,
    session: SigningSession,
    credential: Credential,
    certificate: ClientCertificate | None,
) -> Caller:
    """Who will call with a token of this client, day and facility's certificate (None: it is bound to none)."""
    return Caller(
        client.pk,
        client.client_id,
        session.pk,
        credential.pk,
        session.expires_at,
        credential.key_kind,
        certificate=0 if certificate is None else certificate.pk,
        thumbprint="" if certificate is None else bytes(certificate.thumbprint).hex(),
        facility="" if certificate is None else certificate.facility,
    )


def revoke(given: QuerySet[AccessToken], at: datetime, actor: log.Actor, why: str) -> int:
    """How many ended now, with all that they had authorised or asked of a signer; each is an entry, `why` a word."""
    with transaction.atomic():
        ended, sads = _end(given, at)
        _kill(sads)
        withdrawn = withdrawing.withdraw(Approval.objects.filter(token__in=[each.pk for each in ended]))
        for each in ended:
            credential = each.session.credential
            log.append(
                "signing.token_revoked",
                actor=actor,
                subject=str(credential.public_id),
                authority=credential.authority,
                data={"client": each.client.client_id, "scope": each.scope, "why": why},
            )
        withdrawing.record(withdrawn, withdrawing.TOKEN, actor)
    return len(ended)


def end_under(certificate: ClientCertificate, at: datetime) -> list[withdrawing.Withdrawn]:
    """All that was given, authorised, or asked of a signer over a certificate which has ended; in that transaction.

    What was withdrawn is the caller's to record.
    """
    with transaction.atomic():
        ended, own = _end(AccessToken.objects.filter(certificate=certificate), at)
        sads = Activation.objects.filter(certificate=certificate, items__state=Item.AUTHORISED).distinct()
        _kill([*own, *sads.values_list("pk", flat=True)])
        asked = Q(certificate=certificate) | Q(token__in=[each.pk for each in ended])
        return withdrawing.withdraw(Approval.objects.filter(asked))


def _end(given: QuerySet[AccessToken], at: datetime) -> tuple[list[AccessToken], list[int]]:
    """Those that still lived, and the SADs that some of them were."""
    rows = (
        given.filter(revoked_at=None, expires_at__gt=at)
        .select_related("client", "session__credential")
        .order_by("pk")
    )
    ended = list(rows.select_for_update(of=("self",), no_key=True))
    AccessToken.objects.filter(pk__in=[each.pk for each in ended]).update(revoked_at=at)
    return ended, [each.activation_id for each in ended if each.activation_id is not None]


def _kill(sads: list[int]) -> None:
    """Their unused hashes; locks in one order, as `endings` has it."""
    rows = Activation.objects.filter(pk__in=sads).order_by("pk")
    locked = [sad.pk for sad in rows.select_for_update()]
    ActivationItem.objects.filter(activation__in=locked, state=Item.AUTHORISED).update(state=Item.DEAD)
