from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def _files_of_its_own(settings: Settings, tmp_path: Path) -> None:
    """What is left in the storage is then this test's own."""
    settings.STORAGE_ROOT = tmp_path / "files"
