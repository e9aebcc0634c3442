"""The desk's pages of orders: what an officer reads, decides, and never sees."""

from typing import Any

import pytest
from django.urls import reverse

from enrollment.models import CertificateOrder
from ledger import clock
from ledger.models import Entry
from tests.enrollment.desk.test_desk import desk
from tests.enrollment.orders import lives
from tests.support import cases

pytestmark = pytest.mark.django_db


def order(**changes: Any) -> CertificateOrder:
    holder = lives.holder(f"30{CertificateOrder.objects.count() + 1:04d}")
    fields: dict[str, Any] = {
        "kind": "card_holder",
        "authority": "jma",
        "qualification": "doctor",
        "registration_number": holder.registration_number,
        "person": holder.public_id,
        "person_id": holder.person_id,
        "holder": holder,
        "means": "hpki_card",
        "subject": {
            "name_kanji": "所持\u3000太郎",
            "family_romaji": "SHOJI",
            "given_romaji": "Taro",
            "birth_date": "1970-01-02",
        },
        "created_at": clock.now(),
        "changed_at": clock.now(),
    }
    return CertificateOrder.objects.create(**{**fields, **changes})


def page(row: CertificateOrder) -> str:
    return reverse("admin:enrollment_order", args=[row.public_id])


@pytest.mark.requirement("BD-12", "RV-4")
def test_the_worklist_names_nobody_and_shows_ones_own_authority_only() -> None:
    mine = order()
    other = order(authority="medis", holder=None, person_id="MEDISONE")
    client = desk(cases.officer("examiner", ("jma", "EXAMINER")))
    text = client.get(reverse("admin:enrollment_certificateorder_changelist")).content.decode()
    assert mine.person_id in text
    assert other.person_id not in text
    assert "太郎" not in text
    for query in ("?state=nothing", "?state=waiting'"):
        answer = client.get(reverse("admin:enrollment_certificateorder_changelist") + query)
        assert answer.status_code == 400
    assert (
        client.get(reverse("admin:enrollment_certificateorder_changelist") + "?state=issued").status_code
        == 200
    )
    assert client.get(page(other)).status_code == 404
    assert Entry.objects.filter(kind="order.refused", subject=str(other.public_id)).count() == 1


def test_the_page_shows_the_register_and_each_look_is_written_down() -> None:
    row = order()
    client = desk(cases.officer("examiner", ("jma", "EXAMINER")))
    text = client.get(page(row)).content.decode()
    for shown in ("所持", "SHOJI", "300001", "カード所持者の登録簿", "承認を推薦する"):
        assert shown in text, shown
    assert "承認する</summary>" not in text
    assert Entry.objects.get(kind="order.viewed").data == {"purpose": "decision"}
    auditor = desk(cases.officer("auditor", ("jma", "AUDITOR")))
    assert "承認を推薦する" not in auditor.get(page(row)).content.decode()
    assert auditor.post(page(row) + "recommend/").status_code == 403


def test_two_officers_decide_and_the_second_may_take_it_back() -> None:
    row = order()
    first = desk(cases.officer("first", ("jma", "EXAMINER"), ("jma", "APPROVER")))
    second = desk(cases.officer("second", ("jma", "APPROVER")))
    assert first.post(page(row) + "recommend/", {"note": "確認済み"}).status_code == 302
    assert "承認は別の審査者" in first.get(page(row)).content.decode()
    first.post(page(row) + "approve/")
    row.refresh_from_db()
    assert row.state == "recommended"
    assert "確認済み" in second.get(page(row)).content.decode()
    second.post(page(row) + "approve/")
    row.refresh_from_db()
    assert row.state == "approved"
    assert "desk-undo" in second.get(page(row)).content.decode()
    assert "desk-undo" not in first.get(page(row)).content.decode()
    second.post(page(row) + "take_back/")
    row.refresh_from_db()
    assert (row.state, row.approved_by) == ("recommended", None)


def test_a_rejection_wants_its_reason() -> None:
    row = order()
    client = desk(cases.officer("examiner", ("jma", "EXAMINER")))
    assert client.post(page(row) + "reject/", {"reason": " "}).status_code == 422
    looks = Entry.objects.filter(kind="order.viewed", subject=str(row.public_id))
    assert looks.count() == 1, "the page with the person's data came back: a look like any other"
    words = {"code": "not_the_person", "reason": ""}  # a coded reason is a sentence by itself (ST-35)
    assert client.post(page(row) + "reject/", words).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.reason) == ("rejected", "申請者ご本人であることを確認できませんでした。")
    assert client.post(page(row) + "recommend/").status_code == 302  # told on the page, nothing moved
    row.refresh_from_db()
    assert row.state == "rejected"
    assert client.post(page(row) + "nothing/").status_code == 404
