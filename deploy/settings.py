"""Inkan's settings, top to bottom. Values come from deploy.environment; nothing else reads the environment."""

import hashlib
import secrets
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from csp.constants import NONE, SELF

from deploy import environment

ENV = environment.read()
ROOT = environment.ROOT


def _text(name: str) -> str:
    value = ENV[name]
    return "" if value is None else str(value)


def _path(name: str, default: Path) -> Path:
    return cast(Path | None, ENV[name]) or default


# --- where and what --------------------------------------------------------------------------------------
INKAN_ENV = _text("INKAN_ENV")
IS_DEMO = INKAN_ENV == "demo"
DEBUG = False
HOME = cast(Path, ENV["INKAN_HOME"])
ORIGIN = (_text("INKAN_ORIGIN") or f"http://localhost:{ENV['PORT']}").rstrip("/")
ORIGIN_PARTS = urlsplit(ORIGIN)
IS_HTTPS = ORIGIN_PARTS.scheme == "https"
WEBAUTHN_RP_ID = _text("INKAN_RP_ID") or (ORIGIN_PARTS.hostname or "localhost")
# Decision 40: where nginx asks for HPKI cards, and how its headers are known; "" on an installation without it.
CARD_ORIGIN = _text("INKAN_CARD_ORIGIN")
PROXY_SECRET = _text("INKAN_PROXY_SECRET")
if CARD_ORIGIN and (not PROXY_SECRET or urlsplit(CARD_ORIGIN).netloc == ORIGIN_PARTS.netloc):
    raise environment.EnvironmentRefused(
        "INKAN_CARD_ORIGIN needs INKAN_PROXY_SECRET, and a host or port that INKAN_ORIGIN does not have"
    )
# Decision 40: where nginx asks callers for their facility's certificate (RFC 8705); "" on an installation without it.
API_ORIGIN = _text("INKAN_API_ORIGIN")
_netlocs = [ORIGIN_PARTS.netloc, *(urlsplit(one).netloc for one in (CARD_ORIGIN, API_ORIGIN) if one)]
if API_ORIGIN and (not PROXY_SECRET or len(set(_netlocs)) != len(_netlocs)):
    raise environment.EnvironmentRefused(
        "INKAN_API_ORIGIN needs INKAN_PROXY_SECRET, and a host or port that the other origins do not have"
    )
# CA-01: the first day on which pharmacists may choose JPA; without it JPA is closed. The demo's JPA has been open.
JPA_OPENS = cast(date | None, ENV["INKAN_JPA_OPENS"]) or (date(2026, 4, 1) if IS_DEMO else None)
ALLOWED_HOSTS = [ORIGIN_PARTS.hostname or "localhost", *(["127.0.0.1"] if IS_DEMO else [])]
ROOT_URLCONF = "deploy.urls"
WSGI_APPLICATION = "deploy.wsgi.application"
ASGI_APPLICATION = "deploy.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "staff.Officer"

# --- secrets and keys (made with mode 0600 under HOME by `make run`; required in production) -------------
KEYRING_PATH = _path("INKAN_KEYRING", HOME / "keys" / "web.keyring")
SIGNER_KEYRING_PATH = _path("INKAN_SIGNER_KEYRING", HOME / "keys" / "signer.keyring")
ISSUER_KEYRING_PATH = _path("INKAN_ISSUER_KEYRING", HOME / "keys" / "issuer.keyring")


def _short_socket(name: str) -> Path:
    """A UNIX socket's path must stay under about 100 bytes, however long HOME is."""
    mark = hashlib.sha256(str(HOME).encode()).hexdigest()[:12]
    return Path("/tmp") / f"inkan-{mark}" / name  # noqa: S108  (directory made with mode 0700 by the signer)


SIGNER_SOCKET = _path("INKAN_SIGNER_SOCKET", _short_socket("signer"))
ISSUER_SOCKET = _path("INKAN_ISSUER_SOCKET", _short_socket("issuer"))
KEYSTORE = _text("INKAN_KEYSTORE")
PKCS11_MODULE = _text("INKAN_PKCS11_MODULE")
PKCS11_TOKEN = _text("INKAN_PKCS11_TOKEN")
PKCS11_PIN = _text("INKAN_PKCS11_PIN")
MODULE_SECONDS = cast(int, ENV["INKAN_MODULE_SECONDS"])  # a call to the module; callers wait for ten seconds
ISSUER_PKCS11_TOKEN = _text("INKAN_ISSUER_PKCS11_TOKEN") or PKCS11_TOKEN
ISSUER_PKCS11_PIN = _text("INKAN_ISSUER_PKCS11_PIN") or PKCS11_PIN
READER_URL = "/reader/" if IS_DEMO else ""  # decision 22: a mount of its own, refused in production
JPKI_TRUST = _path("INKAN_JPKI_TRUST", HOME / "jpki-test")
HPKI_TRUST = _path("INKAN_HPKI_TRUST", HOME / "hpki-test")
FACILITY_TRUST = _path("INKAN_FACILITY_TRUST", HOME / "facility-test")  # anchors of the callers' certificates


def _secret_key() -> str:
    given = _text("INKAN_SECRET_KEY")
    kept = HOME / "keys" / "secret.key"
    if not given and kept.exists():
        given = kept.read_text(encoding="ascii").strip()
    if not given and not IS_DEMO:
        raise environment.EnvironmentRefused("INKAN_SECRET_KEY is required in production")
    return given or secrets.token_urlsafe(48)


SECRET_KEY = _secret_key()

# --- applications ----------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "deploy.admin.ReviewDeskConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "django_otp",
    "csp",
    "deploy",
    "vault",
    "ledger",
    "outbox",
    "staff",
    "signing",
    "enrollment",
    *(["deploy.demo"] if IS_DEMO else []),
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "deploy.language.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "deploy.pages.RefusalMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"


# --- database --------------------------------------------------------------------------------------------
def _database(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(parts.path),
            "TEST": {"NAME": f"{unquote(parts.path)}.test"},  # a file: in memory there is no busy timeout
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
            },
        }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


DATABASE_URL = _text("DATABASE_URL") or f"sqlite://{HOME / 'inkan.sqlite3'}"
DATABASES = {"default": _database(DATABASE_URL)}

# --- queues (decision 13): a message holds a job id and nothing else -------------------------------------
BROKER_URL = _text("BROKER_URL") or "filesystem://"
BROKER_IS_EMBEDDED = BROKER_URL.startswith("filesystem:")
BROKER_FOLDER = HOME / "broker"
WORKER_LOCK = HOME / "worker.lock"
REDIS_URL = _text("REDIS_URL")
OUTBOX_HANDLERS = "deploy.events.HANDLERS"
OUTBOX_RINGER = "deploy.celery.ring"
LEDGER_ROOTS = _path("INKAN_ROOTS", HOME / "roots")  # each day's signed root once more, outside the database
ROOTS_MAIL = _text("INKAN_ROOTS_MAIL")
LEDGER_WITNESSES = {"signer_journal": "signing.reconciliation.journal_witness"}  # decision 8
REVIEW_QUEUES = {"jma": "review-jma", "medis": "review-medis", "jpa": "review-jpa"}
QUEUES = (*REVIEW_QUEUES.values(), "files", "keys", "default")

# --- storage and mail ------------------------------------------------------------------------------------
STORAGE_ROOT = Path(unquote(urlsplit(_text("STORAGE_URL")).path)) if _text("STORAGE_URL") else HOME / "files"
INKAN_CLAMD = _text("INKAN_CLAMD")  # a malware scanner's socket; "" where there is none
EMAIL_URL = _text("EMAIL_URL")
DEFAULT_FROM_EMAIL = f"Inkan <no-reply@{ORIGIN_PARTS.hostname or 'localhost'}>"


def _smtp() -> dict[str, Any]:
    parts = urlsplit(EMAIL_URL)
    return {
        "EMAIL_HOST": parts.hostname or "localhost",
        "EMAIL_PORT": parts.port or 25,
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
    }


globals().update(_smtp())

# --- sessions, cookies, passwords (decision 2: Django's own session is an officer's) ---------------------
_PREFIX = "__Host-" if IS_HTTPS else ""
SESSION_COOKIE_NAME = f"{_PREFIX}inkan-officer"
APPLICANT_COOKIE_NAME = f"{_PREFIX}inkan-applicant"
CARD_COOKIE_NAME = f"{_PREFIX}inkan-card"  # a visit of the site for holders of an HPKI card
SIGNER_COOKIE_NAME = f"{_PREFIX}inkan-signer"
BROWSER_COOKIE_NAME = f"{_PREFIX}inkan-browser"  # binds a link or a ceremony to the browser that began it
CSRF_COOKIE_NAME = f"{_PREFIX}inkan-csrf"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 30 * 60
SESSION_SAVE_EVERY_REQUEST = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
APPLICANT_IDLE = timedelta(minutes=30)
CSRF_TRUSTED_ORIGINS = [ORIGIN]
CSRF_FAILURE_VIEW = "deploy.pages.csrf_failure"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 13}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
OTP_TOTP_ISSUER = "Inkan"

# --- signing (decisions 12, BD-10) -----------------------------------------------------------------------
SIGNING_SESSION = timedelta(hours=cast(int, ENV["INKAN_SESSION_HOURS"]))
CARD_VISIT = timedelta(minutes=10)
SIGNING_SESSION_ENDS_AT_MIDNIGHT = ENV["INKAN_SESSION_ENDS_AT_MIDNIGHT"] == "yes"
SAD_LIFETIME = timedelta(seconds=300)
MULTISIGN = 500
# When the signer must approve a set of hashes anew, although the day lives (signing/authorising/policy.py).
SIGNING_STEP_UP = "signing.authorising.policy.reasons"
STEP_UP_ABOVE = 0  # hashes in one authorisation; 0: never by their number
STEP_UP_FOR_NEW_CALLERS = False  # a system with which this signer has never signed
STEP_UP_LIFETIME = timedelta(minutes=10)
SIGNING_KEY_KIND = _text("INKAN_KEY_KIND")  # of credentials that are ordered from now on
SIGNING_CALLER = "signing.api.callers.oauth_client"
LEDGER_SIGNERS = "signing.records.auditing.find"  # which entries of the log are about a signer, for auditors
SIGNING_PHONE_RULES = "deploy.phone_rules.rules"  # what each authority allows with phones, as dated data

# --- headers ---------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
# Not "no-referrer": a browser then sends "Origin: null" with each form, and Django refuses it as forged.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31536000 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_SSL_REDIRECT = IS_HTTPS
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_HANDLERS = ["enrollment.views.receiving.OneBoundedFile"]  # PH-06
DATA_UPLOAD_MAX_NUMBER_FIELDS = 300
DATA_UPLOAD_MAX_NUMBER_FILES = 4

# --- language and time (decision 14: stored in UTC, shown in JST) ----------------------------------------
LANGUAGE_CODE = "ja"
LANGUAGES = [("ja", "日本語"), ("en", "English")]
LOCALE_PATHS = [ROOT / "locale"]
LANGUAGE_COOKIE_NAME = f"{_PREFIX}inkan-language"
LANGUAGE_COOKIE_AGE = 365 * 86400
LANGUAGE_COOKIE_SECURE, LANGUAGE_COOKIE_HTTPONLY, LANGUAGE_COOKIE_SAMESITE = IS_HTTPS, True, "Lax"
USE_I18N = USE_TZ = True
TIME_ZONE = "Asia/Tokyo"
CLOCK_OFFSET = timedelta(seconds=cast(int, ENV["INKAN_CLOCK_OFFSET"]))

# --- static files ----------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS = [
    ROOT / "static",
    ("design-tokens", ROOT / "node_modules" / "@digital-go-jp" / "design-tokens" / "dist"),
    ("cropperjs", ROOT / "node_modules" / "cropperjs" / "dist"),
]
WHITENOISE_USE_FINDERS = IS_DEMO
WHITENOISE_AUTOREFRESH = False

# --- logs: one line each, no names, no secrets -----------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "deploy.lines.Line", "format": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
}
