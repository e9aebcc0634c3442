"""A certificate with something wrong is not signed: the order stands still, people see why, and may let it go on."""

import io
import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from ledger import clock
from ledger.models import Entry
from outbox.models import Job
from signing import certificates, issuance, issuing
from signing.certificates import Issuer
from signing.issuing import second_reading
from signing.issuing.embedded import EmbeddedAuthority
from signing.issuing.seam import Profile
from signing.models import Credential, IssuanceIntent
from tests.signing.test_issuance import assert_issued_once, ordered, signed_by_authorities
from tests.support.signers import SignerProcesses

OPERATOR = issuance.Actor("officer", "9")


@pytest.fixture(autouse=True)
def _authorities(signers: SignerProcesses, signer_connection: None, db: None) -> None:
    issuing.ensure()


class Misconfigured(EmbeddedAuthority):
    """An authority whose addresses are none: our own profile takes them as they are, the outside linter does not."""

    def profile(self, *args: Any) -> Profile:
        issuer, period = super().profile(*args)
        return Profile(Issuer(issuer.certificate, "http://a..nowhere/", issuer.cps_url), period)


def stopped_by_the_linter(monkeypatch: pytest.MonkeyPatch) -> tuple[Credential, IssuanceIntent]:
    credential = ordered()
    with monkeypatch.context() as patch:
        patch.setattr(issuing, "authority", Misconfigured)
        issuance.carry_out(str(credential.public_id))
    return credential, IssuanceIntent.objects.get(credential=credential)


@pytest.mark.requirement("RV-6")
def test_what_the_outside_linter_finds_stops_the_order_and_nothing_is_signed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = signed_by_authorities()
    credential, intent = stopped_by_the_linter(monkeypatch)
    assert (intent.state, intent.to_be_signed, intent.serial) == ("stopped", None, None)
    assert intent.stopped_because.startswith("pkilint ERROR pkix.invalid_uri_syntax")
    assert signed_by_authorities() == before
    credential.refresh_from_db()
    assert (credential.state, credential.certificate) == ("ordered", None)


@pytest.mark.requirement("RV-6")
def test_people_are_told_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    credential, _ = stopped_by_the_linter(monkeypatch)
    subject = str(credential.public_id)
    assert Job.objects.filter(kind="signing.issuance_stopped", subject=subject).count() == 1
    entry = Entry.objects.get(kind="signing.issuance_stopped", subject=subject)
    assert "pkix.invalid_uri_syntax" in entry.data["problems"]
    assert not any(word in json.dumps(entry.data) for word in ("Yamada", "Hanako", "山田", "nowhere"))


@pytest.mark.requirement("RV-6")
def test_what_our_own_reading_finds_stops_it_too() -> None:
    credential = ordered()
    intent = IssuanceIntent.objects.get(credential=credential)
    intent.subject = {**intent.subject, "family_romaji": "Yämada"}
    intent.save()
    issuance.carry_out(str(credential.public_id))
    intent.refresh_from_db()
    assert (intent.state, intent.to_be_signed) == ("stopped", None)
    assert "Latin letters" in intent.stopped_because


def test_stopped_it_stands_still_until_an_operator_lets_it_run(monkeypatch: pytest.MonkeyPatch) -> None:
    credential, intent = stopped_by_the_linter(monkeypatch)
    first = bytes(intent.public_key or b"")
    issuance.carry_out(str(credential.public_id))
    assert issuance.resume_overdue(clock.now() + timedelta(hours=2)) == 0
    intent.refresh_from_db()
    assert intent.state == "stopped"
    assert issuance.retry(str(credential.public_id), OPERATOR, clock.now())
    assert not issuance.retry(str(credential.public_id), OPERATOR, clock.now())
    issuance.carry_out(str(credential.public_id))
    intent.refresh_from_db()
    credential.refresh_from_db()
    assert (intent.state, credential.state, intent.stopped_because) == ("issued", "active", "")
    assert bytes(intent.public_key or b"") != first


def test_the_command_lists_and_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    credential, _ = stopped_by_the_linter(monkeypatch)
    told = io.StringIO()
    call_command("stopped_orders", stdout=told)
    (row,) = json.loads(told.getvalue())
    assert row["credential"] == str(credential.public_id)
    assert row["because"][0].startswith("pkilint ERROR")
    call_command("stopped_orders", f"--retry={credential.public_id}")
    assert IssuanceIntent.objects.get(credential=credential).state == "ordered"
    for unknown in (credential.public_id, uuid.uuid4()):
        with pytest.raises(SystemExit):
            call_command("stopped_orders", f"--retry={unknown}", stderr=io.StringIO())


def test_an_order_left_behind_is_taken_up_every_hour() -> None:
    credential = ordered()
    Job.objects.update(state=Job.State.FAILED)
    later = clock.now() + timedelta(minutes=61)
    assert issuance.resume_overdue(clock.now()) == 0
    assert issuance.resume_overdue(later) == issuance.resume_overdue(later) == 1
    assert Job.objects.filter(kind="signing.issue", state=Job.State.READY).count() == 1
    issuance.carry_out(str(credential.public_id))
    assert_issued_once(credential)
    assert issuance.resume_overdue(later) == 0


TRIGGERS = {
    "postgresql": (
        "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$ LANGUAGE plpgsql",
        "CREATE TRIGGER refuse BEFORE UPDATE ON signing_credential FOR EACH ROW "
        "WHEN (NEW.certificate IS NOT NULL) EXECUTE FUNCTION refuse()",
    ),
    "sqlite": (
        "CREATE TRIGGER refuse BEFORE UPDATE ON signing_credential WHEN NEW.certificate IS NOT NULL "
        "BEGIN SELECT RAISE(ABORT, 'refused'); END",
    ),
}
DROPPED = {
    "postgresql": "DROP TRIGGER refuse ON signing_credential; DROP FUNCTION refuse()",
    "sqlite": "DROP TRIGGER refuse",
}


@pytest.mark.requirement("RV-6")
def test_a_signed_certificate_that_the_database_refuses_is_not_lost() -> None:
    """Boulder's trick (cert_storage_failed_test): a trigger makes the storing fail, again and again."""
    credential, before = ordered(), signed_by_authorities()
    for statement in TRIGGERS[connection.vendor]:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    for step in (issuance._make_key, issuance._intend):
        step(IssuanceIntent.objects.get(credential=credential))
    for _ in range(3):
        with pytest.raises(DatabaseError), transaction.atomic():
            issuance.carry_out(str(credential.public_id))
    intent = IssuanceIntent.objects.get(credential=credential)
    (signed,) = signed_by_authorities() - before  # one line, however often it was asked
    assert signed.startswith("ca-jma ")
    assert intent.state == "intended"
    assert intent.serial  # what was signed is known by its serial and its bytes
    with connection.cursor() as cursor:
        for statement in DROPPED[connection.vendor].split("; "):
            cursor.execute(statement)
    issuance.carry_out(str(credential.public_id))
    assert_issued_once(credential)
    assert set(signed_by_authorities() - before) == {signed}
    assert certificates.read(bytes(credential.certificate or b"")).serial == intent.serial


def test_the_second_reading_is_really_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_reading, "LINTER", "tests.signing.issuing.test_stopped.grumbler")
    credential = ordered()
    issuance.carry_out(str(credential.public_id))
    assert IssuanceIntent.objects.get(credential=credential).stopped_because == "no"


def grumbler(_certificate: bytes) -> list[str]:
    return ["no"]
