"""Two phones at once, the same phone twice, a revocation at the same moment: one outcome, on PostgreSQL."""

import threading
from collections.abc import Callable, Sequence
from functools import partial

import pytest
from django.db import connection, connections

from ledger import log
from ledger.models import Entry
from signing import credentials, links
from signing.errors import Refused
from signing.links import shown
from signing.models import Authenticator, Credential, EnrollmentLink, SigningSession
from signing.phones import life as phones
from tests.signing.phones.binding import Holder, new_phone
from tests.support.credentials import NOON
from vault import tokens

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time"),
    pytest.mark.requirement("BD-05", "RV-9"),
]
OWNER = log.Actor("signer", "owner")
ROUNDS = 4


def at_once(actions: Sequence[Callable[[], object]]) -> list[str]:
    """How each ended: "" or the code of its refusal; anything else fails the test."""
    start, ended = threading.Barrier(len(actions)), [""] * len(actions)

    def run(place: int, action: Callable[[], object]) -> None:
        start.wait()
        try:
            action()
        except Refused as refused:
            ended[place] = refused.code
        except Exception as problem:
            ended[place] = repr(problem)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ended


def test_of_two_phones_that_finish_at_once_by_two_links_one_is_bound() -> None:
    for _ in range(ROUNDS):
        holder = Holder()
        holder.bind(old := new_phone())
        new = links.create(holder.credential, at=NOON)
        by_qr, by_link = holder.ready(new_phone()), holder.ready_by_link(new, new_phone())
        ended = at_once([by_qr.finish, by_link.finish, lambda: holder.sign_in(old)])  # noqa: B023
        assert sorted(ended[:2]) in (["", "link_void"], ["", "link_used"])
        assert ended[2] in ("", "phone_unknown", "credential_not_active")
        states = Authenticator.objects.filter(credential=holder.credential).values_list("state", flat=True)
        assert sorted(states) == ["active", "replaced"]
        days = SigningSession.objects.filter(credential=holder.credential, ended_at=None)
        assert not days.filter(authenticator__state="replaced").exists()


def test_the_same_answer_sent_twice_binds_one_phone() -> None:
    for _ in range(ROUNDS):
        holder = Holder()
        ready = holder.ready(new_phone())
        assert sorted(at_once([ready.finish, ready.finish])) == ["", "ceremony_unknown"]
        assert Authenticator.objects.filter(credential=holder.credential).count() == 1


def test_two_phones_that_press_the_button_at_once_do_not_both_hold_the_qr_code() -> None:
    for _ in range(ROUNDS):
        holder = Holder()
        link = links.show(holder.credential, means="hpki_card", browser_token="pc", at=NOON)
        token = link.url_path.split("/")[2]
        presses = [partial(shown.enter, token, tokens.new_token(), "iPhone", NOON) for _ in range(4)]
        assert sorted(at_once(presses)) == ["", *["link_elsewhere"] * 3]


def test_a_binding_and_a_revocation_at_once_leave_no_usable_phone() -> None:
    for _ in range(ROUNDS):
        holder = Holder()
        ready = holder.ready(phone := new_phone())
        officer = log.Actor("officer", "somebody")
        credential = Credential.objects.get(pk=holder.credential.pk)
        ended = at_once(
            [ready.finish, lambda: credentials.revoke(credential, officer, "privilege_withdrawn", NOON)]  # noqa: B023
        )
        assert ended[1] == ""
        assert ended[0] in ("", "credential_not_active", "link_void")
        holder.credential.refresh_from_db()
        assert holder.credential.state == "revoked"
        with pytest.raises(Refused):
            holder.sign_in(phone)


def test_a_binding_and_a_removal_at_once_end_in_one_of_the_two_orders() -> None:
    finished = 0
    for _ in range(ROUNDS):
        holder = Holder()
        holder.bind(new_phone())
        ready = holder.ready(new_phone())
        credential = holder.credential
        ended = at_once([ready.finish, lambda: phones.remove(credential, OWNER, "signer_request", NOON)])  # noqa: B023
        assert ended in (["", ""], ["link_void", ""])  # a removal ends the QR code too
        finished += ended[0] == ""
        states = sorted(Authenticator.objects.filter(credential=credential).values_list("state", flat=True))
        ends = (["active", "removed"], ["removed", "replaced"])
        assert states in (ends if ended[0] == "" else (["removed"],))
    bound = Entry.objects.filter(kind="signing.phone_bound").count()
    assert bound == ROUNDS + finished


def test_two_qr_codes_of_one_credential_at_once_leave_one_open() -> None:
    for _ in range(ROUNDS):
        holder = Holder()
        show = [
            lambda pc=pc: links.show(holder.credential, means="hpki_card", browser_token=pc, at=NOON)  # noqa: B023
            for pc in ("one", "two", "three")
        ]
        assert at_once(show) == ["", "", ""]
        assert EnrollmentLink.objects.filter(credential=holder.credential, state="open").count() == 1
