"""Tokens that were given out, and their end: what they authorised dies in the same transaction (decision 11)."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from signing.flow import Item
from signing.models import AccessToken, Activation, ActivationItem, ClientCertificate


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
    """Hashes that were authorised over a certificate which has ended; call it in the transaction of its end."""
    with transaction.atomic():
        sads = Activation.objects.filter(certificate=certificate, items__state=Item.AUTHORISED).distinct()
        keys = list(sads.order_by("pk").values_list("pk", flat=True))
        locked = [sad.pk for sad in Activation.objects.filter(pk__in=keys).order_by("pk").select_for_update()]
        ActivationItem.objects.filter(activation__in=locked, state=Item.AUTHORISED).update(state=Item.DEAD)
