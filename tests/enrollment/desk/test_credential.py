"""RV-7, BD-15: officers suspend, resume, revoke by two, and send a new link; none of them ever binds a phone."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from enrollment import aftercare, authorities
from enrollment.authority_data import rows
from enrollment.authority_data.kinds import NumberRow
from enrollment.desk import credential as desk_credential
from enrollment.errors import Refused
from enrollment.flow import State
from enrollment.models import Application, RevocationRequest
from ledger import clock
from ledger.log import Actor
from ledger.models import Entry
from outbox import notices
from outbox.models import Job, Mail, Notice
from signing import credentials, links
from signing.models import Authenticator, Credential, EnrollmentLink
from staff import sudo
from staff.models import Officer
from tests.enrollment.desk.test_desk import _case_url, desk
from tests.support import cases
from tests.support.credentials import active_credential
from vault import tokens

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quick(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # of links, not tried here


def issued(authority: str = "jma", state: str = "active") -> Application:
    case = cases.submitted(authority, "pharmacist" if authority == "jpa" else "doctor")
    credential = active_credential(at=clock.now(), state=state)
    Credential.objects.filter(pk=credential.pk).update(
        authority=authority, serial=f"{case.pk:032x}", state=state
    )
    number = case.pk
    Application.objects.filter(pk=case.pk).update(
        state=State.ISSUED,
        credential=credential.public_id,
        recommended_by=cases.officer(f"recommended{number}", (authority, "EXAMINER")),
        approved_by=cases.officer(f"approved{number}", (authority, "APPROVER")),
    )
    case.refresh_from_db()
    return case


def state(case: Application) -> str:
    return str(Credential.objects.get(public_id=case.credential).state)


def act(client: Client, case: Application, name: str, **words: str) -> Any:
    client.post(f"{_case_url(case)}purpose/", {"purpose": "credential"})
    return client.post(f"{_case_url(case)}credential/{name}/", words, follow=True)


@pytest.mark.requirement("RV-7")
def test_the_case_screen_shows_certificate_link_phone_and_card() -> None:
    case = issued()
    row = Credential.objects.get(public_id=case.credential)
    links.create(row, at=clock.now())
    Authenticator.objects.create(
        credential=row,
        webauthn_id=b"w",
        public_key=b"k",
        label="iPhone 2026-11-20",
        is_backed_up=True,
        bound_at=clock.now(),
    )
    client = desk(cases.officer("approver", ("jma", "APPROVER")))
    client.post(f"{_case_url(case)}purpose/", {"purpose": "credential"})
    page = client.get(_case_url(case)).content.decode()
    for told in (
        "発行した証明書",
        str(row.serial),
        row.signer.person_id,
        "登録待ち",
        "iPhone 2026-11-20",
        "同期される鍵",
    ):
        assert told in page
    for act_of in ("一時停止する", "失効させる", "登録用URLを再発行する"):
        assert act_of in page
    assert "利用を再開する" not in page


@pytest.mark.requirement("RV-7")
def test_one_officer_suspends_at_once_and_an_approver_resumes_each_with_reason() -> None:
    case = issued()
    examiner, approver = (
        desk(cases.officer("e", ("jma", "EXAMINER"))),
        desk(cases.officer("a", ("jma", "APPROVER"))),
    )
    assert "理由を選んでください" in act(examiner, case, "suspend").content.decode()
    assert state(case) == "active"
    act(examiner, case, "suspend", reason="lost")
    assert state(case) == "suspended"
    act(examiner, case, "resume", reason="found_again")
    assert state(case) == "suspended"  # an examiner does not
    act(approver, case, "resume", reason="found_again")
    assert state(case) == "active"
    told = Entry.objects.filter(
        kind__startswith="signing.credential_", subject=str(case.credential)
    ).order_by("pk")
    assert [(entry.kind, entry.data["reason"], entry.actor_kind) for entry in told] == [
        ("signing.credential_suspended", "lost", "officer"),
        ("signing.credential_resumed", "found_again", "officer"),
    ]


@pytest.mark.requirement("RV-7", "RV-4")
def test_a_revocation_suspends_at_once_and_needs_another_officer() -> None:
    case = issued()
    first, second = (
        cases.officer("first", ("jma", "EXAMINER"), ("jma", "APPROVER")),
        cases.officer("second", ("jma", "APPROVER")),
    )
    act(desk(first), case, "revoke", reason="privilege_withdrawn")
    assert state(case) == "suspended"
    act(desk(first), case, "confirm")
    assert state(case) == "suspended"
    with pytest.raises(Refused, match="same_officer"):
        aftercare.confirm_revocation(case, first, clock.now())
    with pytest.raises(Refused, match="revocation_asked"):
        aftercare.resume(case, second, "cleared", clock.now())
    with pytest.raises(Refused, match="revocation_asked"):
        aftercare.ask_revocation(case, second, "superseded", clock.now())
    assert (
        "審査者firstが失効を依頼しています"
        in desk(second)
        .post(f"{_case_url(case)}purpose/", {"purpose": "credential"}, follow=True)
        .content.decode()
    )
    act(desk(second), case, "confirm")
    row = Credential.objects.get(public_id=case.credential)
    assert (row.state, row.revocation_reason) == ("revoked", "privilege_withdrawn")
    assert Job.objects.filter(kind="signing.crl").count() == 1
    assert Entry.objects.get(kind="signing.credential_revoked").actor_id == str(second.public_id)


@pytest.mark.requirement("RV-7")
def test_a_compromised_key_is_revoked_by_one_and_so_is_all_where_the_authority_says_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case, other = issued(), issued()
    first = cases.officer("first", ("jma", "EXAMINER"))
    assert aftercare.ask_revocation(case, first, "key_compromise", clock.now())
    assert state(case) == "revoked"
    since = clock.today(clock.now())
    monkeypatch.setitem(
        rows.REVOCATION_OFFICERS, "jma", (*rows.REVOCATION_OFFICERS["jma"], NumberRow(since, 1))
    )
    assert authorities.revocation_officers("jma", since - timedelta(days=1)) == 2
    assert aftercare.ask_revocation(other, first, "superseded", clock.now())
    assert state(other) == "revoked"


@pytest.mark.requirement("RV-7")
def test_a_dropped_revocation_leaves_the_certificate_suspended_until_it_is_resumed() -> None:
    case = issued()
    first, second = cases.officer("f", ("jma", "EXAMINER")), cases.officer("s", ("jma", "APPROVER"))
    bystander = cases.officer("b", ("jma", "EXAMINER"))
    aftercare.ask_revocation(case, first, "unspecified", clock.now())
    with pytest.raises(Refused, match="not_yours"):
        aftercare.drop_revocation(case, bystander, clock.now())
    aftercare.drop_revocation(case, first, clock.now())
    assert state(case) == "suspended"
    with pytest.raises(Refused, match="nothing_asked"):
        aftercare.confirm_revocation(case, second, clock.now())
    aftercare.resume(case, second, "cleared", clock.now())
    assert state(case) == "active"


@pytest.mark.requirement("RV-7")
@pytest.mark.parametrize("was_suspended", [True, False])
def test_while_a_revocation_waits_the_holder_does_not_go_on_alone(was_suspended: bool) -> None:
    case, holder = issued(), Actor("signer", "holder")
    first = cases.officer("f", ("jma", "EXAMINER"))
    row = credentials.find(case.credential)
    if was_suspended:
        credentials.suspend(row, holder, "lost_phone", clock.now())
    aftercare.ask_revocation(case, first, "unspecified", clock.now())
    with pytest.raises(credentials.Refused, match="suspension_held"):
        credentials.resume(row, holder, "signer_request", clock.now())
    assert state(case) == "suspended"
    aftercare.drop_revocation(case, first, clock.now())
    credentials.resume(row, holder, "signer_request", clock.now())
    assert state(case) == "active"


@pytest.mark.requirement("RV-7")
@pytest.mark.parametrize("confirmed_by_asker", [True, False])
def test_the_database_keeps_the_two_officers_apart(confirmed_by_asker: bool) -> None:
    case, officer = issued(), cases.officer("one", ("jma", "APPROVER"))
    aftercare.ask_revocation(case, officer, "superseded", clock.now())
    rows_of = RevocationRequest.objects.filter(application=case)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows_of.update(state="carried_out", confirmed_by=officer if confirmed_by_asker else None)


@pytest.mark.requirement("RV-7")
@pytest.mark.django_db(transaction=True)
def test_of_many_confirmations_and_a_drop_at_once_exactly_one_counts() -> None:
    case = issued()
    asker = cases.officer("asker", ("jma", "EXAMINER"))
    aftercare.ask_revocation(case, asker, "superseded", clock.now())
    approvers = [cases.officer(f"a{number}", ("jma", "APPROVER")) for number in range(4)]
    done: list[str] = []

    def tries(what: Callable[[], None], name: str) -> None:
        try:
            what()
            done.append(name)
        except Refused as refused:
            assert refused.code in ("nothing_asked", "credential_state")
        finally:
            connections.close_all()

    def confirms(officer: Officer) -> Callable[[], None]:
        return lambda: aftercare.confirm_revocation(case, officer, clock.now())

    work = [(confirms(officer), "confirmed") for officer in approvers]
    work.append((lambda: aftercare.drop_revocation(case, asker, clock.now()), "dropped"))
    threads = [threading.Thread(target=tries, args=one) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(done) == 1
    assert state(case) == ("revoked" if done == ["confirmed"] else "suspended")
    assert Entry.objects.filter(kind="signing.credential_revoked").count() == done.count("confirmed")


@pytest.mark.requirement("BD-15", "RV-7")
def test_an_officers_new_link_voids_the_old_one_and_goes_into_the_inbox_alone() -> None:
    case = issued()
    old = links.create(case.credential, at=clock.now())  # type: ignore[arg-type]
    owner = case.applicant.public_id
    notices.post(owner, "n5", "t", "b", secret='{"url": "old"}', about=str(case.credential))
    client = desk(cases.officer("examiner", ("jma", "EXAMINER")))
    client.post(f"{_case_url(case)}purpose/", {"purpose": "credential"})
    asked = client.get(f"{_case_url(case)}credential/link/").content.decode()
    assert authorities.link_reissue_note("jma", clock.today(clock.now()))[:20] in asked
    for time in range(2):
        page = act(client, case, "link", reason="link_expired").content.decode()
        with_secret = Notice.objects.filter(owner=owner, secret__isnull=False)
        secret = with_secret.get().secret or ""
        assert "old" not in secret and "/r/" in secret
        assert Notice.objects.filter(owner=owner, kind="link_again").count() == time + 1
        assert Mail.objects.filter(kind="link_again").count() == time + 1
        for part in secret.replace('"', " ").replace("/r/", " ").split():
            assert len(part) < 10 or part not in page  # neither link nor password at the desk
    token = old.url_path.split("/")[2]
    assert EnrollmentLink.objects.get(token_digest=tokens.digest(token)).state == "void"
    assert EnrollmentLink.objects.filter(state="open").count() == 1
    entry = Entry.objects.filter(kind="credential.link_sent_again").last()
    assert entry is not None and entry.data == {"reason": "link_expired"}


@pytest.mark.requirement("BD-15")
def test_once_only_is_the_authoritys_and_binds_its_officers_too() -> None:
    case = issued("jpa")
    officer = cases.officer("examiner", ("jpa", "EXAMINER"))
    aftercare.send_link(case, officer, "link_expired", clock.now())  # no phone was ever bound
    row = Credential.objects.get(public_id=case.credential)
    Authenticator.objects.create(
        credential=row,
        webauthn_id=b"w",
        public_key=b"k",
        label="iPhone",
        bound_at=clock.now(),
        state="removed",
    )
    with pytest.raises(Refused, match="phone_once"):
        aftercare.send_link(case, officer, "new_phone", clock.now())
    assert "link" not in desk_credential.offers(case, officer, clock.now())


@pytest.mark.requirement("RV-4", "BD-15")
def test_no_act_of_an_officer_binds_a_phone_or_opens_a_link() -> None:
    """security.md threat 6: whoever decides at the desk cannot put a phone of their own behind the key."""
    case = issued()
    client = desk(cases.officer("all", ("jma", "EXAMINER"), ("jma", "APPROVER")))
    for name in (*desk_credential.ACTS, "bind", "open", "replace"):
        act(client, case, name, reason="mistake", label="x", webauthn_id="x")
    act(client, case, "link", reason="new_phone")
    link = EnrollmentLink.objects.filter(credential__public_id=case.credential).last()
    assert not Authenticator.objects.filter(credential__public_id=case.credential).exists()
    assert link is None or link.state == "open"
    assert client.get("/me/").status_code == 303  # an officer's session is nobody's signing session


@pytest.mark.requirement("RV-4")
def test_dangerous_acts_ask_for_the_code_again_and_keep_the_way_back() -> None:
    case = issued()
    client = desk(cases.officer("approver", ("jma", "APPROVER")))
    session = client.session
    session["staff.confirmed_at"] = (clock.now() - sudo.FRESH - timedelta(seconds=1)).timestamp()
    session.save()
    client.post(f"{_case_url(case)}purpose/", {"purpose": "credential"})
    for name in ("suspend", "revoke", "link"):
        url = f"{_case_url(case)}credential/{name}/"
        for answer in (client.get(url), client.post(url, {"reason": "lost"})):
            assert answer.headers["Location"].startswith(f"{reverse('admin:confirm')}?next=")
    assert state(case) == "active"


@pytest.mark.requirement("RV-4")
def test_a_failed_issuance_is_an_alarm_on_the_case_and_in_the_worklist() -> None:
    case, healthy = issued(state="ordered"), issued(state="ordered")
    Application.objects.update(state=State.ISSUING)
    case.refresh_from_db(), healthy.refresh_from_db()
    officer = cases.officer("examiner", ("jma", "EXAMINER"))
    worklist = reverse("admin:enrollment_application_changelist") + "?state=all"
    assert "発行が止まっています" not in desk(officer).get(worklist).content.decode()
    at = clock.now()
    job = Job.objects.create(
        kind="signing.issue",
        subject=str(case.credential),
        state="failed",
        run_after=at,
        ring_after=at,
        created_at=at,
    )
    assert desk(officer).get(worklist).content.decode().count("発行が止まっています") == 1
    assert desk_credential.alarm(case) and not desk_credential.alarm(healthy)
    client = desk(officer)
    client.post(f"{_case_url(case)}purpose/", {"purpose": "credential"})
    assert "証明書の発行が止まっています" in client.get(_case_url(case)).content.decode()
    Job.objects.filter(pk=job.pk).update(state="ready")
    assert not desk_credential.alarm(case)


def test_another_authoritys_officer_finds_no_certificate_and_it_is_written_down() -> None:
    case = issued()
    client = desk(cases.officer("stranger", ("medis", "APPROVER")))
    for method in (client.get, client.post):
        assert method(f"{_case_url(case)}credential/suspend/").status_code == 404
    assert Entry.objects.filter(kind="case.refused", subject=str(case.public_id)).count() == 2
    assert state(case) == "active"
