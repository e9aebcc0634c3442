"""Names with a former family name or an alias, in our demo convention."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards import attributes
from cards.files import TextFields, TextFileError, read_text, text_size, write_text


@pytest.mark.parametrize(
    ("written", "name", "former", "alias"),
    [
        ("田中　花子", "田中　花子", "", ""),
        ("田中［佐藤］　花子", "田中　花子", "佐藤", ""),
        ("ＧＡＲＣＩＡ　ＭＡＲＩＡ（田中　マリア）", "ＧＡＲＣＩＡ　ＭＡＲＩＡ", "", "田中　マリア"),
        ("スカルノ", "スカルノ", "", ""),
        ("髙橋　𠮷乃", "髙橋　𠮷乃", "", ""),
        ("（田中", "（田中", "", ""),
    ],
)
def test_a_written_name_is_taken_apart_and_put_together(
    written: str, name: str, former: str, alias: str
) -> None:
    assert attributes.take_apart(written) == (name, former, alias)
    assert attributes.put_together(name, former, alias) == written


def test_no_code_point_is_changed() -> None:
    fields = TextFields("\ufa19\u9ad9\u309b\U00020bb7\U000e0100　\uff76", "\u2f00町", "20000101", "9")
    read = attributes.from_text_file(read_text(write_text(fields)))
    assert (read.name, read.address) == (fields.name, fields.address)


@given(st.text(max_size=100), st.text(max_size=300))
def test_the_text_file_is_read_as_it_was_written(name: str, address: str) -> None:
    try:
        fields = TextFields(name, address, "19991231", "1")
        content = write_text(fields)
    except UnicodeEncodeError:  # lone surrogates are not UTF-8
        return
    assert text_size(content[:7]) == len(content)
    assert read_text(content + b"\x00" * 9) == fields


@given(st.binary(max_size=80))
def test_a_text_file_of_any_bytes_is_read_or_refused(content: bytes) -> None:
    for read in (lambda: attributes.from_text_file(read_text(content)), lambda: text_size(content)):
        try:
            read()
        except TextFileError:
            continue


@pytest.mark.parametrize(
    "fields", [TextFields("a", "b", "19990230", "1"), TextFields("a", "b", "19990228", "5")]
)
def test_an_impossible_date_or_sex_is_refused(fields: TextFields) -> None:
    with pytest.raises(TextFileError):
        attributes.from_text_file(fields)
