"""credentials/extendTransaction: the number authorised never grows, each hash is bound before it is signed."""

import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from ledger import clock
from ledger.models import Entry
from signing import activation
from signing.activation import Spend
from signing.authorising import extension
from signing.errors import Refused
from signing.keystore import Algorithm
from signing.models import Activation, ActivationItem, SignatureRecord
from signing.signer import client as signer_client
from tests.support import days
from tests.support.csc import INVALID_SAD, NOT_AUTHORISED, Api, b64, digest, refused
from tests.support.signers import SignerProcesses

pytestmark = pytest.mark.requirement("SG-1")

TOO_MANY = (400, "Numbers of signatures is too high")


def _extend(api: Api, sad: str, *digests: bytes, **changes: Any) -> Any:
    body = {"credentialID": api.id, "SAD": sad, "hash": b64(*digests), **changes}
    return api.call("credentials/extendTransaction", {k: v for k, v in body.items() if v is not ...})


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_hashes_that_come_later_are_bound_one_after_the_other(api: Api, version: str) -> None:
    api = Api(api.day, version)
    sad = api.authorize(digest(0), numSignatures=3, description="処方箋").json()["SAD"]
    for number in range(3):
        made = api.sign(sad, digest(number)).json()["signatures"]
        api.day.verify(base64.b64decode(made[0]), digest(number))
        if number < 2:
            sad = _extend(api, sad, digest(number + 1)).json()["SAD"]
    assert refused(_extend(api, sad, digest(3))) == INVALID_SAD
    assert SignatureRecord.objects.count() == 3
    assert {bytes(row.description or b"").decode() for row in Activation.objects.all()} == {"処方箋"}


def test_the_old_sad_dies_and_what_it_had_not_signed_with_it(api: Api) -> None:
    old = api.authorize(digest(1), digest(2)).json()["SAD"]
    new = _extend(api, old, digest(3)).json()["SAD"]
    assert api.sign(old, digest(1)).status_code == 400
    assert refused(_extend(api, old, digest(1))) == (400, "SAD expired")
    assert refused(api.sign(new, digest(1))) == NOT_AUTHORISED
    assert api.sign(new, digest(3)).status_code == 200
    assert refused(_extend(api, new, digest(4), digest(5))) == TOO_MANY
    assert _extend(api, new, digest(4)).status_code == 200
    entries = [entry.data for entry in Entry.objects.filter(kind="signing.extended").order_by("number")]
    assert [(each["dropped"], each["left"]) for each in entries] == [(2, 1), (0, 0)]


def test_the_number_that_was_authorised_never_grows(api: Api) -> None:
    sad = api.authorize(digest(1), numSignatures=2).json()["SAD"]
    assert refused(_extend(api, sad, digest(2), digest(3), digest(4))) == TOO_MANY
    assert api.sign(sad, digest(1)).status_code == 200
    assert refused(_extend(api, sad, digest(2), digest(3))) == TOO_MANY
    assert ActivationItem.objects.count() == 1


def test_an_expired_sad_is_not_extended(api: Api) -> None:
    sad = api.authorize(digest(1), numSignatures=2).json()["SAD"]
    Activation.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    assert refused(_extend(api, sad, digest(2))) == (400, "SAD expired")


def test_nobody_extends_the_sad_of_another(api: Api) -> None:
    other = Api(days.day(clock.now()))
    sad = other.authorize(digest(1), numSignatures=2).json()["SAD"]
    assert refused(_extend(api, sad, digest(2))) == INVALID_SAD
    assert refused(_extend(api, sad, digest(2), credentialID=other.id)) == INVALID_SAD
    assert refused(_extend(api, "x", digest(2))) == INVALID_SAD
    assert refused(_extend(api, ..., digest(2))) == (400, "Missing (or invalid type) string parameter SAD")  # type: ignore[arg-type]


def test_a_sad_of_one_facilitys_certificate_is_not_extended_over_another(api: Api) -> None:
    sad = api.authorize(digest(1), numSignatures=2).json()["SAD"]
    elsewhere = api.day.caller._replace(certificate=4711)
    with pytest.raises(Refused) as refusal:
        extension.extend(elsewhere, api.day.credential.public_id, sad, [digest(2)], at=clock.now())
    assert refusal.value.code == "sad_unknown"
    assert api.sign(sad, digest(1)).status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="threads with connections of their own")
def test_of_sixteen_that_extend_and_sign_at_once_the_number_is_kept(
    signers: SignerProcesses, signer_connection: None
) -> None:
    """Each thread tries to spend or to extend the same SAD; never are more hashes free or taken than authorised."""
    day = days.day(clock.now())
    at = clock.now()
    first = activation.authorise(day.caller, day.credential.public_id, [digest(0)], at=at, room=1)

    def one(number: int) -> str:
        try:
            if number % 2:
                extension.extend(
                    day.caller, day.credential.public_id, first.sad, [digest(1), digest(2)], at=at
                )
                return "extended"
            spend = Spend(first.sad, day.credential.public_id, day.caller, (digest(0),), Algorithm.RSA_SHA256)
            (got,) = activation.spend_many([spend], at=at)
            return got.code if isinstance(got, Refused) else "reserved"
        except Refused as no:
            return no.code
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(one, range(16)))
    signer_client.signers().disconnect()
    assert results.count("extended") + results.count("reserved") == 1, results
    alive = ActivationItem.objects.filter(state__in=["authorised", "reserved"]).count()
    assert alive == (2 if "extended" in results else 1)
