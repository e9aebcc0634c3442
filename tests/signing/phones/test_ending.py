"""A phone's end: replaced, removed, stopped, put back; told once, logged, and never half done."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from pytest_django import Settings

from ledger import log
from ledger.models import Entry
from outbox.models import Job
from signing import links, sessions
from signing.errors import Refused
from signing.models import Authenticator, SigningSession
from signing.phones import life as phones
from signing.phones.rules import PhoneRules
from tests.signing.phones.binding import Holder, new_phone
from tests.support.credentials import NOON
from tests.support.phone import Twist

pytestmark = pytest.mark.django_db
OWNER = log.Actor("signer", "owner")
HOUR = timedelta(hours=1)


def refusal(action: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        action()
    return caught.value.code


def told() -> list[str]:
    return list(
        Job.objects.filter(kind__startswith="signing.phone").order_by("pk").values_list("kind", flat=True)
    )


def only_once(authority: str, at: object) -> PhoneRules:
    return PhoneRules(once=True, synced=False, note="")


@pytest.mark.requirement("BD-05", "BD-06")
def test_a_new_phone_replaces_the_old_one_whose_day_ends_at_once() -> None:
    holder, old, new = Holder(), new_phone(), new_phone()
    holder.bind(old)
    day = holder.sign_in(old)
    first = Authenticator.objects.get()
    second = holder.bind(new, NOON + HOUR)
    first.refresh_from_db()
    assert (first.state, first.ended_at, first.replaced_by) == ("replaced", NOON + HOUR, second)
    assert refusal(lambda: sessions.find(day.token, NOON + HOUR)) == "no_session"
    assert refusal(lambda: holder.sign_in(old, NOON + HOUR)) == "phone_unknown"
    assert holder.sign_in(new, NOON + HOUR).session.authenticator == second
    assert told() == ["signing.phone_replaced"]
    assert second.label == "iPhone 2026-11-20"


@pytest.mark.requirement("BD-15")
def test_removing_the_phone_ends_its_day_and_nobody_elses() -> None:
    holder, phone = Holder(), new_phone()
    holder.bind(phone)
    mine = holder.sign_in(phone).session
    by_card = SigningSession.objects.create(
        token_digest=b"c" * 32,
        credential=holder.credential,
        means="my_number_card",
        started_at=NOON,
        expires_at=NOON + 18 * HOUR,
    )
    phones.remove(holder.credential, OWNER, "signer_request", NOON + HOUR)
    mine.refresh_from_db()
    by_card.refresh_from_db()
    assert (mine.ended_at, by_card.ended_at) == (NOON + HOUR, None)
    assert refusal(lambda: holder.sign_in(phone, NOON + HOUR)) == "phone_unknown"
    assert refusal(lambda: phones.remove(holder.credential, OWNER, "signer_request", NOON)) == "no_phone"
    assert told() == ["signing.phone_removed"]
    assert Entry.objects.get(kind="signing.phone_removed").data["reason"] == "signer_request"


def test_an_operator_removes_nobodys_phone() -> None:
    holder = Holder()
    holder.bind(new_phone())
    operator = log.Actor("operator", "somebody")
    assert refusal(lambda: phones.remove(holder.credential, operator, "x", NOON)) == "actor_not_allowed"
    assert Authenticator.objects.get().state == "active"


@pytest.mark.requirement("ST-34", "BD-13")
def test_within_a_day_a_wrong_binding_is_undone_and_the_former_phone_is_back() -> None:
    holder, old, strange = Holder(), new_phone(), new_phone()
    first = holder.bind(old)
    holder.bind(strange, NOON + HOUR)
    strangers_day = holder.sign_in(strange, NOON + HOUR)
    assert phones.undo(holder.credential, OWNER, NOON + 2 * HOUR) == first
    assert refusal(lambda: sessions.find(strangers_day.token, NOON + 2 * HOUR)) == "no_session"
    assert refusal(lambda: holder.sign_in(strange, NOON + 2 * HOUR)) == "phone_unknown"
    assert holder.sign_in(old, NOON + 2 * HOUR).session.authenticator == first
    holder.bind(
        strange_again := new_phone(), NOON + 3 * HOUR
    )  # and it can be replaced, and told of, once more
    assert holder.sign_in(strange_again, NOON + 3 * HOUR)
    assert told().count("signing.phone_replaced") == 2


def test_after_a_day_nothing_is_undone_and_a_first_phone_leaves_none_behind() -> None:
    holder = Holder()
    holder.bind(new_phone())
    assert refusal(lambda: phones.undo(holder.credential, OWNER, NOON + 24 * HOUR)) == "undo_too_late"
    assert phones.undo(holder.credential, OWNER, NOON + 24 * HOUR - timedelta(seconds=1)) is None
    assert Authenticator.objects.get().state == "removed"


@pytest.mark.requirement("RV-9")
def test_a_counter_that_goes_back_stops_the_phone_ends_its_day_and_is_told() -> None:
    holder, phone = Holder(), new_phone()
    holder.bind(phone)
    copy = phone.clone()
    day = holder.sign_in(phone)
    holder.sign_in(phone)
    assert refusal(lambda: holder.sign_in(copy)) == "phone_cloned"
    bound = Authenticator.objects.get()
    assert (bound.state, bound.ended_at) == ("stopped", NOON)
    assert refusal(lambda: sessions.find(day.token, NOON)) == "no_session"
    assert refusal(lambda: holder.sign_in(phone)) == "phone_stopped"
    assert told() == ["signing.phone_stopped"]
    assert Entry.objects.filter(kind="signing.phone_cloned").count() == 1
    holder.bind(new_phone())
    bound.refresh_from_db()
    assert bound.state == "replaced"


@pytest.mark.requirement("RV-9")
def test_a_synced_key_is_marked_at_registration_and_at_each_use() -> None:
    holder, phone = Holder(), new_phone(is_synced=True, counts=False)
    bound = holder.bind(phone)
    assert (bound.is_backup_eligible, bound.is_backed_up) == (True, True)
    entry = Entry.objects.get(kind="signing.phone_bound").data
    assert (entry["backup_eligible"], entry["backed_up"]) == (True, True)
    holder.sign_in(phone)
    used = Entry.objects.get(kind="signing.session_opened").data
    assert (used["backup_eligible"], used["backed_up"]) == (True, True)


@pytest.mark.requirement("RV-9")
def test_an_authority_may_refuse_synced_keys_from_a_day_on(settings: Settings) -> None:
    settings.SIGNING_PHONE_RULES = f"{__name__}.only_once"
    holder = Holder()
    assert refusal(lambda: holder.bind(new_phone(is_synced=True))) == "phone_synced"
    assert not Authenticator.objects.exists()
    assert holder.bind(new_phone())


def test_a_key_that_begins_to_travel_is_refused_and_logged() -> None:
    holder, phone = Holder(), new_phone()
    holder.bind(phone)
    phone.is_synced = True
    assert refusal(lambda: holder.sign_in(phone)) == "phone_changed"
    assert Entry.objects.filter(kind="signing.phone_changed").count() == 1


@pytest.mark.requirement("BD-15")
def test_where_a_phone_is_bound_once_the_signer_begins_no_second_one(settings: Settings) -> None:
    settings.SIGNING_PHONE_RULES = f"{__name__}.only_once"
    holder = Holder()
    links.want(holder.credential, OWNER, NOON)
    holder.bind(new_phone())
    assert refusal(lambda: links.want(holder.credential, OWNER, NOON)) == "phone_once"
    for means in ("my_number_card", "authenticator"):
        code = refusal(
            lambda: links.show(holder.credential, means=means, browser_token="pc", at=NOON)  # noqa: B023
        )
        assert code == "phone_once"
    assert links.create(holder.credential, at=NOON)  # an officer may
    assert links.show(holder.credential, means="hpki_card", browser_token="pc", at=NOON)


@pytest.mark.requirement("BD-15", "ST-24")
def test_a_wish_for_a_link_is_one_however_often_it_is_asked_and_is_fulfilled_once() -> None:
    holder = Holder()
    for _ in range(3):
        links.want(holder.credential, OWNER, NOON)
    assert Job.objects.filter(kind="signing.link_wanted").count() == 1
    first = links.create(holder.credential, at=NOON, if_wanted=True)
    assert refusal(lambda: links.create(holder.credential, at=NOON, if_wanted=True)) == "link_not_wanted"
    assert links.find(first.url_path.split("/")[2]).state == "open"
    for _ in range(2):
        links.want(holder.credential, OWNER, NOON)
        links.create(holder.credential, at=NOON, if_wanted=True)
    assert refusal(lambda: links.want(holder.credential, OWNER, NOON)) == "too_many_links"


@pytest.mark.requirement("RV-9")
def test_an_answer_of_another_ceremony_or_a_forged_one_binds_nothing() -> None:
    holder, phone = Holder(), new_phone()
    ready = holder.ready(phone)
    ready.browser = "another browser"
    assert refusal(ready.finish) == "ceremony_unknown"
    again = holder.ready(phone)
    again.answer = phone.register('{"challenge": "AAAA", "user": {"id": "AAAA"}}', Twist())
    assert refusal(again.finish) == "phone_answer_bad"
    assert not Authenticator.objects.exists()
