"""One suite for every store of hash occurrences: PostgreSQL and SQLite must behave alike (decision 10)."""

import itertools
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connections
from pytest_django import DjangoDbBlocker

from signing.activation_store import Item, Store, Wanted, store
from signing.models import Activation, ActivationItem, Credential, OAuthClient, Signer, SigningSession
from tests.support.beside import sqlite
from tests.support.credentials import NOON

_numbers = itertools.count(1)


def unique() -> bytes:
    return next(_numbers).to_bytes(32, "big")


@pytest.fixture(scope="module")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Path:
    file = tmp_path_factory.mktemp("contract") / "contract.sqlite3"
    with django_db_blocker.unblock(), sqlite.beside(file) as alias:
        call_command("migrate", "signing", database=alias, verbosity=0)
    return file


@pytest.fixture(params=[pytest.param("default", marks=pytest.mark.django_db), "sqlite"])
def using(
    request: pytest.FixtureRequest, sqlite_file: Path, django_db_blocker: DjangoDbBlocker
) -> Iterator[str]:
    """The alias of a database with a store; "default" is PostgreSQL unless TEST_DATABASE says otherwise."""
    if request.param == "default":
        yield "default"
        return
    with django_db_blocker.unblock(), sqlite.beside(sqlite_file) as alias:
        yield alias


@dataclass
class Day:
    """A signer's session with a caller, and what was authorised in it."""

    using: str

    def __post_init__(self) -> None:
        key = unique()
        signer = Signer.objects.using(self.using).create(
            applicant=uuid.uuid4(),
            person_id=f"ID{int.from_bytes(key, 'big'):08d}",
            user_handle=key,
            created_at=NOON,
        )
        self.credential = Credential.objects.using(self.using).create(
            signer=signer, authority="jma", issuer="jma", qualification="doctor", state="active",
            not_before=NOON, not_after=NOON + timedelta(days=1000), created_at=NOON, changed_at=NOON,
        )  # fmt: skip
        self.session = SigningSession.objects.using(self.using).create(
            token_digest=unique(), credential=self.credential, means="authenticator",
            started_at=NOON, expires_at=NOON + timedelta(hours=18),
        )  # fmt: skip
        self.client = OAuthClient.objects.using(self.using).create(
            client_id=key.hex(), secret_digest=key, name="EHR", created_at=NOON
        )

    def authorise(self, *digests: bytes) -> "Sad":
        activation = Activation.objects.using(self.using).create(
            sad_digest=unique(), credential=self.credential, session=self.session, client=self.client,
            hash_algorithm="sha256", created_at=NOON, expires_at=NOON + timedelta(seconds=300),
        )  # fmt: skip
        for ordinal, digest in enumerate(digests):
            ActivationItem.objects.using(self.using).create(
                activation=activation, ordinal=ordinal, digest=digest
            )
        return Sad(self, activation)


@dataclass
class Sad:
    day: Day
    activation: Activation

    @property
    def keeper(self) -> Store:
        return store(self.day.using)

    def wish(self, *digests: bytes, **instead: object) -> Wanted:
        wish = Wanted(
            bytes(self.activation.sad_digest), self.day.credential.public_id, self.day.session.pk,
            self.day.client.pk, digests,
        )  # fmt: skip
        return wish._replace(**instead)

    def reserve(self, *digests: bytes, seconds: float = 0, **instead: object) -> list[Item] | None:
        at = NOON + timedelta(seconds=seconds)
        return self.keeper.reserve([self.wish(*digests, **instead)], at)[0]

    def states(self) -> list[str]:
        items = ActivationItem.objects.using(self.day.using).filter(activation=self.activation)
        return list(items.order_by("ordinal").values_list("state", flat=True))


A, B, C = b"a" * 32, b"b" * 32, b"c" * 32


def test_a_store_answers_in_the_order_of_the_caller(using: str) -> None:
    sad = Day(using).authorise(A, B, C)
    items = sad.reserve(C, A, B)
    assert items is not None
    assert [item.digest for item in items] == [C, A, B]
    assert sad.states() == ["reserved"] * 3


def test_an_item_knows_its_row(using: str) -> None:
    sad = Day(using).authorise(A, B)
    items = sad.reserve(B)
    assert items is not None
    row = ActivationItem.objects.using(using).get(activation=sad.activation, ordinal=1)
    assert items == [Item(row.pk, row.public_id, B)]


def test_each_occurrence_is_spent_once(using: str) -> None:
    sad = Day(using).authorise(A)
    assert sad.reserve(A) is not None
    assert sad.reserve(A) is None


def test_of_sixteen_threads_one_gets_what_is_wished_on_sqlite(
    sqlite_file: Path, django_db_blocker: DjangoDbBlocker
) -> None:
    """As on PostgreSQL (test_activation); each waits for the one writer."""
    with django_db_blocker.unblock(), sqlite.beside(sqlite_file) as alias:
        sad, start = Day(alias).authorise(A, B, B), threading.Barrier(16)

        def reserve(number: int) -> list[Item] | None:
            start.wait(20)
            try:
                return sad.reserve(*((A, B, B) if number % 2 else (B, A)))
            finally:
                connections[alias].close()

        with ThreadPoolExecutor(16) as pool:
            got = [items for items in pool.map(reserve, range(16)) if items is not None]
        assert len(got) == 1
        assert sad.states().count("reserved") == len(got[0])


def test_equal_digests_are_separate_occurrences(using: str) -> None:
    sad = Day(using).authorise(A, A, B)
    assert sad.reserve(A, A, A) is None
    assert sad.states() == ["authorised"] * 3
    items = sad.reserve(A, A)
    assert items is not None
    assert len({item.pk for item in items}) == 2
    assert sad.states() == ["reserved", "reserved", "authorised"]


def test_a_wish_gets_all_or_nothing(using: str) -> None:
    sad = Day(using).authorise(A, B)
    assert sad.reserve(A, B, C) is None
    assert sad.states() == ["authorised", "authorised"]


def test_a_wish_for_nothing_gets_nothing(using: str) -> None:
    assert Day(using).authorise(A).reserve() in ([], None)
    assert store(using).reserve([], NOON) == []


def test_one_sad_may_be_spent_in_several_calls(using: str) -> None:
    sad = Day(using).authorise(A, B)
    assert sad.reserve(B) is not None
    assert sad.reserve(A) is not None


def test_one_statement_serves_many_callers(using: str) -> None:
    first, second = Day(using).authorise(A, B), Day(using).authorise(A)
    wishes = [first.wish(B, A), second.wish(C), second.wish(A)]
    answers = store(using).reserve(wishes, NOON)
    assert [len(items) if items is not None else None for items in answers] == [2, None, 1]


def test_two_wishes_of_one_statement_never_share_an_item(using: str) -> None:
    sad = Day(using).authorise(A, B)
    answers = store(using).reserve([sad.wish(A, B), sad.wish(A, B)], NOON)
    assert len([items for items in answers if items is not None]) <= 1
    taken = [item.pk for items in answers if items is not None for item in items]
    assert len(taken) == len(set(taken))
    assert "reserved" not in sad.states() or any(answers)


def test_a_sad_dies_after_its_time(using: str) -> None:
    sad = Day(using).authorise(A)
    assert sad.reserve(A, seconds=300) is None
    assert sad.reserve(A, seconds=299.9) is not None


@pytest.mark.parametrize("name", ["sad_digest", "credential", "session", "client"])
def test_nothing_is_reserved_for_somebody_else(using: str, name: str) -> None:
    sad, other = Day(using).authorise(A), Day(using).authorise(A)
    foreign = getattr(other.wish(A), name)
    assert sad.reserve(A, **{name: foreign}) is None
    assert sad.states() == other.states() == ["authorised"]


@pytest.mark.parametrize("state", ["ordered", "suspended", "revoked", "expired"])
def test_a_credential_that_is_not_active_spends_nothing(using: str, state: str) -> None:
    sad = Day(using).authorise(A)
    Credential.objects.using(using).filter(pk=sad.day.credential.pk).update(state=state)
    assert sad.reserve(A) is None


def test_a_credential_past_its_end_spends_nothing(using: str) -> None:
    sad = Day(using).authorise(A)
    Credential.objects.using(using).filter(pk=sad.day.credential.pk).update(not_after=NOON)
    assert sad.reserve(A) is None


def test_an_ended_session_spends_nothing(using: str) -> None:
    sad = Day(using).authorise(A)
    SigningSession.objects.using(using).filter(pk=sad.day.session.pk).update(ended_at=NOON)
    assert sad.reserve(A) is None


def test_an_expired_session_spends_nothing(using: str) -> None:
    sad = Day(using).authorise(A)
    SigningSession.objects.using(using).filter(pk=sad.day.session.pk).update(expires_at=NOON)
    assert sad.reserve(A) is None


def test_a_stopped_caller_spends_nothing(using: str) -> None:
    sad = Day(using).authorise(A)
    OAuthClient.objects.using(using).filter(pk=sad.day.client.pk).update(is_active=False)
    assert sad.reserve(A) is None


def test_an_item_given_back_may_be_spent_again(using: str) -> None:
    sad = Day(using).authorise(A)
    items = sad.reserve(A)
    assert items is not None
    assert sad.keeper.give_back([items[0].pk]) == 1
    assert sad.reserve(A) == items


def test_an_item_of_unknown_outcome_is_never_spent_again(using: str) -> None:
    sad = Day(using).authorise(A)
    items = sad.reserve(A)
    assert items is not None
    assert sad.keeper.fail([items[0].pk]) == 1
    assert sad.reserve(A) is None
    assert sad.keeper.give_back([items[0].pk]) == 0


def test_only_reserved_items_become_signed(using: str) -> None:
    sad = Day(using).authorise(A, B)
    items = sad.reserve(A)
    assert items is not None
    every = list(
        ActivationItem.objects.using(using).filter(activation=sad.activation).values_list("pk", flat=True)
    )
    assert sad.keeper.sign(every) == 1
    assert sad.states() == ["signed", "authorised"]


def test_five_hundred_hashes_are_reserved_in_one_call(using: str) -> None:
    digests = [unique() for _ in range(500)]
    sad = Day(using).authorise()
    ActivationItem.objects.using(using).bulk_create(
        ActivationItem(activation=sad.activation, ordinal=n, digest=d) for n, d in enumerate(digests)
    )
    items = sad.reserve(*reversed(digests))
    assert items is not None
    assert [item.digest for item in items] == digests[::-1]
