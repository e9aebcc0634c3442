"""A signer checks a signature against the published root, with one file and nothing of ours beside it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger import clock, verify_proof
from ledger.models import DailyRoot, Entry
from signing import activation
from signing.errors import Refused
from signing.keystore import Algorithm
from signing.models import ActivationItem, SignatureRecord, SigningSession, UnrecordedFailure
from signing.records import failures, left_behind, proofs
from tests.signing.records import rows
from tests.signing.records.proving import (
    FRIDAY,
    KEY,
    OTHER_KEY,
    close,
    leaves,
    put,
    record_of,
    refusal,
    refused_changes,
)
from tests.support import days
from tests.support.credentials import active_credential
from tests.support.csc import Api, digest

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def story(noon: Callable[[date], None]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The proof of the third of five signatures of a call among others, and its day's root."""
    noon(FRIDAY)
    session, at = rows.session_of(active_credential(), clock.now()), clock.now()
    rows.signed(session, days.ehr(), 4, at)
    records = rows.signed(session, days.ehr(), 5, at)
    rows.signed(session, days.ehr(), 1, at)
    root = close(noon, FRIDAY)
    return proofs.proof(record_of(records, 2)), root


@pytest.mark.requirement("SG-6")
def test_a_signature_is_proven_from_its_digest_to_the_signed_root(story: Any) -> None:
    proof, root = story
    shown = verify_proof.verify(proof, root, [KEY.pem], bytes.fromhex(proof["signature"]["digest"]))
    assert shown["結果 result"] == "署名済み signed"
    assert shown["記録番号 log entry"] == "web/2"
    assert shown["日時 time"].startswith("2030-11-22T12:00:")
    assert shown["電子証明書 credential"] == str(SigningSession.objects.get().credential.public_id)


@pytest.mark.requirement("SG-6")
def test_until_the_next_root_there_is_no_proof(noon: Callable[[date], None]) -> None:
    noon(FRIDAY)
    record = rows.signed(rows.session_of(active_credential(), clock.now()), days.ehr(), 1, clock.now())[0]
    with pytest.raises(Refused) as refused:
        proofs.proof(record)
    assert refused.value.code == "proof_not_yet"
    root = close(noon, FRIDAY)
    assert verify_proof.verify(proofs.proof(record_of([record], 0)), root)


def test_what_the_api_has_signed_is_proven(signers: Any, noon: Callable[[date], None]) -> None:
    """The whole way with real keys: authorised, signed, closed, proven; each place of the call."""
    noon(FRIDAY)
    api = Api(days.day(clock.now()))
    digests = [digest(number) for number in range(3)]
    assert api.sign(api.sad(*digests), *digests).status_code == 200
    root = close(noon, FRIDAY)
    records = list(SignatureRecord.objects.order_by("place"))
    for place, each in enumerate(digests):
        assert verify_proof.verify(proofs.proof(records[place]), root, [KEY.pem], each)


def test_an_outcome_that_nobody_knows_is_proven_as_such(signers: Any, noon: Callable[[date], None]) -> None:
    noon(FRIDAY)
    api, at = Api(days.day(clock.now())), clock.now()
    sad = api.sad(digest(1), digest(2))
    spend = activation.Spend(
        sad, api.day.credential.public_id, api.day.caller, (digest(2),), Algorithm.RSA_SHA256
    )
    assert activation.spend_many([spend], at=at)
    assert left_behind.fail_stuck(at + timedelta(minutes=11)) == 1
    record = SignatureRecord.objects.get()
    assert (record.result, bytes(record.digest)) == ("unknown", digest(2))
    assert Entry.objects.get(kind="signing.outcome_unknown").data["count"] == 1
    assert left_behind.fail_stuck(at + timedelta(minutes=12)) == 0
    root = close(noon, FRIDAY)
    shown = verify_proof.verify(proofs.proof(record), root)
    assert shown["結果 result"] == "結果不明 outcome unknown"


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8])
def test_every_place_of_a_call_is_proven(count: int, noon: Callable[[date], None]) -> None:
    noon(FRIDAY)
    records = rows.signed(rows.session_of(active_credential(), clock.now()), days.ehr(), count, clock.now())
    root = close(noon, FRIDAY)
    for place in range(count):
        assert verify_proof.verify(proofs.proof(record_of(records, place)), root)


def test_a_failure_that_somebody_else_has_written_gets_its_record_by_the_clock(
    signers: Any, noon: Callable[[date], None]
) -> None:
    noon(FRIDAY)
    api, at = Api(days.day(clock.now())), clock.now()
    api.sad(digest(1), digest(2))
    ActivationItem.objects.filter(digest=digest(2)).update(state="failed")
    UnrecordedFailure.objects.create(
        item=ActivationItem.objects.get(digest=digest(2))
    )  # as the hot path does
    assert [failures.record_missing(at) for _ in range(2)] == [1, 0]
    record = SignatureRecord.objects.get()
    assert (record.result, bytes(record.digest)) == ("unknown", digest(2))
    root = close(noon, FRIDAY)
    assert verify_proof.verify(proofs.proof(record), root)


@pytest.mark.requirement("SG-6")
def test_whatever_is_changed_in_a_proof_is_refused(story: Any) -> None:
    """Every word and every number, in several ways: no member of a proof is decoration."""
    proof, root = story
    assert refused_changes(proof, root) > 150


@pytest.mark.requirement("SG-6")
def test_whatever_is_changed_in_a_root_is_refused(story: Any) -> None:
    proof, root = story
    statement = json.loads(root["statement"])
    for where in leaves(statement):
        forged = put(statement, where, "x" if where[-1] != "size" else 5)
        assert refusal(proof, {**root, "statement": json.dumps(forged)})
    assert refusal(proof, {**root, "signature": ""})
    assert refusal(proof, {**root, "signature": "AAAA"})
    assert refusal(proof, {**root, "key": "no key"})
    assert refusal(proof, {**root, "key": OTHER_KEY.pem})


def test_members_that_are_missing_doubled_or_new_are_refused(story: Any) -> None:
    proof, root = story
    for name in proof:
        assert refusal({key: value for key, value in proof.items() if key != name}, root)
    assert refusal({**proof, "note": "trust me"}, root)
    for part in ("signature", "call", "entry", "day"):
        assert refusal({**proof, part: {**proof[part], "note": 1}}, root)
        assert refusal({**proof, part: None}, root)
    for path in ("call", "day"):
        hashes = proof[path]["path"]
        for other in (
            hashes[:-1],
            hashes[1:],
            [*hashes, hashes[0]],
            hashes[::-1],
            [],
            "x",
            ["aa"],
            ["a" * 64] * 65,
        ):
            assert refusal(put(proof, (path, "path"), other), root)


@pytest.mark.parametrize("nonsense", [None, 5, "x", [], {}, [1], {"format": "inkan-signature-proof/1"}])
def test_nonsense_is_refused_and_not_a_crash(story: Any, nonsense: Any) -> None:
    proof, root = story
    assert refusal(nonsense, root)
    assert refusal(proof, nonsense)


def test_another_document_is_refused(story: Any) -> None:
    proof, root = story
    assert "文書のハッシュ値" in refusal(proof, root, [], bytes(32))


def test_a_root_of_another_day_is_refused(noon: Callable[[date], None], story: Any) -> None:
    proof, _root = story
    rows.signed(SigningSession.objects.get(), days.ehr(), 1, clock.now())
    assert "別の日" in refusal(proof, close(noon, FRIDAY + timedelta(days=1)))


def test_a_whole_log_made_anew_under_another_key_is_refused_by_the_key_that_was_kept(
    noon: Callable[[date], None], story: Any
) -> None:
    """Whoever owns the whole database can prove anything under a key of their own, and nothing under the log's."""
    DailyRoot.objects.all().delete()
    root = close(noon, FRIDAY, OTHER_KEY)
    record = SignatureRecord.objects.select_related("item").first()
    assert record is not None
    proof = proofs.proof(record)
    assert verify_proof.verify(proof, root)
    assert "記録の鍵" in refusal(proof, root, [KEY.pem])
    assert verify_proof.verify(proof, root, [KEY.pem, OTHER_KEY.pem])


def test_a_neighbour_that_was_removed_leads_to_no_proof(noon: Callable[[date], None]) -> None:
    noon(FRIDAY)
    records = rows.signed(rows.session_of(active_credential(), clock.now()), days.ehr(), 3, clock.now())
    close(noon, FRIDAY)
    SignatureRecord.objects.filter(pk=records[1].pk).delete()
    with pytest.raises(Refused) as refused:
        proofs.proof(record_of(records, 0))
    assert refused.value.code == "proof_broken"


def test_rows_that_lie_far_apart_are_found_too(
    noon: Callable[[date], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proofs, "_NEAR", 1)
    noon(FRIDAY)
    records = rows.signed(rows.session_of(active_credential(), clock.now()), days.ehr(), 5, clock.now())
    root = close(noon, FRIDAY)
    assert verify_proof.verify(proofs.proof(record_of(records, 4)), root)


class TestCommand:
    """The file alone, copied away from the product, as a signer has it."""

    @pytest.fixture
    def folder(self, tmp_path: Path, story: Any) -> Path:
        proof, root = story
        shutil.copy(verify_proof.__file__, tmp_path / "verify_proof.py")
        (tmp_path / "proof.json").write_text(
            json.dumps(proof, ensure_ascii=False, indent=1), encoding="utf-8"
        )
        (tmp_path / "root.json").write_text(json.dumps(root), encoding="utf-8")
        (tmp_path / "key.pem").write_text(OTHER_KEY.pem + KEY.pem)
        return tmp_path

    def run(self, folder: Path, *options: str, root: str = "root.json") -> tuple[int, str]:
        command = [sys.executable, "-I", "verify_proof.py", "proof.json", "--root", root, *options]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False, env={"PYTHONUTF8": "1"})
        assert not done.stderr, done.stderr.decode()
        return done.returncode, done.stdout.decode()

    def test_it_says_yes_and_shows_what_was_proven(self, folder: Path, story: Any) -> None:
        status, said = self.run(folder, "--key", "key.pem", "--digest", story[0]["signature"]["digest"])
        assert status == 0
        assert said.startswith("確かめられました / OK")
        assert story[0]["signature"]["id"] in said
        assert "SHA-256:" not in said

    def test_without_a_key_it_names_the_one_that_came_with_the_root(self, folder: Path) -> None:
        status, said = self.run(folder)
        assert (status, "SHA-256:" in said) == (0, True)

    def test_a_file_is_compared_by_its_bytes(self, folder: Path, story: Any) -> None:
        number = next(n for n in range(1, 9999) if rows.digest(n).hex() == story[0]["signature"]["digest"])
        (folder / "document").write_bytes(f"document {number}".encode())
        assert self.run(folder, "--file", "document")[0] == 0
        (folder / "document").write_bytes(b"another one")
        assert self.run(folder, "--file", "document")[0] == 1

    def test_what_is_refused_or_unreadable_has_its_own_status(self, folder: Path) -> None:
        text = (folder / "proof.json").read_text(encoding="utf-8")
        (folder / "proof.json").write_text(text.replace("signing.signed", "signing.opened"), encoding="utf-8")
        status, said = self.run(folder)
        assert (status, said.startswith("一致しません / REFUSED")) == (1, True)
        for content in (
            "{",
            '{"a": 1, "a": 2}',
            "[1.5]",
            "[NaN]",
            "[" * 100_000,
            text.replace('"subject": "', '"subject": "\\ud800'),
        ):
            (folder / "proof.json").write_text(content)
            assert self.run(folder)[0] in (1, 2)
        assert self.run(folder, root="nowhere.json")[0] == 2
        assert self.run(folder, "--digest", "xyz")[0] == 2
        assert self.run(folder, "--key", "proof.json")[0] == 2

    def test_whose_signature_it_is_can_be_asked(self, folder: Path) -> None:
        credential = str(SigningSession.objects.get().credential.public_id)
        assert self.run(folder, "--credential", credential.upper())[0] == 0
        status, said = self.run(folder, "--credential", "00000000-0000-4000-8000-000000000000")
        assert (status, "another credential" in said) == (1, True)
