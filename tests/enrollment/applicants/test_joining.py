"""A renewed My Number Card joins the account of the former one, seen by an officer (BD-14, BD-16)."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.urls import reverse

from enrollment import authorities, joining
from enrollment.errors import Refused
from enrollment.flow import State
from enrollment.models import ApplicantSession, Application, JoinRequest
from ledger import clock
from ledger.models import Entry
from outbox.models import Job
from signing import credentials
from signing.models import CardBinding, Credential
from staff import lockout
from tests.enrollment.desk.test_desk import desk as desk_of
from tests.support import cases
from tests.support.credentials import active_credential
from tests.support.people import Applying

PIN = {"pin": "2749", "again": "2749"}  # 8305 is this person's birthday


def issued(card: str = "renewed-before", who: str = "renewed") -> tuple[Applying, Application, Credential]:
    """The person with the former card, whose case has become a certificate that the card opens."""
    before = Applying(who, card=card, card_pin=PIN)
    case = before.submit()
    first = cases.officer(f"first-{case.pk}", (case.authority, "EXAMINER"))
    second = cases.officer(f"second-{case.pk}", (case.authority, "APPROVER"))
    credential = active_credential(at=clock.now())
    Application.objects.filter(pk=case.pk).update(
        state=State.ISSUED, recommended_by=first, approved_by=second, credential=credential.public_id
    )
    CardBinding.objects.filter(credential=credential).delete()
    credentials.bind_card(
        credential, bytes(case.certificate_fingerprint), None, at=clock.now(), actor=joining.SYSTEM
    )
    case.refresh_from_db()
    return before, case, credential


def asks(who: str = "renewed") -> tuple[Applying, JoinRequest]:
    """The same person with the new card signs the statement."""
    after = Applying(who, card_pin=PIN)
    after.sign_in()
    page = after.browser.get(reverse("new_card"))
    assert page.status_code == 200, page.content.decode()
    after.answer(after.read_card(page))
    return after, JoinRequest.objects.latest("pk")


def living(credential: Credential) -> list[bytes]:
    rows = CardBinding.objects.filter(credential=credential, is_living=True)
    return [bytes(row.fingerprint) for row in rows]


@pytest.mark.django_db
@pytest.mark.requirement("BD-14", "BD-16")
def test_the_new_card_joins_after_an_officer_has_seen_it_and_the_former_one_stops_at_once() -> None:
    before, case, credential = issued()
    after, asked = asks()
    assert (asked.state, asked.application, asked.name_match) == ("waiting", case, "equal")
    new = bytes(asked.certificate.fingerprint)
    assert living(credential) == [bytes(case.certificate_fingerprint)], "nothing is joined by a claim"
    page = after.browser.get(reverse("new_card")).content.decode()
    assert asked.code in page and str(case.receipt_number) not in page
    desk = desk_of(cases.officer("examiner", (case.authority, "EXAMINER")))
    listed = desk.get(reverse("admin:enrollment_new_cards")).content.decode()
    assert str(case.receipt_number) in listed and "瀬戸" not in listed
    desk.post(reverse("admin:enrollment_new_card_decide", args=[asked.public_id, "confirm"]))
    asked.refresh_from_db()
    asked.certificate.refresh_from_db()
    assert asked.state == "joined" and asked.certificate.applicant == before.applicant
    assert living(credential) == [new]
    assert not ApplicantSession.objects.filter(certificate=asked.certificate, ended_at=None).exists()
    assert Job.objects.filter(kind="signing.card_bound").exists(), "N16 goes out"
    kinds = Entry.objects.filter(subject=str(asked.public_id)).order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["account.join_asked", "account.join_joined"]
    again = Applying("renewed", card_pin=PIN)
    again.sign_in("status")
    assert str(case.receipt_number) in again.browser.get(reverse("status")).content.decode()
    assert not Application.objects.filter(state=State.DRAFT, applicant=asked.applicant).exists()


@pytest.mark.django_db
@pytest.mark.requirement("BD-14")
def test_where_the_authority_says_so_the_match_alone_suffices(monkeypatch: pytest.MonkeyPatch) -> None:
    _before, _case, credential = issued()
    monkeypatch.setattr(authorities, "join_needs_officer", lambda authority, on: False)
    _after, asked = asks()
    assert asked.state == "joined" and living(credential) == [bytes(asked.certificate.fingerprint)]


@pytest.mark.django_db
@pytest.mark.requirement("BD-14")
def test_who_matches_nobody_is_told_nothing_and_the_officer_orders_it_by_code() -> None:
    _before, case, credential = issued()
    Application.objects.filter(pk=case.pk).update(person_key=b"another person's")
    after, asked = asks()
    page = after.browser.get(reverse("new_card")).content.decode()
    assert asked.state == "unmatched" and "お申し出を受け付けました" in page and asked.code in page
    assert not JoinRequest.objects.filter(state="waiting").exists()
    officer = cases.officer("examiner", (case.authority, "EXAMINER"))
    with pytest.raises(Refused, match="code_unknown"):
        joining.order(case, "AAAAAAAAAA", officer, clock.now())
    with pytest.raises(Refused, match="not_yours"):
        joining.order(case, asked.code, cases.officer("elsewhere", ("medis", "EXAMINER")), clock.now())
    desk = desk_of(officer)
    desk.post(reverse("admin:enrollment_new_card_order", args=[case.public_id]), {"code": asked.code.lower()})
    asked.refresh_from_db()
    assert asked.state == "joined" and living(credential) == [bytes(asked.certificate.fingerprint)]


@pytest.mark.django_db
@pytest.mark.requirement("BD-14")
def test_an_officer_has_five_tries_at_a_code_whatever_stands_in_the_field() -> None:
    _before, case, credential = issued()
    Application.objects.filter(pk=case.pk).update(person_key=b"another person's")
    _after, asked = asks()
    officer = cases.officer("examiner", (case.authority, "EXAMINER"))
    desk, at = desk_of(officer), clock.now()
    address = reverse("admin:enrollment_new_card_order", args=[case.public_id])
    for code in ("\0", "", "AAAAAAAAAA", "é" * 20, "%" * 10):
        assert desk.post(address, {"code": code}).status_code == 302
    with pytest.raises(Refused, match="codes_locked"):
        joining.order(case, asked.code, officer, at)
    refusals = Entry.objects.filter(kind="join.move_refused", subject=str(case.public_id))
    assert [entry.data["code"] for entry in refusals.order_by("pk")] == ["code_unknown"] * 5
    assert lockout.locked_until(officer.username, at) is None, "the door of the desk stays open"
    assert living(credential) == [bytes(case.certificate_fingerprint)]
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in asked.code)
    joining.order(case, f"{wide[:5]}-{wide[5:]}", officer, at + timedelta(minutes=16))
    assert living(credential) == [bytes(asked.certificate.fingerprint)]


@pytest.mark.django_db
@pytest.mark.requirement("BD-14")
def test_no_officer_joins_a_strangers_card_or_joins_without_a_fresh_second_factor() -> None:
    before, case, credential = issued()
    _stranger, theirs = asks("doctor")
    _after, waiting = asks()
    officer = cases.officer("examiner", (case.authority, "EXAMINER"), (case.authority, "APPROVER"))
    with pytest.raises(Refused, match="another_person"):
        joining.order(case, theirs.code, officer, clock.now())
    desk = desk_of(officer)
    session = desk.session
    session["staff.confirmed_at"] = (clock.now() - timedelta(minutes=11)).timestamp()
    session.save()
    order = reverse("admin:enrollment_new_card_order", args=[case.public_id])
    decide = reverse("admin:enrollment_new_card_decide", args=[waiting.public_id, "confirm"])
    for address in (order, decide):
        answer = desk.post(address, {"code": theirs.code})
        assert answer.headers["Location"].startswith(reverse("admin:confirm"))
    for row, state in ((theirs, "unmatched"), (waiting, "waiting")):
        row.refresh_from_db()
        assert row.state == state and row.certificate.applicant != before.applicant
    assert living(credential) == [bytes(case.certificate_fingerprint)]


@pytest.mark.django_db
@pytest.mark.requirement("BD-14", "CA-12")
def test_an_account_with_an_application_under_way_joins_nothing() -> None:
    _before, case, credential = issued()
    after, asked = asks()
    after.submit()
    assert after.browser.get(reverse("status")).status_code == 200
    with pytest.raises(Refused, match="pending"):
        joining.confirm(asked, cases.officer("examiner", (case.authority, "EXAMINER")), clock.now())
    asked.refresh_from_db()
    assert asked.state == "waiting" and living(credential) == [bytes(case.certificate_fingerprint)]


@pytest.mark.django_db
@pytest.mark.requirement("BD-14")
def test_another_person_and_another_authoritys_officer_reach_nothing() -> None:
    _before, _case, _credential = issued()
    stranger, asked = asks("doctor")
    assert asked.state == "unmatched" and asked.application is None
    _after, waiting = asks()
    desk = desk_of(cases.officer("elsewhere", ("medis", "EXAMINER")))
    url = reverse("admin:enrollment_new_card_decide", args=[waiting.public_id, "confirm"])
    assert desk.post(url).status_code == 404
    assert Entry.objects.filter(kind="join.refused", subject=str(waiting.public_id)).count() == 1
    assert stranger.browser.get(reverse("new_card")).status_code == 200


@pytest.mark.django_db
@pytest.mark.requirement("BD-14", "BD-16")
def test_a_suspended_certificate_and_a_refused_request_change_nothing() -> None:
    _before, case, credential = issued()
    _after, asked = asks()
    officer = cases.officer("examiner", (case.authority, "EXAMINER"))
    Credential.objects.filter(pk=credential.pk).update(state="suspended")
    with pytest.raises(Refused, match="card_not_bound"):
        joining.confirm(asked, officer, clock.now())
    asked.refresh_from_db()
    assert asked.state == "waiting" and asked.certificate.applicant == asked.applicant
    joining.refuse(asked, officer, clock.now())
    with pytest.raises(Refused, match="not_now"):
        joining.confirm(asked, officer, clock.now())


@pytest.mark.django_db(transaction=True)
@pytest.mark.requirement("BD-14")
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
def test_eight_officers_at_once_join_once() -> None:
    _before, case, credential = issued()
    _after, asked = asks()
    officer = cases.officer("examiner", (case.authority, "EXAMINER"))
    gate, outcomes = threading.Barrier(8), list[Any]()

    def press() -> None:
        gate.wait(30)
        try:
            joining.confirm(asked_row(asked.pk), officer, clock.now())
            outcomes.append("joined")
        except Refused as refused:
            outcomes.append(refused.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["joined", *["not_now"] * 7]
    assert len(living(credential)) == 1
    assert Entry.objects.filter(kind="account.join_joined").count() == 1


def asked_row(key: int) -> JoinRequest:
    return JoinRequest.objects.select_related("application", "applicant").get(pk=key)
