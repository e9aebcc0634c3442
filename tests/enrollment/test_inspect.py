"""The two commands that people and scripts rely on (contract)."""

import json
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.enrollment import samples


def ran(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, object]:
    status = 0
    try:
        call_command(*arguments)
    except SystemExit as end:
        status = int(end.code or 0)
    return status, json.loads(capsys.readouterr().out)


def test_romaji_prints_the_candidates(capsys: pytest.CaptureFixture[str]) -> None:
    assert ran(capsys, "romaji", "サトウ", "--field=family") == (0, ["SATO", "SATOH", "SATOU"])
    assert ran(capsys, "romaji", "ﾊﾅｺ", "--field=given") == (0, ["Hanako"])


@pytest.mark.requirement("RJ-21")
@pytest.mark.parametrize(
    ("kana", "code"),
    [
        ("ッチダ", "romaji_sokuon"),
        ("ー", "romaji_long_mark"),
        ("ヤマ田", "kana_characters"),
        ("", "kana_empty"),
    ],
)
def test_romaji_of_what_cannot_be_read(capsys: pytest.CaptureFixture[str], kana: str, code: str) -> None:
    status, found = ran(capsys, "romaji", kana, "--field=family")
    assert status == 2
    assert isinstance(found, dict) and found["error"] == code and found["message"]


def inspected(capsys: pytest.CaptureFixture[str], path: Path, **chosen: str) -> tuple[int, object]:
    options = {"authority": "jma", "slot": "photo"} | chosen
    return ran(capsys, "inspect_upload", str(path), *(f"--{name}={value}" for name, value in options.items()))


def test_an_accepted_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(samples.jpeg(500, 540))
    assert inspected(capsys, path) == (
        0,
        {
            "verdict": "accept",
            "code": None,
            "message": None,
            "width": 500,
            "height": 540,
            "warnings": ["photo_ratio"],
        },
    )


def test_a_refused_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(samples.jpeg(413, 530))
    status, found = inspected(capsys, path)
    assert status == 0 and isinstance(found, dict)
    assert (found["verdict"], found["code"], found["width"], found["height"]) == (
        "refuse",
        "photo_pixels",
        413,
        530,
    )
    assert "縦530×横413" in found["message"]


def test_a_file_beyond_the_limit_is_not_read_whole(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "huge.jpg"
    with path.open("wb") as file:
        file.truncate(3_000_000_000)
    _status, found = inspected(capsys, path, authority="medis", slot="identity")
    assert isinstance(found, dict) and found["code"] == "file_size"


@pytest.mark.parametrize("name", ["missing.jpg", ".", "a\0b", "x" * 5000])
def test_what_is_no_file_gets_a_verdict_too(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    status, found = inspected(capsys, tmp_path / name)
    assert status == 2
    assert isinstance(found, dict) and (found["verdict"], found["code"]) == ("refuse", "file_unreadable")
