"""Signed and handed in: exactly the frozen bytes, by the same card, once."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from django.urls import reverse

from cards import cms
from cards.exchange import to_json
from enrollment import drafts, flow, review, statement, submission
from enrollment.applicants import receipts
from enrollment.errors import Refused
from enrollment.flow import State
from enrollment.models import Application, SealedPin, Statement, TimelineEntry
from ledger import clock
from ledger.models import Entry
from outbox.models import Job, Mail, Notice
from tests.support import cases
from tests.support.people import Applying, submitted_application

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("authority", "qualification"), [("jma", "doctor"), ("medis", "dentist"), ("jpa", "pharmacist")]
)
@pytest.mark.requirement("ST-01", "ST-11")
def test_each_authority_s_own_fields_lead_to_the_receipt(authority: str, qualification: str) -> None:
    application = submitted_application(authority, qualification)
    assert application.state == State.SUBMITTED and application.round == 1
    assert receipts.is_right(application.receipt_number or "")
    job = Job.objects.get(kind="enrollment.submitted")
    assert (job.subject, job.queue) == (str(application.public_id), f"review-{authority}")
    assert [row.kind for row in TimelineEntry.objects.order_by("pk")] == ["begin", "submit"]
    assert Entry.objects.get(kind="application.submit").subject == str(application.public_id)
    asked = drafts.all_answers(application)
    assert ("card-pin" in asked) is False and ("membership" in asked) == (authority != "medis")


@pytest.mark.requirement("ST-30")
def test_the_applicant_is_told_and_the_mail_names_nobody() -> None:
    person = Applying()
    application = person.submit()
    notice = Notice.objects.get(owner=person.applicant.public_id)
    assert application.receipt_number and application.receipt_number in notice.title
    mail = Mail.objects.get(kind="n1")
    for text in (
        person.person.name,
        *person.person.name.split("　"),
        person.person.address,
        person.person.kana,
    ):
        assert text not in mail.body and text not in mail.subject


@pytest.mark.requirement("ST-09", "CA-05", "CA-16", "CA-19")
def test_what_was_signed_holds_everything_that_was_shown(tmp_path: Path) -> None:
    application = Applying().submit()
    frozen = application.statements.get()
    facts = statement.read(frozen.content)
    assert facts["answers"]["card"]["name"] == "青木　一郎"
    assert facts["declarations"]["holds_no_hpki_card"] is True
    assert facts["authentication_certificate_sha256"] == bytes(application.certificate_fingerprint).hex()
    assert {item["id"] for item in facts["consents"]} >= {"jma-terms", "jma-privacy"}
    assert {file["slot"] for file in facts["files"]} == {"photo", "identity", "licence_front"}
    assert facts["price"] == application.price == 0
    assert "8305" not in frozen.content.decode()
    assert cms.verify(bytes(frozen.cms or b""), frozen.content) == frozen.signature_certificate
    _openssl_agrees(tmp_path, bytes(frozen.cms or b""), frozen.content)


def _openssl_agrees(folder: Path, signed: bytes, content: bytes) -> None:
    """A foreign witness: the kept CMS is a signature over exactly these bytes."""
    (folder / "cms.der").write_bytes(signed)
    (folder / "content").write_bytes(content)
    command = [
        "openssl",
        "cms",
        "-verify",
        "-binary",
        "-inform",
        "DER",
        "-in",
        "cms.der",
        "-content",
        "content",
    ]
    done = subprocess.run(
        [*command, "-noverify", "-out", "/dev/null"], cwd=folder, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.requirement("ST-11")
def test_a_double_click_is_one_submission() -> None:
    person = Applying()
    person.until(flow.SIGN)
    response = person.read_card(person.get(flow.SIGN))
    for _click in range(2):
        assert person.answer(response).url == reverse("step", args=[flow.DONE])
    assert Application.objects.count() == Job.objects.filter(kind="enrollment.submitted").count() == 1
    page = person.get(flow.DONE).content.decode()
    assert "申請情報の送信完了" in page and str(person.application.receipt_number) in page


@pytest.mark.requirement("ST-23")
def test_another_card_at_the_signature_is_refused_and_nothing_is_lost() -> None:
    person = Applying()
    person.until(flow.SIGN)
    page = person.answer(person.read_card(person.get(flow.SIGN), card="dentist"))
    assert "ログインに使用したマイナンバーカードをセットしてください" in page.content.decode()
    assert person.application.state == State.DRAFT
    assert person.do(flow.SIGN).status_code == 302


@pytest.mark.requirement("ST-10")
def test_a_revoked_signature_certificate_is_refused_with_the_way_on() -> None:
    person = Applying("revoked")
    person.until(flow.SIGN)
    page = person.do(flow.SIGN).content.decode()
    assert "失効しています" in page and "市区町村の窓口" in page
    assert person.application.state == State.DRAFT and submission.waiting(person.application) is not None


@pytest.mark.requirement("ST-10")
def test_somebody_else_s_signature_certificate_is_refused() -> None:
    """The right authentication certificate beside another person's signature."""
    person, other = Applying(), Applying("maiden-name")
    person.until(flow.SIGN)
    page = person.get(flow.SIGN)
    mine, theirs = person.read_card(page), other.read_card(page)
    mixed = replace(mine, signature=theirs.signature, signature_certificate=theirs.signature_certificate)
    content = person.answer(mixed).content.decode()
    assert "読み取った本人情報と一致しません" in content
    assert person.application.state == State.DRAFT


def test_a_signature_over_other_bytes_is_refused() -> None:
    person = Applying()
    person.until(flow.SIGN)
    response = person.read_card(person.get(flow.SIGN))
    broken = replace(response, signature=bytes(reversed(response.signature)))
    assert "署名を確認できませんでした" in person.answer(broken).content.decode()
    assert person.application.state == State.DRAFT


@pytest.mark.requirement("ST-09")
def test_a_change_between_showing_and_signing_voids_the_signature() -> None:
    person = Applying()
    person.until(flow.SIGN)
    response = person.read_card(person.get(flow.SIGN))
    person.post("membership", {"member": "no"})
    assert "署名する内容が変わりました" in person.answer(response).content.decode()
    assert person.application.state == State.DRAFT


@pytest.mark.requirement("NM-06", "NM-07")
def test_variants_and_declared_substitutes_are_the_same_person() -> None:
    application = Applying("variant-kanji").submit()
    assert application.state == State.SUBMITTED


def test_the_price_of_a_member_and_of_others_is_kept() -> None:
    other = Applying("pharmacist", qualification=_choice("pharmacist", "jpa"), membership={"member": "no"})
    assert other.submit().price == 26_400


def _choice(qualification: str, authority: str) -> dict[str, str]:
    return {"hpki_card": "none", "qualification": qualification, "authority": authority}


@pytest.mark.requirement("ST-14")
def test_a_returned_application_opens_only_the_named_fields_and_is_signed_anew() -> None:
    person = Applying()
    application = person.submit()
    first = application.statements.get()
    _return(application, "licence", "registration_number")
    person.post("home", {"postal_code": "1000001"})
    assert drafts.answers(application, "home") == {"postal_code": person.person.postal_code}
    person.post("licence", {"registration_number": "222222", "registered_on": "2010-01-01"})
    licence = drafts.answers(application, "licence")
    assert licence["registration_number"] == "222222"
    assert licence["registered_on"] == person.person.registration_date.isoformat()
    again = person.submit()
    assert (again.state, again.round, again.receipt_number) == (
        State.SUBMITTED,
        2,
        application.receipt_number,
    )
    second = again.statements.get(round=2)
    facts = statement.read(second.content)
    assert facts["previous_sha256"] == bytes(first.sha256).hex() and facts["round"] == 2
    assert Job.objects.filter(kind="enrollment.submitted").count() == 2
    assert Statement.objects.exclude(signed_at=None).count() == 2


def _return(application: Application, step: str, field: str) -> None:
    """An examiner asks for one correction."""
    examiner = cases.officer("examiner", (application.authority, "EXAMINER"))
    review.claim(application, examiner, clock.now())
    wanted = review.Correction(step, field, "differs", "")
    review.return_to_applicant(application, examiner, [wanted], clock.now())


@pytest.mark.requirement("ST-13", "ST-35")
def test_withdrawing_ends_it_and_a_new_application_may_begin() -> None:
    person = Applying()
    application = person.submit()
    url = reverse("withdraw", args=[application.public_id])
    assert "取り下げますか" in person.browser.get(url).content.decode()
    assert person.browser.post(url).url == reverse("status")
    application.refresh_from_db()
    assert application.state == State.WITHDRAWN
    assert person.browser.post(url).status_code == 409
    assert "新しい申請" in person.browser.get(reverse("tasks")).content.decode()
    person.browser.post(reverse("tasks"))
    assert Application.objects.count() == 2


@pytest.mark.requirement("CA-10")
def test_who_holds_a_certificate_does_not_apply_again() -> None:
    person = Applying()
    application = person.submit()
    officers = [cases.officer(name, ("jma", "EXAMINER")) for name in ("one", "two")]
    Application.objects.filter(pk=application.pk).update(
        state=State.ISSUED, recommended_by=officers[0], approved_by=officers[1]
    )
    assert "すでに電子証明書が発行されています" in person.browser.get(reverse("tasks")).content.decode()
    with pytest.raises(Refused, match="already_issued"):
        drafts.begin(person.session, clock.now())


def test_an_answer_for_a_statement_that_is_gone_changes_nothing() -> None:
    person = Applying()
    person.until(flow.SIGN)
    response = person.read_card(person.get(flow.SIGN))
    Statement.objects.all().delete()
    page = person.browser.post(reverse("card_answer"), {"response": to_json(response)})
    assert page.status_code == 409 and person.application.state == State.DRAFT


@pytest.mark.requirement("PH-52")
def test_a_photo_that_has_grown_too_old_before_the_signature_stops_it() -> None:
    person = Applying()
    person.until(flow.SIGN)
    response = person.read_card(person.get(flow.SIGN))
    row = person.application.answers.get(step="photo")
    row.data = {**row.data, "raw": {**row.data["raw"], "taken_on": ["2020-01-01"]}}
    row.save()
    assert "まだ終わっていない手順" in person.answer(response).content.decode()
    assert person.application.state == State.DRAFT
    draft = drafts.load(person.application, clock.now())
    assert flow.first_open(draft).slug == "photo"


@pytest.mark.requirement("DQ-23")
def test_withdrawing_erases_the_pin_and_the_files() -> None:
    application = Applying().submit()
    assert application.attachments.count() == 3 and SealedPin.objects.exists()
    submission.withdraw(application, clock.now())
    assert application.attachments.count() == 0 and not SealedPin.objects.exists()


def test_a_forged_value_and_a_refused_card_are_written_down() -> None:
    person = Applying()
    person.until("qualification")
    person.post("qualification", {"hpki_card": "none", "qualification": "dentist", "authority": "jma"})
    person.do("qualification")
    person.answer(person.read_card(person.get("card"), card="dentist"))
    codes = [entry.data["code"] for entry in Entry.objects.filter(kind="applicant.refused").order_by("pk")]
    assert codes == ["pair_closed", "other_card"]
