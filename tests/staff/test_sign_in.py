import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from pytest_django import Settings

from ledger import clock, log
from ledger.models import Entry
from ledger.verify import verify
from staff import lockout, second_factor
from staff.models import Officer, SignInCounter, TotpDevice
from tests.staff.conftest import PASSWORD

SignIn = Callable[..., int]
Code = Callable[..., str]


def kinds() -> list[str]:
    return list(
        Entry.objects.exclude(kind="staff.officer_created").order_by("number").values_list("kind", flat=True)
    )


def errors(client: Client, **words: str) -> str:
    answer = client.post("/admin/login/", words)
    assert answer.status_code == 200
    return str(answer.context["form"].non_field_errors())


def test_name_password_and_code_together_open_the_desk(
    officer: Officer, client: Client, sign_in: SignIn
) -> None:
    assert sign_in() == 302
    assert client.get("/admin/").status_code == 200
    entry = Entry.objects.get(kind="staff.signed_in")
    assert (entry.actor_kind, entry.actor_id) == ("officer", str(officer.public_id))
    assert entry.data == {"means": "totp"}


def test_the_session_is_a_new_one_after_the_sign_in(
    officer: Officer, client: Client, sign_in: SignIn
) -> None:
    client.get("/admin/login/")
    session = client.session
    session["planted"] = "by an attacker"
    session.save()
    before = session.session_key
    client.cookies["inkan-officer"] = str(before)
    assert sign_in() == 302
    assert client.cookies["inkan-officer"].value != before
    assert not Session.objects.filter(session_key=before).exists()


def test_every_wrong_part_is_answered_alike(officer: Officer, client: Client, code: Code) -> None:
    wrong = "000000" if code() != "000000" else "111111"
    answers = {
        errors(client, username="hanako", password="wrong", otp_token=code()),
        errors(client, username="hanako", password=PASSWORD, otp_token=wrong),
        errors(client, username="nobody", password=PASSWORD, otp_token=code()),
    }
    assert len(answers) == 1
    assert "いずれかが正しくありません" in answers.pop()


def test_an_officer_who_has_left_is_answered_alike(officer: Officer, sign_in: SignIn) -> None:
    Officer.objects.update(is_active=False)
    assert sign_in() == 200
    assert kinds() == ["staff.sign_in_refused"]


@pytest.mark.parametrize("missing", ["username", "password", "otp_token"])
def test_a_missing_part_costs_no_try(officer: Officer, client: Client, code: Code, missing: str) -> None:
    words = {"username": "hanako", "password": PASSWORD, "otp_token": code(), missing: ""}
    answer = client.post("/admin/login/", words)
    assert answer.context["form"].errors.keys() == {missing}
    assert not SignInCounter.objects.exists()


def test_the_code_field_can_be_filled_by_the_browser(client: Client, transactional_db: None) -> None:
    page = client.get("/admin/login/").content.decode()
    assert 'autocomplete="one-time-code"' in page
    assert 'autocomplete="current-password"' in page
    assert 'autocomplete="username"' in page


def test_the_page_does_not_repeat_password_or_code(officer: Officer, client: Client) -> None:
    answer = client.post(
        "/admin/login/", {"username": "hanako", "password": "my secret", "otp_token": "123456"}
    )
    page = answer.content.decode()
    assert "my secret" not in page
    assert "123456" not in page
    assert 'type="text" name="otp_token"' in page
    assert "<title>エラー：" in page


def test_a_code_is_good_once(officer: Officer, client: Client, sign_in: SignIn, code: Code) -> None:
    used = code()
    assert sign_in(otp_token=used) == 302
    client.post("/admin/logout/")
    assert sign_in(otp_token=used) == 200
    assert client.get("/admin/").status_code == 302


def test_a_code_may_be_typed_with_spaces_or_full_width(officer: Officer, sign_in: SignIn, code: Code) -> None:
    wide = code().translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    assert sign_in(otp_token=f"{wide[:3]} {wide[3:]}") == 302


def test_the_phone_knows_nothing_of_the_shifted_clock(
    officer: Officer, settings: Settings, sign_in: SignIn, code: Code
) -> None:
    real = code()
    settings.CLOCK_OFFSET = timedelta(days=90)
    assert sign_in(otp_token=real) == 302


def test_leaving_is_logged_and_ends_the_session(officer: Officer, client: Client, sign_in: SignIn) -> None:
    sign_in()
    assert client.post("/admin/logout/").status_code == 200
    assert client.get("/admin/").status_code == 302
    assert kinds() == ["staff.signed_in", "staff.signed_out"]
    assert client.get("/admin/logout/").status_code in (302, 405)


def test_five_wrong_tries_lock_and_the_right_password_does_not_help(
    officer: Officer, client: Client, sign_in: SignIn, settings: Settings, code: Code
) -> None:
    for _ in range(5):
        assert sign_in(password="wrong") == 200
    assert sign_in() == 200
    assert "まで停止しています" in errors(client, username="hanako", password=PASSWORD, otp_token=code())
    assert kinds() == ["staff.sign_in_refused"] * 4 + ["staff.locked"]
    assert {entry.actor_kind for entry in Entry.objects.filter(kind__startswith="staff.sign_in")} == {
        "system"
    }
    settings.CLOCK_OFFSET += timedelta(minutes=14)
    assert sign_in() == 200
    settings.CLOCK_OFFSET += timedelta(minutes=2)
    assert sign_in() == 302
    assert verify().ok


def test_a_name_that_does_not_exist_is_locked_alike(
    client: Client, sign_in: SignIn, officer: Officer, code: Code
) -> None:
    for _ in range(5):
        sign_in(username="nobody")
    for_nobody = errors(client, username="nobody", password=PASSWORD, otp_token=code())
    for _ in range(5):
        sign_in(password="wrong")
    for_hanako = errors(client, username="hanako", password=PASSWORD, otp_token=code())
    assert "まで停止しています" in for_nobody
    assert for_nobody[:40] == for_hanako[:40]
    assert "staff.sign_in_refused" in kinds()
    assert Entry.objects.filter(kind="staff.locked").count() == 1  # nobody is nobody's subject


def test_the_counter_keeps_no_names(sign_in: SignIn, transactional_db: None) -> None:
    sign_in(username="nobody")
    assert b"nobody" not in bytes(SignInCounter.objects.get().name_digest)


def test_a_success_gives_the_tries_back(
    officer: Officer, sign_in: SignIn, code: Code, client: Client
) -> None:
    for round_of in range(2):
        for _ in range(4):
            assert sign_in(password="wrong") == 200
        assert sign_in(otp_token=code(round_of)) == 302
        client.post("/admin/logout/")


def test_a_wrong_code_counts_as_a_try(officer: Officer, sign_in: SignIn, code: Code) -> None:
    for _ in range(5):
        sign_in(otp_token="00000a")
    assert sign_in() == 200
    assert "staff.locked" in kinds()


def test_made_up_names_do_not_pile_up(sign_in: SignIn, settings: Settings, transactional_db: None) -> None:
    for number in range(3):
        sign_in(username=f"nobody{number}")
    settings.CLOCK_OFFSET += timedelta(days=2)
    sign_in(username="nobody9")
    assert SignInCounter.objects.count() == 1


def test_of_twenty_tries_at_once_five_are_let_through(transactional_db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("an in-memory SQLite has one connection")
    let_through: list[int] = []
    refused: list[lockout.LockedOut] = []
    start = threading.Barrier(20)

    def knock() -> None:
        start.wait()
        try:
            let_through.append(lockout.count_try("hanako", clock.now()))
        except lockout.LockedOut as locked:
            refused.append(locked)
        finally:
            connection.close()

    threads = [threading.Thread(target=knock) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(let_through) == [1, 2, 3, 4, 5]
    assert len(refused) == 15


def test_a_recovery_code_opens_once(officer: Officer, client: Client, sign_in: SignIn) -> None:
    codes = second_factor.new_recovery_codes(officer, log.SYSTEM)
    assert len(set(codes)) == 10
    assert sign_in(otp_token=codes[3].upper()) == 302
    assert client.get("/admin/").status_code == 200
    assert Entry.objects.get(kind="staff.signed_in").data == {"means": "recovery_code"}
    client.post("/admin/logout/")
    assert sign_in(otp_token=codes[3]) == 200
    assert second_factor.recovery_codes_left(officer) == 9


def test_a_new_sheet_voids_the_old_one(officer: Officer, sign_in: SignIn) -> None:
    old = second_factor.new_recovery_codes(officer, log.SYSTEM)
    second_factor.new_recovery_codes(officer, log.SYSTEM)
    assert sign_in(otp_token=old[0]) == 200


def test_another_officers_codes_do_not_open(officer: Officer, sign_in: SignIn) -> None:
    other = Officer.objects.create_officer(
        "jiro", "another password", "承認 次郎", roles=[("jma", "APPROVER")]
    )
    codes = second_factor.new_recovery_codes(other, log.SYSTEM)
    second_factor.new_recovery_codes(officer, log.SYSTEM)
    assert sign_in(otp_token=codes[0]) == 200


def test_of_four_sign_ins_at_once_with_one_code_one_succeeds(officer: Officer, code: Code) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("an in-memory SQLite has one connection")
    used, answers = code(), list[int]()
    TotpDevice.objects.update(throttling_failure_count=0)
    start = threading.Barrier(4)

    def enter() -> None:
        client = Client()
        start.wait()
        words = {"username": "hanako", "password": PASSWORD, "otp_token": used}
        answers.append(client.post("/admin/login/", words).status_code)
        connection.close()

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 200, 200, 302]


@pytest.mark.requirement("RV-4")
def test_a_new_password_is_written_down_ends_other_sessions_and_its_page_is_our_own(
    officer: Officer, client: Client, sign_in: SignIn, code: Code
) -> None:
    new, address = "a new and long password", "/admin/password_change/"
    sign_in()
    other = Client()
    other.post("/admin/login/", {"username": "hanako", "password": PASSWORD, "otp_token": code(1)})
    page = client.get(address).content.decode()
    assert "style=" not in page and "theme" not in page, "Django's own page has what our policy refuses"
    wrong = {"old_password": "x", "new_password1": new, "new_password2": new}
    assert "<title>エラー：" in client.post(address, wrong).content.decode()
    assert not Entry.objects.filter(kind="staff.password_changed")
    done = client.post(address, {**wrong, "old_password": PASSWORD}, follow=True).content.decode()
    assert "新しいパスワードを使ってください" in done and "theme" not in done
    entry = Entry.objects.get(kind="staff.password_changed")
    assert (entry.subject, entry.actor_id) == (str(officer.public_id), str(officer.public_id))
    assert client.get("/admin/").status_code == 200 and other.get("/admin/").status_code == 302
