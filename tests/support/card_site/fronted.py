"""The product's server behind a real nginx that asks for HPKI cards, and a PC at whose reader a card lies."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Page

from cards.hpki.pki import as_pkcs12
from tests.support.browser import visit
from tests.support.card_site import hpki
from tests.support.card_site.nginx import SECRET, Nginx
from tests.support.web import served

PASSWORD = "inkan-demo"


class Site(NamedTuple):
    url: str
    card_origin: str
    pkcs12: Path


@contextmanager
def fronted(folder: Path, card: hpki.HpkiCard) -> Iterator[Site]:
    """`folder` is empty; the card's PKCS#12 lies in it."""
    trust = hpki.publish(folder / "hpki")
    pkcs12 = folder / "card.p12"
    pkcs12.write_bytes(as_pkcs12("card", card.key, card.certificate, PASSWORD))
    with (
        Nginx() as nginx,
        served(
            INKAN_CARD_ORIGIN=nginx.card_origin, INKAN_PROXY_SECRET=SECRET, INKAN_HPKI_TRUST=str(trust)
        ) as address,
    ):
        url, pages = address.replace("127.0.0.1", "localhost"), address.removeprefix("http://")
        nginx.start(folder / "nginx", origin=url, pages=pages, trust=trust)
        yield Site(url, nginx.card_origin, pkcs12)


def a_pc(browser: Browser, site: Site, *, card: bool = True) -> AbstractContextManager[Page]:
    """A PC at whose card reader the HPKI card lies, or none."""
    shown = {"origin": site.card_origin, "pfxPath": str(site.pkcs12), "passphrase": PASSWORD}
    options: dict[str, Any] = {"client_certificates": [shown]} if card else {}
    return visit(browser, site.url, phone=False, ignore_https_errors=True, **options)
