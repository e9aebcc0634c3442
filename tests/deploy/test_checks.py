"""Each unsafe setting of production is refused by a sentence of its own; a safe one by none."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings as configured
from django.core.checks import run_checks
from pytest_django.fixtures import Settings

from deploy import checks
from deploy.demo.facilities import Authority
from ledger import clock


def anchor(name: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = clock.now()
    built = x509.CertificateBuilder(subject, subject, key.public_key(), 1, now, now + timedelta(days=1))
    return built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def production(settings: Settings, tmp_path: Path) -> Settings:
    """Settings that nothing is wrong with."""
    keyring = tmp_path / "web.keyring"
    keyring.touch(0o600)
    trust = tmp_path / "jpki"
    trust.mkdir()
    (trust / "anchor.pem").write_bytes(anchor("Japanese Public Key Infrastructure"))
    origin = "https://inkan.example.jp"
    values: dict[str, Any] = {
        "IS_DEMO": False,
        "IS_HTTPS": True,
        "ORIGIN": origin,
        "ORIGIN_PARTS": urlsplit(origin),
        "WEBAUTHN_RP_ID": "inkan.example.jp",
        "BROKER_IS_EMBEDDED": False,
        "EMAIL_URL": "smtp://mail.example.jp",
        "KEYSTORE": "pkcs11",
        "KEYRING_PATH": keyring,
        "JPKI_TRUST": trust,
        "INSTALLED_APPS": [app for app in configured.INSTALLED_APPS if app != "deploy.demo"],
        "DATABASES": {"default": {"ENGINE": "django.db.backends.postgresql"}},
        "CLOCK_OFFSET": timedelta(0),
    }
    for name, value in values.items():
        if name != "DATABASES" or "sqlite" in configured.DATABASES["default"]["ENGINE"]:
            setattr(settings, name, value)
    return settings


def test_a_safe_production_has_no_problems(production: Settings) -> None:
    assert checks.problems() == []
    checks.refuse_unsafe_start()


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("DEBUG", True, "DEBUG is on"),
        ("INSTALLED_APPS", ["deploy.demo"], "deploy.demo is installed"),
        ("CLOCK_OFFSET", timedelta(days=1), "INKAN_CLOCK_OFFSET"),
        ("IS_HTTPS", False, "https only"),
        ("WEBAUTHN_RP_ID", "example.com", "no phone could be registered"),
        ("BROKER_IS_EMBEDDED", True, "embedded broker"),
        ("EMAIL_URL", "mailbox:", "EMAIL_URL is not set"),
        ("KEYSTORE", "software", "INKAN_KEYSTORE is software"),
        ("KEYRING_PATH", Path("/there/is/none"), "there is no keyring"),
        ("JPKI_TRUST", Path("/there/is/none"), "no trust anchors"),
    ],
)
def test_one_unsafe_setting_is_told_alone(
    production: Settings, monkeypatch: pytest.MonkeyPatch, name: str, value: object, told: str
) -> None:
    monkeypatch.setattr(configured._wrapped, name, value)
    assert [told in problem for problem in checks.problems()] == [True]
    with pytest.raises(SystemExit, match=told):
        checks.refuse_unsafe_start()


def test_a_test_authority_is_no_anchor(production: Settings) -> None:
    (configured.JPKI_TRUST / "more.pem").write_bytes(anchor("TEST JPKI signature CA"))
    assert [("is a test authority" in problem) for problem in checks.problems()] == [True]


def test_a_keyring_that_others_can_read_is_refused(production: Settings) -> None:
    configured.KEYRING_PATH.chmod(0o640)
    assert ["must be 0600" in problem for problem in checks.problems()] == [True]


def test_the_signers_keyring_is_not_the_webs(production: Settings) -> None:
    production.SIGNER_KEYRING_PATH = configured.KEYRING_PATH
    assert ["must be another file" in problem for problem in checks.problems()] == [True]


def test_djangos_own_check_tells_the_same(production: Settings) -> None:
    production.KEYSTORE = "software"
    assert any("INKAN_KEYSTORE is software" in message.msg for message in run_checks())


def test_the_demo_is_left_alone() -> None:
    assert checks.problems() == []


@pytest.mark.requirement("SG-4")
def test_callers_certificates_want_an_authority_that_is_no_test(production: Settings, tmp_path: Path) -> None:
    production.API_ORIGIN, production.FACILITY_TRUST = "https://api.inkan.example.jp", tmp_path / "facilities"
    assert ["holds no authority" in problem for problem in checks.problems()] == [True]
    Authority(production.FACILITY_TRUST, tmp_path / "keys", clock.now())
    assert ["is a test authority" in problem for problem in checks.problems()] == [True]
    production.API_ORIGIN = ""
    assert checks.problems() == []
