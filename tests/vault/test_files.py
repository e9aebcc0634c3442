import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from vault import files


@pytest.fixture
def root(settings: Settings, tmp_path: Path) -> Path:
    settings.STORAGE_ROOT = tmp_path / "files"
    return tmp_path / "files"


def stored(root: Path, name: str) -> Path:
    return root / name[:2] / name


def test_a_file_comes_back_as_it_was_saved(root: Path) -> None:
    data = os.urandom(5000)
    name = files.save(data)
    assert files.read(name) == data
    assert list(files.names()) == [name]


def test_the_disk_holds_no_clear_text_and_no_other_user_may_look(root: Path) -> None:
    name = files.save(b"a licence picture" * 10)
    path = stored(root, name)
    assert b"licence" not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_a_changed_byte_is_found(root: Path) -> None:
    name = files.save(b"a licence picture")
    path = stored(root, name)
    blob = bytearray(path.read_bytes())
    blob[20] ^= 1
    path.write_bytes(blob)
    with pytest.raises(files.FileDamaged):
        files.read(name)


def test_one_file_put_in_the_place_of_another_is_found(root: Path) -> None:
    mine, other = files.save(b"mine"), files.save(b"other")
    stored(root, mine).write_bytes(stored(root, other).read_bytes())
    with pytest.raises(files.FileDamaged):
        files.read(mine)


@pytest.mark.parametrize("name", ["", "0" * 32, "../../etc/passwd", "a/b", "0" * 31 + "\n", "A" * 32])
def test_a_name_that_was_never_given_is_missing(root: Path, name: str) -> None:
    with pytest.raises(files.FileMissing):
        files.read(name)


def test_an_erased_file_is_gone_and_can_be_erased_again(root: Path) -> None:
    name = files.save(b"x")
    files.erase(name)
    files.erase(name)
    with pytest.raises(files.FileMissing):
        files.read(name)


def test_a_full_disk_leaves_nothing_behind(root: Path) -> None:
    name = files.save(b"kept")
    stored_names = list(files.names())
    (root / "incoming").rmdir()
    (root / "incoming").write_bytes(b"")  # a file where the folder should be: the write must fail
    with pytest.raises(OSError):
        files.save(b"lost")
    assert list(files.names()) == stored_names
    assert files.read(name) == b"kept"


def test_only_old_leftovers_are_cleared(root: Path) -> None:
    name = files.save(b"x")
    (root / "incoming" / "half").write_bytes(b"half")
    assert files.clear_leftovers(datetime.now(UTC) - timedelta(hours=1)) == 0
    assert files.clear_leftovers(datetime.now(UTC) + timedelta(hours=1)) == 1
    assert files.read(name) == b"x"
