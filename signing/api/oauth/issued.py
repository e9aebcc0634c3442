"""Tokens that are given out: who holds them, and their end with all that they authorised (decision 11)."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from signing import flow
from signing.activation import Caller
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

_VOID = next(move for move in flow.APPROVAL_MOVES if move.name == "void")


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


def revoke(given: QuerySet[AccessToken], at: datetime) -> int:
    """How many ended now. A credential token's unused hashes die too; locks in one order, as `endings` has it."""
    with transaction.atomic():
        living = list(given.filter(revoked_at=None).order_by("pk").values_list("pk", "activation_id"))
        ended = AccessToken.objects.filter(pk__in=[pk for pk, _sad in living], revoked_at=None)
        count = ended.update(revoked_at=at)
        sads = Activation.objects.filter(pk__in=[sad for _pk, sad in living if sad is not None])
        locked = [sad.pk for sad in sads.order_by("pk").select_for_update()]
        ActivationItem.objects.filter(activation__in=locked, state=Item.AUTHORISED).update(state=Item.DEAD)
    return count


def kill_under(certificate: ClientCertificate) -> None:
    """What was authorised, or asked of a signer, over a certificate which has ended; in the transaction of its end."""
    with transaction.atomic():
        sads = Activation.objects.filter(certificate=certificate, items__state=Item.AUTHORISED).distinct()
        keys = list(sads.order_by("pk").values_list("pk", flat=True))
        locked = [sad.pk for sad in Activation.objects.filter(pk__in=keys).order_by("pk").select_for_update()]
        ActivationItem.objects.filter(activation__in=locked, state=Item.AUTHORISED).update(state=Item.DEAD)
        asked = Approval.objects.filter(certificate=certificate, state__in=_VOID.sources)
        asked.update(state=_VOID.target)
