"""An enrolment link: three months, one password, five tries, one phone."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.hashers import check_password
from django.db import connection, connections

from ledger.models import Entry
from outbox.models import Job
from signing import links
from signing.errors import Refused
from signing.links import inbox
from signing.models import EnrollmentLink
from tests.support.credentials import NOON, active_credential
from vault import tokens

BROWSER = tokens.new_token()
SECOND = timedelta(seconds=1)


def token_of(new: links.NewLink) -> str:
    return urlsplit(new.url_path).path.split("/")[2]


def refusal(action: Callable[[], object]) -> Refused:
    with pytest.raises(Refused) as caught:
        action()
    return caught.value


@pytest.mark.django_db
class TestCreate:
    @pytest.mark.requirement("ST-17")
    @pytest.mark.parametrize(
        ("sent", "last_day"),
        [
            ((2026, 11, 20), (2027, 2, 20)),
            ((2026, 11, 28), (2027, 2, 28)),
            ((2026, 11, 30), (2027, 2, 28)),
            ((2027, 2, 28), (2027, 5, 31)),
            ((2027, 4, 30), (2027, 7, 31)),
            ((2028, 2, 29), (2028, 5, 31)),
        ],
    )
    def test_a_link_dies_after_three_months(
        self, sent: tuple[int, int, int], last_day: tuple[int, int, int]
    ) -> None:
        at = datetime(*sent, 3, tzinfo=UTC)
        credential = active_credential(at=at)
        new = links.create(credential, at=at)
        end = datetime(*last_day, 15, tzinfo=UTC)  # 24:00 JST
        assert new.expires_at == end
        assert links.open(token_of(new), new.password, BROWSER, end - SECOND).state == "open"
        assert refusal(lambda: links.open(token_of(new), new.password, BROWSER, end)).code == "link_expired"

    def test_clear_text_is_nowhere_in_the_database(self) -> None:
        new = links.create(active_credential(), at=NOON)
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM signing_enrollmentlink")
            rows = repr(cursor.fetchall())
            cursor.execute("SELECT * FROM ledger_entry")
            rows += repr(cursor.fetchall())
        assert token_of(new) not in rows
        assert new.password not in rows

    def test_a_newer_link_voids_the_older_one_at_once(self) -> None:
        credential = active_credential()
        old, new = links.create(credential, at=NOON), links.create(credential, at=NOON)
        assert refusal(lambda: links.open(token_of(old), old.password, BROWSER, NOON)).code == "link_void"
        assert links.open(token_of(new), new.password, BROWSER, NOON)

    @pytest.mark.requirement("ST-24")
    def test_a_locked_link_is_replaced_by_a_new_one(self) -> None:
        credential = active_credential()
        old = links.create(credential, at=NOON)
        for _ in range(5):
            refusal(lambda: links.open(token_of(old), "wrong", BROWSER, NOON))
        new = links.create(credential.public_id, at=NOON)
        assert refusal(lambda: links.open(token_of(old), old.password, BROWSER, NOON)).code == "link_void"
        assert links.open(token_of(new), new.password, BROWSER, NOON)

    def test_a_suspended_credential_gets_no_link(self) -> None:
        credential = active_credential(state="suspended")
        assert refusal(lambda: links.create(credential, at=NOON)).code == "credential_not_active"

    def test_its_making_is_logged_without_token_or_password(self) -> None:
        new = links.create(active_credential(), at=NOON)
        entry = Entry.objects.get(kind="signing.link_created")
        assert new.password not in repr(entry.data)
        assert entry.authority == "jma"


@pytest.mark.django_db
class TestOpen:
    def test_the_password_may_be_typed_in_capitals_full_width_and_with_spaces(self) -> None:
        new = links.create(active_credential(), at=NOON)
        typed = "".join(chr(ord(letter) + 0xFEE0) for letter in new.password.upper())
        assert links.open(token_of(new), f" {typed} ", BROWSER, NOON).opened_until == NOON + links.OPEN_FOR

    @pytest.mark.requirement("ST-18")
    def test_five_wrong_passwords_lock_it(self) -> None:
        new = links.create(active_credential(), at=NOON)
        left = [
            refusal(lambda: links.open(token_of(new), "wrong", BROWSER, NOON)).detail.get("tries_left")
            for _ in range(4)
        ]
        assert left == [4, 3, 2, 1]
        assert refusal(lambda: links.open(token_of(new), "wrong", BROWSER, NOON)).code == "link_locked"
        assert refusal(lambda: links.open(token_of(new), new.password, BROWSER, NOON)).code == "link_locked"
        assert Job.objects.filter(kind="signing.link_locked").count() == 1
        assert Entry.objects.filter(kind="signing.link_locked").count() == 1

    def test_the_right_password_forgives_earlier_errors(self) -> None:
        new = links.create(active_credential(), at=NOON)
        for _ in range(4):
            refusal(lambda: links.open(token_of(new), "wrong", BROWSER, NOON))
        links.open(token_of(new), new.password, BROWSER, NOON)
        assert links.tries_left(links.find(token_of(new))) == 5

    def test_an_empty_password_is_no_try(self) -> None:
        new = links.create(active_credential(), at=NOON)
        assert refusal(lambda: links.open(token_of(new), " ", BROWSER, NOON)).code == "password_missing"
        assert links.tries_left(links.find(token_of(new))) == 5

    def test_an_endless_password_is_a_wrong_one(self) -> None:
        new = links.create(active_credential(), at=NOON)
        assert refusal(lambda: links.open(token_of(new), "a" * 10**6, BROWSER, NOON)).code == "wrong_password"

    def test_an_unknown_token_is_refused(self) -> None:
        assert refusal(lambda: links.open("x" * 43, "password", BROWSER, NOON)).code == "link_unknown"

    def test_an_unknown_token_costs_as_much_work_as_a_wrong_password(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The work is the password's hash: one of the same kind and cost, whoever asks."""
        inbox._decoy_hash.cache_clear()  # made perhaps while a test had other hashers
        new, hashed = links.create(active_credential(), at=NOON), list[str]()

        def counted(typed: str, encoded: str) -> bool:
            hashed.append("$".join(encoded.split("$")[:2]))  # the kind and its cost
            return check_password(typed, encoded)

        monkeypatch.setattr(inbox, "check_password", counted)
        for token in (token_of(new), "x" * 43):
            refusal(lambda token=token: links.open(token, "wrong", BROWSER, NOON))
        assert len(hashed) == 2 and len(set(hashed)) == 1

    def test_another_browser_cannot_use_an_open_link(self) -> None:
        new = links.create(active_credential(), at=NOON)
        links.open(token_of(new), new.password, BROWSER, NOON)
        assert links.opened_by(token_of(new), BROWSER, NOON)
        other = refusal(lambda: links.opened_by(token_of(new), tokens.new_token(), NOON))
        assert other.code == "wrong_browser"

    def test_the_password_holds_for_ten_minutes(self) -> None:
        new = links.create(active_credential(), at=NOON)
        links.open(token_of(new), new.password, BROWSER, NOON)
        end = NOON + timedelta(minutes=10)
        assert links.opened_by(token_of(new), BROWSER, end - SECOND)
        assert refusal(lambda: links.opened_by(token_of(new), BROWSER, end)).code == "link_not_opened"

    def test_overdue_links_are_moved_to_expired_by_the_clock(self) -> None:
        new = links.create(active_credential(), at=NOON)
        assert links.expire_overdue(new.expires_at - SECOND) == 0
        assert links.expire_overdue(new.expires_at) == 1
        assert EnrollmentLink.objects.get().state == "expired"


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
@pytest.mark.requirement("ST-18")
def test_exactly_five_of_thirty_parallel_wrong_passwords_are_evaluated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    new = links.create(active_credential(), at=NOON)
    real_hash = EnrollmentLink.objects.get().password_hash
    evaluated: list[str] = []
    original = inbox.check_password

    def counting(password: str, encoded: str) -> bool:
        if encoded == real_hash:
            evaluated.append(password)
        return original(password, encoded)

    monkeypatch.setattr(inbox, "check_password", counting)
    start, codes = threading.Barrier(30), []

    def attempt() -> None:
        start.wait()
        codes.append(refusal(lambda: links.open(token_of(new), "wrong", BROWSER, NOON)).code)
        connections.close_all()

    threads = [threading.Thread(target=attempt) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(codes) == 30
    assert len(evaluated) == 5
    assert refusal(lambda: links.open(token_of(new), new.password, BROWSER, NOON)).code == "link_locked"
    assert Job.objects.filter(kind="signing.link_locked").count() == 1
