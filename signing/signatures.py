"""The only way to a signature: items that `activation.spend_many` has reserved (law 3).

Record, then sign, then record: the reservation is committed before the signer is asked; result, record and ledger
entry commit before the reply leaves (decision 24). One ledger entry covers the signatures of one call: the root of
an RFC 6962 tree whose leaves are (item, digest) in the order of the answer.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from ledger import log, merkle
from signing import open_keys
from signing.activation import Reservation
from signing.activation_store import Item, Store, store
from signing.errors import Refused
from signing.models import ClientCertificate, SignatureRecord
from signing.signer import client

logger = logging.getLogger(__name__)

_ALREADY_SIGNED = "already_signed"
_NOT_OPEN = "not_open"


class _Asked(NamedTuple):
    """One item on its way to the signer and back."""

    reservation: Reservation
    item: Item
    result: client.Result


def sign(
    reservations: Sequence[Reservation], *, at: datetime, keeper: Store | None = None
) -> list[list[bytes] | Refused]:
    """Per reservation its signatures in the order of its items, or a refusal; the rows tell the same.

    Refusals: signer_unavailable (nothing was signed, the items may be spent again), outcome_unknown (some item is
    failed for ever: authorise again, decision 12).
    """
    rows = keeper or store()
    asked = _ask(reservations)
    signed = [each for each in asked if isinstance(each.result, client.Signed)]
    returned = [each.item.pk for each in asked if _is_certain_no(each.result)]
    unknown = [each.item.pk for each in asked if _is_unknown(each.result)]
    with transaction.atomic():
        rows.give_back(returned)
        rows.fail(unknown)
        if rows.sign([each.item.pk for each in signed]) != len(signed):
            # Somebody gave these items up meanwhile (a very late answer): the signatures must not leave.
            raise Refused("outcome_unknown")
        for reservation in reservations:
            _record(reservation, [each for each in signed if each.reservation is reservation], at)
    return [_answer([each for each in asked if each.reservation is one]) for one in reservations]


def leaf(item: bytes, digest: bytes) -> bytes:
    """The leaf of one signature in its call's tree: SHA-256(0x00 || item's UUID (16 bytes) || digest)."""
    return merkle.leaf_hash(item + digest)


def _is_certain_no(result: client.Result) -> bool:
    return isinstance(result, client.NotSigned) and result.reason != _ALREADY_SIGNED


def _is_unknown(result: client.Result) -> bool:
    """Also what the signer has signed before: that signature went astray and is never made again."""
    return isinstance(result, client.Unknown) or result == client.NotSigned(_ALREADY_SIGNED)


def _answer(asked: list[_Asked]) -> list[bytes] | Refused:
    signatures = [each.result.signature for each in asked if isinstance(each.result, client.Signed)]
    if len(signatures) == len(asked):
        return signatures
    if any(_is_unknown(each.result) for each in asked):
        return Refused("outcome_unknown")
    return Refused("signer_unavailable")


def _record(reservation: Reservation, signed: list[_Asked], at: datetime) -> None:
    if not signed:
        return
    activation = reservation.activation
    credential = activation.credential
    leaves = [leaf(each.item.public_id.bytes, each.item.digest) for each in signed]
    entry = log.append(
        "signing.signed",
        actor=log.Actor("caller", activation.client.client_id),
        subject=str(credential.public_id),
        authority=credential.authority,
        data={
            "activation": str(activation.public_id),
            "session": str(activation.session.public_id),
            "means": activation.session.means,
            "certificate": _thumbprint(activation.certificate),
            "algorithm": reservation.algorithm.value,
            "count": len(signed),
            "root": merkle.root(leaves).hex(),
        },
    )
    SignatureRecord.objects.bulk_create(
        SignatureRecord(
            item_id=each.item.pk,
            credential=credential,
            session=activation.session,
            client=activation.client,
            certificate=activation.certificate,
            digest=each.item.digest,
            sign_algorithm=reservation.algorithm.value,
            log_shard=entry.shard,
            log_number=entry.number,
            place=place,
            made_at=at,
        )
        for place, each in enumerate(signed)
    )


def _thumbprint(certificate: ClientCertificate | None) -> str:
    return "" if certificate is None else bytes(certificate.thumbprint).hex()


def _ask(reservations: Sequence[Reservation]) -> list[_Asked]:
    """Every item with the signer's word for it; what is known for certain is never guessed (decision 12)."""
    pairs = [(reservation, item) for reservation in reservations for item in reservation.items]
    results = _sign(pairs)
    again = [index for index, result in enumerate(results) if result == client.NotSigned(_NOT_OPEN)]
    if again:  # the signer was restarted and has forgotten the handles: open the keys once more
        for index in again:
            open_keys.forget(pairs[index][0].activation.credential)
        for index, result in zip(again, _sign([pairs[index] for index in again]), strict=True):
            results[index] = result
    return [_Asked(*pair, result) for pair, result in zip(pairs, results, strict=True)]


def _sign(pairs: Sequence[tuple[Reservation, Item]]) -> list[client.Result]:
    try:
        items = [
            client.Item(
                open_keys.handle(
                    reservation.activation.credential, reservation.activation.session.expires_at
                ),
                item.public_id,
                item.digest,
                reservation.algorithm,
            )
            for reservation, item in pairs
        ]
        return client.signers().sign(items)
    except (client.SignerUnavailable, open_keys.KeyRefused) as problem:
        logger.error("nothing was signed: %s", problem)
        return [client.NotSigned("unavailable")] * len(pairs)
    except client.Declined as problem:
        logger.error("the signer declined a frame: %s", problem.code)
        return [client.Unknown(problem.code)] * len(pairs)
    except client.OutcomeUnknown as problem:
        logger.error("nobody knows what was signed: %s", problem)
        return [client.Unknown("no_reply")] * len(pairs)
