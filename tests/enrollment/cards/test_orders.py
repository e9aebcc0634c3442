"""The HPKI card's line: ordered, handed over sealed, sent, received, ended; and where its PIN goes (ST-25, DQ-23)."""

import json
import re
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as product
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, connections, transaction
from django.test import Client

from deploy.demo import authority_keys, card_maker
from enrollment import authorities, card_orders, flow, submission
from enrollment.applicants import card_pins
from enrollment.errors import Refused
from enrollment.flow import Actor, Card, State
from enrollment.models import Application, CardOrder, SealedPin, Statement, TimelineEntry
from enrollment.retention import ended
from ledger import clock, log
from ledger.models import Entry
from outbox.models import Mail, Notice
from signing.models import Credential
from staff import sudo
from tests.deploy.landed import at_the_desk
from tests.support import cases
from tests.support.credentials import active_credential

OFFICER = log.Actor("officer", "00000000-0000-0000-0000-000000000000")
EXAMINER, APPROVER = frozenset({Actor.EXAMINER}), frozenset({Actor.APPROVER})
PIN = "8305"
DESK = "/admin/enrollment/application/card-orders/"
README = Path(flow.__file__).with_name("README.md")


@pytest.fixture(autouse=True)
def _keys() -> None:
    authority_keys.make(product.HOME)


def ordered(authority: str = "jma", state: State = State.ISSUED) -> CardOrder:
    """A granted case with a signed photo and the order of its card."""
    delivery = {"phone": "0300000000", "send_to": "home", "pickup": "13"}
    answers = {**cases.ANSWERS, "delivery": delivery, "home": {"postal_code": "1000001"}}
    case = cases.submitted(authority, answers=answers, slot="photo")
    sealed = card_pins.enveloped(authority, PIN.encode())
    SealedPin.objects.create(application=case, authority=authority, sealed=sealed, sealed_at=clock.now())
    first = cases.officer(f"first-{case.pk}", (authority, "EXAMINER"))
    second = cases.officer(f"second-{case.pk}", (authority, "APPROVER"))
    Application.objects.filter(pk=case.pk).update(state=state, recommended_by=first, approved_by=second)
    case.refresh_from_db()
    with transaction.atomic():
        card_orders.begin(case, clock.now())
    return CardOrder.objects.get(application=case)


def move(name: str, order: CardOrder, by: frozenset[Actor] = EXAMINER) -> None:
    card_orders.perform(name, order, by=by, actor=OFFICER, at=clock.now())


def handed(*orders: CardOrder, by: frozenset[Actor] = APPROVER) -> card_orders.Handover:
    return card_orders.hand_over(orders, by=by, actor=OFFICER, at=clock.now())


def pins() -> int:
    """How many sealed PINs are left anywhere."""
    return SealedPin.objects.count() + CardOrder.objects.filter(sealed_pin__isnull=False).count()


# --- the line -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.requirement("ST-25", "RV-8", "ST-35")
def test_jma_sends_its_letter_and_the_card_is_fetched_and_n12_names_the_place() -> None:
    order = ordered()
    case = order.application
    assert card_orders.shown(case) == "作成中"
    move("send_notice", order)
    assert card_orders.shown(case) == "交付案内送付済み"
    notice, mail = Notice.objects.get(kind="n12"), Mail.objects.get(kind="n12")
    assert "交付案内を送付しました" in notice.title and "受け取り場所：東京都医師会" in notice.body
    assert "東京都医師会" not in mail.body and "見本" not in mail.body
    move("receive", order)
    assert card_orders.shown(case) == "受取済み" and case.state == State.ISSUED
    kinds = list(TimelineEntry.objects.filter(application=case).values_list("kind", flat=True))
    assert kinds == ["card_notified", "card_received"]
    entries = Entry.objects.filter(subject=str(order.public_id)).order_by("pk")
    assert list(entries.values_list("kind", flat=True)) == ["card.ordered", "card.notified", "card.received"]


@pytest.mark.django_db
@pytest.mark.requirement("ST-25", "RV-8", "ST-35")
def test_medis_posts_its_card_and_n12_says_so() -> None:
    order = ordered("medis")
    move("ship", order)
    assert card_orders.shown(order.application) == "発送済み"
    assert "発送しました" in Notice.objects.get(kind="n12").title
    for name in ("send_notice", "receive", "ship"):
        with pytest.raises(Refused, match="not_now"):
            move(name, order)


@pytest.mark.django_db
@pytest.mark.requirement("ST-25", "RV-8")
def test_jpa_makes_no_card_by_this_route() -> None:
    case = cases.submitted("jpa", "pharmacist")
    assert authorities.card_way("jpa") == "" and card_orders.shown(case) == ""
    case.state = State.ISSUED
    card_orders.begin(case, clock.now())
    assert card_orders.shown(case) == "カードなし" and not CardOrder.objects.exists()


@pytest.mark.django_db
@pytest.mark.requirement("RV-8")
@pytest.mark.parametrize(
    ("name", "authority", "by", "code"),
    [
        ("send_notice", "medis", EXAMINER, "not_now"),
        ("ship", "jma", EXAMINER, "not_now"),
        ("receive", "jma", EXAMINER, "not_now"),
        ("send_notice", "jma", frozenset(), "not_yours"),
        ("end", "jma", APPROVER, "not_yours"),
    ],
)
def test_no_move_beside_the_table(name: str, authority: str, by: frozenset[Actor], code: str) -> None:
    order = ordered(authority)
    assert not card_orders.is_offered(name, order, by)
    with pytest.raises(Refused, match=code):
        move(name, order, by)
    assert pins() == 1 and not Notice.objects.filter(kind="n12").exists()


def test_the_picture_of_the_cards_line_is_the_table() -> None:
    drawn = re.findall(r"^    (\w+) --> (\w+): (\w+) \(([\w, ]+)(?:; (\w+))?\)$", _picture(), re.MULTILINE)
    table = {
        (source.value, row.target.value, row.name, ", ".join(actor.value for actor in row.actors), row.way)
        for row in flow.CARD_MOVES
        for source in row.sources
    }
    assert set(drawn) == table


def _picture() -> str:
    return README.read_text(encoding="utf-8").split("## The HPKI card's line")[1].split("```")[1]


# --- the PIN ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.requirement("DQ-23", "RV-4")
def test_the_pin_goes_into_the_order_and_is_gone_with_the_move_that_says_the_card_is_made() -> None:
    for authority, name in (("jma", "send_notice"), ("medis", "ship")):
        order = ordered(authority)
        assert not SealedPin.objects.exists() and pins() == 1
        move(name, order)
        assert pins() == 0


@pytest.mark.django_db
@pytest.mark.requirement("DQ-23")
@pytest.mark.parametrize("how", ["rejected", "withdrawn", "lapsed"])
def test_the_pin_of_an_application_that_ends_is_erased_even_after_a_crash_between(how: str) -> None:
    """The move and the erasure are one transaction or the sweep's next minute: both are tried."""
    case = cases.submitted()
    SealedPin.objects.create(application=case, authority="jma", sealed=b"sealed", sealed_at=clock.now())
    if how == "withdrawn":
        submission.withdraw(case, clock.now())
        assert pins() == 0
        SealedPin.objects.create(application=case, authority="jma", sealed=b"left", sealed_at=clock.now())
    states = {"rejected": State.REJECTED, "withdrawn": State.WITHDRAWN, "lapsed": State.WITHDRAWN}
    Application.objects.filter(pk=case.pk).update(state=states[how])
    keys = ended.pins_of_no_use(clock.now(), 10)
    assert keys == [case.public_id]
    ended.erase_pins(keys, clock.now())
    assert pins() == 0


@pytest.mark.django_db
@pytest.mark.requirement("DQ-23", "RV-8")
def test_a_revoked_certificate_ends_the_order_and_its_pin_unless_a_successor_took_its_place() -> None:
    for reason, left in (("superseded", 1), ("key_compromise", 0)):
        order = ordered()
        credential = active_credential(state="revoked")
        Credential.objects.filter(pk=credential.pk).update(revocation_reason=reason)
        Application.objects.filter(pk=order.application_id).update(credential=credential.public_id)
        card_orders.on_credential_revoked(str(credential.public_id))
        order.refresh_from_db()
        assert (order.state == Card.MAKING) is bool(left)
        assert CardOrder.objects.filter(pk=order.pk, sealed_pin__isnull=False).count() == left
    card_orders.on_credential_revoked(str(credential.public_id))
    assert TimelineEntry.objects.filter(kind="card_ended").count() == 1
    assert card_orders.shown(order.application).startswith("発行しません")
    with pytest.raises(Refused, match="not_now"):
        handed(order)


@pytest.mark.django_db
@pytest.mark.requirement("DQ-23")
def test_a_pin_left_beside_a_made_card_is_swept() -> None:
    order = ordered()
    CardOrder.objects.filter(pk=order.pk).update(state=Card.NOTIFIED)
    ended.erase_pins(ended.pins_of_no_use(clock.now(), 10), clock.now())
    assert pins() == 0


# --- handed over --------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.requirement("DQ-23", "RV-4")
def test_only_the_card_maker_opens_the_order_and_makes_the_card(tmp_path: Path) -> None:
    order = ordered()
    found = handed(order)
    assert PIN.encode() not in found.content and "花子".encode() not in found.content
    (tmp_path / "order.p7m").write_bytes(found.content)
    call_command("make_cards", str(tmp_path / "order.p7m"), verbosity=0)
    card = product.HOME / "card-maker" / "cards" / f"{order.public_id}.json"
    assert card_maker.opens(card, PIN) and not card_maker.opens(card, "8306")
    face = json.loads(card.read_text(encoding="utf-8"))
    assert (face["name"], face["family_romaji"], face["way"], face["place"]) == (
        *("見本　花子", "MIHON", "pickup", "13"),
    )
    assert face["address"] == {"postal_code": "1000001", "address": "東京都千代田区見本１－１"}
    assert PIN not in card.read_text(encoding="utf-8").replace(face["pin_lock"], "").replace(
        face["pin_salt"], ""
    )
    entry = Entry.objects.get(kind="card.handed_over")
    assert entry.data["document"] == found.sha256 and PIN not in str(entry.data)


@pytest.mark.django_db
def test_a_file_that_is_no_order_is_told_to_the_card_maker(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"no CMS at all")
    with pytest.raises(CommandError, match="no card order"):
        call_command("make_cards", str(tmp_path / "x"))


@pytest.mark.django_db
@pytest.mark.requirement("DQ-23")
def test_every_download_has_its_number_and_a_made_card_has_none() -> None:
    order = ordered()
    handed(order)
    handed(order)
    entries = Entry.objects.filter(kind="card.handed_over").order_by("pk")
    numbers = [entry.data["number"] for entry in entries]
    order.refresh_from_db()
    assert numbers == [1, 2] and order.handovers == 2
    move("send_notice", order)
    with pytest.raises(Refused, match="not_now"):
        handed(order)


@pytest.mark.django_db
@pytest.mark.parametrize("what", ["role", "none", "two authorities", "another photo", "not granted"])
def test_what_is_not_handed_over(what: str) -> None:
    order = ordered()
    orders, by, code = [order], APPROVER, "not_now"
    if what == "role":
        by, code = EXAMINER, "not_yours"
    if what == "none":
        orders, code = [], "nothing_chosen"
    if what == "two authorities":
        orders, code = [order, ordered("medis")], "several_authorities"
    if what == "another photo":
        Statement.objects.filter(application=order.application).update(round=7)
        code = "statement_broken"
    if what == "not granted":
        Application.objects.filter(pk=order.application_id).update(state=State.REJECTED)
    with pytest.raises(Refused, match=code):
        handed(*orders, by=by)
    assert not Entry.objects.filter(kind="card.handed_over").exists()
    order.refresh_from_db()
    assert order.handovers == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.requirement("RV-8", "DQ-23")
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
def test_a_handover_and_eight_senders_at_once_leave_one_move_and_one_notice() -> None:
    order, refused = ordered(), []
    gate = threading.Barrier(9)

    def at_once(act: Callable[[], Any]) -> None:
        gate.wait(30)
        try:
            act()
        except Refused as why:
            refused.append(why.code)
        finally:
            connections.close_all()

    acts: list[Callable[[], Any]] = [lambda: handed(order)]
    acts += [lambda: move("send_notice", CardOrder.objects.get(pk=order.pk)) for _number in range(8)]
    threads = [threading.Thread(target=at_once, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    order.refresh_from_db()
    assert order.state == Card.NOTIFIED and pins() == 0
    assert Notice.objects.filter(kind="n12").count() == 1
    assert refused.count("not_now") == (7 if order.handovers else 8)
    assert Entry.objects.filter(kind="card.handed_over").count() == order.handovers


# --- at the desk --------------------------------------------------------------------------------------------------


def desk(name: str, *roles: tuple[str, str]) -> Client:
    browser = at_the_desk(cases.officer(name, *roles))
    session = browser.session
    session[sudo._KEY] = clock.now().timestamp()
    session.save()
    return browser


@pytest.mark.django_db
@pytest.mark.requirement("RV-8", "DQ-23")
def test_an_approver_downloads_behind_a_fresh_second_factor_only() -> None:
    order = ordered()
    browser = desk("approver", ("jma", "APPROVER"))
    address = f"{DESK}hand-over/"
    page = browser.get(DESK).content.decode()
    assert str(order.application.receipt_number) in page
    chosen = page.split('class="desk-cards"')[1].split("</form>")[0]
    assert 'type="hidden"' not in chosen, "a GET form: its address would carry the token"
    asked = browser.get(address, {"order": str(order.public_id)})
    assert asked.status_code == 200 and "見本" not in asked.content.decode()
    answer = browser.post(address, {"order": str(order.public_id)})
    assert (
        answer.headers["Content-Type"] == "application/pkcs7-mime"
        and "no-store" in answer.headers["Cache-Control"]
    )
    assert card_maker.open_order(answer.content, product.HOME)["orders"][0]["number"] == 1
    session = browser.session
    session[sudo._KEY] = (clock.now() - timedelta(minutes=11)).timestamp()
    session.save()
    stale = browser.post(address, {"order": str(order.public_id)})
    assert stale.status_code == 302 and "/admin/confirm/" in stale.headers["Location"]
    order.refresh_from_db()
    assert order.handovers == 1


@pytest.mark.django_db
@pytest.mark.requirement("RV-8", "RV-4")
def test_another_authoritys_order_does_not_exist_and_the_attempt_is_written_down() -> None:
    order = ordered("jma")
    browser = desk("elsewhere", ("medis", "APPROVER"), ("medis", "EXAMINER"))
    given = {"order": str(order.public_id)}
    assert browser.get(DESK, {"authority": "jma"}).status_code == 404
    assert browser.post(f"{DESK}hand-over/", given).status_code == 404
    assert browser.post(f"{DESK}send_notice/", given).status_code == 404
    assert Entry.objects.filter(kind="card.refused", subject=str(order.public_id)).count() == 2
    assert browser.post(f"{DESK}hand-over/", {"order": "no id"}).status_code == 404


@pytest.mark.django_db
@pytest.mark.requirement("RV-8")
def test_several_are_sent_at_once_one_is_received_at_a_time_and_an_auditor_changes_nothing() -> None:
    orders = [ordered() for _number in range(3)]
    given = {"order": [str(order.public_id) for order in orders]}
    auditor = desk("auditor", ("jma", "AUDITOR"))
    assert auditor.get(DESK).status_code == 200
    assert auditor.post(f"{DESK}send_notice/", given).status_code == 403
    browser = desk("examiner", ("jma", "EXAMINER"))
    assert browser.post(f"{DESK}hand-over/", given).status_code == 403
    move("send_notice", orders[0])
    page = browser.post(f"{DESK}send_notice/", given, follow=True).content.decode()
    assert "2件" in page and "状態が変わった注文があります" in page
    assert CardOrder.objects.filter(state=Card.NOTIFIED).count() == 3
    browser.post(f"{DESK}receive/", given)
    assert not CardOrder.objects.filter(state=Card.RECEIVED).exists()
    assert "受取済みにする" in browser.get(DESK, {"state": "notified"}).content.decode()
    browser.post(f"{DESK}receive/", {"order": given["order"][0]})
    assert CardOrder.objects.filter(state=Card.RECEIVED).count() == 1
