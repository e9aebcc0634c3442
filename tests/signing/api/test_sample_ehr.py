"""The lines of README.md that sign, and the sample EHR of tests/support over both versions, at a real server."""

import base64
import re
import time
from collections.abc import Callable
from hashlib import sha256, sha384, sha512
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db.models import Count

from ledger import clock
from signing import flow
from signing.keystore import Algorithm, KeyKind
from signing.models import Activation, Approval, SignatureRecord
from tests.support import days
from tests.support.beside import BESIDE
from tests.support.days import Day
from tests.support.ehr import TRIES, Ehr, Failed, NoSuchAlgorithm
from tests.support.signers import SignerProcesses

pytestmark = [*BESIDE, pytest.mark.requirement("SG-7")]
README = Path(flow.__file__).with_name("README.md").read_text(encoding="utf-8")
DOCUMENT = "処方箋".encode()


def ehr_of(server: str, day: Day, version: str, pause: Callable[[float], object] = time.sleep) -> Ehr:
    client = {"client_id": day.client.client_id, "client_secret": "secret"}
    ehr = Ehr(server, client, "http://127.0.0.1/", version=version, pause=pause)
    ehr.token = day.bearer
    return ehr


@pytest.mark.parametrize(
    ("kind", "algorithm"),
    [(KeyKind.RSA_2048, Algorithm.RSA_SHA256), (KeyKind.P256, Algorithm.ECDSA_SHA256)],
)
def test_the_lines_of_the_readme_sign(server: str, kind: KeyKind, algorithm: Algorithm) -> None:
    (lines,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    day = days.issued_day(kind)
    found: dict[str, Any] = {"server": server, "token": day.bearer, "document": DOCUMENT}
    exec(compile(lines, "README.md", "exec"), found)
    day.verify(base64.b64decode(found["signature"]), sha256(DOCUMENT).digest(), algorithm)


@pytest.mark.parametrize(
    ("kind", "hashed", "pss", "algorithm"),
    [
        (KeyKind.RSA_2048, sha256, False, Algorithm.RSA_SHA256),
        (KeyKind.RSA_2048, sha256, True, Algorithm.PSS_SHA256),
        (KeyKind.RSA_2048, sha512, True, Algorithm.PSS_SHA512),
        (KeyKind.P256, sha256, False, Algorithm.ECDSA_SHA256),
        (KeyKind.P384, sha384, False, Algorithm.ECDSA_SHA384),
    ],
)
def test_the_sample_signs_as_the_key_does_by_both_versions(
    server: str, kind: KeyKind, hashed: Any, pss: bool, algorithm: Algorithm
) -> None:
    day = days.issued_day(kind)
    digests = [hashed(bytes([number])).digest() for number in range(3)]
    for version in ("v1", "v2"):
        ehr = ehr_of(server, day, version)
        for signature, digest in zip(ehr.signs(digests, pss=pss), digests, strict=True):
            day.verify(signature, digest, algorithm)
        assert ehr.certificates()[0] == bytes(day.credential.certificate or b"")


def test_the_sample_asks_for_nothing_that_the_key_cannot_do(server: str) -> None:
    with pytest.raises(NoSuchAlgorithm):
        ehr_of(server, days.issued_day(KeyKind.P256), "v2").signs([sha256(DOCUMENT).digest()], pss=True)
    assert not Activation.objects.exists()


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_sample_divides_what_is_too_much_at_once(server: str, version: str) -> None:
    day = days.issued_day(KeyKind.P256)
    digests = [sha256(number.to_bytes(2, "big")).digest() for number in range(settings.MULTISIGN + 2)]
    for signature, digest in zip(ehr_of(server, day, version).signs(digests), digests, strict=True):
        day.verify(signature, digest, Algorithm.ECDSA_SHA256)
    sizes = Activation.objects.annotate(size=Count("items")).order_by("pk").values_list("size", flat=True)
    assert list(sizes) == [settings.MULTISIGN, 2]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_sample_comes_again_when_it_is_told_to(
    server: str, signers: SignerProcesses, version: str
) -> None:
    day = days.issued_day()
    waited: list[float] = []

    def pause(seconds: float) -> None:
        waited.append(seconds)
        signers.start("signers")

    signers.kill("signers")
    (signature,) = ehr_of(server, day, version, pause).signs([sha256(DOCUMENT).digest()])
    day.verify(signature, sha256(DOCUMENT).digest())
    assert waited == [5.0]
    assert SignatureRecord.objects.count() == 1


def test_the_sample_does_not_ask_for_ever(server: str, signers: SignerProcesses) -> None:
    day = days.issued_day()
    waited: list[float] = []
    signers.kill("signers")
    try:
        with pytest.raises(Failed) as refused:
            ehr_of(server, day, "v2", waited.append).signs([sha256(DOCUMENT).digest()])
    finally:
        signers.start("signers")
    assert refused.value.answer.status == 503 and waited == [5.0] * (TRIES - 1)


def test_the_sample_waits_for_its_signer_where_it_must(server: str) -> None:
    day = days.issued_day()
    digest = sha256(DOCUMENT).digest()
    with pytest.raises(Failed) as refused:
        ehr_of(server, day, "v1").authorizes([digest], label="処方箋 #麻薬")
    assert refused.value.answer.body["error"] == "step_up_required"
    ehr = ehr_of(server, day, "v2")
    handle = ehr.asks_signer([digest], label="処方箋 #麻薬")
    assert ehr.approved(handle) is None
    Approval.objects.update(
        state=flow.Approval.APPROVED, answered_at=clock.now()
    )  # the signer's part: test_approvals
    sad = ehr.approved(handle)
    assert sad is not None
    day.verify(ehr.signs([digest], sad=sad)[0], digest)
    assert SignatureRecord.objects.count() == 1
