"""How an approval ends: it runs out, its day ends, it is erased; and sixteen at once have one winner."""

from datetime import timedelta

import pytest
from django.db import connection

from ledger import clock, erasure
from ledger.log import Actor
from ledger.models import Entry
from signing import credentials, retention, sessions
from signing.activation import NewSad, Spend, spend_many
from signing.api import client_certificates
from signing.authorising import answering, approvals
from signing.errors import Refused
from signing.flow import Approval as State
from signing.keystore import Algorithm
from signing.models import Activation, ActivationItem, Approval, CardVisit, ClientCertificate
from signing.signer import client as signer_client
from tests.signing.authorising.asking import Signer, ask, at_once, check, waiting, withdrawn
from tests.support import days
from tests.support.card_site import facilities
from tests.support.csc import Api, digest, refused
from tests.support.signers import SignerProcesses

pytestmark = pytest.mark.requirement("SG-3")


class TestEnds:
    def test_an_approval_runs_out(self, v2: Api, signer: Signer) -> None:
        handle, approval = ask(v2, digest(1))
        Approval.objects.update(expires_at=clock.now())
        assert "期限が過ぎました" in signer.page(approval).content.decode()
        assert refused(check(v2, handle)) == (400, "The signer has not approved in time")
        assert approvals.expire_overdue(clock.now()) == 1
        assert refused(check(v2, handle)) == (400, "The signer has not approved in time")
        assert Entry.objects.filter(kind="signing.approval_expired").count() == 1

    def test_what_was_approved_and_not_fetched_runs_out_too(self, v2: Api, signer: Signer) -> None:
        handle, approval = ask(v2, digest(1))
        signer.approve(approval)
        Approval.objects.update(expires_at=clock.now())
        assert check(v2, handle).status_code == 400
        assert Activation.objects.count() == 0

    def test_it_ends_with_the_callers_day(self, v2: Api, signer: Signer) -> None:
        handle, approval = ask(v2, digest(1))
        sessions.end(v2.day.session, at=clock.now())
        assert check(v2, handle).status_code == 401
        assert "取り下げられました" in signer.page(approval).content.decode()
        assert withdrawn(approval) == ("session_ended", "waiting")

    def test_it_ends_with_a_suspension(self, v2: Api, signer: Signer) -> None:
        _handle, approval = ask(v2, digest(1))
        credentials.suspend(v2.day.credential, Actor("signer", "me"), "lost", clock.now())
        assert withdrawn(approval) == ("session_ended", "waiting")

    def test_another_caller_cannot_fetch_it(self, v2: Api, signer: Signer) -> None:
        handle, approval = ask(v2, digest(1))
        signer.approve(approval)
        stranger = Api(days.day(clock.now()), "v2")
        assert refused(check(stranger, handle)) == (400, "Invalid parameter handle")
        assert check(v2, handle).status_code == 200

    @pytest.mark.parametrize("handle", [5, None, "", "x" * 5000, "nul\x00"])
    def test_odd_handles_are_bad_requests(self, v2: Api, handle: object) -> None:
        assert check(v2, handle).status_code == 400


class TestRetention:
    """What came to nothing goes a day later; what a signature stands on stays (decision 31)."""

    LATER = timedelta(days=2)

    def run(self, name: str) -> int:
        (rule,) = [each for each in retention.TIMETABLE if each.name == name]
        return erasure.carry_out(rule, clock.now() + self.LATER).erased

    def test_an_approval_that_nobody_gave_goes(self, v2: Api) -> None:
        ask(v2, digest(1))
        assert self.run("approval") == 1
        assert Approval.objects.count() == 0

    def test_one_under_which_nothing_was_signed_goes_with_its_sad(self, v2: Api, signer: Signer) -> None:
        handle, approval = ask(v2, digest(1))
        signer.approve(approval)
        assert check(v2, handle).status_code == 200
        assert self.run("approval") == 0
        assert (self.run("activation"), self.run("approval")) == (1, 1)

    def test_one_under_which_something_was_signed_stays(self, v2: Api, signer: Signer) -> None:
        handle, approval = ask(v2, digest(1))
        signer.approve(approval)
        assert v2.sign(check(v2, handle).json()["SAD"], digest(1)).status_code == 200
        assert (self.run("activation"), self.run("approval")) == (0, 0)
        approval.refresh_from_db()
        assert approval.proof


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="threads with connections of their own")
class TestRaces:
    """Sixteen at once, one winner (security.md): rows move by conditional updates only."""

    def test_the_sad_of_an_approval_is_handed_out_once(self, signers: SignerProcesses) -> None:
        day = days.day(clock.now())
        handle, approval = waiting(day)
        Approval.objects.filter(pk=approval.pk).update(state=State.APPROVED)
        results = at_once(lambda: approvals.check(day.caller, handle, clock.now()))
        signer_client.signers().disconnect()
        assert (results.count("done"), results.count("handle_unknown")) == (1, 15), results
        assert (Activation.objects.count(), ActivationItem.objects.count()) == (1, 1)

    def test_it_is_approved_or_refused_and_never_both(self, signers: SignerProcesses) -> None:
        day = days.day(clock.now())
        _handle, approval = waiting(day)
        at = clock.now()
        results = at_once(
            lambda: answering.by_card(approval, day.credential, "{}", at),
            lambda: answering.refuse(approval, at),
        )
        signer_client.signers().disconnect()
        assert (results.count("done"), results.count("approval_unknown")) == (1, 15), results
        told = Entry.objects.filter(kind__in=["signing.approved", "signing.approval_refused"])
        assert told.count() == 1

    def test_a_suspension_and_an_approval_meet_and_nothing_can_be_signed_after(
        self, signers: SignerProcesses
    ) -> None:
        day = days.day(clock.now())
        handle, approval = waiting(day)
        at = clock.now()
        me, given = Actor("signer", "me"), []
        at_once(
            lambda: answering.by_card(approval, day.credential, "{}", at),
            lambda: credentials.suspend(day.credential, me, "lost", at),
            lambda: given.append(approvals.check(day.caller, handle, at)),
        )
        signer_client.signers().disconnect()
        for sad in (each.sad for each in given if isinstance(each, NewSad)):
            spend = Spend(sad, day.credential.public_id, day.caller, (digest(1),), Algorithm.RSA_SHA256)
            assert isinstance(spend_many([spend], at=at)[0], Refused)
        with pytest.raises(Refused):
            approvals.check(day.caller, handle, at)

    def test_an_approval_meets_its_end_and_one_of_them_wins(self, signers: SignerProcesses) -> None:
        """Both have read the clock before: at the row only one move is possible."""
        day = days.day(clock.now())
        _handle, approval = waiting(day)
        before, after = approval.expires_at - timedelta(seconds=1), approval.expires_at
        results = at_once(
            lambda: answering.by_card(approval, day.credential, "{}", before),
            lambda: approvals.expire_overdue(after),
            lambda: approvals.take(approval, day.caller, after),
        )
        signer_client.signers().disconnect()
        approval.refresh_from_db()
        assert approval.state == State.EXPIRED and "handle_unknown" in results
        assert Entry.objects.filter(kind="signing.approval_expired").count() == 1
        assert Entry.objects.filter(kind="signing.approved").count() == (approval.means != "")
        assert Activation.objects.count() == 0

    def test_the_end_of_a_certificate_and_of_the_day_meet_an_hpki_card_and_the_fetching(
        self, signers: SignerProcesses
    ) -> None:
        """Whoever was first, nothing waits, is approved or can be signed after both have ended."""
        day = days.day(clock.now())
        facilities.bound(day.client.client_id)
        row = ClientCertificate.objects.get()
        caller = day.caller._replace(certificate=row.pk, thumbprint=bytes(row.thumbprint).hex())
        given: list[NewSad | approvals.Waiting] = []
        public_id, at = day.credential.public_id, clock.now()
        made = approvals.ask(caller, public_id, [digest(1)], why=["many"], at=at)
        approval = approvals.of_handle(made.handle)
        visit = CardVisit.objects.create(
            purpose="approval", next_path=str(approval.public_id), covers=approvals.challenge(approval),
            state="open", browser_digest=b"b" * 32, issuer=day.credential.issuer,
            person_id=day.credential.signer.person_id, qualification=day.credential.qualification,
            fingerprint=b"f" * 32, begun_at=at, expires_at=at + timedelta(minutes=10),
        )  # fmt: skip
        at_once(
            lambda: answering.by_hpki_card(visit, at),
            lambda: given.append(approvals.check(caller, made.handle, at)),
            lambda: client_certificates.end(bytes(row.thumbprint), at),
            lambda: sessions.end(day.session, at=at),
        )
        signer_client.signers().disconnect()
        approval.refresh_from_db()
        assert approval.state in (State.VOID, State.TAKEN)
        assert Entry.objects.filter(kind="signing.approved").count() == (approval.means != "")
        assert Entry.objects.filter(kind="signing.card_visit_ended").count() == (approval.means != "")
        for sad in (each.sad for each in given if isinstance(each, NewSad)):
            spend = Spend(sad, public_id, caller, (digest(1),), Algorithm.RSA_SHA256)
            assert isinstance(spend_many([spend], at=at)[0], Refused)

    def test_a_revocation_meets_an_approval_and_a_refusal(self, signers: SignerProcesses) -> None:
        day = days.day(clock.now())
        handle, approval = waiting(day)
        at, me = clock.now(), Actor("signer", "me")
        at_once(
            lambda: answering.by_card(approval, day.credential, "{}", at),
            lambda: answering.refuse(approval, at),
            lambda: credentials.revoke(day.credential, me, "key_compromise", at),
        )
        signer_client.signers().disconnect()
        approval.refresh_from_db()
        assert approval.state in (State.VOID, State.REFUSED)
        with pytest.raises(Refused):
            approvals.check(day.caller, handle, at)
