"""A SAD: minted for these hashes, spent once, by the signer process or not at all."""

import signal
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256, sha512
from uuid import UUID, uuid4

import pytest
from django.db import connection, connections
from pytest_django import Settings

from ledger import clock, merkle
from ledger.models import Entry
from signing import activation, credentials, sessions, signatures
from signing.activation import Reservation, Spend
from signing.errors import Refused
from signing.keystore import Algorithm
from signing.models import Activation, ActivationItem, SignatureRecord
from signing.records import left_behind
from signing.records.leaves import leaf
from signing.signer import client
from tests.signing.turns.test_turns import check_log
from tests.support import days
from tests.support.days import Day
from tests.support.signers import SignerProcesses

NOW = clock.now()  # the signer holds a key until the day is over by its own clock
LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def no_connection_left() -> Iterator[None]:
    yield
    client.signers().disconnect()


BY_LENGTH = {32: Algorithm.RSA_SHA256, 48: Algorithm.RSA_SHA384, 64: Algorithm.RSA_SHA512}


def digest(number: int) -> bytes:
    return sha256(number.to_bytes(8, "big")).digest()


def sad_for(day: Day, *digests: bytes) -> str:
    return activation.authorise(day.caller, day.credential.public_id, digests, at=NOW).sad


def spend(
    day: Day, sad: str, *digests: bytes, credential: UUID | None = None, seconds: int = 0
) -> Reservation | Refused:
    wish = Spend(sad, credential or day.credential.public_id, day.caller, digests, BY_LENGTH[len(digests[0])])
    return activation.spend_many([wish], at=NOW + timedelta(seconds=seconds))[0]


def sign(day: Day, sad: str, *digests: bytes) -> list[bytes]:
    reservation = spend(day, sad, *digests)
    if isinstance(reservation, Refused):
        raise reservation
    answer = signatures.sign([reservation], at=NOW)[0]
    if isinstance(answer, Refused):
        raise answer
    return answer


def refusal(action: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        action()
    return caught.value.code


def states() -> list[str]:
    return list(ActivationItem.objects.order_by("activation_id", "ordinal").values_list("state", flat=True))


@pytest.mark.django_db
class TestAuthorise:
    def test_a_sad_lives_three_hundred_seconds_and_is_kept_as_a_digest(
        self, signers: SignerProcesses
    ) -> None:
        day = days.day(NOW)
        new = activation.authorise(day.caller, day.credential.public_id, [digest(1)], at=NOW)
        assert new.expires_in == 300
        assert new.sad not in repr(Activation.objects.values().get())

    def test_a_sad_never_outlives_the_session(self, signers: SignerProcesses) -> None:
        day = days.day(NOW)
        late = day.session.expires_at - timedelta(seconds=60)
        new = activation.authorise(day.caller, day.credential.public_id, [digest(1)], at=late)
        assert new.expires_in == 60

    def test_the_description_is_sealed_at_rest(self, signers: SignerProcesses) -> None:
        day = days.day(NOW)
        activation.authorise(
            day.caller, day.credential.public_id, [digest(1)], at=NOW, description="処方箋 山田"
        )
        with connection.cursor() as cursor:
            cursor.execute("SELECT description FROM signing_activation")
            sealed = bytes(cursor.fetchone()[0])
        assert "山田".encode() not in sealed
        assert Activation.objects.get().description == "処方箋 山田".encode()

    @pytest.mark.parametrize(
        ("digests", "code"),
        [
            ([], "hashes_missing"),
            ([b"x" * 20], "hash_length"),
            ([b"x" * 32, b"x" * 48], "hash_length"),
            ([b"x" * 32] * 501, "hashes_too_many"),
        ],
    )
    def test_odd_hashes_are_refused(self, signers: SignerProcesses, digests: list[bytes], code: str) -> None:
        day = days.day(NOW)
        assert refusal(lambda: sad_for(day, *digests)) == code
        assert Activation.objects.count() == 0

    def test_five_hundred_hashes_are_the_most(self, signers: SignerProcesses) -> None:
        sad_for(days.day(NOW), *[digest(number) for number in range(500)])
        assert ActivationItem.objects.count() == 500

    def test_another_signers_credential_is_unknown(self, signers: SignerProcesses) -> None:
        day, other = days.day(NOW), days.day(NOW)
        assert refusal(
            lambda: activation.authorise(day.caller, other.credential.public_id, [digest(1)], at=NOW)
        ) == ("credential_unknown")

    def test_a_suspended_credential_is_refused(self, signers: SignerProcesses) -> None:
        day = days.day(NOW)
        credentials.suspend(day.credential, activation.log.Actor("signer", "me"), "lost", NOW)
        assert refusal(lambda: sad_for(day, digest(1))) == "credential_disabled"


@pytest.mark.django_db
class TestSpend:
    def test_signature_i_belongs_to_hash_i(self, signers: SignerProcesses) -> None:
        day = days.day(NOW)
        digests = [digest(number) for number in range(7)]
        sad = sad_for(day, *digests)
        for signature, each in zip(sign(day, sad, *reversed(digests)), reversed(digests), strict=True):
            day.verify(signature, each)

    def test_longer_hashes_are_signed_too(self, signers: SignerProcesses) -> None:
        day = days.day(NOW)
        long = sha512(b"long").digest()
        day.verify(sign(day, sad_for(day, long), long)[0], long)

    def test_each_signature_has_its_record_and_stands_under_the_ledgers_entry(
        self, signers: SignerProcesses
    ) -> None:
        day = days.day(NOW)
        digests = [digest(number) for number in range(3)]
        sign(day, sad_for(day, *digests), *digests)
        entry = Entry.objects.get(kind="signing.signed")
        records = list(
            SignatureRecord.objects.filter(log_shard=entry.shard, log_number=entry.number).order_by("place")
        )
        assert [bytes(record.digest) for record in records] == digests
        leaves = [leaf(record.item.public_id.bytes, bytes(record.digest)) for record in records]
        assert merkle.root(leaves).hex() == entry.data["root"]
        assert (entry.actor_kind, entry.data["count"]) == ("caller", 3)

    def test_a_replay_is_refused(self, signers: SignerProcesses) -> None:
        day = days.day(NOW)
        sad = sad_for(day, digest(1))
        sign(day, sad, digest(1))
        assert refusal(lambda: sign(day, sad, digest(1))) == "sad_spent"
        assert SignatureRecord.objects.count() == 1

    @pytest.mark.parametrize("seconds", [300, 301])
    def test_an_expired_sad_is_refused(self, signers: SignerProcesses, seconds: int) -> None:
        day = days.day(NOW)
        sad = sad_for(day, digest(1))
        refused = spend(day, sad, digest(1), seconds=seconds)
        assert isinstance(refused, Refused)
        assert refused.code == "sad_expired"

    def test_what_is_foreign_is_refused(self, signers: SignerProcesses) -> None:
        day, other = days.day(NOW), days.day(NOW)
        sad, theirs = sad_for(day, digest(1)), sad_for(other, digest(1))
        cases = {
            "hash_not_authorised": lambda: sign(day, sad, digest(2)),
            "sad_unknown": lambda: sign(day, theirs, digest(1)),
        }
        for code, action in cases.items():
            assert refusal(action) == code
        for credential in (other.credential.public_id, uuid4()):
            refused = spend(day, sad, digest(1), credential=credential)
            assert isinstance(refused, Refused)
            assert refused.code == "sad_unknown"
        assert states() == ["authorised", "authorised"]

    def test_more_than_was_authorised_is_refused_whole(self, signers: SignerProcesses) -> None:
        day = days.day(NOW)
        sad = sad_for(day, digest(1))
        assert refusal(lambda: sign(day, sad, digest(1), digest(1))) == "sad_spent"
        assert states() == ["authorised"]

    def test_a_session_that_ends_takes_its_sads_along(self, signers: SignerProcesses) -> None:
        day = days.day(NOW)
        sad = sad_for(day, digest(1))
        sessions.end(day.session, at=NOW)
        assert refusal(lambda: sign(day, sad, digest(1))) == "session_ended"
        assert states() == ["dead"]

    def test_a_suspension_takes_open_sads_along(self, signers: SignerProcesses) -> None:
        day = days.day(NOW)
        sad = sad_for(day, digest(1))
        credentials.suspend(day.credential, activation.log.Actor("signer", "me"), "lost", NOW)
        assert refusal(lambda: sign(day, sad, digest(1))) == "credential_disabled"
        assert states() == ["dead"]

    def test_items_left_reserved_by_a_dead_process_fail_for_ever(self, signers: SignerProcesses) -> None:
        day = days.day(NOW)
        sad = sad_for(day, digest(1))
        assert isinstance(spend(day, sad, digest(1)), Reservation)
        assert left_behind.fail_stuck(NOW + timedelta(seconds=599)) == 0
        assert left_behind.fail_stuck(NOW + timedelta(seconds=600)) == 1
        assert refusal(lambda: sign(day, sad, digest(1))) == "outcome_unknown"

    def test_a_late_answer_of_the_signer_does_not_leave(self, signers: SignerProcesses) -> None:
        day = days.day(NOW)
        reservation = spend(day, sad_for(day, digest(1)), digest(1))
        assert isinstance(reservation, Reservation)
        left_behind.fail_stuck(LATER)
        assert refusal(lambda: signatures.sign([reservation], at=NOW)) == "outcome_unknown"
        assert [row.result for row in SignatureRecord.objects.all()] == ["unknown"]
        assert not Entry.objects.filter(kind="signing.signed").exists()


@pytest.mark.django_db
class TestFaults:
    def test_without_a_signer_the_items_may_be_spent_again(
        self, signers: SignerProcesses, settings: Settings
    ) -> None:
        day = days.day(NOW)
        sad = sad_for(day, digest(1))
        here = settings.SIGNER_SOCKET
        settings.SIGNER_SOCKET = here.with_name("nobody")
        assert refusal(lambda: sign(day, sad, digest(1))) == "signer_unavailable"
        assert states() == ["authorised"]
        settings.SIGNER_SOCKET = here
        day.verify(sign(day, sad, digest(1))[0], digest(1))

    def test_a_restarted_signer_opens_the_keys_again(self, signers: SignerProcesses) -> None:
        day = days.day(NOW)
        sad = sad_for(day, digest(1), digest(2))
        sign(day, sad, digest(1))
        signers.kill("signers", signal.SIGTERM)
        signers.start("signers")
        day.verify(sign(day, sad, digest(2))[0], digest(2))

    def test_what_the_signer_has_signed_before_is_never_signed_again(self, signers: SignerProcesses) -> None:
        day = days.day(NOW)
        sad = sad_for(day, digest(1))
        sign(day, sad, digest(1))
        SignatureRecord.objects.all().delete()
        ActivationItem.objects.update(state="authorised")  # as after a restored backup
        assert refusal(lambda: sign(day, sad, digest(1))) == "outcome_unknown"
        assert states() == ["failed"]


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def race(self, count: int, action: Callable[[int], object]) -> list[object]:
        """What each thread got: the result, or the code of its refusal."""
        start = threading.Barrier(count)
        results: list[object] = []

        def run(number: int) -> None:
            start.wait()
            try:
                results.append(action(number))
            except Refused as refused:
                results.append(refused.code)
            finally:
                connections.close_all()
                client.signers().disconnect()

        threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(results) == count
        return results

    def test_of_sixteen_threads_with_one_sad_exactly_one_wins(self, signers: SignerProcesses) -> None:
        day = days.day(NOW)
        sad = sad_for(day, digest(1), digest(2), digest(3))
        hashes = [digest(1), digest(2), digest(3)]
        results = self.race(16, lambda number: sign(day, sad, *(hashes if number % 2 else hashes[::-1])))
        assert len([each for each in results if isinstance(each, list)]) == 1
        assert [each for each in results if isinstance(each, str)] == ["sad_spent"] * 15
        assert SignatureRecord.objects.count() == 3
        check_log()

    def test_sixteen_threads_share_sixteen_equal_hashes_one_each(self, signers: SignerProcesses) -> None:
        day = days.day(NOW)
        sad = sad_for(day, *[digest(1)] * 16)
        results = self.race(16, lambda _number: sign(day, sad, digest(1)))
        assert all(isinstance(each, list) for each in results)
        assert SignatureRecord.objects.values("item").distinct().count() == 16

    @pytest.mark.parametrize("how", ["suspend", "revoke", "end"])
    def test_reserve_and_revoke_meet_on_the_rows_and_one_wins(
        self, signers: SignerProcesses, how: str
    ) -> None:
        for _ in range(3):
            day = days.day(NOW)
            sad = sad_for(day, *[digest(number) for number in range(20)])

            def act(number: int, day: Day = day, sad: str = sad) -> object:
                if number:
                    return sign(day, sad, *[digest(each) for each in range(20)])
                if how == "suspend":
                    credentials.suspend(day.credential, activation.log.Actor("signer", "me"), "lost", NOW)
                elif how == "revoke":
                    officer = activation.log.Actor("officer", "o")
                    credentials.revoke(day.credential, officer, "key_compromise", NOW)
                else:
                    sessions.end(day.session, at=NOW)
                return None

            results = self.race(16, act)
            mine = ActivationItem.objects.filter(activation__credential=day.credential)
            found = set(mine.values_list("state", flat=True))
            signed = any(isinstance(each, list) for each in results)
            assert found == ({"signed"} if signed else {"dead"})
            records = SignatureRecord.objects.filter(credential=day.credential).count()
            assert records == (20 if signed else 0)
        check_log()
