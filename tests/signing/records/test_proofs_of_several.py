"""An entry about several signers proves each signature as its own signer's, and tells nothing of the others."""

import copy
import json
from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple

import pytest

from ledger import clock, verify_proof
from signing.errors import Refused
from signing.models import Activation, SignatureRecord, SigningSession
from signing.records import proofs
from tests.signing.records import rows
from tests.signing.records.proving import FRIDAY, KEY, close, put, record_of, refusal, refused_changes
from tests.support import days
from tests.support.credentials import active_credential

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.requirement("SG-6")]
CREDENTIAL, SYSTEM = "電子証明書 credential", "システム system"


class Story(NamedTuple):
    """Two signers at two systems under one entry: theirs (1), mine (3), theirs again (2), and the day's root."""

    mine: SigningSession
    theirs: SigningSession
    records: list[SignatureRecord]
    root: dict[str, Any]

    def proof(self, place: int) -> dict[str, Any]:
        return proofs.proof(record_of(self.records, place))


@pytest.fixture
def story(noon: Callable[[date], None]) -> Story:
    noon(FRIDAY)
    at, hospital, pharmacy = clock.now(), days.ehr("病院"), days.ehr("薬局")
    mine, theirs = (rows.session_of(active_credential(), at) for _ in range(2))
    calls = [
        (theirs, hospital, [rows.digest(1)], "他人の処方箋"),
        (mine, pharmacy, [rows.digest(number) for number in (2, 3, 4)], "私の処方箋"),
        (theirs, hospital, [rows.digest(5), rows.digest(6)], "他人の処方箋"),
    ]
    records = rows.group(calls, at)
    return Story(mine, theirs, records, close(noon, FRIDAY))


def test_each_is_proven_as_its_own_signers_and_shows_nobody_else(story: Story) -> None:
    for place, record in enumerate(story.records):
        proof = story.proof(place)
        owner = story.mine if 1 <= place <= 3 else story.theirs
        other = story.theirs if owner is story.mine else story.mine
        digest, credential = bytes(record.digest), str(owner.credential.public_id)
        shown = verify_proof.verify(proof, story.root, [KEY.pem], digest, credential)
        assert (shown[CREDENTIAL], shown[SYSTEM]) == (credential, record.client.client_id)
        assert shown["本人確認の番号 session"] == str(owner.public_id)
        text = json.dumps(proof, ensure_ascii=False)
        hidden = [str(other.public_id), str(other.credential.public_id), "処方箋"]
        for each in story.records:
            if each.pk != record.pk:
                hidden += [bytes(each.digest).hex(), str(each.item.public_id)]
        assert not [word for word in hidden if word in text]


def test_whatever_is_changed_in_such_a_proof_is_refused(story: Story) -> None:
    assert refused_changes(story.proof(2), story.root) > 200


def test_another_signer_is_refused_however_it_is_put_together(story: Story) -> None:
    """My digest under their name, their digest under mine; whole parts of an honest proof of the same entry."""
    mine, theirs = story.proof(2), story.proof(4)
    for parts in (
        *(("signature",), ("call",), ("signer",), ("signers",), ("signature", "call")),
        *(("signer", "signers"), ("signature", "signer"), ("signature", "call", "signers")),
    ):
        assert refusal({**mine, **{part: theirs[part] for part in parts}}, story.root), parts
    for name in ("credential", "session", "client", "activation"):
        assert theirs["signer"][name] != mine["signer"][name]
        assert refusal(put(mine, ("signer", name), theirs["signer"][name]), story.root), name
    assert "another credential" in refusal(
        mine, story.root, [KEY.pem], None, str(story.theirs.credential.public_id)
    )


def test_a_neighbours_place_is_refused(story: Story) -> None:
    first, second = story.proof(1), story.proof(2)
    assert refusal({**first, "call": second["call"]}, story.root)
    assert refusal({**first, "signature": second["signature"]}, story.root)
    assert refusal(put(first, ("signers", "index"), 0), story.root)


def test_nothing_is_proven_without_its_signer(story: Story) -> None:
    """Cut back to the shorter format, or with words shifted from one member into the next."""
    proof = story.proof(1)
    short = {name: value for name, value in proof.items() if name not in ("signer", "signers")}
    assert refusal({**short, "format": "inkan-signature-proof/1"}, story.root)
    assert refusal(short, story.root)
    for format in (["inkan-signature-proof/2"], {}, None, "inkan-signature-proof/3"):
        assert refusal({**proof, "format": format}, story.root)
    shifted = copy.deepcopy(proof)
    shifted["signer"].update(
        client=f"{proof['signer']['client']},", certificate="", means=proof["signer"]["means"][1:]
    )
    assert refusal(shifted, story.root)
    shifted["signer"].update(
        client=proof["signer"]["client"], certificate=f",{proof['signer']['means']}", means=""
    )
    assert refusal(shifted, story.root)
    for size in (1 << 32, 1 << 64, 1 << 200):
        assert refusal(put(proof, ("call", "size"), size), story.root)
    assert refusal(put(proof, ("signer", "client"), "\ud800"), story.root)


def test_rows_that_were_changed_lead_to_no_proof(story: Story) -> None:
    """Whoever owns the database and gives my signature to another session can prove nothing with it."""
    record = record_of(story.records, 1)
    Activation.objects.filter(items=record.item).update(session=story.theirs)
    with pytest.raises(Refused) as refused:
        proofs.proof(record)
    assert refused.value.code == "proof_broken"
