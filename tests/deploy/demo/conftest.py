"""Demo people with fresh cards; the keys are made once per run."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.test import override_settings
from pytest_django.fixtures import Settings

from deploy.demo import people

AT = datetime.now(UTC)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that `people.ensure` has filled; nobody changes it."""
    home = tmp_path_factory.mktemp("home")
    assert configured.IS_DEMO
    with override_settings(HOME=home, JPKI_TRUST=home / "jpki-test"):
        people.ensure(home, AT)
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path, settings: Settings) -> Path:
    """A copy of it for one test."""
    copy = tmp_path / "home"
    shutil.copytree(made, copy)
    settings.HOME, settings.JPKI_TRUST = copy, copy / "jpki-test"
    return copy
