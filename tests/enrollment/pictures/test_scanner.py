"""The malware scanner, against a real clamd, and against what else may answer at its address."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from enrollment.pictures import scanner
from enrollment.pictures.scanner import Address, Infected, ScannerUnavailable
from tests.enrollment import samples
from tests.support.clamd import MARKER, SIGNATURE, Clamd


@pytest.fixture(scope="module")
def clamd() -> Iterator[Clamd]:
    with Clamd() as running:
        yield running


def test_a_harmless_file_is_clean(clamd: Clamd) -> None:
    assert scanner.scan(samples.jpeg(), clamd.address) == "clean"
    assert scanner.scan(samples.jpeg(), f"unix:{clamd.address}") == "clean"
    assert scanner.scan(b"", clamd.address) == "clean"


@pytest.mark.parametrize(
    "data",
    [MARKER, samples.with_segment(samples.jpeg(), 0xFE, MARKER), samples.jpeg() + MARKER],
    ids=["bare", "in a comment", "behind the picture"],
)
def test_what_the_scanner_knows_is_found_and_named(clamd: Clamd, data: bytes) -> None:
    with pytest.raises(Infected) as found:
        scanner.scan(data, clamd.address)
    assert found.value.signature.startswith(SIGNATURE)


def test_four_megabytes_are_scanned_to_the_last_byte(clamd: Clamd) -> None:
    whole = samples.padded(samples.jpeg(), 4_194_304)
    begun = time.monotonic()
    assert scanner.scan(whole, clamd.address) == "clean"
    with pytest.raises(Infected):
        scanner.scan(whole[: -len(MARKER)] + MARKER, clamd.address)
    assert time.monotonic() - begun < 10


def test_more_than_the_scanner_takes_is_no_verdict(clamd: Clamd) -> None:
    with pytest.raises(ScannerUnavailable):
        scanner.scan(bytes(7 * 1024 * 1024), clamd.address)
    assert scanner.scan(b"x", clamd.address) == "clean"


def test_many_at_once(clamd: Clamd) -> None:
    found: list[str] = []

    def ask(data: bytes) -> None:
        try:
            found.append(scanner.scan(data, clamd.address))
        except Infected:
            found.append("found")

    threads = [threading.Thread(target=ask, args=(data,)) for data in [samples.jpeg(), MARKER] * 6]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["clean"] * 6 + ["found"] * 6


def test_without_an_address_nothing_is_asked() -> None:
    assert scanner.scan(MARKER, "") == ""


def test_the_scanner_is_asked_whether_it_is_there(clamd: Clamd, tmp_path: Path) -> None:
    scanner.ping(clamd.address)
    with pytest.raises(ScannerUnavailable):
        scanner.ping(str(tmp_path / "nobody"))


def test_a_dead_scanner_says_nothing_about_the_file() -> None:
    with Clamd() as running:
        assert scanner.scan(b"x", running.address) == "clean"
        running.stop()
        with pytest.raises(ScannerUnavailable):
            scanner.scan(b"x", running.address)
    with pytest.raises(ScannerUnavailable):
        scanner.scan(b"x", running.address)


def test_a_scanner_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanner, "SCAN_SECONDS", 1.0)
    with Clamd() as running:
        running.freeze()
        begun = time.monotonic()
        with pytest.raises(ScannerUnavailable, match="TimeoutError"):
            scanner.scan(samples.padded(samples.jpeg(), 4_000_000), running.address)
        assert time.monotonic() - begun < 3


@contextmanager
def somebody(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Not clamd: whoever listens at the address, on TCP."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection = server.accept()[0]
            with connection:
                try:
                    answer(connection)
                except OSError:
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def endless(connection: socket.socket) -> None:
    for _ in range(200):
        connection.sendall(b"stream: OK " * 100)


def trickle(connection: socket.socket) -> None:
    for _ in range(100):
        connection.sendall(b"s")
        time.sleep(0.05)


def said(text: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        while connection.recv(65_536)[-4:] != bytes(4):
            pass
        connection.sendall(text)

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        endless,
        trickle,
        said(b""),
        said(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        said(b"stream: OK, but not quite\0"),
        said(b"stream:  FOUND\0"),
        said(b"INSTREAM size limit exceeded. ERROR\0"),
        said(b"\xff\xfe\0"),
    ],
)
def test_what_is_not_clamd_gives_no_verdict(
    answer: Callable[[socket.socket], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanner, "SCAN_SECONDS", 2.0)
    begun = time.monotonic()
    with somebody(answer) as address, pytest.raises(ScannerUnavailable):
        scanner.scan(b"harmless", address)
    assert time.monotonic() - begun < 8


def test_a_name_of_what_was_found_is_plain_letters() -> None:
    answer = said(b"stream: Bad<script>.UNOFFICIAL FOUND\0")
    with somebody(answer) as address, pytest.raises(Infected) as found:
        scanner.scan(b"x", address)
    assert found.value.signature == "Bad?script?.UNOFFICIAL"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/run/clamav/clamd.ctl", Address("/run/clamav/clamd.ctl")),
        ("unix:/run/clamav/clamd.ctl", Address("/run/clamav/clamd.ctl")),
        ("scanner:3310", Address("", "scanner", 3310)),
        ("127.0.0.1:3310", Address("", "127.0.0.1", 3310)),
        ("[::1]:3310", Address("", "::1", 3310)),
    ],
)
def test_an_address_is_a_path_or_a_host_and_a_port(text: str, expected: Address) -> None:
    assert scanner.read_address(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "clamd.ctl",
        "unix:",
        "/",
        "/" + "x" * 120,
        "scanner",
        "scanner:",
        ":3310",
        "scanner:0",
        "scanner:65536",
        "scanner:３３１０",
        "http://scanner:3310",
        "::1:3310",
        "[nonsense]:3310",
        "a b:3310",
    ],
)
def test_anything_else_is_no_address(text: str) -> None:
    with pytest.raises(ValueError):
        scanner.read_address(text)
