"""Requests taken together: what each gets, what is written, what is refused."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from ledger import clock, merkle, verify
from ledger.log import Actor
from ledger.models import Entry
from signing import credentials, sessions
from signing.models import AccessToken, Activation, ActivationItem, OAuthClient, SignatureRecord
from signing.records.leaves import leaf, signer_leaf
from tests.signing.turns.running import Answer, Hot, heard
from tests.signing.turns.running import verify as verified
from tests.support import days
from tests.support.csc import NOT_AUTHORISED, digest
from tests.support.days import Day

OFFICER = Actor("signer", "me")
pytestmark = pytest.mark.requirement("SG-3")


def together(count: int, act: object) -> list[object]:
    """`act(number)` on so many threads that begin at once; what each returned."""
    start = threading.Barrier(count)

    def run(number: int) -> object:
        start.wait(20)
        try:
            return act(number)  # type: ignore[operator]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def refusal(answer: Answer) -> tuple[int, str]:
    assert set(answer.body) == {"error", "error_description"}, answer
    return answer.status, answer.body["error_description"]


def root_over(rows: list[SignatureRecord]) -> bytes:
    return merkle.root([leaf(row.item.public_id.bytes, bytes(row.digest)) for row in rows])


def callers_over(rows: list[SignatureRecord]) -> bytes:
    """Of an entry about several SADs: one leaf for each, with the root over its own signatures."""
    found: dict[int, list[SignatureRecord]] = {}
    for row in rows:
        found.setdefault(row.item.activation_id, []).append(row)
    return merkle.root([signer_of(mine) for mine in found.values()])


def signer_of(mine: list[SignatureRecord]) -> bytes:
    row = mine[0]
    return signer_leaf(
        row.item.activation.public_id.bytes,
        row.credential.public_id.bytes,
        row.session.public_id.bytes,
        (len(mine), root_over(mine)),
        row.client.client_id,
        bytes(row.certificate.thumbprint).hex() if row.certificate else "",
        row.session.means,
    )


def check_log() -> None:
    """The chain holds, and every record stands under its entry's root at its place."""
    assert verify.verify().ok
    for entry in Entry.objects.filter(kind__in=("signing.signed", "signing.outcome_unknown")):
        records = SignatureRecord.objects.filter(log_shard=entry.shard, log_number=entry.number)
        rows = list(
            records.select_related(
                "item__activation", "session", "credential", "client", "certificate"
            ).order_by("place")
        )
        assert [row.place for row in rows] == list(range(entry.data["count"]))
        if "root" in entry.data:
            assert {str(row.credential.public_id) for row in rows} == {entry.subject}
            assert root_over(rows).hex() == entry.data["root"]
        else:
            assert callers_over(rows).hex() == entry.data["callers"]
    covered = sum(entry.data["count"] for entry in Entry.objects.filter(kind="signing.signed"))
    made = SignatureRecord.objects.filter(result=SignatureRecord.SIGNED)
    assert made.count() == covered == ActivationItem.objects.filter(state="signed").count()


def test_many_callers_at_once_get_each_their_own(hot: Hot) -> None:
    everyone = [days.day(clock.now()) for _ in range(16)]

    def pair(number: int) -> None:
        day, mine = everyone[number], [digest(100 * number + each) for each in range(number % 4 + 1)]
        verified(day, hot.signs(day, hot.sad(day, *mine), *mine), *mine)

    together(16, pair)
    check_log()
    assert Activation.objects.count() == 16
    assert sum(entry.data["count"] for entry in Entry.objects.filter(kind="signing.authorised")) == 40


def test_each_authority_has_entries_of_its_own(hot: Hot) -> None:
    everyone = [days.day(clock.now()) for _ in range(12)]
    for number, day in enumerate(everyone):
        code = ("jma", "medis", "jpa")[number % 3]
        type(day.credential).objects.filter(pk=day.credential.pk).update(authority=code)
    together(12, lambda n: hot.signs(everyone[n], hot.sad(everyone[n], digest(n)), digest(n)))
    for kind in ("signing.authorised", "signing.signed"):
        counts = Counter[str]()
        for entry in Entry.objects.filter(kind=kind):
            counts[entry.authority] += entry.data["count"]
        assert counts == {"jma": 4, "medis": 4, "jpa": 4}
    for record in SignatureRecord.objects.select_related("credential"):
        entry = Entry.objects.get(shard=record.log_shard, number=record.log_number)
        assert entry.authority == record.credential.authority
    check_log()


def test_hashes_in_another_order_or_in_parts_are_signed_too(hot: Hot) -> None:
    day, all_of = days.day(clock.now()), [digest(number) for number in range(7)]
    sad = hot.sad(day, *all_of)
    verified(day, hot.signs(day, sad, all_of[6], all_of[0]), all_of[6], all_of[0])
    verified(day, hot.signs(day, sad, *all_of[1:6]), *all_of[1:6])
    assert refusal(hot.signs(day, sad, all_of[3])) == NOT_AUTHORISED
    check_log()


def test_a_wish_that_is_not_whole_takes_nothing(hot: Hot) -> None:
    day = days.day(clock.now())
    sad = hot.sad(day, digest(1), digest(2))
    assert refusal(hot.signs(day, sad, digest(1), digest(3))) == NOT_AUTHORISED
    assert set(ActivationItem.objects.values_list("state", flat=True)) == {"authorised"}
    verified(day, hot.signs(day, sad, digest(1), digest(2)), digest(1), digest(2))


def test_five_hundred_hashes_are_one_turn(hot: Hot) -> None:
    day, all_of = days.day(clock.now()), [digest(number) for number in range(500)]
    verified(day, hot.signs(day, hot.sad(day, *all_of), *all_of), *all_of)
    assert Entry.objects.get(kind="signing.signed").data["count"] == 500
    check_log()


def test_of_sixteen_with_one_sad_exactly_one_wins(hot: Hot) -> None:
    day, three = days.day(clock.now()), [digest(number) for number in range(3)]
    sad = hot.sad(day, *three)
    results = together(16, lambda number: hot.signs(day, sad, *(three if number % 2 else three[::-1])))
    assert sorted(answer.status for answer in results) == [200] + [400] * 15  # type: ignore[attr-defined]
    assert SignatureRecord.objects.count() == 3
    check_log()


def test_sixteen_share_sixteen_equal_hashes_one_each(hot: Hot) -> None:
    day = days.day(clock.now())
    sad = hot.sad(day, *[digest(1)] * 16)
    for answer in together(16, lambda _number: hot.signs(day, sad, digest(1))):
        verified(day, answer, digest(1))  # type: ignore[arg-type]
    assert SignatureRecord.objects.values("item").distinct().count() == 16
    check_log()


@pytest.mark.parametrize("how", ["suspend", "revoke", "end"])
def test_a_signature_and_its_end_meet_on_the_rows_and_one_wins(hot: Hot, how: str) -> None:
    for turn in range(4):
        day = days.day(clock.now())
        twenty = [digest(100 * turn + number) for number in range(20)]
        sad = hot.sad(day, *twenty)

        def act(number: int, day: Day = day, sad: str = sad, twenty: list[bytes] = twenty) -> object:
            if number:
                return hot.signs(day, sad, *twenty).status
            if how == "suspend":
                credentials.suspend(day.credential, OFFICER, "lost", clock.now())
            elif how == "revoke":
                credentials.revoke(day.credential, OFFICER, "key_compromise", clock.now())
            else:
                sessions.end(day.session, at=clock.now())
            return None

        is_signed = 200 in together(16, act)
        mine = ActivationItem.objects.filter(activation__credential=day.credential)
        assert set(mine.values_list("state", flat=True)) == ({"signed"} if is_signed else {"dead"})
        assert SignatureRecord.objects.filter(credential=day.credential).count() == (20 if is_signed else 0)
        assert hot.signs(day, sad, *twenty).status in (400, 401)
        assert hot.authorizes(day, twenty).status in (400, 401)
    check_log()


@pytest.mark.parametrize("how", ["session", "token", "client"])
def test_an_end_is_heard_at_once(hot: Hot, how: str) -> None:
    day = days.day(clock.now())
    hot.sad(day, digest(1))
    if how == "session":
        sessions.end(day.session, at=clock.now())
    elif how == "token":
        AccessToken.objects.filter(session=day.session).update(revoked_at=clock.now())
    else:
        OAuthClient.objects.filter(pk=day.client.pk).update(is_active=False)
    if how == "token":  # no statement of a turn reads it
        answer = heard(lambda: hot.authorizes(day, [digest(2)]), 401)
    else:
        answer = hot.authorizes(day, [digest(2)])
    assert (answer.status, answer.headers["www-authenticate"]) == (401, 'Bearer realm="csc"')
    assert how == "token" or Activation.objects.count() == 1


def test_a_flood_of_refusals_leaves_one_entry_and_their_number_later(hot: Hot) -> None:
    day = days.day(clock.now())
    for _ in range(20):
        assert hot.signs(day, "x", digest(1)).status == 400
    (entry,) = Entry.objects.filter(kind="signing.refused")
    assert (entry.actor_id, entry.subject) == (day.client.client_id, str(day.credential.public_id))
    assert entry.data == {"method": "signatures/signHash", "code": "sad_unknown"}


def test_bad_input_is_refused_as_on_the_slow_pages(hot: Hot) -> None:
    day = days.day(clock.now())
    assert hot.ask("signatures/signHash", b"{", day.bearer).status == 400
    assert hot.ask("signatures/signHash", b"{", "unknown").status == 400
    assert hot.ask("signatures/signHash", b"{}", "unknown").status == 401
    assert hot.ask("signatures/signHash", b'{"a":1,"a":2}', day.bearer).status == 400
    assert hot.signs(day, "nul\x00", digest(1)).status == 400
    assert hot.authorizes(day, [digest(1)], numSignatures=0).status == 400
    assert hot.authorizes(day, [digest(1)], description="処方箋 \x00").status == 200
    codes = set(Entry.objects.filter(kind="signing.refused").values_list("data__code", flat=True))
    assert codes == {"not_json", "sad_unknown", "signatures_low"}
