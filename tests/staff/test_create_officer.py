import io
import sys
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from staff.models import Officer, RecoveryCode

pytestmark = pytest.mark.django_db


def run(*words: str, password: str = "a long enough password", monkeypatch: pytest.MonkeyPatch) -> str:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdin", io.StringIO(password + "\n"))
    call_command("create_officer", *words, "--password-stdin", stdout=out)
    return out.getvalue()


def test_the_command_makes_an_officer_and_shows_the_secrets_once(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = run("hanako", "検査 花子", "jma:EXAMINER", "medis:APPROVER", monkeypatch=monkeypatch)
    officer = Officer.objects.get()
    assert (officer.username, officer.display_name) == ("hanako", "検査 花子")
    assert officer.holds("EXAMINER", "jma")
    assert officer.holds("APPROVER", "medis")
    assert officer.check_password("a long enough password")
    assert officer.totp_device().otpauth_url() in printed
    assert RecoveryCode.objects.count() == 10
    assert sum(line.count("-") == 1 and len(line.strip()) == 11 for line in printed.splitlines()) == 10


@pytest.mark.parametrize(
    ("words", "password", "problem"),
    [
        (("hanako", "花子", "jma"), "a long enough password", "AUTHORITY:ROLE"),
        (("hanako", "花子", "jma:KING"), "a long enough password", "AUTHORITY:ROLE"),
        (("hanako", "花子", ":EXAMINER"), "a long enough password", "AUTHORITY:ROLE"),
        (("hanako", "花子", "jma:EXAMINER"), "short", "13"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    words: tuple[str, ...], password: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CommandError, match=problem):
        run(*words, password=password, monkeypatch=monkeypatch)
    assert not Officer.objects.exists()


def test_a_taken_name_is_refused_in_words(monkeypatch: pytest.MonkeyPatch, transactional_db: Any) -> None:
    run("hanako", "花子", "jma:EXAMINER", monkeypatch=monkeypatch)
    with pytest.raises(CommandError, match="taken"):
        run("hanako", "花子", "jma:EXAMINER", monkeypatch=monkeypatch)
    assert Officer.objects.count() == 1


def test_an_operator_may_stand_above_the_authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    run("machine", "運用", ":OPERATOR", monkeypatch=monkeypatch)
    assert Officer.objects.get().holds("OPERATOR", "")
