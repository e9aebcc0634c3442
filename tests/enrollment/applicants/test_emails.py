"""The address and its code; the card PIN that only the authority can open."""

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from deploy.demo import authority_keys
from enrollment.applicants import card_pins, emails
from enrollment.errors import Refused
from enrollment.models import Applicant, EmailCode, SealedPin
from ledger import clock
from outbox.models import Mail
from tests.support.people import Applying

pytestmark = pytest.mark.django_db
ADDRESS = "hanako@example.jp"


@pytest.fixture
def applicant() -> Applicant:
    return Applicant.objects.create(created_at=clock.now())


def newest_code() -> str:
    body = Mail.objects.latest("pk").body
    return body.split("：")[1][:6]


@pytest.mark.requirement("DQ-19", "DQ-20", "ST-31")
def test_the_code_from_the_mail_confirms_the_address(applicant: Applicant) -> None:
    now = clock.now()
    emails.send_code(applicant, ADDRESS, now)
    code = newest_code()
    mail = Mail.objects.get()
    assert mail.recipient == ADDRESS and "10分間" in mail.body and "心当たりがない場合" in mail.body
    assert code.encode() not in bytes(EmailCode.objects.get().code_digest)
    emails.confirm(applicant, ADDRESS, f" {code[:3]} {code[3:]} ", now)
    applicant.refresh_from_db()
    assert emails.is_confirmed(applicant, ADDRESS)
    assert not emails.is_confirmed(applicant, "other@example.jp")
    with pytest.raises(Refused, match="code_gone"):
        emails.confirm(applicant, ADDRESS, code, now)


@pytest.mark.requirement("DQ-20")
def test_five_wrong_codes_end_it_even_for_the_right_one(applicant: Applicant) -> None:
    now = clock.now()
    emails.send_code(applicant, ADDRESS, now)
    code = newest_code()
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    left = []
    for _try in range(5):
        with pytest.raises(Refused) as refused:
            emails.confirm(applicant, ADDRESS, wrong, now)
        left.append((refused.value.code, refused.value.detail.get("tries_left")))
    assert left == [
        ("code_wrong", 4),
        ("code_wrong", 3),
        ("code_wrong", 2),
        ("code_wrong", 1),
        ("code_gone", 0),
    ]
    with pytest.raises(Refused, match="code_gone"):
        emails.confirm(applicant, ADDRESS, code, now)


@pytest.mark.requirement("DQ-20")
def test_a_code_dies_after_ten_minutes_and_with_the_next_one(applicant: Applicant) -> None:
    now = clock.now()
    emails.send_code(applicant, ADDRESS, now)
    first = newest_code()
    with pytest.raises(Refused, match="code_gone"):
        emails.confirm(applicant, ADDRESS, first, now + timedelta(minutes=10))
    emails.send_code(applicant, ADDRESS, now + timedelta(seconds=60))
    assert EmailCode.objects.filter(spent_at=None).count() == 1


@pytest.mark.requirement("DQ-20")
def test_the_next_code_comes_after_a_minute_and_five_in_an_hour(applicant: Applicant) -> None:
    now = clock.now()
    emails.send_code(applicant, ADDRESS, now)
    with pytest.raises(Refused) as refused:
        emails.send_code(applicant, ADDRESS, now + timedelta(seconds=59))
    assert (refused.value.code, refused.value.detail["seconds"]) == ("code_too_soon", 2)
    for minute in range(1, 5):
        emails.send_code(applicant, ADDRESS, now + timedelta(minutes=minute))
    with pytest.raises(Refused, match="code_too_often"):
        emails.send_code(applicant, ADDRESS, now + timedelta(minutes=6))
    emails.send_code(applicant, ADDRESS, now + timedelta(minutes=61))


@pytest.mark.requirement("DQ-21")
def test_a_changed_address_is_unconfirmed_again_and_blocks_the_way() -> None:
    person = Applying()
    person.until("check")
    person.post("email", {"address": "other@example.jp"})
    assert person.get("check").url == reverse("tasks")
    assert "other@example.jp" in person.get("email-code").content.decode()


@pytest.mark.requirement("DQ-28")
def test_the_code_s_page_names_the_sender_and_the_remedy_and_sends_again() -> None:
    person = Applying()
    person.until("email-code")
    page = person.get("email-code").content.decode()
    assert "no-reply@" in page and "ドメイン指定" in page
    assert person.browser.post(reverse("resend_code")).url.startswith(
        reverse("step", args=["email-code"]) + "?wait="
    )
    EmailCode.objects.update(created_at=clock.now() - timedelta(seconds=61))
    assert person.browser.post(reverse("resend_code")).url.endswith("?sent=1")


@pytest.mark.requirement("DQ-23")
def test_the_card_pin_opens_for_the_authority_alone(tmp_path: Path) -> None:
    """openssl, as the card maker would use it, with the demo's private key."""
    authority_keys.make(settings.HOME)
    (tmp_path / "pin.der").write_bytes(card_pins.enveloped("jma", "8305"))
    for code, opens in (("jma", True), ("medis", False)):
        key, certificate = (
            settings.HOME / "card-maker" / f"{code}.key",
            settings.HOME / "authorities" / f"{code}.pem",
        )
        command = [
            "openssl",
            "cms",
            "-decrypt",
            "-inform",
            "DER",
            "-in",
            "pin.der",
            "-inkey",
            key,
            "-recip",
            certificate,
        ]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
        assert (done.returncode == 0 and done.stdout == b"8305") is opens


@pytest.mark.requirement("DQ-23")
def test_the_pin_is_in_no_answer_and_on_no_page() -> None:
    person = Applying()
    person.until("workplace")
    assert not person.application.answers.filter(step="card-pin").exists()
    sealed = SealedPin.objects.get()
    assert b"8305" not in bytes(sealed.sealed)
    assert "8305" not in person.get("card-pin").content.decode()
    assert "設定済み" in person.get("card-pin").content.decode()


def test_without_the_authority_s_certificate_nothing_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    person = Applying()
    person.until("card-pin")
    monkeypatch.setattr(settings, "HOME", tmp_path)
    page = person.post("card-pin").content.decode()
    assert "いまお預かりできません" in page
    assert not SealedPin.objects.exists()
