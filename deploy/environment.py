"""Every environment variable that Inkan reads, once: name, default, and how an odd value is refused.

Source: contract.md "Environment". Each variable may be given as NAME_FILE (the value is the file's content).
"""

import os
import re
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from enrollment.pictures import scanner


class EnvironmentRefused(SystemExit):
    """Stops the start and names every variable that is wrong."""


def _text(value: str) -> str:
    return value


def _path(value: str) -> Path:
    return Path(value).expanduser().resolve()


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return value

    return read


def _number(low: int, high: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        number = int(value)
        if not low <= number <= high:
            raise ValueError(f"must lie between {low} and {high}")
        return number

    return read


def _scanner(value: str) -> str:
    scanner.read_address(value)
    return value


def _url(*schemes: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value.split(":", 1)[0] not in schemes:
            raise ValueError(f"must begin with one of {', '.join(s + ':' for s in schemes)}")
        return value

    return read


def _address(value: str) -> str:
    name, at, host = value.partition("@")
    if (
        not (name and at and host)
        or "@" in host
        or not value.isprintable()
        or any(c in " ,;<>" for c in value)
    ):
        raise ValueError("must be one mail address")
    return value


def _origin(value: str) -> str:
    """An https origin and nothing behind it: what is put together from it must stay on it."""
    parts = urlsplit(value)
    if parts.scheme != "https" or not parts.hostname or value.rstrip("/") != f"https://{parts.netloc}":
        raise ValueError("must be https://host or https://host:port")
    return value.rstrip("/")


def _secret(value: str) -> str:
    if len(value) < SHORTEST_SECRET or not re.fullmatch(r"[A-Za-z0-9_-]+", value):
        raise ValueError(f"must have at least {SHORTEST_SECRET} characters out of A-Z a-z 0-9 _ -")
    return value


def _day(value: str) -> date:
    return date.fromisoformat(value)


SHORTEST_SECRET = 32
ROOT = Path(__file__).resolve().parent.parent

# name -> (default or None where the settings derive one, reader)
VARIABLES: dict[str, tuple[str | None, Callable[[str], object]]] = {
    "DATABASE_URL": (None, _url("sqlite", "postgresql")),
    "BROKER_URL": (None, _url("filesystem", "redis", "rediss", "unix")),
    "REDIS_URL": (None, _url("redis", "rediss", "unix")),
    "STORAGE_URL": (None, _url("file")),
    "EMAIL_URL": ("mailbox:", _url("mailbox", "smtp", "smtps")),
    "INKAN_ENV": ("demo", _one_of("demo", "production")),
    "INKAN_HOME": (str(ROOT / "var"), _path),
    "HOST": ("127.0.0.1", _text),
    "PORT": ("8000", _number(1, 65535)),
    "INKAN_ORIGIN": (None, _url("http", "https")),
    "INKAN_RP_ID": (None, _text),
    "INKAN_SECRET_KEY": (None, _text),
    "INKAN_KEYRING": (None, _path),
    "INKAN_SIGNER_KEYRING": (None, _path),
    "INKAN_SIGNER_SOCKET": (None, _path),
    "INKAN_ISSUER_SOCKET": (None, _path),
    "INKAN_ISSUER_KEYRING": (None, _path),
    "INKAN_ISSUER_PKCS11_TOKEN": (None, _text),
    "INKAN_ISSUER_PKCS11_PIN": (None, _text),
    "INKAN_CARD_ORIGIN": (None, _origin),
    "INKAN_API_ORIGIN": (None, _origin),
    "INKAN_KEYSTORE": ("software", _one_of("software", "pkcs11")),
    "INKAN_PKCS11_MODULE": (None, _path),
    "INKAN_PKCS11_TOKEN": (None, _text),
    "INKAN_PKCS11_PIN": (None, _text),
    "INKAN_MODULE_SECONDS": ("3", _number(1, 9)),
    "INKAN_KEY_KIND": ("rsa2048", _one_of("rsa2048", "rsa3072", "p256", "p384")),
    "INKAN_JPKI_TRUST": (None, _path),
    "INKAN_HPKI_TRUST": (None, _path),
    "INKAN_FACILITY_TRUST": (None, _path),
    "INKAN_SESSION_HOURS": ("18", _number(1, 24)),
    "INKAN_SESSION_ENDS_AT_MIDNIGHT": ("no", _one_of("yes", "no")),
    "INKAN_PROXY_SECRET": (None, _secret),
    "INKAN_JPA_OPENS": (None, _day),
    "INKAN_CLAMD": (None, _scanner),
    "INKAN_ROOTS": (None, _path),
    "INKAN_ROOTS_MAIL": (None, _address),
    "INKAN_CLOCK_OFFSET": ("0", _number(-400 * 86400, 400 * 86400)),
}


def _raw(environ: Mapping[str, str], name: str) -> str | None:
    file_name = environ.get(f"{name}_FILE")
    if file_name is not None and name in environ:
        raise ValueError(f"is given twice, as {name} and as {name}_FILE")
    if file_name is not None:
        return Path(file_name).read_text(encoding="utf-8").strip()
    return environ.get(name)


def read(environ: Mapping[str, str] = os.environ) -> dict[str, object]:
    """All variables with their values; raises EnvironmentRefused naming each that cannot be used."""
    known = set(VARIABLES) | {f"{name}_FILE" for name in VARIABLES}
    wrong = [
        f"{name}: unknown" for name in sorted(environ) if name.startswith("INKAN_") and name not in known
    ]
    values: dict[str, object] = {}
    for name, (default, reader) in VARIABLES.items():
        try:
            text = _raw(environ, name)
            chosen = default if text is None or text == "" else text
            values[name] = None if chosen is None else reader(chosen)
        except (ValueError, OSError) as problem:
            wrong.append(f"{name}: {problem}")
    if wrong:
        raise EnvironmentRefused("Inkan cannot start; these settings are wrong:\n  " + "\n  ".join(wrong))
    return values
