"""Fill the template in, and put anchors and revocation lists together as nginx reads them. Plain."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import Encoding

from cards.hpki.trust import HpkiTrust
from cards.trust import TrustStore

TEMPLATE, API_TEMPLATE = (Path(__file__).with_name(name) for name in ("inkan.conf", "inkan-api.conf"))
FACILITY_AUTHORITIES, FACILITY_LISTS = "facility-authorities.pem", "facility-lists.pem"
CONFIGURATION, AUTHORITIES, LISTS = "inkan.conf", "hpki-authorities.pem", "hpki-lists.pem"
_PLACE = re.compile(r"@([A-Z_]+)@")
_SAFE = re.compile(
    r"[\w./:\[\]*=-]+"
)  # no space, quote, brace, semicolon or dollar: nothing that nginx would read


class Unsuitable(ValueError):
    """A value that cannot stand in the configuration."""


class Site(NamedTuple):
    """What the operator decides. Addresses are nginx's own words: `443`, `127.0.0.1:8443`, `unix:/run/inkan/pages`."""

    origin: str
    card_origin: str
    secret: str
    trust: Path
    certificate: str
    key: str
    card_certificate: str
    card_key: str
    pages: str = "unix:/run/inkan/pages"
    hot: str = "unix:/run/inkan/hot"
    listen: str = "443"
    card_listen: str = "443"
    plain_listen: str = "80"
    operators: tuple[str, ...] = ("127.0.0.1",)  # who may read /metrics
    access_log: str = "/var/log/nginx/inkan.log"
    # Where callers show their facility's certificate; "" where there is no such origin.
    api_origin: str = ""
    facility_trust: Path = Path("facility-trust")
    api_certificate: str = ""
    api_key: str = ""
    api_listen: str = "443"


def configuration(site: Site, folder: Path, *, has_facility_lists: bool = False) -> str:
    """nginx's configuration; the bundles lie in `folder`. Raises Unsuitable."""
    main, card, api = (urlsplit(one) for one in (site.origin, site.card_origin, site.api_origin))
    others = [card, *([api] if site.api_origin else [])]
    if any((one.scheme, bool(one.hostname)) != ("https", True) for one in others):
        raise Unsuitable("the card and API origins must be https")
    if len({main.netloc, *(one.netloc for one in others)}) != 1 + len(others):
        raise Unsuitable("each origin must have a host or port of its own")
    values = {
        "MAIN_ORIGIN": site.origin,
        "MAIN_NETLOC": main.netloc,
        "MAIN_HOST": main.hostname or "",
        "CARD_HOST": card.hostname or "",
        "MAIN_LISTEN": site.listen,
        "CARD_LISTEN": site.card_listen,
        "PLAIN_LISTEN": site.plain_listen,
        "MAIN_CERTIFICATE": site.certificate,
        "MAIN_KEY": site.key,
        "CARD_CERTIFICATE": site.card_certificate,
        "CARD_KEY": site.card_key,
        "CARD_AUTHORITIES": str(folder / AUTHORITIES),
        "CARD_LISTS": str(folder / LISTS),
        "PAGES": site.pages,
        "HOT": site.hot,
        "PROXY_SECRET": site.secret,
        "ACCESS_LOG": site.access_log,
    }
    if site.api_origin:
        values |= {
            "API_HOST": api.hostname or "",
            "API_LISTEN": site.api_listen,
            "API_CERTIFICATE": site.api_certificate or site.certificate,
            "API_KEY": site.api_key or site.key,
            "FACILITY_AUTHORITIES": str(folder / FACILITY_AUTHORITIES),
        }
    filled = {name: _safe(name, value) for name, value in values.items()}
    operators = [_safe("OPERATORS", one) for one in site.operators]
    filled["OPERATORS"] = " ".join(f"allow {one};" for one in operators)
    lists = _safe("FACILITY_LISTS", str(folder / FACILITY_LISTS))
    filled["FACILITY_LISTS"] = f"ssl_crl {lists};" if has_facility_lists else ""
    if not site.api_origin:
        return _fill(TEMPLATE, filled | {"API_HOST": ""})
    return _fill(TEMPLATE, filled) + _fill(API_TEMPLATE, filled)


def authorities(trust: HpkiTrust) -> bytes:
    """The anchors, root included: OpenSSL follows the chain to a self-signed one."""
    return b"".join(anchor.public_bytes(Encoding.PEM) for anchor in trust.store.anchors)


def lists(trust: HpkiTrust) -> bytes:
    """All revocation lists. nginx refuses every card of an authority whose list is missing or too old."""
    return b"".join(item.public_bytes(Encoding.PEM) for item in trust.store.lists)


def facilities(site: Site) -> dict[str, bytes]:
    """The bundles for callers' certificates: anchors, and lists where there are any (then one of each authority).

    Raises cards.trust.TrustError.
    """
    trust = TrustStore.load(site.facility_trust)
    found = {FACILITY_AUTHORITIES: b"".join(one.public_bytes(Encoding.PEM) for one in trust.anchors)}
    listed = b"".join(one.public_bytes(Encoding.PEM) for one in trust.lists)
    return found | ({FACILITY_LISTS: listed} if listed else {})


def write(site: Site, folder: Path) -> list[Path]:
    """The configuration and its bundles; raises Unsuitable and cards.trust.TrustError."""
    trust = HpkiTrust.load(site.trust)
    parts = {AUTHORITIES: authorities(trust), LISTS: lists(trust)}
    if site.api_origin:
        parts |= facilities(site)
    written = configuration(site, folder, has_facility_lists=FACILITY_LISTS in parts)
    parts = {CONFIGURATION: written.encode(), **parts}
    for name, content in parts.items():
        path = folder / name
        new = path.with_name(f"{name}.new")
        new.touch(mode=0o600)
        new.write_bytes(content)
        new.replace(path)
    return [folder / name for name in parts]


def _safe(name: str, value: str) -> str:
    if not _SAFE.fullmatch(value):
        raise Unsuitable(f"{name}: {value!r} cannot stand in nginx's configuration")
    return value


def _fill(template: Path, values: Mapping[str, str]) -> str:
    """Every place of the template, and none twice over: a value is not read again."""
    return _PLACE.sub(lambda place: values[place[1]], template.read_text(encoding="utf-8"))
