"""Commands and answers as bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards.apdu import ApduError, Command, encode, parse, parse_answer, tries_of, tries_status

_byte = st.integers(0, 255)
_commands = st.builds(
    Command,
    _byte,
    _byte,
    _byte,
    _byte,
    st.binary(max_size=300) | st.integers(0, 65_535).map(bytes),
    st.none() | st.integers(1, 65_536),
)


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (Command(0x00, 0x20, 0x00, 0x80), "00200080"),
        (Command(0x00, 0xB0, 0x01, 0x02, le=256), "00B0010200"),
        (Command(0x00, 0xB0, 0x00, 0x00, le=7), "00B0000007"),
        (Command(0x00, 0x20, 0x00, 0x80, b"1234"), "002000800431323334"),
        (Command(0x80, 0x2A, 0x00, 0x80, b"\x30", 256), "802A0080013000"),
        (Command(0x00, 0xB0, 0x00, 0x00, le=1056), "00B00000000420"),
        (Command(0x00, 0xB0, 0x00, 0x00, le=65_536), "00B00000000000"),
        (Command(0x00, 0xD6, 0x00, 0x00, b"\x01" * 256), "00D60000000100" + "01" * 256),
        (Command(0x00, 0xD6, 0x00, 0x00, b"\x01", 300), "00D600000000" + "0101" + "012C"),
    ],
)
def test_the_four_cases_short_and_extended(command: Command, text: str) -> None:
    assert encode(command).hex().upper() == text
    assert parse(bytes.fromhex(text)) == command


@given(_commands)
def test_what_is_encoded_is_read_again(command: Command) -> None:
    assert parse(encode(command)) == command


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00",
        "00A404",
        "00A4040C0201",
        "00A4040C0201020304",
        "00A4040C0000",
        "00A4040C00000501",
    ],
)
def test_wrong_lengths_are_refused(text: str) -> None:
    with pytest.raises(ApduError):
        parse(bytes.fromhex(text))


@pytest.mark.parametrize(
    "command", [Command(256, 0, 0, 0), Command(0, 0, 0, 0, le=0), Command(0, 0, 0, 0, bytes(65_536))]
)
def test_what_does_not_fit_is_not_encoded(command: Command) -> None:
    with pytest.raises(ApduError):
        encode(command)


def test_an_answer_has_a_status_word() -> None:
    assert parse_answer(b"ab\x90\x00") == (b"ab", 0x9000)
    with pytest.raises(ApduError):
        parse_answer(b"\x90")


def test_the_counter_is_told_in_the_status_word() -> None:
    assert tries_status(3) == 0x63C3
    assert [tries_of(0x63C3), tries_of(0x63C0), tries_of(0x9000), tries_of(0x6984)] == [3, 0, None, None]
