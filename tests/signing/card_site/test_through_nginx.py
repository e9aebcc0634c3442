"""The real nginx in front of the real pages: what the two say to each other, from the first page to the open visit."""

import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPSConnection
from http.cookiejar import CookieJar
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from ledger import clock
from signing.models import CardVisit
from tests.support.beside import BESIDE
from tests.support.card_site import hpki
from tests.support.card_site.nginx import SECRET, Nginx
from tests.support.credentials import active_credential, signer
from tests.support.web import served

pytestmark = BESIDE
PERSON_ID = "JMA0265432"
GOOD, REVOKED = hpki.card(PERSON_ID), hpki.card(PERSON_ID)


class Site(NamedTuple):
    url: str
    nginx: Nginx
    folder: Path


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    trust = hpki.publish(tmp_path / "hpki", revoked=(REVOKED,))
    with Nginx() as nginx:
        ours = {"INKAN_CARD_ORIGIN": nginx.card_origin, "INKAN_PROXY_SECRET": SECRET}
        with served(**ours, INKAN_HPKI_TRUST=str(trust)) as address:
            url, pages = address.replace("127.0.0.1", "localhost"), address.removeprefix("http://")
            nginx.start(tmp_path / "nginx", origin=url, pages=pages, trust=trust)
            yield Site(url, nginx, tmp_path)


class Person:
    """A browser with cookies at the main origin; its card is shown at the other."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def get(self, address: str) -> tuple[str, str]:
        """Where it ended, and the page."""
        with self.opener.open(address, timeout=20) as answer:
            return answer.geturl(), answer.read().decode()

    def begin(self) -> str:
        page = self.get(f"{self.site.url}/card/sign-in/my_number_card/")[1]
        return page.split(f'href="{self.site.nginx.card_origin}', 1)[1].split('"', 1)[0]

    def show(self, path: str, card: hpki.HpkiCard | None, **headers: str) -> tuple[int, str]:
        """What the card origin answers to a fresh TLS connection."""
        context = ssl.create_default_context(cafile=self.site.nginx.site.certificate)
        if card is not None:
            context.load_cert_chain(*card.files(self.site.folder, "client"))
        line = HTTPSConnection("localhost", self.site.nginx.ports[1], context=context, timeout=10)
        line.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = line.getresponse()
        answer.read()
        line.close()
        return answer.status, answer.headers.get("Location", "")


@pytest.mark.requirement("BD-01", "RV-9")
def test_a_card_shown_to_nginx_opens_a_visit_in_the_browser_that_began(site: Site) -> None:
    active_credential(signer(PERSON_ID), at=clock.now())
    person, stranger = Person(site), Person(site)
    status, where = person.show(person.begin(), GOOD)
    assert status == 302 and where.startswith(f"{site.url}/card/enter/?ticket=")
    ended, page = person.get(where)
    assert ended == f"{site.url}/card/my-number-card/" and PERSON_ID in page
    assert CardVisit.objects.get().state == "open"
    with pytest.raises(urllib.error.HTTPError, match="403"):
        stranger.get(where)


@pytest.mark.requirement("BD-12", "RV-9")
def test_bad_cards_and_forged_headers_end_at_the_page_that_says_why(site: Site) -> None:
    active_credential(signer(PERSON_ID), at=clock.now())
    forged = {
        "X_Inkan_Proxy_Secret": SECRET,
        "X_Inkan_Client_Verify": "SUCCESS",
        "X_Inkan_Client_Certificate": GOOD.escaped,
    }
    for card, reason in (
        (None, "hpki_none"),
        (REVOKED, "hpki_revoked&authority=jma"),
        (hpki.card(PERSON_ID, days=(-90, -1)), "hpki_expired&authority=jma"),
        (hpki.card(PERSON_ID, authority=hpki.look_alike()), "hpki_unknown"),
    ):
        person = Person(site)
        told = person.show(person.begin(), card, **forged)
        assert told == (303, f"{site.url}/card/refused/?reason={reason}")
    path = Person(site).begin()
    direct = urllib.request.Request(f"{site.url}{path}", headers={"X-Inkan-Proxy-Secret": f"{SECRET}x"})
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(direct, timeout=20)
    twice = f"X-Inkan-Proxy-Secret: {SECRET}"
    assert b" 404 " in raw(site.url, path, twice, twice)
    assert b" 404 " in raw(site.url, path, twice, f"X_Inkan_Proxy_Secret: {SECRET}")
    assert not CardVisit.objects.exclude(state="begun").exists()


def raw(url: str, path: str, *lines: str) -> bytes:
    """The first line of the answer to headers as they stand, underscores and repetitions included."""
    parts = urlsplit(url)
    with socket.create_connection(("127.0.0.1", parts.port or 80), 10) as line:
        head = "\r\n".join([f"GET {path} HTTP/1.1", f"Host: {parts.netloc}", "Connection: close", *lines])
        line.sendall(f"{head}\r\n\r\n".encode())
        return line.recv(200).splitlines()[0]
