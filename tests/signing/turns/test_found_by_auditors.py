"""RV-4: what a turn has authorised for many is found by who looks for one of them at the desk."""

import pytest

from ledger import clock, merkle
from ledger.models import Entry
from signing.models import Activation
from signing.turns.entries import MANY, caller_leaf
from tests.signing.records.test_auditing_authorised import KIND, TOLD, URL, found, place, session
from tests.signing.turns.running import Hot
from tests.signing.turns.test_turns import together
from tests.staff.test_granting import desk, make
from tests.support import days
from tests.support.csc import digest


@pytest.mark.requirement("RV-4")
def test_a_turn_of_many_signers_is_found_by_each_of_them(hot: Hot) -> None:
    """Whose SADs an entry of a turn is about is told by its root over them, not by what the search goes by."""
    auditor = desk(make("auditor", ("jma", "AUDITOR")))
    hospital = days.ehr("みどり病院")
    everyone = [days.day(clock.now(), caller=hospital) for _ in range(8)]
    for _turn in range(5):  # who meets whom in a turn is a matter of moments
        together(
            8, lambda number: hot.sad(everyone[number], *[digest(each) for each in range(number % 2 + 1)])
        )
        if Entry.objects.filter(kind=KIND, subject=MANY).exists():
            break
    shared = list(Entry.objects.filter(kind=KIND, subject=MANY))
    assert shared
    for entry in shared:
        made = Activation.objects.select_related("session", "client", "credential").filter(
            created_at=entry.at
        )
        leaves = [
            caller_leaf(
                each.public_id.bytes,
                each.credential.public_id.bytes,
                each.session.public_id.bytes,
                each.client.client_id,
                "",
                each.items.count(),
            )
            for each in made.order_by("public_id")
        ]
        assert merkle.root(leaves).hex() == entry.data["callers"] and len(leaves) > 1
        for each in made:
            assert place(entry) in found(auditor, each.session)
            page = auditor.get(URL, {"subject": each.credential.signer.person_id, "kind": "signing"})
            assert TOLD.format(1) in page.content.decode()
    for day in everyone:
        count = Activation.objects.filter(session=day.session).count()
        assert len(found(auditor, day.session)) == count
    stranger = session()
    assert found(auditor, stranger) == []
