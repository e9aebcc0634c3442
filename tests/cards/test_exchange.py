"""The contract between page and reader."""

import contextlib
import dataclasses
import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards.exchange import (
    CardAttributes,
    CardRequest,
    CardResponse,
    ContractError,
    authentication_message,
    is_local_path,
    request_from_json,
    response_from_json,
    to_json,
)

REQUEST = CardRequest("authenticate", challenge=b"\xfb\xff" * 16, return_to="/apply/card/", state="s-1")
ATTRIBUTES = CardAttributes("髙橋　𠮷乃", "東京都千代田区１", date(1980, 2, 29), "2", former_family="佐藤")
READ = CardResponse(
    "read_attributes",
    "s-1",
    "ok",
    medium="card",
    authentication_certificate=b"\x30" * 900,
    attributes=ATTRIBUTES,
)


def test_a_request_comes_back_as_it_was_sent() -> None:
    assert request_from_json(to_json(REQUEST)) == REQUEST


def test_a_response_comes_back_as_it_was_sent() -> None:
    assert response_from_json(to_json(READ)) == READ


def test_base64_is_read_in_either_alphabet_with_or_without_padding() -> None:
    text = to_json(REQUEST)
    assert "+/" in text and "=" in text
    other = text.replace("+", "-").replace("/", "_").replace("=", "").replace("_apply_card_", "/apply/card/")
    assert other != text
    assert request_from_json(other) == REQUEST


@pytest.mark.parametrize(
    "path",
    ["//evil.example/", "https://evil.example/", "/\\evil.example", "", "apply/", "/a b", "/a\nb", "/あ"],
)
def test_a_way_back_that_leaves_the_origin_is_refused(path: str) -> None:
    assert not is_local_path(path)
    with pytest.raises(ContractError):
        request_from_json(to_json(dataclasses.replace(REQUEST, return_to=path)))


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"version": True},
        {"operation": "erase"},
        {"operation": ["sign"]},
        {"challenge": "AAAA"},
        {"challenge": "not base64!"},
        {"challenge": 7},
        {"digest": "AAAA"},
        {"state": "x" * 501},
        {"state": "\x00"},
        {"state": "\ud800"},
        {"extra": 1},
    ],
)
def test_a_bent_request_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ContractError):
        request_from_json(json.dumps(json.loads(to_json(REQUEST)) | change))


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": "fine"},
        {"outcome": "cancelled"},
        {"tries_left": -1},
        {"tries_left": True},
        {"medium": ""},
        {"authentication_certificate": ""},
        {"authentication_certificate": "A" * 20_000},
        {"signature": "AAAA"},
        {"attributes": None},
        {"attributes": {"name": "x"}},
        {"attributes": 3},
    ],
)
def test_a_bent_response_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ContractError):
        response_from_json(json.dumps(json.loads(to_json(READ)) | change))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{",
        "[" * 60_000,
        '{"version":1,"version":1}',
        " " * 70_000,
        "9" * 9_000,
        '"\\ud800"',
    ],
)
def test_what_is_not_a_message_is_refused(text: str) -> None:
    for read in (request_from_json, response_from_json):
        with pytest.raises(ContractError):
            read(text)


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(name=st.sampled_from([field.name for field in dataclasses.fields(CardResponse)]), value=_anything)
def test_any_value_in_any_place_is_read_or_refused(name: str, value: object) -> None:
    text = json.dumps(json.loads(to_json(READ)) | {name: value})
    with contextlib.suppress(ContractError):
        assert json.loads(to_json(response_from_json(text)))["operation"] == "read_attributes"


def test_the_signed_message_binds_origin_and_challenge() -> None:
    message = authentication_message("https://a.example", b"c" * 32)
    assert message.endswith(b"https://a.example" + b"c" * 32)
    assert message != authentication_message("https://a.examplec", b"c" * 31)
    assert len(message) > 32  # never a bare digest
