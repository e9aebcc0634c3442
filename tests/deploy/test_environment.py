"""An odd value, an unknown name or an unsafe production stops the start and names itself."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy import environment
from tests.support.product import ROOT, clean_environment


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("INKAN_ENV", "staging", "must be one of demo, production"),
        ("PORT", "0", "must lie between 1 and 65535"),
        ("PORT", "eight", "PORT:"),
        ("INKAN_ORIGIN", "ftp://inkan.example", "must begin with one of http:, https:"),
        ("DATABASE_URL", "mysql://localhost/inkan", "DATABASE_URL: must begin with"),
        ("BROKER_URL", "amqp://localhost", "BROKER_URL: must begin with"),
        ("INKAN_SESSION_HOURS", "25", "must lie between 1 and 24"),
        ("INKAN_SESSION_ENDS_AT_MIDNIGHT", "true", "must be one of yes, no"),
        ("INKAN_KEYSTORE", "cloud", "must be one of software, pkcs11"),
        ("INKAN_SECRET_KEY_FILE", "/there/is/no/such/file", "INKAN_SECRET_KEY:"),
        ("INKAN_CLAMD", "clamd", "INKAN_CLAMD: must be the absolute path of clamd's socket, or host:port"),
        ("INKAN_CLAMD", "/" + "x" * 200, "INKAN_CLAMD: a socket's path has at most"),
        ("INKAN_COLOUR", "red", "INKAN_COLOUR: unknown"),
    ],
)
def test_an_odd_value_is_refused_by_name(name: str, value: str, told: str) -> None:
    with pytest.raises(environment.EnvironmentRefused) as refused:
        environment.read({name: value})
    assert told in str(refused.value)


def test_every_odd_value_is_named_at_once() -> None:
    with pytest.raises(environment.EnvironmentRefused) as refused:
        environment.read({"INKAN_ENV": "x", "PORT": "x", "INKAN_ODD": "x"})
    assert all(name in str(refused.value) for name in ("INKAN_ENV", "PORT", "INKAN_ODD"))


def test_a_secret_may_come_from_a_file_but_not_twice(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-a-file\n")
    given = {"INKAN_SECRET_KEY_FILE": str(tmp_path / "key")}
    assert environment.read(given)["INKAN_SECRET_KEY"] == "from-a-file"
    with pytest.raises(environment.EnvironmentRefused, match="given twice"):
        environment.read({**given, "INKAN_SECRET_KEY": "directly"})


PRODUCTION = {
    "INKAN_ENV": "production",
    "INKAN_SECRET_KEY": "x" * 50,
    "INKAN_ORIGIN": "https://inkan.example",
}


def started(home: Path, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=clean_environment(INKAN_HOME=str(home), **settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("door", ["deploy.wsgi", "deploy.asgi"])
def test_production_does_not_start_on_the_demos_means(tmp_path: Path, door: str) -> None:
    done = started(tmp_path, "-c", f"import {door}", **{**PRODUCTION, "INKAN_ORIGIN": "http://inkan.example"})
    assert done.returncode != 0
    for part in (
        "https only",
        "SQLite",
        "embedded broker",
        "EMAIL_URL",
        "INKAN_KEYSTORE",
        "INKAN_KEYRING",
        "no trust",
    ):
        assert part in done.stderr, done.stderr


def test_a_worker_does_not_start_in_an_unsafe_production(tmp_path: Path) -> None:
    done = started(
        tmp_path, "-m", "celery", "--app", "deploy.celery", "worker", "--concurrency", "1", **PRODUCTION
    )
    assert done.returncode != 0
    assert "INKAN_KEYSTORE is software" in done.stderr


def test_production_needs_a_secret_key(tmp_path: Path) -> None:
    settings = {name: value for name, value in PRODUCTION.items() if name != "INKAN_SECRET_KEY"}
    done = started(tmp_path, "manage.py", "check", **settings)
    assert done.returncode != 0
    assert "INKAN_SECRET_KEY is required in production" in done.stderr


def test_the_demo_is_not_run_in_production_and_tells_no_secrets_there(tmp_path: Path) -> None:
    done = started(tmp_path, "-m", "deploy.run", **PRODUCTION)
    assert (done.returncode, "`make run` is the demo" in done.stderr) == (1, True)
    done = started(tmp_path, "manage.py", "demo_people", **PRODUCTION)
    assert done.returncode != 0
    assert done.stdout == ""


@pytest.mark.requirement("SG-3")
def test_the_day_of_a_signer_is_as_long_as_the_environment_says(tmp_path: Path) -> None:
    asked = (
        "manage.py",
        "shell",
        "-v",
        "0",
        "-c",
        "from django.conf import settings; print(settings.SIGNING_SESSION)",
    )
    assert started(tmp_path, *asked, INKAN_SESSION_HOURS="8").stdout.strip() == "8:00:00"


def test_the_doctor_reads_aloud_what_is_wrong(tmp_path: Path) -> None:
    done = started(tmp_path, "manage.py", "doctor", **PRODUCTION)
    assert done.returncode == 1
    assert "INKAN_KEYSTORE is software" in done.stdout
    assert "nobody can sign" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.requirement("SG-4")
@pytest.mark.parametrize(
    "wrong",
    [
        {"INKAN_API_ORIGIN": "https://api.inkan.example"},
        {"INKAN_API_ORIGIN": "https://inkan.example", "INKAN_PROXY_SECRET": "x" * 32},
        {
            "INKAN_API_ORIGIN": "https://card.inkan.example",
            "INKAN_CARD_ORIGIN": "https://card.inkan.example",
            "INKAN_PROXY_SECRET": "x" * 32,
        },
        {"INKAN_API_ORIGIN": "https://api.inkan.example/csc", "INKAN_PROXY_SECRET": "x" * 32},
    ],
)
def test_the_origin_for_callers_is_one_of_its_own_with_the_proxys_secret(
    tmp_path: Path, wrong: dict[str, str]
) -> None:
    done = started(tmp_path, "manage.py", "check", INKAN_ORIGIN="https://inkan.example", **wrong)
    assert done.returncode != 0 and "INKAN_API_ORIGIN" in done.stderr
