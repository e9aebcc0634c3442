"""What Inkan refuses to start with in production, and what its operator should know before.

Sources: decisions 16, 18, 22, 27, 39; ux.md 6.3; security.md 4 (30). The same list is Django's system check, the
stop at the start of each server process, and what `manage.py doctor` reads aloud.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from cryptography import x509
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from cards.hpki.trust import HpkiTrust
from cards.trust import TrustError, is_test
from deploy.environment import EnvironmentRefused

Rule = Callable[[], Iterator[str]]


def _no_demo_parts() -> Iterator[str]:
    if settings.DEBUG:
        yield "DEBUG is on: pages would show the program's inside."
    if "deploy.demo" in settings.INSTALLED_APPS:
        yield "deploy.demo is installed: its card reader and mailbox must not be reachable."
    if settings.CLOCK_OFFSET:
        yield "INKAN_CLOCK_OFFSET shifts the clock: allowed in the demo and in tests only."


def _https_and_names() -> Iterator[str]:
    if not settings.IS_HTTPS:
        yield f"INKAN_ORIGIN is {settings.ORIGIN}: production is reached by https only."
    host = settings.ORIGIN_PARTS.hostname or ""
    if not (host == settings.WEBAUTHN_RP_ID or host.endswith(f".{settings.WEBAUTHN_RP_ID}")):
        yield f"INKAN_RP_ID {settings.WEBAUTHN_RP_ID} is no suffix of {host}: no phone could be registered."


def _servers() -> Iterator[str]:
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        yield "DATABASE_URL names SQLite: production needs PostgreSQL."
    if settings.BROKER_IS_EMBEDDED:
        yield "BROKER_URL names the embedded broker: production needs Redis."
    if settings.EMAIL_URL.startswith("mailbox:"):
        yield "EMAIL_URL is not set: mails would only lie in the demo's mailbox."


def _keys() -> Iterator[str]:
    if settings.KEYSTORE != "pkcs11":
        yield "INKAN_KEYSTORE is software: production keeps keys in a PKCS#11 module."
    keyrings = {
        "INKAN_KEYRING": settings.KEYRING_PATH,
        "INKAN_SIGNER_KEYRING": settings.SIGNER_KEYRING_PATH,
        "INKAN_ISSUER_KEYRING": settings.ISSUER_KEYRING_PATH,
    }
    web = keyrings.pop("INKAN_KEYRING")
    if not web.is_file():
        yield f"INKAN_KEYRING: there is no keyring at {web}."
    elif web.stat().st_mode & 0o077:
        yield f"INKAN_KEYRING: {web} can be read by others; its mode must be 0600."
    for name, path in keyrings.items():
        if path == web:
            yield f"{name} is the web's own keyring: the signer's must be another file."


def _anchors(folder: Path) -> Iterator[x509.Certificate]:
    for path in sorted(folder.glob("**/*.pem")) + sorted(folder.glob("**/*.crt")):
        try:
            yield from x509.load_pem_x509_certificates(path.read_bytes())
        except (ValueError, OSError):
            continue


def _jpki_trust() -> Iterator[str]:
    """Decision 27: without a configured validator no application may be opened."""
    folder = settings.JPKI_TRUST
    anchors = list(_anchors(folder)) if folder.is_dir() else []
    if not anchors:
        yield f"INKAN_JPKI_TRUST: {folder} holds no trust anchors, so no card could be checked."
    for anchor in anchors:
        if "TEST" in anchor.subject.rfc4514_string().upper():
            yield f"INKAN_JPKI_TRUST: {anchor.subject.rfc4514_string()} is a test authority."


def _hpki_trust() -> Iterator[str]:
    """Only where HPKI cards are taken at all (decision 40)."""
    if not settings.CARD_ORIGIN:
        return
    try:
        trust = HpkiTrust.load(settings.HPKI_TRUST)
    except TrustError as problem:
        yield f"INKAN_HPKI_TRUST: no HPKI card could be checked ({problem})."
        return
    for anchor in trust.store.anchors:
        if is_test(anchor):
            yield f"INKAN_HPKI_TRUST: {anchor.subject.rfc4514_string()} is a test authority."


def _facility_trust() -> Iterator[str]:
    """Only where callers show certificates at all (RFC 8705)."""
    if not settings.API_ORIGIN:
        return
    anchors = list(_anchors(settings.FACILITY_TRUST))
    if not anchors:
        yield f"INKAN_FACILITY_TRUST: {settings.FACILITY_TRUST} holds no authority of facilities' certificates."
    for anchor in anchors:
        if is_test(anchor):
            yield f"INKAN_FACILITY_TRUST: {anchor.subject.rfc4514_string()} is a test authority."


RULES: tuple[Rule, ...] = (
    _no_demo_parts,
    _https_and_names,
    _servers,
    _keys,
    _jpki_trust,
    _hpki_trust,
    _facility_trust,
)


def problems() -> list[str]:
    """Every reason not to run in production, in words; empty in the demo."""
    if settings.IS_DEMO:
        return []
    return [problem for rule in RULES for problem in rule()]


@register()
def production_is_safe(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    return [Error(problem, id=f"inkan.E{number:03}") for number, problem in enumerate(problems(), 1)]


def refuse_unsafe_start() -> None:
    """Stops a server process; called by its door (wsgi, asgi, worker)."""
    found = problems()
    if found:
        raise EnvironmentRefused("Inkan cannot start in production:\n  " + "\n  ".join(found))
