"""csc_check takes its token by client credentials where it is told to."""

import base64
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from io import StringIO
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from django.core.management import CommandError, call_command

from signing.csc_check.server import Unreachable, client_credentials
from tests.support.web import listening


class TokenEndpoint(BaseHTTPRequestHandler):
    """RFC 6749 section 4.4 for one client."""

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        expected = "Basic " + base64.b64encode(b"ehr:secret").decode()
        is_known = self.headers["Authorization"] == expected or form.get("client_id") == ["bound"]
        is_good = is_known and form["grant_type"] == ["client_credentials"]
        body = json.dumps({"access_token": f"token of {form['scope'][0]}"} if is_good else {}).encode()
        self.send_response(200 if is_good else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def endpoint() -> Iterator[str]:
    with listening(TokenEndpoint) as address:
        yield f"{address}/token"


def test_a_good_secret_gives_a_token(endpoint: str) -> None:
    assert client_credentials(endpoint, "ehr", "secret") == "token of service"


def test_without_a_secret_the_client_names_itself_and_its_certificate_speaks(endpoint: str) -> None:
    """RFC 8705 section 2: client_id in the form, and no Authorization."""
    assert client_credentials(endpoint, "bound", "") == "token of service"
    with pytest.raises(Unreachable):
        client_credentials(endpoint, "ehr", "")


@pytest.mark.parametrize(
    ("file", "said"), [("", "--client-secret-file or --certificate"), ("/nowhere/at/all", "No such file")]
)
def test_a_secret_that_cannot_be_read_is_said(endpoint: str, file: str, said: str) -> None:
    with pytest.raises(CommandError, match=said) as ended:
        call_command(
            "csc_check", "http://127.0.0.1:9", token_url=endpoint, client_id="ehr", client_secret_file=file,
            stdout=StringIO(),
        )  # fmt: skip
    assert ended.value.returncode == 2


def test_a_wrong_one_ends_the_command_without_quoting_it(endpoint: str, tmp_path: Path) -> None:
    with pytest.raises(Unreachable):
        client_credentials(endpoint, "ehr", "wrong")
    file = tmp_path / "secret"
    file.write_text("CANARY-wrong\n")
    with pytest.raises(CommandError) as ended:
        call_command(
            "csc_check", "http://127.0.0.1:9", token_url=endpoint, client_id="ehr",
            client_secret_file=str(file), stdout=StringIO(),
        )  # fmt: skip
    assert ended.value.returncode == 2 and "CANARY" not in str(ended.value)


@pytest.mark.parametrize("address", ["file:///etc/hostname", "ftp://localhost/token", "token"])
def test_what_is_no_servers_address_is_not_asked(address: str) -> None:
    with pytest.raises(ValueError, match="not an address of a server"):
        client_credentials(address, "ehr", "secret")
