"""nginx in front of the hot path for bench_signing: TLS 1.3, a client certificate asked for, connections kept."""

import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.bench.signing.works import spent
from tests.support import services

_CONF = """\
daemon off; user root; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log warn;
events {{ worker_connections 512; }}
http {{
    access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    client_max_body_size 1m; client_body_buffer_size 128k; keepalive_requests 1000000;
    upstream hot {{ server unix:{upstream}; keepalive 128; keepalive_requests 1000000; }}
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.key;
        ssl_protocols TLSv1.3; ssl_session_tickets off;
        ssl_client_certificate {folder}/client.pem; ssl_verify_client on;
        location / {{
            proxy_http_version 1.1; proxy_set_header Connection "";
            proxy_set_header X-Inkan-Client-Certificate $ssl_client_escaped_cert;
            proxy_pass http://hot;
        }}
    }}
}}
"""


class Front:
    """Use as a context manager; `certificate` and `key` are the client's files."""

    def __init__(self, folder: Path, upstream: str) -> None:
        folder.mkdir(parents=True)
        self.port = services.free_port()
        self.certificate, self.key = folder / "client.pem", folder / "client.key"
        _pair(folder, "server")
        _pair(folder, "client")
        conf = folder / "nginx.conf"
        conf.write_text(_CONF.format(folder=folder, upstream=upstream, port=self.port))
        self._process = subprocess.Popen(
            ["/usr/sbin/nginx", "-e", f"{folder}/error.log", "-p", str(folder), "-c", str(conf)]
        )
        time.sleep(0.5)

    def __enter__(self) -> "Front":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)

    def spent(self) -> float:
        return spent(self._process.pid)


def _pair(folder: Path, name: str) -> None:
    """A P-256 key and a certificate that it signs itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    (folder / f"{name}.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / f"{name}.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
