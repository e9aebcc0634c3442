"""Our configuration in a real nginx: which cards pass, what the pages are told, and what nobody can say in its place.

Behind it stands a server that writes down what it was sent. openssl s_client is the foreign witness; the pages' own
checks behind the real nginx are the journey's (tests/journeys/test_card_holder.py).
"""

import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.client import HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from deploy.nginx import __main__ as command
from deploy.nginx import render
from ledger import clock
from tests.support.card_site import facilities, hpki
from tests.support.card_site.nginx import SECRET, Nginx

FORGED = {
    "X-Inkan-Proxy-Secret": SECRET,
    "X-Inkan-Client-Verify": "SUCCESS",
    "X-Inkan-Client-Certificate": "forged",
    "x-inkan-client-CERTIFICATE": "forged",
    "X_Inkan_Proxy_Secret": SECRET,
    "X_INKAN_CLIENT_VERIFY": "SUCCESS",
    "X-Forwarded-For": "192.0.2.7",
    "X-Forwarded-Proto": "http",
    "Host": "evil.example",
}

HEAD = b"HTTP/1.1\r\nHost: localhost\r\nX-Inkan-Proxy-Secret: %s" % SECRET.encode()


class _Echo(BaseHTTPRequestHandler):
    """Answers what it was sent, as JSON."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = json.dumps({"path": self.path, "headers": self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_arguments: object) -> None: ...


class Front:
    """A running nginx, and what one asks of it."""

    def __init__(self, nginx: Nginx, folder: Path, trust: Path) -> None:
        self.nginx, self.folder, self.trust = nginx, folder, trust

    def ask(
        self,
        port: int,
        path: str = "/",
        *,
        card: hpki.HpkiCard | None = None,
        headers: dict[str, str] | None = None,
        method: str = "GET",
        body: bytes = b"",
    ) -> tuple[int, dict[str, Any], str]:
        """Status, what the pages were sent (header names as they came), and where it leads."""
        context = ssl.create_default_context(cafile=self.nginx.site.certificate)
        if card:
            context.load_cert_chain(*card.files(self.folder, "client"))
        line = HTTPSConnection("localhost", port, context=context, timeout=10)
        line.putrequest(method, path, skip_host="Host" in (headers or {}))
        for name, value in (headers or {}).items():
            line.putheader(name, value)
        if body:
            line.putheader("Content-Length", str(len(body)))
        line.endheaders(body or None)
        answer = line.getresponse()
        text = answer.read()
        line.close()
        told = json.loads(text) if answer.status == 200 else {}
        return answer.status, told, answer.headers.get("Location", "")

    def card(self, card: hpki.HpkiCard | None, path: str = "/card/hpki/?visit=x", **more: Any) -> Any:
        return self.ask(self.nginx.ports[1], path, card=card, **more)

    def main(self, path: str = "/", **more: Any) -> Any:
        return self.ask(self.nginx.ports[0], path, **more)


def said(told: dict[str, Any]) -> dict[str, list[str]]:
    """Every header that begins like ours, in whatever spelling."""
    found: dict[str, list[str]] = {}
    for name, value in told["headers"]:
        plain = name.lower().replace("_", "-")
        if plain.startswith(("x-inkan", "x-forwarded", "host")):
            found.setdefault(plain, []).append(value)
    return found


REVOKED = hpki.card("JMA0000009")


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("nginx")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    trust = hpki.publish(folder / "trust", revoked=(REVOKED,))
    pages = f"127.0.0.1:{server.server_address[1]}"
    try:
        with Nginx().start(folder / "run", origin="https://localhost", pages=pages, trust=trust) as nginx:
            yield Front(nginx, folder, trust)
    finally:
        server.shutdown()
        server.server_close()


class TestTheCardOrigin:
    @pytest.mark.requirement("RV-9")
    def test_a_good_card_is_told_with_the_secret(self, front: Front) -> None:
        card = hpki.card()
        status, told, _where = front.card(card, headers=FORGED | {"Host": "localhost"})
        heard = said(told)
        assert status == 200 and told["path"] == "/card/hpki/?visit=x"
        assert heard["x-inkan-proxy-secret"] == [SECRET]
        assert heard["x-inkan-client-verify"] == ["SUCCESS"]
        assert [unquote(one) for one in heard["x-inkan-client-certificate"]] == [unquote(card.escaped)]
        assert heard["x-forwarded-for"] == ["127.0.0.1"] and heard["x-forwarded-proto"] == ["https"]
        assert heard["host"] == ["localhost"]

    @pytest.mark.requirement("RV-9")
    @pytest.mark.parametrize("path", ["/card/hpki/?visit=x", "/", "/admin/"])
    def test_no_card_and_bad_cards_are_told_as_such_and_never_as_success(
        self, path: str, front: Front
    ) -> None:
        wanted = {
            "NONE": None,
            "FAILED:certificate revoked": REVOKED,
            "FAILED:certificate has expired": hpki.card(days=(-90, -1)),
            "FAILED:unable to verify the first certificate": hpki.card(authority=hpki.look_alike()),
        }
        for expected, card in wanted.items():
            status, told, _where = front.card(card, path, headers=FORGED | {"Host": "localhost"})
            heard = said(told)
            assert (status, heard["x-inkan-client-verify"]) == (200, [expected]), path
            assert told["path"].split("?")[0] == "/card/hpki/"
            assert "forged" not in str(heard)

    def test_it_serves_one_address_and_leads_back_from_all_others(self, front: Front) -> None:
        assert front.card(hpki.card(), "/me/")[::2] == (302, "https://localhost/card/")
        assert front.card(hpki.card(), "/card/hpki/", method="POST")[0] == 403

    @pytest.mark.requirement("RV-9")
    def test_openssl_shakes_hands_in_tls_1_2_only_and_is_asked_for_a_card(self, front: Front) -> None:
        asked = _s_client(front.nginx.ports[1], "-tls1_2")
        assert "Acceptable client certificate CA names" in asked
        assert "HPKI-01-InkanTestJma-forAuthentication-forIndividual" in asked
        assert "Requested Signature Algorithms: RSA+SHA256:RSA+SHA384:RSA+SHA512" in asked
        assert "Protocol  : TLSv1.2" in asked and "Session-ID: \n" in asked
        assert "alert protocol version" in _s_client(front.nginx.ports[1], "-tls1_3")
        plain = _s_client(front.nginx.ports[0], "-tls1_3")
        assert "TLSv1.3" in plain and "Acceptable client certificate CA names" not in plain

    def test_a_host_of_the_card_origin_cannot_be_asked_for_at_the_main_one(self, front: Front) -> None:
        """What nginx was told in the handshake and what the request says must agree."""
        status, told, _where = front.main("/card/hpki/", headers={"Host": "localhost"})
        assert status == 404 and not told

    def test_stale_lists_stop_every_card_until_they_are_renewed(self, front: Front) -> None:
        hpki.publish(front.trust, at=clock.now().replace(year=clock.now().year - 1), revoked=(REVOKED,))
        front.nginx.reload_lists()
        assert said(front.card(hpki.card())[1])["x-inkan-client-verify"] == ["FAILED:CRL has expired"]
        hpki.publish(front.trust, revoked=(REVOKED,))
        front.nginx.reload_lists()
        assert said(front.card(hpki.card())[1])["x-inkan-client-verify"] == ["SUCCESS"]


class TestTheMainOrigin:
    @pytest.mark.requirement("RV-9")
    def test_a_visitors_own_headers_never_arrive(self, front: Front) -> None:
        status, told, _where = front.main("/card/", headers=FORGED)
        heard = said(told)
        assert status == 200
        assert not [name for name in heard if name.startswith("x-inkan")]
        assert heard["x-forwarded-for"] == ["127.0.0.1"] and heard["x-forwarded-proto"] == ["https"]
        assert heard["host"] == ["localhost"]

    @pytest.mark.requirement("RV-9")
    @pytest.mark.parametrize(
        "smuggled",
        [
            b"GET /card/ %s\r\n X-Inkan-Client-Verify: SUCCESS\r\n\r\n" % HEAD,
            b"GET /card/ HTTP/1.1\r\nHost: localhost\r\nX-Inkan-Proxy-Secret : %s\r\n\r\n" % SECRET.encode(),
            b"GET /card/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /card/hpki/ %s\r\n\r\n" % HEAD,
        ],
    )
    def test_smuggled_headers_never_arrive(self, smuggled: bytes, front: Front) -> None:
        context = ssl.create_default_context(cafile=front.nginx.site.certificate)
        with (
            socket.create_connection(("127.0.0.1", front.nginx.ports[0]), 10) as raw,
            context.wrap_socket(raw, server_hostname="localhost") as line,
        ):
            line.sendall(smuggled)
            line.settimeout(2)
            heard = b""
            try:
                while part := line.recv(65536):
                    heard += part
            except (TimeoutError, ssl.SSLError):
                pass
        assert heard.startswith((b"HTTP/1.1 400", b"HTTP/1.1 200"))
        assert SECRET.encode() not in heard

    def test_bodies_have_limits(self, front: Front) -> None:
        hot = "/csc/v1/signatures/signHash"
        assert front.main("/apply/photo/file/", method="POST", body=bytes(5 * 1024 * 1024))[0] == 200
        assert front.main("/apply/photo/file/", method="POST", body=bytes(6 * 1024 * 1024 + 1))[0] == 413
        assert front.main(hot, method="POST", body=bytes(1024))[0] == 200
        assert front.main(hot, method="POST", body=bytes(1024 * 1024 + 1))[0] == 413

    def test_secret_addresses_and_queries_stand_in_no_log(self, front: Front) -> None:
        front.main("/r/SECRETTOKEN/?x=SECRETQUERY")
        front.main("/card/enter/?ticket=SECRETTICKET")
        front.main("/card/jma/undo/SECRETUNDO/")
        for screen in ("/apply", "/me/sign-in", "/me/approvals"):
            front.main(f"{screen}/qr/read/SECRETCODE/")
        log = Path(front.nginx.site.access_log).read_text()
        assert "SECRET" not in log and " /r/... " in log and " /card/enter/ " in log
        assert " /apply/qr/read/... " in log and " /me/approvals/qr/read/... " in log

    def test_plain_http_leads_to_https(self, front: Front) -> None:
        with socket.create_connection(("127.0.0.1", front.nginx.ports[2]), 10) as line:
            line.sendall(b"GET /apply/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert b"Location: https://localhost/apply/" in line.recv(4096)


class TestRendering:
    def test_the_operators_command_writes_three_files_that_only_they_read(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        trust = hpki.publish(tmp_path / "trust")
        monkeypatch.setenv("INKAN_ORIGIN", "https://inkan.example")
        monkeypatch.setenv("INKAN_HPKI_TRUST", str(trust))
        given = [str(tmp_path), "--certificate", "/tls/a.pem", "--key", "/tls/a.key"]
        assert command.main(given) == 1
        assert "INKAN_CARD_ORIGIN, INKAN_PROXY_SECRET must be set" in capsys.readouterr().err
        monkeypatch.setenv("INKAN_CARD_ORIGIN", "https://card.inkan.example")
        monkeypatch.setenv("INKAN_PROXY_SECRET", SECRET)
        assert command.main([*given, "--operators", "10.0.0.0/8", "192.0.2.1"]) == 0
        written = [Path(line) for line in capsys.readouterr().out.split()]
        assert [path.stat().st_mode & 0o777 for path in written] == [0o600] * 3
        text = written[0].read_text()
        assert "allow 10.0.0.0/8; allow 192.0.2.1;" in text and SECRET in text and "@MAIN" not in text
        assert written[1].read_text().count("BEGIN CERTIFICATE") == 4
        assert written[2].read_text().count("BEGIN X509 CRL") == 4

    def test_callers_get_a_block_of_their_own_where_there_is_an_origin_for_them(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        values = {
            "INKAN_ORIGIN": "https://inkan.example",
            "INKAN_CARD_ORIGIN": "https://card.inkan.example",
            "INKAN_API_ORIGIN": "https://api.inkan.example",
            "INKAN_PROXY_SECRET": SECRET,
            "INKAN_HPKI_TRUST": str(hpki.publish(tmp_path / "trust")),
        }
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        given = [str(tmp_path), "--certificate", "/tls/a.pem", "--key", "/tls/a.key"]
        assert command.main(given) == 1
        assert "INKAN_FACILITY_TRUST must be set" in capsys.readouterr().err
        monkeypatch.setenv("INKAN_FACILITY_TRUST", str(tmp_path / "none"))
        assert command.main(given) == 1
        assert "no anchor" in capsys.readouterr().err
        facilities.authority()
        monkeypatch.setenv("INKAN_FACILITY_TRUST", str(facilities.folder() / "trust"))
        assert command.main(given) == 0
        written = [Path(line) for line in capsys.readouterr().out.split()]
        assert "facility-authorities.pem" in [path.name for path in written]
        text = written[0].read_text()
        assert "server_name api.inkan.example;" in text and "ssl_crl" in text
        assert text.count("X-Inkan-Facility-Certificate $ssl_client_escaped_cert") == 1
        assert text.count('X-Inkan-Facility-Certificate ""') == 2

    @pytest.mark.parametrize(
        "changes",
        [
            {"api_origin": "https://inkan.example"},
            {"api_origin": "https://card.inkan.example"},
            {"api_origin": "http://api.inkan.example"},
            {"api_origin": "https://api.inkan.example", "api_key": "/a b"},
            {"card_origin": "https://inkan.example"},
            {"card_origin": "http://card.inkan.example"},
            {"secret": 'x"; return 200'},
            {"pages": "unix:/run/x; }"},
            {"operators": ("all; #",)},
            {"certificate": "/a b"},
        ],
    )
    def test_a_value_that_nginx_would_read_as_words_is_refused(
        self, changes: dict[str, Any], tmp_path: Path
    ) -> None:
        site = render.Site(
            "https://inkan.example", "https://card.inkan.example", SECRET, tmp_path, "/c", "/k", "/c", "/k"
        )
        render.configuration(site, tmp_path)
        with pytest.raises(render.Unsuitable):
            render.configuration(site._replace(**changes), tmp_path)


def _s_client(port: int, version: str) -> str:
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "localhost", version],
        input="",
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    return done.stdout + done.stderr
