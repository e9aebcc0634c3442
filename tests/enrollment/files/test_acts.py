"""What can be done to kept files, and what another authority thinks of them: nothing typed is lost by it."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from enrollment import flow, uploads
from enrollment.errors import Refused
from enrollment.models import Attachment
from ledger import clock
from tests.enrollment.files.drawn import at, noise
from tests.support.people import Applying
from vault import files

pytestmark = pytest.mark.django_db(transaction=True)
FORMER = {
    "kind": "former",
    "family_kanji": "旧姓",
    "given_kanji": "一郎",
    "family_kana": "キュウセイ",
    "given_kana": "イチロウ",
    "family_romaji": "KYUSEI",
    "given_romaji": "Ichiro",
    "shown_for": "キュウセイ/イチロウ",
}
MEDIS = {"hpki_card": "none", "qualification": "doctor", "authority": "medis"}


def names(person: Applying, slot: str) -> list[str]:
    return [row.given_name for row in uploads.kept(person.application, slot)]


@pytest.mark.requirement("PH-51")
def test_several_pictures_are_added_ordered_and_removed_without_a_script() -> None:
    person = at("name-proof", other_name=FORMER)
    for seed in (1, 2, 3):
        page = person.post("name-proof", {"file": noise(seed), "stay": "1"}).content.decode()
    assert "4枚まで添付できます（いま3枚）" in page and "もう1枚追加する" in page
    last = uploads.kept(person.application, "name_proof")[2]
    person.post("name-proof", {"act": f"earlier:{last.public_id}"})
    assert names(person, "name_proof") == ["写真1.jpeg", "写真3.jpeg", "写真2.jpeg"]
    person.post("name-proof", {"act": f"remove:{last.public_id}"})
    person.post("name-proof", {"act": f"remove:{last.public_id}"})  # pressed twice
    assert names(person, "name_proof") == ["写真1.jpeg", "写真2.jpeg"]
    kept = files.read(uploads.kept(person.application, "name_proof")[1].original_file)
    page = person.post("name-proof", {"file": SimpleUploadedFile("b.jpg", kept)}).content.decode()
    assert "同じ画像を、この欄にもう添付しています" in page
    for seed in (4, 5):
        person.post("name-proof", {"file": noise(seed), "stay": "1"})
    page = person.post("name-proof", {"file": noise(6), "stay": "1"}).content.decode()
    assert "添付できるのは4枚までです" in page and len(names(person, "name_proof")) == 4
    assert person.post("name-proof", {}).status_code == 302


def test_a_slower_tab_s_row_is_read_again_before_it_is_changed() -> None:
    """Two presses at once: the second one holds the row as it was before the first."""
    person = at("name-proof", other_name=FORMER)
    for seed in (1, 2, 3):
        person.post("name-proof", {"file": noise(seed), "stay": "1"})
    last = uploads.kept(person.application, "name_proof")[2]
    stale = Attachment.objects.get(pk=last.pk)
    for row in (last, stale):
        uploads.put_earlier(row, clock.now())
    assert names(person, "name_proof") == ["写真3.jpeg", "写真1.jpeg", "写真2.jpeg"]
    uploads.turn(last, clock.now())
    turned = Attachment.objects.get(pk=last.pk)
    uploads.remove(stale, clock.now())
    for name in (stale.shown_file, turned.shown_file, turned.original_file):
        with pytest.raises(files.FileMissing):
            files.read(name)
    with pytest.raises(Refused, match="not_now"):
        uploads.turn(turned, clock.now())
    uploads.remove(turned, clock.now())  # gone already: no error


def test_removing_a_file_keeps_what_was_typed_beside_it() -> None:
    person = at("identity")
    person.post("identity", {"file": noise(1)})
    row = Attachment.objects.get(slot="identity")
    typed = {"kind": "passport", "day_on_paper": "2030年3月1日", "act": f"remove:{row.public_id}"}
    page = person.post("identity", typed).content.decode()
    assert not Attachment.objects.filter(slot="identity").exists()
    assert 'value="2030年3月1日"' in page and "エラー" not in page.split("</title>")[0]
    for name in (row.original_file, row.shown_file):
        with pytest.raises(files.FileMissing):
            files.read(name)


@pytest.mark.requirement("PH-27")
def test_the_two_name_papers_may_be_one_and_no_other_two_slots() -> None:
    changing = {
        "registration_number": "312345",
        "registered_on": "2004-05-10",
        "is_changing_surname": "on",
    }
    person = at("name-proof", other_name=FORMER, licence=changing)
    assert person.post("name-proof", {"file": noise(5)}).status_code == 302
    person.until("licence-name-proof")
    page = person.get("licence-name-proof").content.decode()
    assert "同じ書類を使う" in page
    page = person.post("licence-name-proof", {"act": "same"}).content.decode()
    first, second = (uploads.kept(person.application, slot)[0] for slot in uploads.NAME_PAPERS)
    assert first.original_sha256 == second.original_sha256 and first.original_file != second.original_file
    assert "同じ書類を使う" not in page
    uploads.remove(first, clock.now())
    assert files.read(second.original_file)  # its own bytes, whatever happens to the other
    other = noise(1)
    person.post("licence-front", {"file": other})
    other.seek(0)
    page = person.post("licence-name-proof", {"file": other}).content.decode()
    assert "同じファイルが、ほかの欄にも添付されています" in page


@pytest.mark.requirement("PH-03")
def test_another_authority_judges_the_files_again_marks_them_and_blocks_the_way() -> None:
    person = at("name-proof", other_name=FORMER)
    for seed in (1, 2):
        person.post("name-proof", {"file": noise(seed), "stay": "1"})
    person.post("name-proof", {})
    person.until("photo")
    day = clock.today(clock.now()).isoformat()
    answers = {"taken_on": day, "is_recent": "on"}
    assert person.post("photo", {"file": noise(7, "PNG"), **answers}).status_code == 302
    told = person.post("qualification", MEDIS)
    page = person.browser.get(told["Location"]).content.decode()
    assert "次のファイルは差し替えが必要です：併記する氏名の書類、顔写真" in page
    tasks = person.browser.get(reverse("tasks")).content.decode()
    assert tasks.count("task-wrong") == 2
    page = person.get("photo").content.decode()
    assert "いまの申請先では、このファイルは使えません" in page and "画像の形式（PNG）" in page
    answer = person.post("photo", answers)
    assert answer.status_code == 200 and "画像の形式（PNG）" in answer.content.decode()
    assert "この欄のファイルは1つだけです（いま2つ）" in person.get("name-proof").content.decode()
    assert person.get(flow.CHECK)["Location"] == reverse("tasks")
    assert person.post("photo", {"file": noise(8), **answers}).status_code == 302
    row = uploads.kept(person.application, "name_proof")[1]
    person.post("name-proof", {"act": f"remove:{row.public_id}"})
    assert person.post("name-proof", {}).status_code == 302
    assert "task-wrong" not in person.browser.get(reverse("tasks")).content.decode()


@pytest.mark.requirement("PH-12")
@pytest.mark.parametrize(
    ("kind", "day", "wrong"),
    [
        ("my_number_card", "2026-11-19", "有効期限が切れています"),
        ("driving_licence", "2026-11-19", "有効期限が切れています"),
        ("passport", "2020-01-01", "有効期限が切れています"),
        ("driving_history", "2011-12-31", "2012年"),
        ("passport", "", "有効期限を入力してください"),
        ("driving_history", "", "交付日を入力してください"),
        ("my_number_card", "2036-01-01", ""),
        ("driving_history", "2012-01-01", ""),
    ],
)
def test_the_day_that_is_asked_for_follows_the_kind(kind: str, day: str, wrong: str) -> None:
    person = at("identity")
    answer = person.post("identity", {"file": noise(1), "kind": kind, "day_on_paper": day})
    assert (answer.status_code == 200) == bool(wrong) and wrong in answer.content.decode()
    if wrong:  # the file that was accepted stays; only the day is asked again
        assert Attachment.objects.get(slot="identity") and "保存済み" in answer.content.decode()
        good = {"kind": "passport", "day_on_paper": "2031-02-03"}
        assert person.post("identity", good).status_code == 302


def test_the_identity_page_wants_one_front_side_and_says_so() -> None:
    person = at("identity")
    page = person.get("identity").content.decode()
    assert "裏面（個人番号）は添付しない" in page and "表面のみ" in page and "通知カードは使えません" in page
    person.post("identity", {"file": noise(1)})
    person.post("identity", {"file": noise(2)})
    assert names(person, "identity") == ["写真2.jpeg"]


@pytest.mark.requirement("PH-14")
def test_the_licences_back_and_the_paper_of_a_new_surname_are_asked_where_they_apply() -> None:
    person = at("licence")

    def asked(**ticks: str) -> set[str]:
        licence = {"registration_number": "312345", "registered_on": "2004-05-10", **ticks}
        assert person.post("licence", licence).status_code == 302
        page = person.browser.get(reverse("tasks")).content.decode()
        return {
            slug for slug in ("licence-front", "licence-back", "licence-name-proof") if f"/{slug}/" in page
        }

    assert asked() == {"licence-front"}
    assert asked(has_notes_on_back="on") == {"licence-front", "licence-back"}
    assert asked(is_changing_surname="on") == {"licence-front", "licence-name-proof"}


def test_a_part_of_the_page_answers_a_file_that_is_sent_at_once() -> None:
    person = at("photo")
    url = reverse("give_file", args=["photo"])
    part = person.browser.post(url, {"file": noise(1)})
    words = part.content.decode()
    assert part["X-Inkan-Part"] == "file" and "<html" not in words and "保存済み" in words
    assert not person.application.answers.filter(step="photo").exists()
    wrong = person.browser.post(url, {"file": noise(2, size=(300, 300))}).content.decode()
    assert "画像サイズが不足しています" in wrong and "data-summary" in wrong and "撮影日を入力" not in wrong
    row = Attachment.objects.get(slot="photo")
    gone = person.browser.post(url, {"act": f"remove:{row.public_id}"}).content.decode()
    assert "保存済み" not in gone and "を選んでください" not in gone
    for slug in ("names", "nothing", "done"):
        assert person.browser.post(reverse("give_file", args=[slug]), {"file": noise(3)}).status_code == 404


@pytest.mark.parametrize(
    "act", ["", "remove", "remove:x", "remove:", "turn:\x00", "same", "no:1", "earlier:1"]
)
def test_an_act_that_no_button_has_changes_nothing(act: str) -> None:
    person = at("licence-front")
    person.post("licence-front", {"file": noise(1), "stay": "1"})
    before = Attachment.objects.values().get()
    answer = person.post("licence-front", {"act": act})
    assert answer.status_code in (200, 409) and Attachment.objects.values().get() == before


def test_what_the_script_says_is_in_the_page_but_not_in_its_words() -> None:
    """Escaped as JSON: a test or a reader of the page does not take it for something that was said."""
    page = at("photo").get("photo").content.decode()
    assert "ファイル容量が4MBを超えています" not in page
    words = page.split('data-words="')[1].split('"')[0].replace("&quot;", '"')
    assert "ファイル容量が4MBを超えています" in json.loads(words)["file_size"]
