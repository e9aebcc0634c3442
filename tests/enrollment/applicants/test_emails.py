"""The address and its code; the card PIN that only the authority can open."""

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from deploy.demo import authority_keys
from enrollment import drafts, flow, notices, submission
from enrollment.applicants import card_pins, emails
from enrollment.errors import Refused
from enrollment.models import Applicant, Application, EmailCode, SealedPin
from ledger import clock
from outbox.models import Job, Mail, Notice
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


@pytest.mark.requirement("DQ-20", "DQ-28")
def test_the_code_s_page_names_the_sender_and_the_remedy_and_sends_again() -> None:
    person = Applying()
    person.until("email")
    page = person.get("email").content.decode()
    assert "ご本人のメールアドレス" in page and "ドメイン指定" in page
    person.until("email-code")
    page = person.get("email-code").content.decode()
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
    assert f"「{domain}」を受信できるように" in page and "ドメイン指定" in page
    assert page.count('autocomplete="one-time-code"') == 1 and 'inputmode="numeric"' in page
    waiting = person.browser.post(reverse("resend_code"), follow=True).content.decode()
    assert "秒待つと再送できます" in waiting and EmailCode.objects.count() == 1
    EmailCode.objects.update(created_at=clock.now() - timedelta(seconds=61))
    again = person.browser.post(reverse("resend_code"), follow=True).content.decode()
    assert "確認コードを送りました" in again and EmailCode.objects.count() == 2


@pytest.mark.requirement("DQ-20")
def test_five_codes_in_an_hour_are_told_in_minutes() -> None:
    person = Applying()
    person.until("email-code")
    at = clock.now()
    for minute in (2, 4, 6, 8):
        row = EmailCode.objects.latest("pk")
        row.pk, row.created_at = None, at - timedelta(minutes=minute)
        row.save()
    page = person.browser.post(reverse("resend_code"), follow=True).content.decode()
    assert "1時間に5回まで" in page and "あと52分" in page


@pytest.mark.requirement("DQ-20")
def test_a_mistyped_length_costs_no_try_and_a_wrong_code_says_how_many_are_left() -> None:
    person = Applying()
    person.until("email-code")
    page = person.post("email-code", {"code": "1234５"}).content.decode()
    assert "6桁の数字です（入力されたのは5桁です）" in page
    assert EmailCode.objects.latest("pk").attempts == 0
    wrong = f"{(int(person.code()) + 1) % 1_000_000:06d}"
    page = person.post("email-code", {"code": wrong}).content.decode()
    assert "あと4回" in page and "<title>エラー：" in page and 'href="#id_code"' in page


@pytest.mark.requirement("DQ-20")
def test_a_mail_that_could_not_be_handed_over_is_told() -> None:
    person = Applying()
    person.until("email-code")
    assert "まだ送れていません" not in person.get("email-code").content.decode()
    mail = Mail.objects.get(kind="n2")
    Mail.objects.filter(pk=mail.pk).update(sent_at=None)
    job = Job.objects.get(subject=str(mail.public_id))
    Job.objects.filter(pk=job.pk).update(attempts=1, last_error="SMTPConnectError", state="ready")
    page = person.get("email-code").content.decode()
    assert "確認コードのメールを、まだ送れていません" in page and "自動で繰り返します" in page


@pytest.mark.requirement("DQ-19")
def test_a_registered_address_is_shown_and_not_asked_again() -> None:
    person = Applying()
    application = person.submit()
    submission.withdraw(application, clock.now())
    person.browser.post(reverse("tasks"))
    person.until("email")
    assert f'value="{person.person.email}"' in person.get("email").content.decode()
    page = person.post("email")
    assert page.url == reverse("step", args=[flow.CHECK])  # no new code
    assert EmailCode.objects.count() == 1


@pytest.mark.requirement("DQ-21", "DQ-28")
def test_the_address_is_changed_from_the_account_and_the_old_one_is_warned() -> None:
    person = Applying()
    person.until(flow.SIGN)
    old = person.person.email
    status = person.browser.get(reverse("status")).content.decode()
    assert reverse("account_address") in status and old in status
    page = person.browser.post(reverse("account_address"), {"address": "new@example.jp"}).content.decode()
    assert "秒待つと再送できます" in page and 'value="new@example.jp"' in page  # a code was sent just now
    EmailCode.objects.update(created_at=clock.now() - timedelta(seconds=61))
    page = person.browser.post(reverse("account_address"), {"address": "new@example.jp"})
    assert page.url == reverse("account_code")
    person.applicant.refresh_from_db()
    assert person.applicant.email == old and person.applicant.wants_reminders is False
    assert "new@example.jp" in person.browser.get(reverse("account_code")).content.decode()
    wrong = person.browser.post(reverse("account_code"), {"code": "000000"}).content.decode()
    assert "確認コードが違います" in wrong or newest_code() == "000000"
    assert person.browser.post(reverse("account_code"), {"code": newest_code()}).url == reverse("status")
    applicant = Applicant.objects.get()
    assert applicant.email == "new@example.jp" and applicant.email_verified_at is not None
    told = Mail.objects.get(kind="address")
    assert told.recipient == old and "new@example.jp" not in told.body
    assert Notice.objects.filter(owner=applicant.public_id, kind="address").count() == 1
    # ⑧ follows, and what was agreed to is agreed to anew
    assert drafts.answers(person.application, "email")["address"] == "new@example.jp"
    assert person.get(flow.SIGN).url == reverse("tasks")
    assert flow.first_open(drafts.load(person.application, clock.now())).slug == flow.CHECK


def test_the_same_address_needs_no_code_and_a_wrong_one_is_told_beside_its_field() -> None:
    person = Applying()
    person.until("check")
    url = reverse("account_address")
    assert person.browser.post(url, {"address": person.person.email}).url == reverse("status")
    page = person.browser.post(url, {"address": "no address"}).content.decode()
    assert "<title>エラー：" in page and 'href="#id_address"' in page
    assert EmailCode.objects.count() == 1


@pytest.mark.requirement("DQ-28")
def test_without_reminders_results_are_mailed_all_the_same() -> None:
    person = Applying(email={"wants_reminders": ""})
    application = person.submit()
    assert person.applicant.wants_reminders is False
    until = clock.now() + timedelta(days=7)
    Application.objects.filter(pk=application.pk).update(return_until=until)
    application.refresh_from_db()
    with transaction.atomic():
        notices.return_reminder(application)
        notices.returned(application, ["x"], until)
        notices.completed(application, "/r/x/", "secret", until, "x", person_id="2345ABCDEF")
    kinds = set(Mail.objects.values_list("kind", flat=True))
    assert {"n1", "n3", "n5"} <= kinds and "n4" not in kinds
    assert Notice.objects.filter(kind="n4").count() == 1


@pytest.mark.requirement("DQ-23")
def test_the_card_pin_opens_for_the_authority_alone(tmp_path: Path) -> None:
    """openssl, as the card maker would use it, with the demo's private key."""
    authority_keys.make(settings.HOME)
    (tmp_path / "pin.der").write_bytes(card_pins.enveloped("jma", b"8305"))
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
