"""The questions of ③ to ⑧, each form with a draft of its own and no browser."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.utils.datastructures import MultiValueDict

from enrollment import authorities
from enrollment.flow import Draft
from enrollment.steps import QUESTIONS, Question

AT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
CARD = {
    "name": "山田　花子",
    "address": "東京都千代田区霞が関１－２－２",
    "birth_date": "1985-04-01",
    "sex": "2",
    "former_family": "",
    "alias": "",
    "kana": "",
}


def ask(
    slug: str,
    given: dict[str, Any],
    *,
    authority: str = "jma",
    card: dict[str, Any] | None = None,
    **draft: Any,
) -> Question:
    answers = {"card": CARD | (card or {})} | draft.pop("answers", {})
    rows: dict[str, Any] = {
        "qualification": "doctor",
        "authority": authority,
        "fields": authorities.fields(authority, date(2026, 11, 20)),
        "answers": answers,
    }
    known = Draft(**(rows | draft))
    data = MultiValueDict({name: [value] for name, value in given.items()})
    form = QUESTIONS[slug](data, draft=known, at=AT)
    form.is_valid()
    return form


def codes(form: Question) -> set[str]:
    return {f"{name}:{error.code}" for name, errors in form.errors.as_data().items() for error in errors}


# --- ③ -------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("CA-02")
def test_nothing_is_chosen_beforehand_and_all_three_are_required() -> None:
    form = ask("qualification", {})
    assert codes(form) == {"hpki_card:required", "qualification:required", "authority:required"}


@pytest.mark.requirement("CA-03")
@pytest.mark.parametrize(
    ("qualification", "authority", "is_right"),
    [
        ("doctor", "jma", True),
        ("doctor", "medis", True),
        ("dentist", "medis", True),
        ("pharmacist", "jpa", True),
        ("dentist", "jma", False),
        ("doctor", "jpa", False),
        ("pharmacist", "jma", False),
    ],
)
def test_a_forged_pair_is_refused(qualification: str, authority: str, is_right: bool) -> None:
    form = ask("qualification", {"hpki_card": "none", "qualification": qualification, "authority": authority})
    assert form.is_valid() is is_right
    assert is_right or codes(form) == {"authority:pair_closed"}


@pytest.mark.requirement("CA-03")
def test_jpa_is_not_offered_before_its_day() -> None:
    data = MultiValueDict({"hpki_card": ["none"], "qualification": ["pharmacist"], "authority": ["jpa"]})
    form = QUESTIONS["qualification"](data, draft=Draft(), at=datetime(2026, 3, 31, 14, 59, tzinfo=UTC))
    assert codes(form) == {"authority:invalid_choice"}
    form = QUESTIONS["qualification"](data, draft=Draft(), at=datetime(2026, 3, 31, 15, 0, tzinfo=UTC))
    assert form.is_valid()


@pytest.mark.requirement("CA-11", "CA-19")
@pytest.mark.parametrize(("held", "code"), [("have", "has_card"), ("waiting", "waits_for_card")])
def test_holders_and_those_who_wait_are_sent_to_the_card_site(held: str, code: str) -> None:
    form = ask("qualification", {"hpki_card": held, "qualification": "doctor", "authority": "jma"})
    assert codes(form) == {f"hpki_card:{code}"}
    assert "HPKIカードをお持ちの方" in str(form.errors)


# --- ⑥ (names: names/test_forms.py; the others: steps/) ----------------------------------------------------------


# --- ⑦ to ⑩ -------------------------------------------------------------------------------------------------


@pytest.mark.requirement("PH-07", "PH-52")
@pytest.mark.parametrize(
    ("day", "is_right"),
    [("2026-05-20", True), ("2026-05-19", False), ("2026-11-21", False), ("R8.11.1", True)],
)
def test_the_photo_was_taken_within_six_months(day: str, is_right: bool) -> None:
    assert ask("photo", {"taken_on": day, "is_recent": "on"}).is_valid() is is_right


@pytest.mark.requirement("PH-11", "PH-12")
@pytest.mark.parametrize(
    ("kind", "day", "is_right"),
    [
        ("my_number_card", "2026-11-20", True),
        ("passport", "2026-11-19", False),
        ("driving_history", "2012-01-01", True),
        ("driving_history", "2011-12-31", False),
        ("student_card", "2030-01-01", False),
    ],
)
def test_the_identity_document_is_one_of_four_and_valid(kind: str, day: str, is_right: bool) -> None:
    assert ask("identity", {"kind": kind, "day_on_paper": day}).is_valid() is is_right


@pytest.mark.requirement("CA-16")
def test_consent_keeps_the_versions_that_were_shown() -> None:
    assert "agree" in ask("consent", {}).errors
    items = ask("consent", {"agree": "on"}).values()["items"]
    assert items == [[item.id, item.version] for item in authorities.consents("jma", date(2026, 11, 20))]


@pytest.mark.parametrize("slug", sorted(QUESTIONS))
@pytest.mark.django_db
def test_every_form_bears_any_text(slug: str) -> None:
    names = QUESTIONS[slug](
        draft=Draft(authority="jma", fields=authorities.fields("jma", AT.date())), at=AT
    ).fields
    for text in ("", "\x00", "\u202e", "９" * 500, "<script>", "\ufffd", "年" * 50, "-1", "0"):
        form = ask(slug, dict.fromkeys(names, text))
        assert isinstance(form.errors, dict)
