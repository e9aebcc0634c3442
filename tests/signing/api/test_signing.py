"""Every listed algorithm, asked for over the API, with every kind of key."""

import base64
import hashlib
from typing import Any

import pytest

from ledger import clock
from ledger.models import Entry
from signing.api.algorithms import HASHES, PSS, PSS_PARAMETERS, RSA, SIGNATURES
from signing.keystore import Algorithm, KeyKind, fits
from signing.models import SignatureRecord
from tests.support import days
from tests.support.csc import Api, refused
from tests.support.signers import SignerProcesses

_IDENTIFIERS = {name: identifier for identifier, name in HASHES.items()}


@pytest.fixture
def rows(db: None, signers: SignerProcesses, signer_connection: None) -> None:
    """Rows and real keys."""


def words(kind: KeyKind, algorithm: Algorithm) -> dict[str, Any]:
    """How a client asks for it."""
    if algorithm.scheme.startswith("rsa-pss"):
        parameters = next(der for der, one in PSS_PARAMETERS[kind].items() if one is algorithm)
        return {"signAlgo": PSS, "signAlgoParams": base64.b64encode(parameters).decode(), "hashAlgo": ...}
    identifier = next(found for found, one in SIGNATURES.items() if one is algorithm)
    return {"signAlgo": identifier, "hashAlgo": ...}


@pytest.mark.requirement("SG-5")
@pytest.mark.parametrize(
    ("kind", "algorithm"), [(kind, one) for kind in KeyKind for one in Algorithm if fits(kind, one)]
)
def test_what_is_asked_for_is_what_is_signed_and_recorded(
    rows: None, kind: KeyKind, algorithm: Algorithm
) -> None:
    api = Api(days.day(clock.now(), kind=kind))
    digests = [hashlib.new(algorithm.hash_name, bytes([number])).digest() for number in range(3)]
    made = api.sign(api.sad(*digests), *reversed(digests), **words(kind, algorithm)).json()["signatures"]
    for signature, digest in zip(made, reversed(digests), strict=True):
        api.day.verify(base64.b64decode(signature), digest, algorithm)
    assert set(SignatureRecord.objects.values_list("sign_algorithm", flat=True)) == {algorithm.value}
    assert Entry.objects.get(kind="signing.signed").data["algorithm"] == algorithm.value


@pytest.mark.parametrize("kind", list(KeyKind))
def test_an_algorithm_of_the_other_family_spends_nothing(rows: None, kind: KeyKind) -> None:
    api = Api(days.day(clock.now(), kind=kind))
    digest = hashlib.sha256(b"document").digest()
    sad = api.sad(digest)
    right = Algorithm.RSA_SHA256 if kind.is_rsa else Algorithm.ECDSA_SHA256
    wrong = Algorithm.ECDSA_SHA256 if kind.is_rsa else Algorithm.RSA_SHA256
    assert refused(api.sign(sad, digest, **words(kind, wrong))) == (400, "Invalid parameter signAlgo")
    assert SignatureRecord.objects.count() == 0
    assert api.sign(sad, digest, **words(kind, right)).status_code == 200


def test_a_digest_of_another_length_than_the_algorithms_spends_nothing(rows: None) -> None:
    api = Api(days.day(clock.now(), kind=KeyKind.P384))
    digest = hashlib.sha256(b"document").digest()
    sad = api.sad(digest)
    asked = words(KeyKind.P384, Algorithm.ECDSA_SHA384)
    assert refused(api.sign(sad, digest, **asked)) == (400, "Invalid digest value length")
    assert api.sign(sad, digest, signAlgo=RSA).status_code == 400
    assert api.sign(sad, digest, **words(KeyKind.P384, Algorithm.ECDSA_SHA256)).status_code == 200
