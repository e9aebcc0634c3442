"""Whatever happens at the moment of a succession, or kills it: each phone stands behind one living credential."""

import random
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection

from ledger import clock, verify
from ledger.log import Actor
from outbox.models import Job
from signing import authenticators, credentials, issuance, issuing, ordering
from signing.errors import Refused
from signing.keystore import NewKey
from signing.models import Authenticator, CardBinding, Ceremony, Credential, IssuanceIntent
from signing.signer import client
from tests.signing.test_succession import bound, open_link, phone, successor
from tests.support.credentials import active_credential
from tests.support.killing import AFTER, Killer
from tests.support.signers import SignerProcesses

SIGNER = Actor("signer", "s")
TASK = "signing.issuance.carry_out"


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    @pytest.fixture(autouse=True)
    def _authorities(self, signers: SignerProcesses, transactional_db: None) -> None:
        if connection.vendor != "postgresql":
            pytest.skip("SQLite has one writer; there is nothing to race")
        issuing.ensure()

    def both(self, *works: Callable[[], object]) -> list[str]:
        outcomes: list[str] = []
        start = threading.Barrier(len(works))

        def run(work: Callable[[], object]) -> None:
            start.wait()
            try:
                work()
                outcomes.append("done")
            except Refused as refusal:
                outcomes.append(refusal.code)
            except issuance.CannotIssue:
                outcomes.append("cannot_issue")
            finally:
                connection.close()
                client.signers().disconnect()
                client.authorities().disconnect()

        threads = [threading.Thread(target=run, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(outcomes)

    def intended(self, former: Credential) -> Credential:
        credential = successor(former)
        for step in (issuance._make_key, issuance._intend):
            step(IssuanceIntent.objects.select_related("credential__signer").get(credential=credential))
        return credential

    def assert_whole(self, former: Credential, credential: Credential) -> None:
        """One standing credential at most, and every active phone and living card behind a standing one."""
        former.refresh_from_db(), credential.refresh_from_db()
        standing = Credential.objects.filter(signer=former.signer, state__in=ordering.STANDING)
        assert standing.count() <= 1
        if credential.state in ordering.STANDING:
            assert former.state == "revoked"
            astray = Authenticator.objects.filter(credential=former, state="active")
            assert not astray.exists()
        else:
            assert (former.state, credential.state) == ("revoked", "revoked")
        assert not CardBinding.objects.filter(credential=former, is_living=True).exists()

    def test_eight_orders_to_succeed_one_make_one(self) -> None:
        former = active_credential()
        assert self.both(*[lambda: successor(former)] * 8) == ["credential_living"] * 7 + ["done"]

    def carried_out(self, credential: Credential) -> Callable[[], object]:
        return partial(issuance.carry_out, str(credential.public_id))

    @pytest.mark.parametrize("act", [credentials.revoke, credentials.suspend])
    def test_the_former_is_stopped_while_its_successor_begins(self, act: Callable[..., object]) -> None:
        reason = "unspecified" if act is credentials.revoke else "lost_phone"
        for _ in range(4):
            former = active_credential()
            phone(former), bound(former)
            credential = self.intended(former)
            stop = partial(act, Credential.objects.get(pk=former.pk), SIGNER, reason, clock.now())
            self.both(stop, self.carried_out(credential))
            self.assert_whole(former, credential)
            told = Job.objects.filter(kind="signing.credential_suspended", subject=str(former.public_id))
            if act is credentials.suspend:
                assert credential.state == ("suspended" if told.exists() else "active")

    def test_the_former_expires_while_its_successor_begins(self) -> None:
        for _ in range(4):
            former = active_credential()
            phone(former), bound(former)
            credential, at = self.intended(former), clock.now()
            Credential.objects.filter(pk=former.pk).update(not_after=at - timedelta(seconds=1))
            self.both(partial(credentials.expire_due, at), self.carried_out(credential))
            former.refresh_from_db(), credential.refresh_from_db()
            assert (former.state, credential.state) in [("expired", "active"), ("revoked", "active")]
            assert Authenticator.objects.filter(credential=credential, state="active").count() == 1
            assert CardBinding.objects.filter(credential=credential, is_living=True).count() == 1

    def test_a_phone_bound_at_that_moment_stands_behind_the_new_one_or_is_refused(self) -> None:
        for _ in range(4):
            former = active_credential()
            old, link = phone(former), open_link(former)
            credential = self.intended(former)
            fresh = Authenticator(
                webauthn_id=random.randbytes(32), public_key=b"key", label="Pixel", bound_at=clock.now()
            )
            link.opened_digest, link.opened_until = bytes(32), clock.now() + timedelta(minutes=10)
            link.save()
            begun = Ceremony(link=link, browser_digest=bytes(32))
            bind = partial(authenticators._bind, fresh, begun, "android", clock.now())
            outcomes = self.both(bind, self.carried_out(credential))
            assert outcomes in (["done", "done"], ["done", "link_void"], ["credential_not_active", "done"])
            self.assert_whole(former, credential)
            active = Authenticator.objects.filter(credential__signer=former.signer, state="active")
            assert active.count() == 1
            assert active.get().credential_id == credential.pk
            assert (active.get().pk == old.pk) is (outcomes != ["done", "done"])

    def test_a_card_bound_at_that_moment_stands_behind_the_new_one_or_is_refused(self) -> None:
        for _ in range(4):
            former = active_credential()
            bound(former)
            credential, card = self.intended(former), random.randbytes(32)
            bind = partial(credentials.bind_card, former, card, None, at=clock.now(), actor=SIGNER)
            outcomes = self.both(bind, self.carried_out(credential))
            assert outcomes in (["done", "done"], ["credential_not_active", "done"])
            self.assert_whole(former, credential)
            living = CardBinding.objects.get(credential__signer=former.signer, is_living=True)
            assert living.credential_id == credential.pk
            assert (bytes(living.fingerprint) == card) is (outcomes == ["done", "done"])

    @pytest.mark.requirement("RV-10")
    def test_killed_after_each_round_trip_it_moves_everything_once(self) -> None:
        """After trip n is before trip n + 1 to the database; the first is in the sweep of test_issuance too."""
        wrong, points = [], 0
        key = client.signers().generate(1)[
            0
        ]  # one key for the sweep: making them would take most of its time
        with Killer() as killer:
            trips = killer.trips(TASK, str(self.ready(active_credential(), key).public_id))
            for trip in range(1, trips + 1):
                former = active_credential()
                kept, card = phone(former), bound(former)
                credential = self.ready(former, key)
                points += killer.kill_at(TASK, str(credential.public_id), trip, AFTER)
                former.refresh_from_db(), credential.refresh_from_db()
                whole = (former.state, credential.state)
                if whole not in (("active", "ordered"), ("revoked", "active")):
                    wrong.append(f"round trip {trip}: {whole}")
                issuance.carry_out(str(credential.public_id))
                for row in (former, credential, kept, card):
                    row.refresh_from_db()
                moved = kept.credential_id == card.credential_id == credential.pk and card.is_living
                if (former.state, credential.state, moved) != ("revoked", "active", True):
                    wrong.append(f"round trip {trip}: not whole after the next attempt")
                if Job.objects.filter(dedupe=f"crl-revoked-{former.public_id}").count() != 1:
                    wrong.append(f"round trip {trip}: the list is not renewed once")
        assert wrong == []
        assert points >= 15
        assert verify.verify().ok

    def ready(self, former: Credential, key: NewKey) -> Credential:
        """A successor whose order is intended, so that the sweep is of the activation alone."""
        credential = successor(former)
        intent = IssuanceIntent.objects.select_related("credential__signer").get(credential=credential)
        assert issuance._advance(intent, "key", public_key=key.public_key)
        Credential.objects.filter(pk=credential.pk).update(wrapped_key=key.wrapped)
        issuance._intend(IssuanceIntent.objects.select_related("credential__signer").get(pk=intent.pk))
        return credential
