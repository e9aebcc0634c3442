"""Days that are closed under a key of the test's own, and proofs in which something was changed."""

import copy
import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from ledger import daily, verify_proof
from signing.models import SignatureRecord
from tests.ledger import keys

KEY, OTHER_KEY = keys.elliptic(), keys.elliptic()
FRIDAY = date(2030, 11, 22)  # ahead of the signer process, which keeps the real time


def close(noon: Callable[[date], None], day: date, key: keys.LogKey = KEY) -> dict[str, Any]:
    """The day's root as it is published."""
    noon(day + timedelta(days=1))
    daily.close_day(day, key.sign, key.pem)
    return published(day)


def published(day: date) -> dict[str, Any]:
    return dict(json.loads(Client().get(f"/log/{day}.json").content))


def record_of(records: list[SignatureRecord], place: int) -> SignatureRecord:
    return SignatureRecord.objects.select_related("item").get(pk=records[place].pk)


def refusal(proof: Any, root: Any, *more: Any) -> str:
    with pytest.raises(verify_proof.Refused) as refused:
        verify_proof.verify(proof, root, *more)
    return str(refused.value)


def leaves(value: Any, where: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every word and number of a JSON value."""
    if isinstance(value, dict):
        for name in value:
            yield from leaves(value[name], (*where, name))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from leaves(each, (*where, number))
    else:
        yield where


def changed(value: Any) -> Iterator[Any]:
    """Other values of the same kind, and of others."""
    if isinstance(value, str):
        yield from (
            value + "00",
            value[:-2],
            value.upper() if value.upper() != value else value + "x",
            "",
            None,
            5,
        )
        if value and value[0] in "0123456789abcdef":
            yield ("0" if value[0] != "0" else "1") + value[1:]
    else:
        yield from (value + 1, value - 1, -1, str(value), None, 1.5, True)


def put(value: Any, where: tuple[Any, ...], new: Any) -> Any:
    whole = copy.deepcopy(value)
    place = whole
    for name in where[:-1]:
        place = place[name]
    place[where[-1]] = new
    return whole


def refused_changes(proof: Any, root: Any) -> int:
    """How many changed proofs were refused; one that is not is a failure."""
    tried = 0
    for where in leaves(proof):
        value = proof
        for name in where:
            value = value[name]
        for new in changed(value):
            if new != value or type(new) is not type(value):
                assert refusal(put(proof, where, new), root), where
                tried += 1
    return tried
