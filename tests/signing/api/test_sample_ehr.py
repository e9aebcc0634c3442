"""The lines of README.md that sign, and the sample EHR of tests/support over both versions, at a real server."""

import base64
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ledger import clock
from signing import flow
from signing.models import Approval, SignatureRecord
from tests.support import days
from tests.support.beside import BESIDE
from tests.support.days import Day
from tests.support.ehr import Ehr, Failed

pytestmark = [*BESIDE, pytest.mark.requirement("SG-7")]
README = Path(flow.__file__).with_name("README.md").read_text(encoding="utf-8")
DOCUMENT = "処方箋".encode()


def ehr_of(server: str, day: Day, version: str) -> Ehr:
    client = {"client_id": day.client.client_id, "client_secret": "secret"}
    ehr = Ehr(server, client, "http://127.0.0.1/", version=version)
    ehr.token = day.bearer
    return ehr


def test_the_lines_of_the_readme_sign(server: str) -> None:
    (lines,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    day = days.issued_day()
    found: dict[str, Any] = {"server": server, "token": day.bearer, "document": DOCUMENT}
    exec(compile(lines, "README.md", "exec"), found)
    day.verify(base64.b64decode(found["signature"]), sha256(DOCUMENT).digest())


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_sample_signs_by_both_versions(server: str, version: str) -> None:
    day = days.issued_day()
    ehr = ehr_of(server, day, version)
    digests = [sha256(bytes([number])).digest() for number in range(3)]
    for signature, digest in zip(ehr.signs(digests), digests, strict=True):
        day.verify(signature, digest)
    assert ehr.certificates()[0] == bytes(day.credential.certificate or b"")


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
