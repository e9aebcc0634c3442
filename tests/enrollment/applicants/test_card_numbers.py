"""JMA's two numbers: one answer for every wrong pair, five tries exactly, a code, a first phone, and the way back."""

import re
import threading
from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from django.db import connection, connections

from enrollment.applicants import card_numbers, emails
from enrollment.errors import Refused
from enrollment.models import CardHolder, CardNumbersVisit, CardNumberTries, EmailCode
from ledger import clock
from ledger.models import Entry
from outbox.models import Mail
from signing.models import Authenticator, Credential, EnrollmentLink
from tests.support.credentials import active_credential, signer

pytestmark = pytest.mark.django_db
NUMBER, CARD_ID, PERSON_ID = "265432", "J20265432A", "JMA0265432"


def holder(**changes: object) -> CardHolder:
    fields: dict[str, object] = {
        "authority": "jma",
        "qualification": "doctor",
        "registration_number": NUMBER,
        "birth_date": date(1965, 8, 30),
        "status": "valid",
        "card_id": CARD_ID,
        "person_id": PERSON_ID,
        "email": "saeki@people.example",
    }
    return CardHolder.objects.create(**(fields | changes))


def credential() -> Credential:
    return active_credential(signer(PERSON_ID), at=clock.now())


def refusal(number: str, card_id: str, at: datetime | None = None) -> str:
    with pytest.raises(Refused) as refused:
        card_numbers.begin(number, card_id, at or clock.now())
    return refused.value.code


def code_in_the_mail(kind: str = "n2") -> str:
    mail = Mail.objects.filter(kind=kind).order_by("-pk").first()
    assert mail is not None and mail.recipient == "saeki@people.example"
    found = re.search(r"\b(\d{6})\b", mail.body)
    assert found is not None
    return found[1]


def come_in(at: datetime) -> card_numbers.Begun:
    begun = card_numbers.begin(NUMBER, CARD_ID, at)
    card_numbers.send_code(begun.visit.holder, at)
    return begun


class TestThePair:
    @pytest.mark.requirement("BD-13")
    @pytest.mark.parametrize(
        ("number", "card_id"),
        [
            (NUMBER, "WRONG"),
            ("999999", CARD_ID),
            ("999999", "WRONG"),
            (NUMBER, ""),
            (NUMBER, CARD_ID.lower()),
        ],
    )
    def test_a_wrong_pair_says_one_thing_whatever_was_wrong(self, number: str, card_id: str) -> None:
        holder()
        assert refusal(number, card_id) == "numbers_wrong"
        assert not CardNumbersVisit.objects.exists() and not Mail.objects.exists()

    @pytest.mark.requirement("BD-08", "BD-13")
    @pytest.mark.parametrize(
        "changes",
        [
            {"status": "revoked"},
            {"status": "expired"},
            {"status": "ordered"},
            {"card_id": ""},
            {"authority": "medis"},
            {"qualification": "dentist"},
        ],
    )
    def test_a_card_that_is_not_in_force_or_not_jmas_says_the_same(self, changes: dict[str, str]) -> None:
        holder(**changes)
        assert refusal(NUMBER, CARD_ID) == "numbers_wrong"
        assert refusal(NUMBER, "") == "numbers_wrong"

    @pytest.mark.requirement("BD-13")
    @pytest.mark.parametrize("number", [NUMBER, "999999"])
    def test_five_wrong_pairs_lock_the_number_for_a_day_known_or_not(self, number: str) -> None:
        holder()
        at = clock.now()
        for minute in range(5):
            assert refusal(number, "WRONG", at + timedelta(minutes=minute)) == "numbers_wrong"
        end = at + timedelta(minutes=4, hours=24)
        for moment in (at + timedelta(minutes=5), end - timedelta(seconds=1)):
            assert refusal(number, CARD_ID, moment) == "numbers_locked"
        assert refusal("888888", "WRONG", at) == "numbers_wrong"  # other numbers go on
        if number == NUMBER:
            assert card_numbers.begin(number, CARD_ID, end).visit.holder.registration_number == NUMBER

    def test_the_right_pair_forgets_the_wrong_ones(self) -> None:
        holder()
        at = clock.now()
        for _ in range(3):
            for _ in range(4):
                refusal(NUMBER, "WRONG", at)
            card_numbers.begin(NUMBER, CARD_ID, at)

    def test_neither_number_stands_in_clear_where_tries_are_counted_nor_in_the_ledger(self) -> None:
        holder()
        card_numbers.begin(NUMBER, CARD_ID, clock.now())
        row = CardNumberTries.objects.get()
        assert NUMBER.encode() not in bytes(row.number_digest)
        words = " ".join(f"{entry.subject} {entry.data}" for entry in Entry.objects.all())
        assert NUMBER not in words and CARD_ID not in words and "saeki" not in words

    def test_who_has_given_no_mail_address_is_told_so_only_with_the_right_pair(self) -> None:
        holder(email="")
        assert refusal(NUMBER, "WRONG") == "numbers_wrong"
        assert refusal(NUMBER, CARD_ID) == "numbers_no_mail"

    def test_the_same_statements_are_asked_for_a_known_and_an_unknown_number(
        self, django_assert_num_queries: object
    ) -> None:
        holder()
        for number in (NUMBER, "999999"):  # rows of tries exist from here on
            refusal(number, "WRONG")
        asked = []
        for number in (NUMBER, "999999"):
            with CaptureSql() as sql:
                refusal(number, "WRONG")
            asked.append([re.sub(r"'[^']*'|\d+", "?", one) for one in sql.statements])
        assert asked[0] == asked[1]


class CaptureSql:
    """The statements of a block, with their values."""

    def __enter__(self) -> "CaptureSql":
        self.statements: list[str] = []
        self._wrapper = connection.execute_wrapper(self._keep)
        self._wrapper.__enter__()
        return self

    def __exit__(self, *problem: object) -> None:
        self._wrapper.__exit__(None, None, None)

    def _keep(self, execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        self.statements.append(sql)
        return execute(sql, params, many, context)


class TestTheCode:
    @pytest.mark.requirement("BD-08")
    def test_a_right_code_shows_a_qr_code_once_and_tells_the_holder(self) -> None:
        row, living, at = holder(), credential(), clock.now()
        begun = come_in(at)
        assert card_numbers.find(begun.token, at) == begun.visit
        code = code_in_the_mail()
        card_numbers.confirm(begun.visit, f" {code[:3]} {code[3:]} ", "browser", at)
        link = EnrollmentLink.objects.get(credential=living)
        assert (link.kind, link.means, link.state) == ("shown", "jma_numbers", "open")
        notice = Mail.objects.get(kind="n18")
        assert notice.recipient == row.email and "/card/jma/undo/" in notice.body and "/me/" in notice.body
        with pytest.raises(Refused, match="numbers_no_visit"):
            card_numbers.find(begun.token, at)
        with pytest.raises(Refused, match="code_gone"):
            card_numbers.confirm(begun.visit, code, "browser", at)
        assert EnrollmentLink.objects.count() == 1

    @pytest.mark.requirement("BD-08")
    def test_five_wrong_codes_end_it_and_a_new_one_waits_a_minute(self) -> None:
        holder(), credential()
        at = clock.now()
        begun = come_in(at)
        code = code_in_the_mail()
        wrong = f"{(int(code) + 1) % 1_000_000:06d}"
        told = []
        for _ in range(6):
            with pytest.raises(Refused) as refused:
                card_numbers.confirm(begun.visit, wrong, "browser", at)
            told.append((refused.value.code, refused.value.detail.get("tries_left")))
        assert told == [("code_wrong", left) for left in (4, 3, 2, 1)] + [
            ("code_gone", 0),
            ("code_gone", None),
        ]
        with pytest.raises(Refused, match="code_too_soon"):
            card_numbers.send_code(begun.visit.holder, at + timedelta(seconds=59))
        later = at + emails.RESEND_AFTER
        card_numbers.send_code(begun.visit.holder, later)
        card_numbers.confirm(begun.visit, code_in_the_mail(), "browser", later)

    @pytest.mark.requirement("BD-08")
    def test_a_code_lives_for_ten_minutes_and_the_visit_for_thirty(self) -> None:
        holder(), credential()
        at = clock.now()
        begun = come_in(at)
        with pytest.raises(Refused, match="code_gone"):
            card_numbers.confirm(begun.visit, code_in_the_mail(), "b", at + timedelta(minutes=10))
        with pytest.raises(Refused, match="numbers_no_visit"):
            card_numbers.find(begun.token, at + card_numbers.VISIT)

    @pytest.mark.requirement("BD-08")
    def test_a_living_phone_is_never_replaced_this_way(self) -> None:
        holder()
        living, at = credential(), clock.now()
        phone = Authenticator.objects.create(
            credential=living, webauthn_id=b"old", public_key=b"k", label="iPhone", bound_at=at
        )
        begun = come_in(at)
        with pytest.raises(Refused, match="phone_exists"):
            card_numbers.confirm(begun.visit, code_in_the_mail(), "browser", at)
        phone.refresh_from_db()
        assert phone.state == "active" and not EnrollmentLink.objects.exists()
        assert not Mail.objects.filter(kind="n18").exists()

    @pytest.mark.parametrize("state", ["none", "ordered", "suspended", "revoked"])
    def test_without_a_certificate_that_signs_there_is_nothing_to_show(self, state: str) -> None:
        holder()
        at = clock.now()
        if state != "none":
            Credential.objects.filter(pk=credential().pk).update(state=state)
        begun = come_in(at)
        with pytest.raises(Refused, match="no_certificate"):
            card_numbers.confirm(begun.visit, code_in_the_mail(), "browser", at)
        assert not EnrollmentLink.objects.exists()

    def test_an_applicants_code_is_no_holders_code(self) -> None:
        """Both stand in one table, each with one owner, by a constraint."""
        holder(), credential()
        begun = come_in(clock.now())
        row = EmailCode.objects.get()
        assert row.applicant_id is None and row.holder_id == begun.visit.holder_id


class TestTheWayBack:
    def undo_token(self) -> str:
        mail = Mail.objects.get(kind="n18")
        found = re.search(r"/card/jma/undo/([\w-]+)/", mail.body)
        assert found is not None
        return found[1]

    def shown(self, at: datetime) -> EnrollmentLink:
        begun = come_in(at)
        card_numbers.confirm(begun.visit, code_in_the_mail(), "browser", at)
        return EnrollmentLink.objects.get(means="jma_numbers")

    @pytest.mark.requirement("BD-13")
    def test_the_holder_undoes_it_and_the_phone_that_it_bound_is_gone(self) -> None:
        holder()
        living, at = credential(), clock.now()
        link = self.shown(at)
        EnrollmentLink.objects.filter(pk=link.pk).update(state="bound")
        phone = Authenticator.objects.create(
            credential=living, webauthn_id=b"x", public_key=b"k", label="thief", bound_at=at
        )
        visit = card_numbers.to_undo(self.undo_token(), at)
        card_numbers.undo(visit, at)
        phone.refresh_from_db()
        assert phone.state == "removed"
        card_numbers.undo(visit, at)  # once
        assert Entry.objects.filter(kind="card_holder.numbers_undone").count() == 1

    @pytest.mark.requirement("BD-13")
    def test_an_open_qr_code_dies_and_an_own_later_phone_stays(self) -> None:
        holder()
        living, at = credential(), clock.now()
        link = self.shown(at)
        own = Authenticator.objects.create(
            credential=living,
            webauthn_id=b"o",
            public_key=b"k",
            label="mine",
            bound_at=at + timedelta(hours=1),
        )
        card_numbers.undo(card_numbers.to_undo(self.undo_token(), at), at + timedelta(hours=2))
        link.refresh_from_db()
        own.refresh_from_db()
        assert (link.state, own.state) == ("void", "active")

    def test_the_address_is_good_for_seven_days_and_no_other_word_is(self) -> None:
        holder(), credential()
        at = clock.now()
        self.shown(at)
        token = self.undo_token()
        card_numbers.to_undo(token, at + timedelta(days=6, hours=23))
        for wrong, moment in ((token, at + card_numbers.UNDO), ("x", at), ("", at)):
            with pytest.raises(Refused, match="undo_unknown"):
                card_numbers.to_undo(wrong, moment)

    def test_the_clock_forgets_tries_after_a_day_and_visits_after_a_week(self) -> None:
        holder(), credential()
        at = clock.now()
        self.shown(at)
        assert card_numbers.forget_overdue(at) == 0
        assert card_numbers.forget_overdue(at + timedelta(hours=25)) == 1
        assert card_numbers.forget_overdue(at + timedelta(days=8)) == 1


@pytest.mark.requirement("BD-13")
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
def test_of_thirty_wrong_pairs_at_once_exactly_five_are_looked_at() -> None:
    holder()
    start, told = threading.Barrier(30), Counter[str]()

    def run() -> None:
        start.wait(30)
        try:
            card_numbers.begin(NUMBER, "WRONG", clock.now())
        except Refused as refused:
            told[refused.code] += 1
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert told == {"numbers_wrong": 5, "numbers_locked": 25}
    assert refusal(NUMBER, CARD_ID) == "numbers_locked"
