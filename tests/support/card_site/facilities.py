"""TEST facility certificates for tests, and what our nginx says of one that was shown to it.

That the real nginx says so is tested in tests/signing/oauth/test_through_nginx.py.
"""

import tempfile
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from deploy.demo.facilities import Authority, Issued
from ledger import clock
from signing.api import client_certificates
from tests.support.card_site.nginx import SECRET

API_ORIGIN = "https://api.inkan.example"
CODE, NAME = "1312345678", "見本病院"
LONG_NAME = (  # almost as long as a name may be
    "独立行政法人　地域医療機能推進機構　みどり総合メディカルセンター附属　みどり北診療所"
    "（在宅医療・訪問看護・居宅介護支援部門）　Midori-Kita-Clinic-Department-of-Home-Medical-Care 分院"
)


@cache
def folder() -> Path:
    """The trust folder of the run's TEST authority."""
    return Path(tempfile.mkdtemp(prefix="inkan-facilities-"))


@cache
def authority() -> Authority:
    return Authority(folder() / "trust", folder() / "keys", clock.now() - timedelta(days=10))


@cache
def look_alike() -> Authority:
    """An authority with the same name under a key of its own."""
    return Authority(folder() / "other", folder() / "other-keys", clock.now() - timedelta(days=10))


def issue(at: datetime | None = None, lifetime: timedelta = timedelta(days=365)) -> Issued:
    return authority().issue(CODE, NAME, at or clock.now(), lifetime)


def bound(client_id: str, at: datetime | None = None, *, name: str = NAME, code: str = CODE) -> Issued:
    """A fresh certificate to which the client is bound; what the installation calls its facility, and its code."""
    at = at or clock.now()
    issued = issue(at)
    client_certificates.add(client_id, issued.certificate, facility=code, facility_name=name, at=at)
    return issued


def thumbprint(issued: Issued) -> bytes:
    return issued.certificate.fingerprint(SHA256())


def headers(issued: Issued, *, verified: str = "SUCCESS", secret: str = SECRET) -> dict[str, str]:
    """What our nginx says to the program."""
    return {
        "X-Inkan-Proxy-Secret": secret,
        "X-Inkan-Facility-Verify": verified,
        "X-Inkan-Facility-Certificate": quote(
            issued.certificate.public_bytes(Encoding.PEM).decode(), safe=""
        ),
    }
