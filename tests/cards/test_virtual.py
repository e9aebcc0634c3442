"""The virtual card, byte for byte."""

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, utils
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cards import chip, files
from cards.apdu import Status
from cards.virtual import VirtualCard

from .conftest import World

JPKI = "00A4040C0A" + files.JPKI_APPLICATION.hex()
TEXT = "00A4040C0A" + files.TEXT_APPLICATION.hex()
COMMON = "00A4040C0A" + files.COMMON_APPLICATION.hex()
OK = b"\x90\x00"


def send(card: VirtualCard, *commands: str) -> bytes:
    """The last answer."""
    answers = [card.transmit(bytes.fromhex(command)) for command in commands]
    return answers[-1]


def pin(text: str) -> str:
    return f"00200080{len(text):02X}{text.encode().hex()}"


def test_the_token_tells_a_card_from_a_phone(card: VirtualCard, phone: VirtualCard) -> None:
    assert send(card, JPKI, "00A4020C020006", "00B0000020") == b"JPKIAPICCTOKEN2".ljust(32) + OK
    assert send(phone, JPKI, "00A4020C020006", "00B0000020") == b"JPKIAPGPSETOKEN".ljust(32) + OK


def test_select_answers_with_or_without_le_and_an_unknown_application_keeps_the_selection(
    card: VirtualCard,
) -> None:
    assert send(card, JPKI + "00") == OK
    assert send(card, "00A40400" + JPKI[8:]) == OK
    assert send(card, "00A4040C05A000000001") == b"\x6a\x82"
    assert send(card, "00A4020C020006") == OK


@pytest.mark.parametrize(
    ("file", "value", "limit"),
    [("0018", "1234", 3), ("001B", "ABC123", 5)],
    ids=["authentication", "signature"],
)
@pytest.mark.requirement("ST-06")
def test_wrong_pins_count_down_and_lock(card: VirtualCard, file: str, value: str, limit: int) -> None:
    select = "00A4020C02" + file
    assert send(card, JPKI, select, "00200080") == bytes((0x63, 0xC0 + limit))
    for left in range(limit - 1, -1, -1):
        assert send(card, pin("9999")) == bytes((0x63, 0xC0 + left))
    assert send(card, pin(value)) == Status.LOCKED.to_bytes(2, "big")
    assert send(card, "00200080") == b"\x63\xc0"


def test_the_text_pin_has_three_tries_of_its_own(card: VirtualCard) -> None:
    assert send(card, JPKI, "00A4020C020018", pin("0000")) == b"\x63\xc2"
    assert send(card, TEXT, "00A4020C020011", "00200080") == b"\x63\xc3"


def test_the_right_pin_restores_the_counter(card: VirtualCard) -> None:
    send(card, JPKI, "00A4020C020018", pin("0000"), pin("0001"))
    assert send(card, "00200080") == b"\x63\xc1"
    assert send(card, pin("1234")) == OK
    assert send(card, "00200080") == b"\x63\xc3"


def test_counters_survive_a_restart_and_the_file_is_private(card: VirtualCard, tmp_path: Path) -> None:
    send(card, JPKI, "00A4020C020018", pin("0000"))
    again = VirtualCard(tmp_path / "card.json")
    assert send(again, JPKI, "00A4020C020018", "00200080") == b"\x63\xc2"
    assert stat.S_IMODE((tmp_path / "card.json").stat().st_mode) == 0o600


def test_two_sessions_share_one_counter(card: VirtualCard, tmp_path: Path) -> None:
    other = VirtualCard(tmp_path / "card.json")
    for one in (card, other):
        send(one, JPKI, "00A4020C020018")
    assert send(card, pin("0000")) == b"\x63\xc2"
    assert send(other, pin("0000")) == b"\x63\xc1"
    assert send(card, pin("0000")) == b"\x63\xc0"
    assert send(other, pin("1234")) == b"\x69\x84"


def test_a_locked_card_can_answer_as_iso_says(world: World, tmp_path: Path) -> None:
    chip.write(tmp_path / "iso.json", chip.card(world.card))
    card = VirtualCard(tmp_path / "iso.json", locked_status=Status.LOCKED_ISO)
    assert send(card, JPKI, "00A4020C020018", *[pin("0000")] * 4) == b"\x69\x83"


@pytest.mark.parametrize("file", ["0001", "0002"], ids=["number", "attributes"])
def test_the_text_files_are_closed_without_the_pin(card: VirtualCard, file: str) -> None:
    assert send(card, TEXT, "00A4020C02" + file, "00B0000011") == b"\x69\x82"
    assert send(card, "00A4020C020011", pin("5678"), "00A4020C02" + file, "00B0000011")[-2:] == OK


def test_a_certificate_reads_with_zeros_behind_it(card: VirtualCard, world: World) -> None:
    content = send(card, JPKI, "00A4020C02000A", "00B00000000802")  # extended, 2,050 bytes as clients ask
    certificate = world.card.authentication_certificate
    assert content[:-2] == certificate.ljust(2050, b"\x00")
    assert send(card, "00B07FFF00") == b"\x6b\x00"


def test_the_signature_certificate_needs_the_password_and_the_phones_other_one_too(
    card: VirtualCard, phone: VirtualCard
) -> None:
    assert send(card, JPKI, "00A4020C020001", "00B0000004") == b"\x69\x82"
    assert send(card, "00A4020C02001B", pin("ABC123"), "00A4020C020001", "00B0000002")[:1] == b"\x30"
    assert send(card, "00A4020C02000A", "00B0000002")[:1] == b"\x30"
    assert send(phone, JPKI, "00A4020C02000A", "00B0000002") == b"\x69\x82"
    assert send(phone, TEXT) == b"\x6a\x82"


def test_the_key_signs_the_digest_info_it_is_given(card: VirtualCard, world: World) -> None:
    digest = bytes(range(32))
    sign = "802A008033" + "3031300d060960864801650304020105000420" + digest.hex() + "00"
    assert send(card, JPKI, "00A4020C020017", sign) == b"\x69\x82"
    answer = send(card, "00A4020C020018", pin("1234"), "00A4020C020017", sign)
    key = world.authentication_key.public_key()
    key.verify(answer[:-2], digest, padding.PKCS1v15(), utils.Prehashed(SHA256()))
    assert answer[-2:] == OK
    assert send(card, "802A0080F6" + "00" * 246 + "00") == b"\x6a\x80"
    assert send(card, "00A4020C02001A", sign) == b"\x69\x82"  # the other key has another secret


def test_another_application_a_reset_and_a_wrong_pin_forget_what_was_verified(card: VirtualCard) -> None:
    verified = (JPKI, "00A4020C02001B", pin("ABC123"))
    read = ("00A4020C020001", "00B0000001")
    assert send(card, *verified, *read) == b"\x30" + OK
    assert send(card, TEXT, JPKI, *read) == b"\x69\x82"
    send(card, *verified)
    card.reset()
    assert send(card, JPKI, *read) == b"\x69\x82"
    assert send(card, *verified, pin("WRONG1"), *read) == b"\x69\x82"


def test_a_pin_is_changed_only_after_the_old_one(card: VirtualCard, tmp_path: Path) -> None:
    change = "002401800434333231"
    assert send(card, JPKI, "00A4020C020018", change) == b"\x69\x82"
    assert send(card, pin("1234"), "0024018003343332") == b"\x6a\x80"
    assert send(card, change) == OK
    assert send(VirtualCard(tmp_path / "card.json"), JPKI, "00A4020C020018", pin("4321")) == OK


def test_the_common_application_has_the_production_number(card: VirtualCard) -> None:
    assert send(card, COMMON, "00B2010C00") == b"\x80\x0d" + b"0" * 13 + OK
    assert send(card, "00B2020C00") == b"\x6a\x83"
    assert send(card, "00B2011400") == b"\x6a\x82"


@pytest.mark.parametrize(
    ("commands", "status"),
    [
        (["00CA0000"], "6D00"),
        (["00840000"], "6D00"),
        (["80200080"], "6D00"),
        (["FF200080"], "6E00"),
        (["00A4"], "6700"),
        (["00A4000C02003F"], "6A86"),
        (["00B0000001"], "6986"),
        ([JPKI, "00B0000001"], "6986"),
        (["00200080"], "6986"),
        ([JPKI, "00A4020C0200FF"], "6A82"),
        ([JPKI, "00A4020C01FF"], "6700"),
        ([JPKI, "00A4020C020006", "00200080"], "6985"),
        ([JPKI, "00A4020C020018", "00200081"], "6A86"),
        ([JPKI, "00A4020C020018", "00B0000001"], "6986"),
        ([JPKI, "00A4020C020006", "802A0080013000"], "6985"),
    ],
)
def test_every_other_command_gets_its_status_word(
    card: VirtualCard, commands: list[str], status: str
) -> None:
    assert send(card, *commands).hex().upper() == status


@pytest.mark.parametrize("content", ["", "[]", "{}x", '{"zz": {}}', '{"00": {"files": 1}}'])
def test_a_spoilt_memory_is_told_at_once(tmp_path: Path, content: str) -> None:
    (tmp_path / "card.json").write_text(content)
    with pytest.raises(chip.ChipUnreadable):
        VirtualCard(tmp_path / "card.json")


_headers = st.sampled_from(
    ["00A4040C", "00A4020C", "00B00000", "00200080", "00240180", "802A0080", "00B2010C"]
)
_hostile = st.binary(max_size=300) | st.builds(
    lambda head, tail: bytes.fromhex(head) + tail, _headers, st.binary(max_size=40)
)


@given(
    start=st.sampled_from([[], [JPKI], [JPKI, "00A4020C020018", pin("1234")], [TEXT, "00A4020C020011"]]),
    sequence=st.lists(_hostile, max_size=8),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_bytes_ever_raise(card: VirtualCard, start: list[str], sequence: list[bytes]) -> None:
    card.reset()
    if start:
        send(card, *start)
    for raw in sequence:
        assert 0x6000 <= int.from_bytes(card.transmit(raw)[-2:], "big") <= 0x9000
