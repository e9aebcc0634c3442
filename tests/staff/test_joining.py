"""RV-4: an invited officer comes in by a one-time link; nobody else does, and no link alone gives a role."""

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from pytest_django import Settings

from deploy.lines import Line
from ledger import clock
from ledger.models import Entry
from staff import invitations, lockout, second_factor, sign_in, totp
from staff.errors import Refused
from staff.models import Invitation, Officer, RecoveryCode, RoleProposal, TotpDevice
from tests.staff.conftest import PASSWORD

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.requirement("RV-4")]
NEW = "a new and long password"
WRONG = ("staff.sign_in_refused", "staff.locked")


@pytest.fixture
def operator(transactional_db: None) -> Officer:
    return Officer.objects.create_officer("operator", PASSWORD, "運用 次郎", roles=[("", "OPERATOR")])


@pytest.fixture
def link(operator: Officer) -> str:
    _officer, token = invitations.invite(operator, "new", "新人 三郎", clock.now())
    return f"/admin/join/{token}/"


def shown_by_the_app(officer: Officer, settings: Settings) -> str:
    device = TotpDevice.objects.get(user=officer, confirmed=False)
    return totp.code_at(bytes(device.seed), clock.now() - settings.CLOCK_OFFSET)


def test_a_new_officer_sets_a_password_scans_confirms_and_reads_ten_codes_once(
    link: str, settings: Settings, client: Client
) -> None:
    for _ in range(10):  # a mail scanner opens the link, and nothing has begun
        assert Client().get(link).status_code == 200
    answer = client.post(link, {"password": NEW, "again": NEW})
    assert answer.headers["Location"] == link
    officer = Officer.objects.get(username="new")
    page = client.get(link)
    text = page.content.decode()
    assert "qr-picture" in text and "style=" not in text and "no-store" in page.headers["Cache-Control"]
    assert "".join(text.split('class="desk-secret" translate="no">')[1].split("<")[0].split()) in (
        TotpDevice.objects.get(user=officer).otpauth_url()
    )
    assert client.post(link, {"otp_token": "000000"}).status_code == 422
    assert Entry.objects.filter(kind=WRONG[0], subject=str(officer.public_id)).count() == 1
    used = shown_by_the_app(officer, settings)
    done = client.post(link, {"otp_token": used})
    codes = [line.split("<")[0] for line in done.content.decode().split("<li>")[1:]]
    assert len(codes) == 10 and RecoveryCode.objects.count() == 10
    assert client.get(link).status_code == 410  # it works once
    with pytest.raises(sign_in.SignInRefused):  # the code that confirmed the app is spent
        sign_in.attempt(None, "new", NEW, used, clock.now())
    assert sign_in.attempt(None, "new", NEW, codes[0], clock.now()) == officer
    assert not officer.held()  # and may do nothing until a role has been confirmed
    kinds = set(Entry.objects.filter(subject=str(officer.public_id)).values_list("kind", flat=True))
    assert {"staff.invited", "staff.device_confirmed", "staff.recovery_codes_made", "staff.joined"} <= kinds


@pytest.mark.parametrize(
    ("password", "again", "problem"),
    [
        ("short", "short", "13"),
        (NEW, "another long password", "異なります"),
        ("password12345", "password12345", ""),
        ("", "", ""),
    ],
)
def test_a_weak_or_mistyped_password_begins_nothing(
    link: str, client: Client, password: str, again: str, problem: str
) -> None:
    answer = client.post(link, {"password": password, "again": again})
    assert answer.status_code == 422 and problem in answer.content.decode()
    assert Invitation.objects.get().begun_digest is None and not TotpDevice.objects.filter(confirmed=False)


def test_the_first_browser_that_begins_has_the_invitation_for_itself(link: str, client: Client) -> None:
    client.post(link, {"password": NEW, "again": NEW})
    thief = Client()
    for answer in (thief.get(link), thief.post(link, {"password": NEW, "again": NEW})):
        assert answer.status_code == 410 and "ほかのブラウザ" in answer.content.decode()
        assert "qr-picture" not in answer.content.decode()


def test_a_link_dies_after_72_hours_with_a_newer_one_and_with_its_officer(
    link: str, operator: Officer, settings: Settings
) -> None:
    officer = Officer.objects.get(username="new")
    newer = f"/admin/join/{invitations.start_anew(operator, officer, 'mistake', clock.now())}/"
    assert (Client().get(link).status_code, Client().get(newer).status_code) == (410, 200)
    Officer.objects.filter(pk=officer.pk).update(is_active=False)
    assert Client().get(newer).status_code == 410
    Officer.objects.filter(pk=officer.pk).update(is_active=True)
    settings.CLOCK_OFFSET += timedelta(hours=72)
    assert Client().get(newer).status_code == 410
    assert Client().get("/admin/join/nonsense/").status_code == 410


def test_only_a_digest_of_the_link_is_kept(link: str) -> None:
    token = link.split("/")[3]
    row = Invitation.objects.values().get()
    assert not [value for value in row.values() if token in str(value) or value == token.encode()]
    assert not [entry for entry in Entry.objects.all() if token in str(entry.data)]


def test_no_line_of_the_log_names_a_link(link: str, client: Client) -> None:
    client.post(link, {"password": NEW, "again": NEW})
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, "Gone: %s", (link,), None)
    assert Line("%(message)s").format(record) == "Gone: /admin/join/.../"


def test_a_reset_of_the_second_factor_needs_the_password_and_keeps_the_roles(
    operator: Officer, officer: Officer, settings: Settings, client: Client
) -> None:
    second_factor.new_recovery_codes(officer, sign_in.actor(officer))
    link = f"/admin/join/{invitations.renew_second_factor(operator, officer, 'device_lost', clock.now())}/"
    assert not TotpDevice.objects.filter(user=officer).exists() and not RecoveryCode.objects.exists()
    assert client.post(link, {"password": NEW}).status_code == 422  # the link alone does not do
    assert client.post(link, {"password": PASSWORD}).status_code == 302
    assert client.post(link, {"otp_token": shown_by_the_app(officer, settings)}).status_code == 200
    assert officer.held() == {("jma", "EXAMINER"), ("medis", "APPROVER")}


def test_guessing_the_password_of_a_reset_is_counted_and_locked(operator: Officer, officer: Officer) -> None:
    link = f"/admin/join/{invitations.renew_second_factor(operator, officer, 'device_lost', clock.now())}/"
    for _ in range(5):
        assert Client().post(link, {"password": NEW}).status_code == 422
    assert "停止" in Client().post(link, {"password": PASSWORD}).content.decode()
    assert lockout.locked_until(officer.username, clock.now())
    told = Entry.objects.filter(subject=str(officer.public_id), kind__in=WRONG).order_by("pk")
    assert [entry.kind for entry in told] == [WRONG[0]] * 4 + [WRONG[1]]


def test_starting_anew_takes_every_role(operator: Officer, officer: Officer) -> None:
    invitations.start_anew(operator, officer, "password_forgotten", clock.now())
    fresh = Officer.objects.get(pk=officer.pk)
    assert not fresh.held() and not fresh.has_usable_password()


def test_nobody_invites_or_resets_himself(operator: Officer) -> None:
    for act in (invitations.renew_second_factor, invitations.start_anew):
        with pytest.raises(Refused, match="oneself"):
            act(operator, operator, "mistake", clock.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        Invitation.objects.create(
            officer=operator,
            kind="join",
            token_digest=b"x",
            made_by=operator,
            made_at=clock.now(),
            expires_at=clock.now(),
        )
    assert not RoleProposal.objects.exists()


def test_ones_own_page_renews_codes_and_device_and_the_old_ones_die(
    client: Client,
    officer: Officer,
    sign_in: Callable[..., int],
    code: Callable[..., str],
    settings: Settings,
) -> None:
    sign_in()
    assert "未使用の回復コード：0個" in client.get("/admin/second-factor/").content.decode()
    assert "残りが少なく" in client.get("/admin/second-factor/").content.decode()
    first = client.post("/admin/second-factor/codes/").content.decode()
    second = client.post("/admin/second-factor/codes/").content.decode()
    assert first.count("<li>") >= 10 and RecoveryCode.objects.count() == 10
    old = first.split('class="desk-codes"')[1].split("<li>")[1].split("<")[0]
    assert old not in second
    assert "未使用の回復コード：10個" in client.get("/admin/second-factor/").content.decode()
    other = Client()
    other.post("/admin/login/", {"username": "hanako", "password": PASSWORD, "otp_token": code(1)})
    assert other.get("/admin/").status_code == 200
    assert "qr-picture" in client.get("/admin/second-factor/device/").content.decode()
    assert client.post("/admin/second-factor/device/", {"otp_token": "123456"}).status_code == 422
    new = shown_by_the_app(officer, settings)
    assert client.post("/admin/second-factor/device/", {"otp_token": new}).status_code == 302
    assert TotpDevice.objects.filter(user=officer).count() == 1
    assert client.get("/admin/").status_code == 200  # this session goes on
    assert other.get("/admin/").status_code == 302  # one that the old device had opened does not


def test_a_new_device_and_new_codes_need_a_fresh_code(
    client: Client, officer: Officer, sign_in: Callable[..., int], settings: Settings
) -> None:
    sign_in()
    settings.CLOCK_OFFSET += timedelta(minutes=11)
    for address in ("/admin/second-factor/codes/", "/admin/second-factor/device/"):
        assert client.post(address).headers["Location"].startswith("/admin/confirm/")
    assert not RecoveryCode.objects.exists() and TotpDevice.objects.count() == 1
