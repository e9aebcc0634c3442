"""`manage.py reconcile` names what no longer fits."""

import json
import uuid
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from ledger import clock
from ledger.log import Actor
from signing import credentials, issuance, issuing
from signing.issuing import answers, lists
from signing.models import Credential, IssuanceIntent, OcspAnswer, OcspResponder
from tests.signing.test_credentials import open_item
from tests.signing.test_issuance import ordered
from tests.support import cases
from tests.support.signers import SignerProcesses
from vault import files

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def journal(signers: SignerProcesses, db: None, settings: Any, tmp_path: Path) -> Path:
    """A journal of this test alone: the run's own has lines of tests whose rows are gone."""
    issuing.ensure()
    settings.HOME = tmp_path
    (tmp_path / "signer").mkdir()
    (tmp_path / "signer" / "journal").touch()
    for name in list(files.names()):
        files.erase(name)
    return tmp_path / "signer" / "journal"


def issued() -> Credential:
    credential = ordered()
    issuance.carry_out(str(credential.public_id))
    answers.make(str(credential.public_id))
    credential.refresh_from_db()
    return credential


def reconcile() -> tuple[int, dict[str, Any]]:
    out = StringIO()
    try:
        call_command("reconcile", stdout=out)
        status = 0
    except SystemExit as end:
        status = int(end.code or 0)
    return status, json.loads(out.getvalue())


def mismatches() -> list[tuple[str, str]]:
    status, report = reconcile()
    assert status == 1
    return [(found["what"], found["subject"]) for found in report["mismatches"]]


def test_what_fits_is_not_named() -> None:
    issued(), issued()
    status, report = reconcile()
    assert status == 0
    assert report == {"ok": True, "credentials": 2, "files": 0, "journal": 0, "mismatches": []}


def test_a_key_of_another_keyring_is_named() -> None:
    credential = issued()
    key = bytes(credential.wrapped_key or b"")
    Credential.objects.filter(pk=credential.pk).update(wrapped_key=key[:-1] + bytes([key[-1] ^ 1]))
    assert mismatches() == [("key_unopenable", str(credential.public_id))]


def test_exchanged_keys_are_named() -> None:
    first, second = issued(), issued()
    Credential.objects.filter(pk=first.pk).update(wrapped_key=second.wrapped_key)
    assert mismatches() == [("key_is_not_the_certificates", str(first.public_id))]


def test_a_certificate_without_key_is_named() -> None:
    credential = issued()
    Credential.objects.filter(pk=credential.pk).update(wrapped_key=None)
    assert mismatches() == [("certificate_or_key_missing", str(credential.public_id))]


def test_a_broken_certificate_is_named() -> None:
    credential = issued()
    Credential.objects.filter(pk=credential.pk).update(certificate=b"x")
    assert mismatches() == [("certificate_malformed", str(credential.public_id))]


def test_an_order_under_way_is_no_mismatch() -> None:
    ordered()
    assert reconcile()[0] == 0


def test_a_file_that_no_row_knows_is_named() -> None:
    name = files.save(b"left behind")
    assert mismatches() == [("file_without_row", name)]


def test_a_signer_that_is_away_is_said(signers: SignerProcesses) -> None:
    issued()
    signers.kill("signers")
    try:
        status, report = reconcile()
    finally:
        signers.start("signers")
    assert status == 1
    assert "does not answer" in report["problem"]


def test_damaged_exchanged_and_missing_files_of_a_case_are_named() -> None:
    case = cases.submitted()
    (picture,) = case.attachments.all()
    assert reconcile()[0] == 0
    stored = settings.STORAGE_ROOT / picture.shown_file[:2] / picture.shown_file
    stored.write_bytes(stored.read_bytes()[:-1] + b"\x00")
    files.erase(picture.original_file)
    assert mismatches() == [("file_missing", picture.original_file), ("file_damaged", picture.shown_file)]
    other = files.save(b"another picture")
    case.attachments.update(shown_file=other, original_file=other)
    assert ("file_is_another", other) in mismatches()
    assert ("file_without_row", picture.shown_file) in mismatches()


def test_a_signature_that_only_the_signer_knows_is_named(journal: Path) -> None:
    known, stranger = open_item(issued(), "signed"), uuid.uuid4()
    digest = bytes(known.digest).hex()
    journal.write_text(f"{known.public_id.hex} {digest}\n{stranger.hex} {digest}\n{'0' * 20}\n")
    assert mismatches() == [("signature_without_item", stranger.hex)]


def test_another_digest_than_the_authorised_one_is_named(journal: Path) -> None:
    item = open_item(issued(), "signed")
    journal.write_text(f"{item.public_id.hex} {'ff' * 32}\n")
    assert mismatches() == [("signature_without_item", item.public_id.hex)]


def test_a_signature_that_the_signer_never_made_is_named(journal: Path) -> None:
    item = open_item(issued(), "signed")
    assert mismatches() == [("signature_not_in_journal", item.public_id.hex)]
    journal.unlink()
    status, report = reconcile()
    assert (status, report["journal"]) == (0, None)


def audit() -> tuple[int, dict[str, Any]]:
    out = StringIO()
    try:
        call_command("audit", "verify", stdout=out)
        return 0, json.loads(out.getvalue())
    except SystemExit as end:
        return int(end.code or 0), json.loads(out.getvalue())


def test_audit_verify_holds_the_log_against_the_signers_own_journal(journal: Path) -> None:
    item = open_item(issued(), "signed")
    journal.write_text(f"{item.public_id.hex} {bytes(item.digest).hex()}\n")
    assert audit()[0] == 0
    journal.write_text("")
    code, report = audit()
    assert code == 1 and report["broken"] is None
    assert report["witnesses"]["signer_journal"]["mismatches"] == [
        {"what": "signature_not_in_journal", "subject": item.public_id.hex}
    ]


@pytest.mark.requirement("RV-7")
def test_a_status_that_cannot_be_told_is_named(settings: Any) -> None:
    told, late = issued(), issued()
    OcspAnswer.objects.filter(credential=late).delete()
    assert reconcile()[0] == 0  # the worker may need a moment
    settings.CLOCK_OFFSET = timedelta(minutes=16)
    assert mismatches() == [("status_answer_late", str(late.public_id))]
    answers.make(str(late.public_id))
    assert reconcile()[0] == 0
    credentials.revoke(told, Actor("officer", "7"), "superseded", clock.now())
    settings.CLOCK_OFFSET = timedelta(minutes=32)
    assert mismatches() == [("status_answer_late", str(told.public_id))]


@pytest.mark.requirement("RV-7")
def test_lists_and_responders_past_their_end_are_named(settings: Any) -> None:
    credential = issued()
    OcspResponder.objects.update(not_after=clock.now() + timedelta(minutes=15))
    settings.CLOCK_OFFSET = timedelta(minutes=16)
    assert mismatches() == [("responder_certificate_ended", "jma")]
    settings.CLOCK_OFFSET = lists.LIFE + timedelta(minutes=1)
    found = mismatches()
    assert {code for what, code in found if what == "revocation_list_overdue"} == {
        "jma",
        "jpa",
        "medis",
        "root",
    }
    assert ("status_answer_late", str(credential.public_id)) in found


@pytest.mark.requirement("RV-6")
def test_what_an_authority_may_have_signed_and_nobody_stored_is_named(settings: Any) -> None:
    credential = ordered()
    for step in (issuance._make_key, issuance._intend):
        step(IssuanceIntent.objects.get(credential=credential))
    assert reconcile()[0] == 0  # on its way
    settings.CLOCK_OFFSET = timedelta(hours=25)
    assert mismatches() == [("certificate_perhaps_not_stored", str(credential.public_id))]
