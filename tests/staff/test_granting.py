"""RV-4: roles are proposed by one, confirmed by another and never taken by oneself; the database has the last word."""

import threading

import pytest
from django.db import IntegrityError, connections, transaction
from django.test import Client
from django_otp import DEVICE_ID_SESSION_KEY

from ledger import clock
from ledger.models import Entry
from staff import granting, lockout
from staff.errors import Refused
from staff.models import Officer, OfficerRole, RoleProposal
from tests.staff.conftest import PASSWORD

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.requirement("RV-4")]


def make(name: str, *roles: tuple[str, str]) -> Officer:
    return Officer.objects.create_officer(name, PASSWORD, f"表示{name}", roles=roles)


def desk(officer: Officer) -> Client:
    client = Client()
    client.force_login(officer)
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = officer.totp_device().persistent_id
    session["staff.confirmed_at"] = clock.now().timestamp()
    session.save()
    return client


@pytest.fixture
def operator(transactional_db: None) -> Officer:
    return make("operator", ("", "OPERATOR"))


@pytest.fixture
def approver(transactional_db: None) -> Officer:
    return make("approver", ("jma", "APPROVER"))


def held(officer: Officer) -> frozenset[tuple[str, str]]:
    return Officer.objects.get(pk=officer.pk).held()


def test_a_role_is_held_once_an_approver_of_its_authority_has_confirmed_it(
    operator: Officer, approver: Officer
) -> None:
    new, stranger = make("new"), make("stranger", ("medis", "APPROVER"))
    page = f"/admin/staff/officer/{new.public_id}/"
    words = {"role": "EXAMINER", "authority": "jma"}
    assert desk(operator).post(f"{page}propose/", words).status_code == 302
    assert not held(new)
    proposal = RoleProposal.objects.get()
    decide = f"/admin/staff/roleproposal/{proposal.public_id}/confirm/"
    assert desk(stranger).post(decide).status_code == 404
    assert desk(operator).post(decide).status_code == 404  # an operator confirms no authority's roles
    assert Entry.objects.filter(kind="staff.role.refused").count() == 2
    assert "表示new" in desk(approver).get("/admin/staff/roleproposal/").content.decode()
    assert "表示new" not in desk(stranger).get("/admin/staff/roleproposal/").content.decode()
    assert desk(approver).post(decide).status_code == 302
    assert held(new) == {("jma", "EXAMINER")}
    kinds = Entry.objects.filter(subject=str(new.public_id), authority="jma").order_by("pk")
    assert [entry.kind for entry in kinds] == ["staff.role_proposed", "staff.role_confirmed"]


def test_no_operator_makes_himself_an_approver(operator: Officer, approver: Officer) -> None:
    with pytest.raises(Refused, match="oneself"):
        granting.propose(operator, operator, "jma", "APPROVER", clock.now())
    helper = make("helper", ("", "OPERATOR"))
    with pytest.raises(Refused, match="role_clashes"):  # a helper proposes: an operator holds nothing beside
        granting.propose(helper, operator, "jma", "APPROVER", clock.now())
    assert held(operator) == {("", "OPERATOR")}


@pytest.mark.parametrize("field", ["proposed_by", "decided_by", "both"])
def test_the_database_keeps_proposer_decider_and_officer_apart(
    field: str, operator: Officer, approver: Officer
) -> None:
    new = make("new")
    proposal = granting.propose(operator, new, "jma", "APPROVER", clock.now())
    rows = RoleProposal.objects.filter(pk=proposal.pk)
    changes = {
        "proposed_by": {"proposed_by": new},
        "decided_by": {"decided_by": new, "state": "confirmed"},
        "both": {"decided_by": operator, "state": "confirmed"},
    }[field]
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(**changes)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(state="confirmed")  # by nobody


def test_an_approver_confirms_nothing_for_himself(operator: Officer, approver: Officer) -> None:
    proposal = granting.propose(operator, approver, "jma", "EXAMINER", clock.now())
    with pytest.raises(Refused, match="same_person"):
        granting.confirm(approver, proposal, clock.now())
    other = make("other", ("jma", "APPROVER"))
    granting.confirm(other, proposal, clock.now())
    assert held(approver) == {("jma", "APPROVER"), ("jma", "EXAMINER")}
    with pytest.raises(Refused, match="decided"):
        granting.refuse(other, proposal, clock.now())


@pytest.mark.parametrize("new", ["AUDITOR", "OPERATOR"])
def test_auditors_and_operators_hold_nothing_else(new: str, operator: Officer, approver: Officer) -> None:
    with pytest.raises(Refused, match="role_clashes"):
        granting.propose(operator, approver, "jma", new, clock.now())
    auditor = make("auditor", ("jma", "AUDITOR"))
    with pytest.raises(Refused, match="role_clashes"):
        granting.propose(operator, auditor, "jma", "EXAMINER", clock.now())
    granting.propose(operator, auditor, "medis", "AUDITOR", clock.now())


def test_two_roles_that_clash_are_not_confirmed_past_each_other(operator: Officer, approver: Officer) -> None:
    new, second = make("new"), make("second", ("jma", "APPROVER"))
    proposals = [
        granting.propose(operator, new, "jma", role, clock.now()) for role in ("EXAMINER", "AUDITOR")
    ]
    told: list[str] = []

    def confirms(decider: Officer, proposal: RoleProposal) -> None:
        try:
            granting.confirm(decider, proposal, clock.now())
            told.append("confirmed")
        except Refused as refused:
            told.append(refused.code)
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=confirms, args=pair)
        for pair in zip((approver, second), proposals, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(told) == ["confirmed", "role_clashes"]
    assert OfficerRole.objects.filter(officer=new).count() == 1


def test_an_operator_withdraws_deactivates_and_unlocks_with_a_reason(operator: Officer) -> None:
    officer = make("leaver", ("jma", "EXAMINER"))
    client, page = desk(operator), f"/admin/staff/officer/{officer.public_id}/"
    for _ in range(5):
        lockout.count_try("leaver", clock.now())
    assert "入力停止" in client.get(page).content.decode()
    for name in ("unlock", "withdraw", "deactivate"):
        client.post(f"{page}{name}/", {"held": "jma:EXAMINER"})  # without a reason nothing happens
    assert held(officer) and lockout.locked_until("leaver", clock.now())
    client.post(f"{page}unlock/", {"reason": "locked_out"})
    assert lockout.locked_until("leaver", clock.now()) is None
    client.post(f"{page}withdraw/", {"reason": "duty_change", "held": "jma:EXAMINER"})
    assert not held(officer)
    client.post(f"{page}deactivate/", {"reason": "left"})
    assert not Officer.objects.get(pk=officer.pk).is_active
    told = Entry.objects.filter(subject=str(officer.public_id), actor_id=str(operator.public_id))
    assert {(entry.kind, entry.data["reason"]) for entry in told} == {
        ("staff.unlocked", "locked_out"),
        ("staff.role_withdrawn", "duty_change"),
        ("staff.deactivated", "left"),
    }


@pytest.mark.parametrize("name", ["anew", "deactivate"])
def test_what_was_proposed_for_an_account_dies_when_the_account_changes_hands(
    name: str, operator: Officer, approver: Officer
) -> None:
    officer = make("leaver")
    proposal = granting.propose(operator, officer, "jma", "APPROVER", clock.now())
    client, page = desk(operator), f"/admin/staff/officer/{officer.public_id}/"
    assert client.post(f"{page}{name}/", {"reason": "left"}).status_code in (200, 302)
    assert not granting.waiting_for(approver)
    late = desk(approver).post(f"/admin/staff/roleproposal/{proposal.public_id}/confirm/")
    assert late.status_code == 404 and not held(officer)
    with pytest.raises(Refused, match="decided"):  # the page was open before
        granting.confirm(approver, proposal, clock.now())


@pytest.mark.parametrize("role", ["jma:\0", "\0:EXAMINER", "jma", "jma:NOTHING", "x" * 5000])
def test_a_forged_role_is_withdrawn_from_nobody(role: str, operator: Officer) -> None:
    officer = make("kept", ("jma", "EXAMINER"))
    page = f"/admin/staff/officer/{officer.public_id}/withdraw/"
    answer = desk(operator).post(page, {"reason": "mistake", "held": role}, follow=True)
    assert "指定できません" in answer.content.decode() and held(officer)


def test_the_desk_invites_and_shows_the_link_once(operator: Officer) -> None:
    client = desk(operator)
    answer = client.post("/admin/staff/officer/", {"username": "fresh", "display_name": "新人"})
    page = answer.content.decode()
    link = "/admin/join/" + page.split("/admin/join/")[1].split("<")[0]
    assert Client().get(link).status_code == 200
    officer = Officer.objects.get(username="fresh")
    for address in ("/admin/staff/officer/", f"/admin/staff/officer/{officer.public_id}/"):
        assert link not in client.get(address).content.decode()
    again = client.post("/admin/staff/officer/", {"username": "fresh", "display_name": "別人"})
    assert again.status_code == 422 and "使われています" in again.content.decode()


@pytest.mark.parametrize("name", ["propose", "withdraw", "deactivate", "unlock", "second_factor", "anew"])
def test_nobody_but_an_operator_reaches_an_officer_and_none_acts_on_himself(
    name: str, operator: Officer, approver: Officer
) -> None:
    page = f"/admin/staff/officer/{operator.public_id}/"
    assert desk(approver).get(page).status_code == 404
    assert desk(approver).post(f"{page}{name}/", {"reason": "left"}).status_code == 404
    assert Entry.objects.filter(kind="staff.officer.refused", subject=str(operator.public_id)).count() == 2
    assert desk(approver).get("/admin/staff/officer/").status_code == 403
    words = {"reason": "mistake", "role": "APPROVER", "authority": "jma", "held": ":OPERATOR"}
    answer = desk(operator).post(f"{page}{name}/", words, follow=True)
    assert "自分自身には行えません" in answer.content.decode()
    fresh = Officer.objects.get(pk=operator.pk)
    assert fresh.is_active and fresh.held() == {("", "OPERATOR")} and fresh.totp_device()
