"""Items whose outcome nobody knows: failed for ever (decision 12), and shown to the signer like a signature.

Perhaps a signature was made and went astray. So each gets its own record, and an entry of the ledger with the same
kind of tree as made signatures have.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from django.db import transaction

from ledger import log, merkle
from ledger.models import Entry
from signing.activation_store import Store
from signing.flow import Item
from signing.models import Activation, ActivationItem, SignatureRecord, UnrecordedFailure
from signing.records.leaves import leaf

_MOST = 500


def fail(keeper: Store, items: Sequence[int], at: datetime) -> int:
    """Reserved items (row ids) to failed, with their records, in one transaction; how many."""
    if not items:
        return 0
    with transaction.atomic():
        count = keeper.fail(items)
        _record(items, at)
    return count


def record_missing(at: datetime) -> int:
    """For the clock: items that the hot path has failed, and that have no record yet; how many."""
    with transaction.atomic():
        waiting = UnrecordedFailure.objects.select_for_update().order_by("pk")
        failed = list(waiting.values_list("pk", flat=True)[:_MOST])
        count = _record(failed, None)
        UnrecordedFailure.objects.filter(pk__in=failed).delete()
    return count


def _record(items: Sequence[int], at: datetime | None) -> int:
    """`at`: when it failed; None: not known, about when it was authorised."""
    count = 0
    for activation, failed in _unrecorded(items):
        entry = _entry(activation, failed)
        SignatureRecord.objects.bulk_create(
            SignatureRecord(
                item=item,
                credential=activation.credential,
                session=activation.session,
                client=activation.client,
                certificate=activation.certificate,
                digest=item.digest,
                result=SignatureRecord.UNKNOWN,
                log_shard=entry.shard,
                log_number=entry.number,
                place=place,
                made_at=at or activation.created_at,
            )
            for place, item in enumerate(failed)
        )
        count += len(failed)
    return count


def _unrecorded(items: Sequence[int]) -> Iterator[tuple[Activation, list[ActivationItem]]]:
    rows = ActivationItem.objects.select_related(
        "activation__credential", "activation__session", "activation__client"
    ).filter(pk__in=items, state=Item.FAILED, record=None)
    for _pk, group in groupby(rows.order_by("activation_id", "ordinal"), key=lambda item: item.activation_id):
        failed = list(group)
        yield failed[0].activation, failed


def _entry(activation: Activation, failed: Sequence[ActivationItem]) -> Entry:
    return log.append(
        "signing.outcome_unknown",
        actor=log.Actor("caller", activation.client.client_id),
        subject=str(activation.credential.public_id),
        authority=activation.credential.authority,
        data={
            "activation": str(activation.public_id),
            "session": str(activation.session.public_id),
            "means": activation.session.means,
            "count": len(failed),
            "root": merkle.root([leaf(item.public_id.bytes, bytes(item.digest)) for item in failed]).hex(),
        },
    )
