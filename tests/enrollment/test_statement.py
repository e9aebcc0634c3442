"""The statement's bytes and the receipt number: plain, the same facts give the same bytes."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment import statement
from enrollment.applicants import receipts

FACTS = statement.Facts(
    application="a",
    round=1,
    authority="jma",
    qualification="doctor",
    certificate_fingerprint=b"\x01" * 32,
    answers={"card": {"name": "\ufa19\u8c37\u3000\U00020bb7"}, "home": {"postal_code": "1130021"}},
    consents=[("jma-terms", "2024-06")],
    agreed_at="2026-11-20T00:00:00+00:00",
    declarations={"applies_in_person": True},
    files=[
        statement.File("photo", 0, "jpeg", b"\x02" * 32, b"\x03" * 32),
        statement.File("identity", 0, "jpeg", b"\x04" * 32, b"\x05" * 32),
    ],
    price=0,
    frozen_at="2026-11-20T00:00:00+00:00",
    nonce=b"\x06" * 16,
    previous_sha256=b"",
)


@pytest.mark.requirement("ST-09")
def test_the_same_facts_give_the_same_bytes_in_whatever_order_they_come() -> None:
    turned = FACTS._replace(
        answers=dict(reversed(list(FACTS.answers.items()))), files=list(reversed(FACTS.files))
    )
    assert statement.content(turned) == statement.content(FACTS)


@pytest.mark.requirement("NM-03")
def test_no_code_point_is_changed() -> None:
    content = statement.content(FACTS)
    assert "\ufa19\u8c37\u3000\U00020bb7".encode() in content
    assert statement.read(content)["answers"] == FACTS.answers


def test_keys_are_sorted_and_nothing_is_padded() -> None:
    content = statement.content(FACTS).decode()
    keys = list(json.loads(content))
    assert keys == sorted(keys) and ": " not in content and ", " not in content


@pytest.mark.parametrize(
    "changed",
    [
        {"round": 2},
        {"nonce": b"\x07" * 16},
        {"certificate_fingerprint": b"\x08" * 32},
        {"consents": [("jma-terms", "2025-01")]},
        {"declarations": {"applies_in_person": False}},
        {"previous_sha256": b"\x09" * 32},
        {"files": FACTS.files[:1]},
        {"price": 1},
    ],
)
def test_every_fact_changes_the_digest(changed: dict[str, object]) -> None:
    other = FACTS._replace(**changed)  # type: ignore[arg-type]
    assert statement.digest(statement.content(other)) != statement.digest(statement.content(FACTS))


def read(facts: statement.Facts) -> dict[str, object]:
    return statement.read(statement.content(facts))


@pytest.mark.requirement("ST-14")
def test_two_statements_differ_in_what_was_answered_shown_or_agreed_to_and_in_nothing_by_nature() -> None:
    again = FACTS._replace(
        round=2,
        nonce=b"\x07" * 16,
        frozen_at="2026-12-01",
        agreed_at="2026-12-01",
        previous_sha256=b"\x08" * 32,
    )
    assert statement.differences(read(FACTS), read(again)) == []
    photo = FACTS.files[0]._replace(shown_sha256=b"\x09" * 32)
    changed = again._replace(
        answers={
            "card": FACTS.answers["card"],
            "home": {"postal_code": "1000001", "note": "x"},
            "photo": {"day": 1},
        },
        files=[photo],
        price=5,
    )
    found = statement.differences(read(FACTS), read(changed))
    assert [(one.part, one.name) for one in found] == [
        ("", "price"),
        ("home", "note"),
        ("home", "postal_code"),
        ("photo", "day"),
        ("files", "identity"),
        ("files", "photo"),
    ]
    assert (found[0].before, found[0].now) == (0, 5) and found[1].before is None and found[4].now is None


@pytest.mark.requirement("ST-09")
@pytest.mark.parametrize(
    "other",
    [
        {"authority": "medis"},
        {"answers": {"home": {"postal_code": "1000001"}}},
        {"files": FACTS.files[:1]},
        {"price": 1},
    ],
)
def test_the_digest_of_the_check_page_is_of_everything_on_it(other: dict[str, object]) -> None:
    shown = {
        "authority": FACTS.authority,
        "qualification": FACTS.qualification,
        "answers": FACTS.answers,
        "files": FACTS.files,
        "price": FACTS.price,
    }
    same = {**shown, "files": list(reversed(FACTS.files))}
    assert statement.checked(**shown) == statement.checked(**same)  # type: ignore[arg-type]
    assert statement.checked(**shown) != statement.checked(**{**shown, **other})  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [float("nan"), "\ud800"])
def test_what_json_or_utf8_cannot_say_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        statement.canonical({"x": value})


@given(st.integers(0, 999_999), st.integers(0, 12), st.integers(0, 9))
def test_one_wrong_digit_in_a_receipt_number_is_noticed(drawn: int, place: int, digit: int) -> None:
    number = receipts.number(date(2026, 11, 20), drawn)
    assert receipts.is_right(number)
    assert len(number) <= 16
    wrong = number[:place] + str(digit) + number[place + 1 :]
    assert receipts.is_right(wrong) == (wrong == number)


@given(st.integers(0, 999_999), st.integers(0, 11))
def test_two_swapped_digits_in_a_receipt_number_are_noticed(drawn: int, place: int) -> None:
    number = receipts.number(date(2026, 11, 20), drawn)
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert receipts.is_right(swapped) == (swapped == number)
