"""A configured malware scanner that does not answer is said aloud; the rest of the portal goes on."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from deploy import environment, health
from tests.support.clamd import Clamd

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def answering_signers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scanner is the only part in question."""
    for name in ("signer", "issuer"):
        monkeypatch.setitem(health.PROBES, name, lambda: None)


def told() -> tuple[int, dict[str, Any]]:
    answer = Client().get("/readyz")
    return answer.status_code, json.loads(answer.content)


def test_readiness_speaks_of_a_scanner_only_where_there_is_one(settings: Any) -> None:
    settings.INKAN_CLAMD = ""
    status, found = told()
    assert (status, found["status"], "scanner" in found["parts"]) == (200, "ok", False)


def test_readiness_follows_the_scanner(settings: Any) -> None:
    with Clamd() as scanner:
        settings.INKAN_CLAMD = scanner.address
        status, found = told()
        assert (status, found["status"], found["parts"]["scanner"]) == (200, "ok", "ok")
        scanner.stop()
        status, found = told()
        assert (status, found["status"], found["parts"]["scanner"]) == (200, "degraded", "unavailable")


def test_the_doctor_says_that_no_file_can_be_uploaded(
    settings: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.INKAN_CLAMD = str(tmp_path / "nobody")
    with pytest.raises(SystemExit):
        call_command("doctor")
    assert "INKAN_CLAMD does not answer" in capsys.readouterr().out


@pytest.mark.parametrize("value", ["/run/clamav/clamd.ctl", "scanner:3310", "[::1]:3310"])
def test_an_address_of_the_right_shape_is_taken(value: str) -> None:
    assert environment.read({"INKAN_CLAMD": value})["INKAN_CLAMD"] == value
