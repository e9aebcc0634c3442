"""Approving on the phone what a PC without an authenticator shows: a QR code, digits to compare, the very hashes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client

from ledger import clock
from ledger.models import Entry
from signing import sessions
from signing.authorising import approvals
from signing.flow import Approval as State
from signing.models import Approval, ShownSignIn, SigningSession
from signing.signer import client as signer_client
from tests.signing.authorising.asking import Signer, ask, check, waiting
from tests.support import days
from tests.support.csc import Api, digest
from tests.support.signed_in import IPHONE, WINDOWS, answer_to, bound_phone, qr_path
from tests.support.signers import SignerProcesses
from vault import tokens

pytestmark = pytest.mark.requirement("SG-2", "SG-3")
LABEL = "山田太郎様 #麻薬"


class Desk:
    """The signer's PC at the page of an approval, and their phone before it, which is signed in nowhere."""

    def __init__(self, signer: Signer, approval: Approval) -> None:
        self.signer, self.approval = signer, approval
        self.pc = signer.client
        self.pc.defaults["HTTP_USER_AGENT"] = WINDOWS
        self.phone = Client(enforce_csrf_checks=True, headers={"User-Agent": IPHONE})
        self.page = f"/me/approvals/{approval.public_id}/"
        self.qr = f"{self.page}qr/"

    def show(self) -> str:
        """The path behind the QR code."""
        return qr_path(self.pc.post(self.qr, {"wish": "show"}, follow=True))

    def state(self) -> tuple[str, Any]:
        told = self.pc.get(f"{self.qr}state/").json()
        return told["state"], told.get("number")

    def enter(self, path: str, phone: Client | None = None) -> Any:
        return (phone or self.phone).post(path, {"enter": "1"}, follow=True)

    def prove(self, path: str) -> Any:
        return self.phone.post(path, answer_to(self.phone.get(path), self.signer.phone))


@pytest.fixture
def asked(v2: Api) -> str:
    return ask(v2, digest(2), digest(1), description=LABEL)[0]


@pytest.fixture
def desk(signer: Signer, asked: str) -> Desk:
    return Desk(signer, Approval.objects.select_related("credential__signer", "client").get())


def test_the_phone_approves_and_the_pc_goes_on(v2: Api, desk: Desk, asked: str) -> None:
    assert "QRコードを表示する" in desk.pc.get(desk.page).content.decode()
    path = desk.show()
    first = desk.phone.get(path).content.decode()
    assert "電子カルテ" in first and "Windows" in first and desk.state() == ("shown", None)
    held = desk.enter(path).content.decode()
    state, number = desk.state()
    assert state == "opened" and 10 <= number <= 99 and f">{number}<" in held
    pc = desk.pc.get(desk.qr).content.decode()
    assert f">{number}<" in pc and "iPhone が、このQRコードを開きました" in pc
    assert digest(2).hex()[:16] in held and "2 件" in held
    assert "承認しました" in desk.prove(path).content.decode()
    assert desk.state()[0] == State.APPROVED and "承認しました" in desk.pc.get(desk.qr).content.decode()
    assert v2.sign(check(v2, asked).json()["SAD"], digest(2), digest(1)).status_code == 200
    entry, row = Entry.objects.get(kind="signing.approved"), ShownSignIn.objects.get()
    assert entry.data["challenge"] == approvals.challenge(desk.approval).hex()
    assert (entry.data["shown"], entry.data["asker"]) == (str(row.public_id), "Windows")
    assert desk.phone.get("/me/")["Location"] == "/me/sign-in/"  # the phone has no session


def test_its_second_answer_shows_the_first_ones_outcome(desk: Desk) -> None:
    path = desk.show()
    desk.enter(path)
    form = answer_to(desk.phone.get(path), desk.signer.phone)
    for answer in (desk.phone.post(path, form), desk.phone.post(path, form), desk.phone.get(path)):
        assert (answer.status_code, "承認しました" in answer.content.decode()) == (200, True)
    assert Entry.objects.filter(kind="signing.approved").count() == 1


def test_names_that_can_be_patients_are_shown_to_a_phone_that_is_signed_in_as_the_signer(desk: Desk) -> None:
    path = desk.show()
    first, held = desk.phone.get(path).content.decode(), desk.enter(path).content.decode()
    assert "山田" not in first and "山田" not in held and "QRコードを表示した画面でご覧ください" in held
    token = tokens.new_token()
    SigningSession.objects.filter(pk=desk.signer.session.pk).update(token_digest=tokens.digest(token))
    desk.phone.cookies[django_settings.SIGNER_COOKIE_NAME] = token
    assert "山田太郎様" in desk.phone.get(path).content.decode()


class TestStrangers:
    def test_a_look_holds_nothing_and_one_phone_holds_it(self, desk: Desk) -> None:
        path = desk.show()
        other = Client(headers={"User-Agent": "Mozilla/5.0 (Linux; Android 16; Pixel 9) Mobile Safari"})
        other.get(path)
        assert desk.state()[0] == "shown"
        desk.enter(path)
        assert desk.enter(path, other).status_code == 409 and other.get(path).status_code == 409

    def test_a_strangers_phone_shows_other_digits_and_approves_nothing(self, desk: Desk) -> None:
        numbers = set()
        for _ in range(6):
            stranger = Client()
            path = desk.show()
            desk.enter(path, stranger)
            numbers.add(desk.state()[1])
        assert len(numbers) > 1
        key = bound_phone(days.day(clock.now()).credential)
        answer = stranger.post(path, answer_to(stranger.get(path), key, is_honest=False))
        assert answer.status_code == 422 and desk.state()[0] == "opened"

    def test_another_signer_sees_and_shows_nothing(self, v2: Api, desk: Desk) -> None:
        other = Signer(Api(days.day(clock.now())))
        assert other.client.post(desk.qr, {"wish": "show"}).status_code == 404
        assert other.client.get(f"{desk.qr}state/").status_code == 404
        assert not ShownSignIn.objects.exists()

    def test_a_code_of_a_sign_in_approves_nothing_and_the_other_way(self, desk: Desk) -> None:
        path = desk.show()
        token = path.rstrip("/").rpartition("/")[2]
        assert desk.phone.get(f"/me/sign-in/qr/read/{token}/").status_code == 404
        assert desk.phone.post(f"/me/sign-in/qr/read/{token}/", {"enter": "1"}).status_code == 404
        desk.pc.post("/me/sign-in/qr/", {"wish": "show", "next": "/me/"})
        sign_in = qr_path(desk.pc.get("/me/sign-in/qr/")).rstrip("/").rpartition("/")[2]
        assert desk.phone.get(f"/me/approvals/qr/read/{sign_in}/").status_code == 404
        assert desk.phone.get(path).status_code == 200  # one does not end the other

    def test_its_secret_is_a_digest_and_its_pages_are_kept_by_nobody(self, desk: Desk) -> None:
        path = desk.show()
        token = path.rstrip("/").rpartition("/")[2]
        assert bytes(ShownSignIn.objects.get().token_digest) == tokens.digest(token)
        answer = desk.phone.get(path)
        assert (answer["Referrer-Policy"], answer["Cache-Control"]) == ("no-referrer", "no-store")
        desk.enter(path)
        assert (
            ShownSignIn.objects.get().shown_token is None
            and token not in desk.pc.get(desk.qr).content.decode()
        )


class TestEnds:
    def nothing(self, desk: Desk, path: str, form: dict[str, str]) -> None:
        assert desk.phone.post(path, form).status_code == 410 and desk.phone.get(path).status_code == 410
        assert not Entry.objects.filter(kind="signing.approved").exists()

    @pytest.mark.parametrize("how", ["time", "day", "refusal", "stop", "newer", "withdrawal"])
    def test_a_phone_that_comes_after_the_end_approves_nothing(self, v2: Api, desk: Desk, how: str) -> None:
        path = desk.show()
        desk.enter(path)
        form = answer_to(desk.phone.get(path), desk.signer.phone)
        ends: dict[str, Callable[[], object]] = {
            "time": lambda: ShownSignIn.objects.update(expires_at=clock.now()),
            "day": lambda: sessions.end(desk.signer.session, at=clock.now()),
            "refusal": lambda: desk.signer.refuse(desk.approval),
            "stop": lambda: desk.pc.post(desk.qr, {"wish": "stop"}),
            "newer": desk.show,
            "withdrawal": lambda: sessions.end(v2.day.session, at=clock.now()),
        }
        ends[how]()
        self.nothing(desk, path, form)

    def test_it_lives_no_longer_than_approval_and_day(self, desk: Desk) -> None:
        desk.show()
        assert ShownSignIn.objects.get().expires_at == desk.approval.expires_at
        soon = clock.now() + timedelta(minutes=2)
        SigningSession.objects.filter(pk=desk.signer.session.pk).update(expires_at=soon)
        desk.show()
        assert ShownSignIn.objects.latest("pk").expires_at == soon

    def test_what_came_to_nothing_leads_back(self, desk: Desk) -> None:
        assert desk.pc.get(desk.qr)["Location"] == desk.page
        desk.show()
        assert desk.pc.post(desk.qr, {"wish": "stop"})["Location"] == desk.page
        assert desk.state() == ("over", None)


def test_without_scripts_the_pc_refreshes_itself_and_has_a_link(desk: Desk) -> None:
    desk.show()
    page = desk.pc.get(desk.qr).content.decode()
    assert '<meta http-equiv="refresh" content="20">' in page
    assert f'<a href="{desk.qr}">この画面を読み込み直す</a>' in page
    assert "山田太郎様" in page and "断る" in page  # what the phone leaves to this screen


@pytest.mark.parametrize("error", ["NotAllowedError", "x", ""])
def test_a_failed_proof_may_be_tried_again(desk: Desk, error: str) -> None:
    path = desk.show()
    desk.enter(path)
    assert desk.phone.post(path, {"error": error}).status_code == 422
    assert desk.prove(path).status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="threads with connections of their own")
def test_the_end_of_the_pcs_day_meets_the_phones_answers(signers: SignerProcesses) -> None:
    """The same answer from eight taps, and the PC's signing out: it is approved once and before the end, or never."""
    signer = Signer(Api(days.day(clock.now()), "v2"))
    desk = Desk(signer, waiting(days.with_caller(signer.credential, b"", clock.now(), days.ehr()))[1])
    path = desk.show()
    desk.enter(path)
    form = answer_to(desk.phone.get(path), signer.phone)

    def act(number: int) -> Any:
        phone = Client()
        phone.cookies.update(desk.phone.cookies)
        try:
            if number == 3:
                return sessions.end(signer.session, at=clock.now())
            return phone.post(path, form).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(act, range(8)))
    signer_client.signers().disconnect()
    approved = Entry.objects.filter(kind="signing.approved").count()
    assert set(given) - {None} <= ({200, 410} if approved else {410}), given
    assert (200 in given) == (approved == 1) and Approval.objects.filter(
        state=State.APPROVED
    ).count() == approved
