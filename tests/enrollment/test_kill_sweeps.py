"""Killed before and after each round trip to the database, and with each commit's answer lost: one effect all the same.

Delivery, the news of a bound phone, ordering, approval, the binding of a phone, of a card and the opening of a link.
(Issuance itself: tests/signing/test_issuance.py.) Each act is repeated as its worker or its person would repeat it.
`CHAOS=long` (`make chaos`) takes every point; the ordinary run every fifth of a few acts.
"""

import json
import os
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

import pytest
from django.db import connection

from enrollment import review
from enrollment.flow import State
from enrollment.models import Application
from ledger import clock, verify
from ledger.models import Entry
from outbox.models import Job, Mail, Notice
from signing import links
from signing.models import Authenticator, CardBinding, Ceremony, Credential, EnrollmentLink
from staff.models import Officer
from tests.support import cases
from tests.support.credentials import active_credential, signer
from tests.support.faults.acts import CHECKED
from tests.support.faults.proxy import Proxy
from tests.support.killing import AFTER, BEFORE, Killer
from tests.support.signed_in import bound_phone
from vault import tokens

LONG = os.environ.get("CHAOS") == "long"
STRIDE = 1 if LONG else 8
pytestmark = [
    pytest.mark.chaos,
    pytest.mark.timeout(1800),
    pytest.mark.django_db(transaction=True),
    pytest.mark.requirement("RV-10"),
]


@pytest.fixture(autouse=True)
def _on_postgresql() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("other processes cannot see the in-memory database of this run")


class Act(NamedTuple):
    """A task, how its scene is made (the task's subject), and what must be so afterwards: the names of what is not."""

    task: str
    make: Callable[[], str]
    wrong: Callable[[str], list[str]]


def _unequal(**found: tuple[object, object]) -> list[str]:
    return [f"{name} is {is_}, not {wanted}" for name, (is_, wanted) in found.items() if is_ != wanted]


def _entries(subject: str, kind: str) -> int:
    return Entry.objects.filter(subject=subject, kind=kind).count()


# --- delivery --------------------------------------------------------------------------------------------------------
def _officer(name: str, role: str) -> Officer:
    found = Officer.objects.filter(username=name).first()
    return found or cases.officer(name, ("jma", role))


def _issuing() -> str:
    """A case whose certificate has just been made."""
    case = cases.submitted()
    credential = active_credential(signer(), at=clock.now())
    Application.objects.filter(pk=case.pk).update(
        state=State.ISSUING,
        credential=credential.public_id,
        recommended_by=_officer("sweep-examiner", "EXAMINER"),
        approved_by=_officer("sweep-approver", "APPROVER"),
        decided_at=clock.now(),
    )
    return str(credential.public_id)


def _delivered(subject: str) -> list[str]:
    case = Application.objects.get(credential=subject)
    told = Notice.objects.filter(owner=case.applicant.public_id, kind="n5")
    secret = json.loads(told[0].secret or "{}") if told else {}
    links_there = EnrollmentLink.objects.filter(credential__public_id=subject)
    wrong = _unequal(
        state=(case.state, State.ISSUED),
        links=([link.state for link in links_there], ["open"]),
        notices=(told.count(), 1),
        mails=(Mail.objects.filter(about__in=(subject, str(case.public_id)), kind="n5").count(), 1),
        entries=(_entries(subject, "signing.link_created"), 1),
        timeline=(case.timeline.filter(kind="deliver").count() <= 1, True),
    )
    if not wrong:
        token = str(secret["url"]).rstrip("/").rpartition("/")[2]
        wrong = _unequal(link=(links.find(token).pk, links_there[0].pk))
    return wrong


DELIVER = Act("enrollment.issuance.deliver", _issuing, _delivered)


# --- the phone -------------------------------------------------------------------------------------------------------
def _link(*, is_opened: bool) -> str:
    """A credential with an old phone and a link; opened for the browser where that is wanted."""
    credential = active_credential(at=clock.now())
    bound_phone(credential)
    token, browser = tokens.new_token(), tokens.new_token()
    made = links.create(credential, at=clock.now())
    EnrollmentLink.objects.filter(credential=credential).update(
        token_digest=tokens.digest(token),
        **(
            {"opened_digest": tokens.digest(browser), "opened_until": clock.now() + timedelta(minutes=10)}
            if is_opened
            else {}
        ),
    )
    return json.dumps({"token": token, "browser": browser, "password": made.password})


def _bound(subject: str) -> list[str]:
    link = links.find(json.loads(subject)["token"])
    phones = Authenticator.objects.filter(credential=link.credential)
    name = str(link.credential.public_id)
    return _unequal(
        link=(link.state, "bound"),
        living=(phones.filter(state="active").count(), 1),
        replaced=(phones.filter(state="replaced").count(), 1),
        news=(Job.objects.filter(subject=name, kind="signing.link_bound").count(), 1),
        entries=(_entries(name, "signing.phone_bound"), 1),
        challenges=(
            Ceremony.objects.filter(link=link).count() <= 1,
            True,
        ),  # one that nobody answers ends by itself
    )


def _opened(subject: str) -> list[str]:
    given = json.loads(subject)
    link = links.opened_by(given["token"], given["browser"], clock.now())
    return _unequal(state=(link.state, "open"), attempts=(link.attempts, 0))


BIND = Act("tests.support.faults.acts.bind_phone", lambda: _link(is_opened=True), _bound)
OPEN = Act("tests.support.faults.acts.open_link", lambda: _link(is_opened=False), _opened)


# --- the card --------------------------------------------------------------------------------------------------------
def _with_card() -> str:
    credential = active_credential(at=clock.now())
    CardBinding.objects.create(
        credential=credential,
        fingerprint=random.randbytes(32),
        not_after=clock.now() + timedelta(days=30),
        bound_at=clock.now(),
    )
    return str(credential.public_id)


def _card_bound(subject: str) -> list[str]:
    rows = CardBinding.objects.filter(credential__public_id=subject)
    living = [bytes(row.fingerprint) for row in rows if row.is_living]
    return _unequal(
        living=(living, [sha256(subject.encode()).digest()]),
        rows=(rows.count(), 2),
        news=(Job.objects.filter(subject=subject, kind="signing.card_bound").count(), 1),
        entries=(Entry.objects.filter(subject=subject, kind__contains="card").count(), 1),
    )


CARD = Act("tests.support.faults.acts.bind_card", _with_card, _card_bound)


# --- the officer's word, the order, the news -------------------------------------------------------------------------
def _recommended(at: datetime | None = None) -> str:
    at = at or clock.now()
    case = cases.submitted(at=at)
    examiner = _officer("sweep-examiner", "EXAMINER")
    _officer("sweep-approver", "APPROVER")
    review.claim(case, examiner, at)
    review.recommend(case, examiner, "", CHECKED, at)
    return str(case.public_id)


def _approved(subject: str) -> list[str]:
    case = Application.objects.get(public_id=subject)
    return _unequal(
        state=(case.state, State.APPROVED),
        decisions=(case.decisions.filter(verdict="approved").count(), 1),
        orders=(Job.objects.filter(subject=subject, kind="enrollment.approved").count(), 1),
    )


def _granted() -> str:
    """Approved, and the time for taking it back is over."""
    at = clock.now() - review.UNDO
    subject = _recommended(at)
    case = Application.objects.get(public_id=subject)
    review.approve(case, Officer.objects.get(username="sweep-approver"), "", CHECKED, at)
    return subject


def _ordered(subject: str) -> list[str]:
    case = Application.objects.get(public_id=subject)
    made = Credential.objects.filter(signer__applicant=case.applicant.public_id)
    return _unequal(
        state=(case.state, State.ISSUING),
        credentials=([one.public_id for one in made], [case.credential]),
        jobs=(Job.objects.filter(kind="signing.issue", subject=str(case.credential)).count(), 1),
    )


def _with_bound_link() -> str:
    subject = _issuing()
    case = Application.objects.get(credential=subject)
    Application.objects.filter(pk=case.pk).update(state=State.ISSUED)
    bound_phone(Credential.objects.get(public_id=subject))
    Notice.objects.create(
        owner=case.applicant.public_id, kind="n5", title="t", body="b", secret="s", about=subject,
        created_at=clock.now(),
    )  # fmt: skip
    return subject


def _told(subject: str) -> list[str]:
    case = Application.objects.get(credential=subject)
    mine = Notice.objects.filter(owner=case.applicant.public_id)
    return _unequal(
        secret=(mine.get(kind="n5").secret, None),
        notices=(mine.filter(kind="n8").count(), 1),
        timeline=(case.timeline.filter(kind="phone_bound").count(), 1),
    )


APPROVE = Act("tests.support.faults.acts.approve", _recommended, _approved)
ORDER = Act("enrollment.issuance.order", _granted, _ordered)
NEWS = Act("enrollment.phone_news.on_link_bound", _with_bound_link, _told)
ACTS = {
    "deliver": DELIVER,
    "bind": BIND,
    "open": OPEN,
    "card": CARD,
    "approve": APPROVE,
    "order": ORDER,
    "news": NEWS,
}


# --- the sweeps ------------------------------------------------------------------------------------------------------
def swept(act: Act, killer: Killer, stride: int = STRIDE) -> tuple[list[str], int]:
    """Kill at every point, repeat to the end: what went wrong, and how many points there were."""
    trips = killer.trips(act.task, act.make())
    wrong, died = [], 0
    points = [(trip, when) for trip in range(1, trips + 1) for when in (BEFORE, AFTER)]
    for trip, when in points[len(act.task) % stride :: stride]:
        subject = act.make()
        died += killer.kill_at(act.task, subject, trip, when)
        killer.trips(act.task, subject)
        wrong += [f"{when} round trip {trip}: {what}" for what in act.wrong(subject)]
    return wrong, died


def answers_lost(act: Act) -> tuple[list[str], int]:
    """Each commit once arrives and its answer does not: what went wrong, and how many commits there were."""
    wrong, port = [], int(connection.settings_dict["PORT"])
    for number in range(1, 20):
        subject = act.make()
        with Proxy(port, b"COMMIT", number) as proxy, Killer(proxy.port) as killer:
            status = killer.status(killer.start(act.task, subject))
            if not proxy.dropped:
                assert status == 0
                return wrong, number - 1
            assert status == 1, f"commit {number} was lost and nobody noticed"
            killer.trips(act.task, subject)
        wrong += [f"answer of commit {number} lost: {what}" for what in act.wrong(subject)]
    raise AssertionError("too many commits")


@pytest.fixture
def killer() -> Iterator[Killer]:
    with Killer() as killer:
        yield killer


@pytest.mark.parametrize("name", ACTS if LONG else ("bind", "deliver"))
def test_killed_at_every_round_trip_the_act_has_one_effect(name: str, killer: Killer) -> None:
    wrong, points = swept(ACTS[name], killer)
    assert wrong == []
    assert points >= (8 if LONG else 2)
    assert verify.verify().ok


@pytest.mark.parametrize(
    ("naive", "act"),
    [
        ("tests.support.faults.acts.naive_bind_phone", BIND),
        ("tests.support.faults.acts.naive_deliver", DELIVER),
    ][: 1 + LONG],
    ids=["bind", "deliver"][: 1 + LONG],
)
def test_the_sweep_finds_what_is_wrong_without_one_transaction(naive: str, act: Act, killer: Killer) -> None:
    wrong, _points = swept(act._replace(task=naive), killer, stride=1)
    assert any("links" in what or "replaced" in what for what in wrong), wrong


@pytest.mark.parametrize("name", ["bind", "approve", "deliver", "card"] if LONG else ["bind"])
def test_a_commit_whose_answer_is_lost_is_not_done_twice(name: str) -> None:
    wrong, commits = answers_lost(ACTS[name])
    assert wrong == []
    assert commits >= 1


def test_a_lost_answer_is_done_twice_by_who_does_not_look() -> None:
    """The fault bites: an act that repeats itself blindly has two effects."""
    wrong, _commits = answers_lost(Act("tests.support.faults.acts.naive_note", _with_card, _noted))
    assert any("2" in what for what in wrong)


def _noted(subject: str) -> list[str]:
    return _unequal(entries=(_entries(subject, "case.viewed"), 1))
