"""⑨ to ⑪: what was seen and read is what is signed; consents by version; the price of the day."""

import io
from datetime import date

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from deploy.demo import pictures
from enrollment import authorities, drafts, flow, statement, submission
from enrollment.errors import Refused
from enrollment.models import Application, StepAnswers
from ledger import clock
from tests.support.people import Applying

pytestmark = pytest.mark.django_db


@pytest.mark.requirement("ST-08", "K-01", "CA-05")
def test_the_check_page_leads_every_group_to_the_page_that_holds_it() -> None:
    person = Applying(membership={"member": "no"})
    person.until(flow.CHECK)
    page = person.get(flow.CHECK).content.decode()
    # seed 001 step 9 sends the photo to ⑥ and the mail to ⑦; the page that holds it is another (K-01)
    for slug in (
        *("qualification", "card-check", "names", "other-name", "home", "licence", "licence-front"),
        *("membership", "card-pin", "workplace", "delivery", "photo", "identity", "email"),
    ):
        assert f'href="{reverse("step", args=[slug])}?from=check"' in page, slug
    for words in (
        *("青木　一郎", "1978年4月1日（昭和53年4月1日）", "312345", "2004年5月10日（平成16年5月10日）"),
        *("見本診療所", "〒100-0014", "運転免許証", person.person.email, "設定済み（表示されません）"),
        "5,500円 → 0円（費用減免中）",
    ):
        assert words in page, words
    assert page.count('class="summary-picture"') == 3 and "8305" not in page
    saved = person.browser.post(f"{reverse('step', args=['email'])}?from=check", person.answers("email"))
    assert saved.url == reverse("step", args=[flow.CHECK])


@pytest.mark.requirement("K-06")
def test_the_first_number_of_the_photo_s_size_is_its_height() -> None:
    person = Applying()
    person.until("photo")
    assert "縦531×横413" in person.get("photo").content.decode()
    for size, is_taken in (((531, 413), False), ((413, 531), True)):  # Pillow says width first
        buffer = io.BytesIO()
        picture = Image.effect_noise(size, 60).convert("RGB")
        picture.save(buffer, "JPEG")
        given = person.answers("photo") | {"file": SimpleUploadedFile("p.jpg", buffer.getvalue())}
        page = person.post("photo", given)
        assert ("縦413×横531" not in page.content.decode()) is is_taken
        assert person.application.attachments.filter(slot="photo").exists() is is_taken


@pytest.mark.requirement("ST-09")
def test_what_another_tab_changes_while_the_check_page_is_open_is_looked_at_once_more() -> None:
    person = Applying()
    person.until(flow.CHECK)
    seen = person.seen(flow.CHECK)
    other = (pictures.folder(settings.HOME, "dentist") / "photo.jpg").read_bytes()
    person.post("photo", person.answers("photo") | {"file": SimpleUploadedFile("b.jpg", other)})
    page = person.post(flow.CHECK, {"seen": seen}).content.decode()
    assert "この画面を開いたあとで、申請の内容が変わりました" in page and "<title>エラー：" in page
    assert person.post(flow.CHECK).status_code == 200  # nothing said about what was seen
    assert person.do(flow.CHECK).url == reverse("step", args=[flow.CONSENT])


@pytest.mark.requirement("ST-09")
def test_rows_that_change_behind_the_check_page_are_never_frozen() -> None:
    person = Applying()
    person.until(flow.CONSENT)
    row = StepAnswers.objects.get(application=person.application, step="delivery")
    row.data = {**row.data, "values": {**row.data["values"], "phone": "0312345678"}, "raw": {}}
    row.save()
    page = person.do(flow.CONSENT).content.decode()
    assert "署名する内容が変わりました" in page
    assert not person.application.statements.exists()
    assert flow.first_open(drafts.load(person.application, clock.now())).slug == flow.CHECK


@pytest.mark.requirement("ST-09")
def test_the_statement_holds_the_digest_of_what_was_seen() -> None:
    person = Applying()
    person.until(flow.CONSENT)
    seen = str(drafts.answers(person.application, flow.CHECK)["shown"])
    person.do(flow.CONSENT)
    frozen = person.application.statements.get()
    assert len(seen) == 64 and statement.read(frozen.content)["checked_sha256"] == seen


@pytest.mark.requirement("CA-16")
def test_one_box_agrees_to_all_and_the_server_says_what_is_missing() -> None:
    person = Applying()
    person.until(flow.CONSENT)
    page = person.get(flow.CONSENT).content.decode()
    assert page.count('type="checkbox"') == 1 and "すべての確認事項に同意する" in page
    assert "disabled" not in page.split("</form>")[1]
    for item in authorities.consents("jma", clock.today(clock.now())):
        assert item.title in page and item.text in page
    refused = person.post(flow.CONSENT, {"asked": person.seen(flow.CONSENT)}).content.decode()
    assert "チェックを入れてください" in refused and "<title>エラー：" in refused
    assert not person.application.statements.exists()
    assert "<title>エラー：" not in person.get(flow.CONSENT).content.decode()


@pytest.mark.requirement("CA-16", "CA-17")
def test_versions_and_the_moment_of_the_consent_are_signed_and_differ_by_authority() -> None:
    person = Applying()
    person.until(flow.SIGN)
    first = statement.read(person.application.statements.get().content)
    assert {"id": "jma-terms", "version": "2024-06"} in first["consents"]
    assert {"id": "remote-key", "version": "2025-04"} in first["consents"]
    agreed = drafts.answers(person.application, flow.CONSENT)["agreed_at"]
    assert first["agreed_at"] == agreed
    choice = {"hpki_card": "none", "qualification": "doctor", "authority": "medis"}
    person.post("qualification", choice)
    assert drafts.answers(person.application, flow.CONSENT) == {}
    person.until(flow.SIGN)
    second = statement.read(person.application.statements.get().content)
    names = {item["id"] for item in second["consents"]}
    assert "medis-terms" in names and "jma-terms" not in names and second["agreed_at"] != agreed


@pytest.mark.requirement("CA-16")
def test_a_draft_begun_under_older_terms_is_told_what_changed_clause_by_clause() -> None:
    person = Applying()
    person.until(flow.CONSENT)
    assert "変わったところ" not in person.get(flow.CONSENT).content.decode()
    Application.objects.update(created_at=clock.now().replace(year=2025, month=3, day=1))
    assert (
        "確認事項には、申請の入力を始めたあとで変わったところがあります"
        in person.get(flow.CHECK).content.decode()
    )
    page = person.get(flow.CONSENT).content.decode()
    changes = page[page.index('id="changes-title"') : page.index('<section class="card">')]
    assert changes.count("<ins>") == 1 and "2025年4月から" in changes and "<del>" not in changes
    assert "外に取り出せない形で保管" not in changes  # what is kept is not said again


@pytest.mark.requirement("CA-16")
def test_what_is_agreed_to_is_what_stood_on_the_page() -> None:
    person = Applying()
    person.until(flow.CONSENT)
    page = person.post(flow.CONSENT, {"agree": "on", "asked": "jma-terms@2020-01"}).content.decode()
    assert "確認事項が新しくなりました" in page and not person.application.statements.exists()


@pytest.mark.requirement("CA-16")
def test_changes_name_what_is_new_gone_and_worded_anew() -> None:
    old, new = date(2025, 3, 31), date(2025, 4, 1)
    jma = [(item.id, item.version) for item in authorities.consents("jma", old)]
    assert [change.kind for change in authorities.consent_changes(jma, "jma", new)] == ["changed"]
    assert authorities.consent_changes(jma, "jma", old) == ()
    kinds = [change.kind for change in authorities.consent_changes(jma, "medis", old)]
    assert kinds == ["added", "added", "removed", "removed"]


@pytest.mark.requirement("CA-05")
def test_a_price_that_changes_between_freezing_and_signing_is_agreed_to_anew_and_a_sent_one_stays() -> None:
    person = Applying(
        "pharmacist",
        qualification={"hpki_card": "none", "qualification": "pharmacist", "authority": "jpa"},
        membership={"member": "no"},
    )
    person.until(flow.SIGN)
    assert "26,400円" in person.get(flow.SIGN).content.decode()
    row = person.application.answers.get(step="membership")
    row.data = {**row.data, "raw": {"member": ["yes"]}, "values": {"member": "yes"}}
    row.save()
    response = person.read_card(person.get(flow.SIGN))
    assert "署名する内容が変わりました" in person.answer(response).content.decode()
    sent = person.submit()
    assert sent.price == 19_800
    assert statement.read(sent.statements.get(round=1).content)["price"] == 19_800
    sent.refresh_from_db()
    assert sent.price == 19_800 and "19,800円" in person.get(flow.DONE).content.decode()


@pytest.mark.requirement("ST-11")
def test_back_reload_and_a_lost_answer_after_sending_end_at_the_same_receipt() -> None:
    person = Applying()
    person.until(flow.SIGN)
    response = person.read_card(person.get(flow.SIGN))
    person.answer(response)
    done = reverse("step", args=[flow.DONE])
    receipt = str(person.application.receipt_number)
    for slug in (flow.SIGN, flow.CHECK, "photo"):  # Back
        assert person.get(slug).url == done
    assert person.answer(response).url == done  # the answer was lost, the reader sends it again
    Application.objects.update(state="in_review")  # … an hour later
    assert person.answer(response).url == done
    for _reload in range(2):
        page = person.get(flow.DONE).content.decode()
        assert receipt in page and "申請情報の送信完了" in page and "data-copy" in page
    assert Application.objects.count() == 1


@pytest.mark.requirement("ST-20")
def test_a_pending_signature_belongs_to_the_account_that_began_it() -> None:
    person, other = Applying(), Applying("dentist")
    person.until(flow.SIGN)
    response = person.read_card(person.get(flow.SIGN))
    other.sign_in()
    person.browser.cookies[settings.APPLICANT_COOKIE_NAME] = other.browser.cookies[
        settings.APPLICANT_COOKIE_NAME
    ].value
    assert person.answer(response).status_code == 409
    assert not Application.objects.exclude(receipt_number=None).exists()


@pytest.mark.requirement("ST-02")
def test_freezing_is_refused_where_a_step_is_missing() -> None:
    person = Applying()
    person.until("photo")
    with pytest.raises(Refused, match="incomplete"):
        submission.freeze(person.application, clock.now())
