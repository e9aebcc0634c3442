"""`make run`: one command, the whole product; it ends wholly and goes on with its data."""

import os
import signal
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.product import END_SECONDS, Product, alive, processes_of

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    fresh = Product.embedded(tmp_path_factory.mktemp("run"))
    fresh.is_from_scratch = True  # as on a newcomer's machine
    with fresh as running:
        yield running


def wait_for(condition: object, seconds: float = 15.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if callable(condition) and condition():
            return True
        time.sleep(0.1)
    return False


def test_it_says_where_it_is_ready_and_who_may_come_in(product: Product) -> None:
    assert product.lines[0] == f"Inkan is ready at http://localhost:{product.port}/"
    assert "jma-examiner" in product.printed
    assert "otpauth://totp/Inkan%3Ajma-examiner?secret=" in product.printed


def test_it_is_alive_and_able_to_serve(product: Product) -> None:
    assert product.get("/healthz") == (200, '{"status": "ok"}')
    status, body = product.get("/readyz")
    assert status == 200
    assert body.count('"ok"') == 6


def test_its_figures_can_be_read_by_prometheus(product: Product) -> None:
    status, body = product.get("/metrics")
    assert status == 200
    assert "# TYPE inkan_jobs gauge\n" in body
    assert "# TYPE inkan_applications gauge\n" in body


def test_a_missing_page_is_a_page_and_a_missing_method_is_json(product: Product) -> None:
    status, page = product.get("/there-is-no-such-page")
    assert (status, "<h1>" in page) == (404, True)
    status, answer = product.get("/csc/v1/there-is-no-such-method")
    assert (status, answer[0]) == (404, "{")


HEAD = b"Host: localhost\r\nConnection: close\r\n"
ODD = {
    "a path that is not ASCII": b"GET /apply/\xe9\xff HTTP/1.1\r\n" + HEAD + b"\r\n",
    "a path that is not UTF-8": b"GET /apply/%e9%ff/ HTTP/1.1\r\n" + HEAD + b"\r\n",
    "NUL in the path": b"GET /apply/%00/ HTTP/1.1\r\n" + HEAD + b"\r\n",
    "NUL in the query": b"GET /apply/sign-in/?next=%00 HTTP/1.1\r\n" + HEAD + b"\r\n",
    "another host": b"GET / HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n",
    "cookies of rubbish": b"GET /status/ HTTP/1.1\r\n" + HEAD + b"Cookie: inkan-applicant=\x7f; =;;\r\n\r\n",
    "a method of nobody": b"PROPFIND / HTTP/1.1\r\n" + HEAD + b"\r\n",
    "a negative length": b"POST /language/ HTTP/1.1\r\n" + HEAD + b"Content-Length: -5\r\n\r\n",
    "two lengths": b"POST /reader/ HTTP/1.1\r\n"
    + HEAD
    + b"Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde",
    "a form without boundary": b"POST /reader/ HTTP/1.1\r\n" + HEAD + b"Content-Type: multipart/form-data\r\n"
    b"Content-Length: 3\r\n\r\nabc",
    "a charset of nobody": b"POST /reader/ HTTP/1.1\r\n"
    + HEAD
    + b"Content-Type: application/x-www-form-urlencoded; charset=none\r\nContent-Length: 3\r\n\r\na=b",
    "7 MB": b"POST /apply/ HTTP/1.1\r\n" + HEAD + b"Content-Length: 7340032\r\n\r\n" + b"x" * 7340032,
    "a surrogate": b"GET /log/%ed%a0%80.json HTTP/1.1\r\n" + HEAD + b"\r\n",
    "a date of nobody": b"GET /log/2026-13-45.json HTTP/1.1\r\n" + HEAD + b"\r\n",
    "a way out of the folder": b"GET /static/..%2f..%2fdeploy/settings.py HTTP/1.1\r\n" + HEAD + b"\r\n",
}


def answered(port: int, raw: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(raw)
        found = b""
        while part := line.recv(65536):
            found += part
    return found


@pytest.mark.parametrize("oddity", ODD)
def test_odd_requests_are_answered_without_a_500(product: Product, oddity: str) -> None:
    answer = answered(product.port, ODD[oddity])
    assert answer.startswith(b"HTTP/1.1 ")
    assert int(answer.split()[1]) in (200, 302, 400, 403, 404, 405, 413)
    assert b"Traceback" not in answer


def test_the_hot_path_is_mounted(product: Product) -> None:
    """A hash without a caller is refused by the hot application itself, not by Django's CSRF page."""
    body = b"POST /csc/v1/signatures/signHash HTTP/1.1\r\n" + HEAD + b"Content-Length: 2\r\n\r\n{}"
    answer = answered(product.port, body)
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b'"error"' in answer


def test_the_doctor_finds_nothing_wrong(product: Product) -> None:
    assert "Nothing is wrong" in product.manage("doctor").stdout


def test_the_ledger_and_the_keys_agree_from_the_start(product: Product) -> None:
    for command in (("audit", "verify"), ("reconcile",)):
        assert product.manage(*command).returncode == 0


def test_a_second_run_on_the_same_folder_is_refused_in_words(product: Product) -> None:
    second = Product(product.home)
    second.launch()
    assert second.process is not None
    assert second.process.wait(20) != 0
    assert wait_for(lambda: "Inkan already runs on" in second.printed)
    assert product.get("/healthz")[0] == 200


def test_a_taken_port_is_refused_in_words(tmp_path: Path) -> None:
    other = Product.embedded(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", other.port))
        taken.listen()
        other.launch()
        assert other.process is not None
        assert other.process.wait(20) != 0
    assert wait_for(lambda: "Choose another port" in other.printed)


def test_secrets_are_for_their_owner_only(product: Product) -> None:
    keys = [path for path in (product.home / "keys").rglob("*") if path.is_file()]
    assert {"secret.key", "web.keyring", "signer.keyring", "issuer.keyring"} <= {path.name for path in keys}
    assert [path for path in keys if stat.S_IMODE(path.stat().st_mode) & 0o077] == []


@pytest.mark.parametrize("part", ["web", "worker", "clock", "signer", "issuer"])
def test_a_killed_part_is_started_again(product: Product, part: str) -> None:
    old = product.kill(part)
    assert product.wait_for_another(part, old)
    assert wait_for(product.is_ready, 30)


def test_it_listens_on_loopback_only(product: Product) -> None:
    listening = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        address, port = line.split()[1].split(":")
        if int(port, 16) == product.port and line.split()[3] == "0A":
            listening.add(address)
    assert listening == {"0100007F"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_ends_wholly_within_ten_seconds_and_goes_on_with_its_data(
    product: Product, number: signal.Signals
) -> None:
    key = (product.home / "keys" / "web.keyring").read_bytes()
    people = product.people()
    assert product.stop(number) < END_SECONDS
    assert processes_of(product.home) == {}
    product.start()
    assert (product.home / "keys" / "web.keyring").read_bytes() == key
    assert product.people() == people


def test_a_killed_supervisor_leaves_no_orphan(product: Product) -> None:
    assert product.process is not None
    pids = [pid for pid in processes_of(product.home) if pid != product.process.pid]
    assert len(pids) >= 5
    os.kill(product.process.pid, signal.SIGKILL)
    product.process.wait()
    assert wait_for(lambda: not any(alive(pid) for pid in pids), 5)
    product.start()
