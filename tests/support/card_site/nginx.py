"""A throw-away nginx on loopback with the project's own configuration, in front of a server of this test run.

with Nginx(folder, origin="http://localhost:8000", pages="127.0.0.1:8000", trust=…) as nginx:
    nginx.card_origin                     # https://localhost:PORT, asks for an HPKI card
    nginx.main                            # https://localhost:PORT, the block of INKAN_ORIGIN
    nginx.api_origin                      # https://localhost:PORT, asks for a facility's certificate
"""

import secrets
import socket
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from deploy.nginx import render
from tests.support.services import free_port

PROGRAM = "/usr/sbin/nginx"
SECRET = secrets.token_urlsafe(32)
START_SECONDS = 10.0
_AROUND = """\
daemon off; user {user}; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log info;
events {{ worker_connections 512; }}
http {{
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/inkan.conf;
}}
"""


class Nginx:
    """Ports are chosen first, so that the server behind it may be told INKAN_CARD_ORIGIN before it starts."""

    def __init__(self) -> None:
        self.ports = [free_port() for _ in range(4)]
        self.main, self.card_origin = (f"https://localhost:{port}" for port in self.ports[:2])
        self.api_origin = f"https://localhost:{self.ports[3]}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(
        self,
        folder: Path,
        *,
        origin: str,
        pages: str,
        trust: Path,
        hot: str = "",
        user: str = "root",
        facilities: Path | None = None,
    ) -> Self:
        """`hot`: the hot path's address where it is a server of its own."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        certificate, key = _tls(folder)
        main, card, plain, api = (f"127.0.0.1:{port}" for port in self.ports)
        self.site = render.Site(
            origin=origin,
            card_origin=self.card_origin,
            secret=SECRET,
            trust=trust,
            certificate=certificate,
            key=key,
            card_certificate=certificate,
            card_key=key,
            pages=pages,
            hot=hot or pages,
            listen=main,
            card_listen=card,
            plain_listen=plain,
            access_log=str(folder / "access.log"),
            api_origin=self.api_origin if facilities else "",
            facility_trust=facilities or folder,
            api_listen=api,
        )
        render.write(self.site, folder)
        (folder / "nginx.conf").write_text(_AROUND.format(folder=folder, user=user))
        self._process = subprocess.Popen(
            [PROGRAM, "-e", f"{folder}/error.log", "-p", str(folder), "-c", f"{folder}/nginx.conf"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait()
        return self

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def reload_lists(self) -> None:
        """What the operator's timer does: bundles anew, then a reload (here a restart: it is over when it returns)."""
        self.stop()
        facilities = self.site.facility_trust if self.site.api_origin else None
        self.start(
            self.folder,
            origin=self.site.origin,
            pages=self.site.pages,
            hot=self.site.hot,
            trust=self.site.trust,
            facilities=facilities,
        )

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _wait(self) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            assert self._process is not None
            if self._process.poll() is not None:
                break
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.ports[1])) == 0:
                    return
            time.sleep(0.02)
        raise RuntimeError((self.folder / "error.log").read_text())


def _tls(folder: Path) -> tuple[str, str]:
    """A certificate for localhost that nobody trusts; it lives for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    at = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(hours=1))
        .not_valid_after(at + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .sign(key, SHA256())
    )
    paths = folder / "tls.pem", folder / "tls.key"
    paths[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return str(paths[0]), str(paths[1])
