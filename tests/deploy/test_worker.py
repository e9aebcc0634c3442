"""The embedded broker bears one worker process; its messages arrive whole."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection

from deploy import doorbell
from tests.support.product import ROOT, Product

WORKER = ("--app", "deploy.celery", "--quiet", "worker", "--pool", "prefork", "--concurrency", "1")


@pytest.mark.journey
def test_a_second_worker_is_refused_in_words(tmp_path: Path) -> None:
    with Product.embedded(tmp_path) as product:
        second = subprocess.run(
            [sys.executable, "-m", "celery", *WORKER],
            cwd=ROOT,
            env=product.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert second.returncode == 78
        assert "A worker already serves the embedded broker" in second.stderr


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Connection]:
    with Connection(
        f"{doorbell.SCHEME}://", transport_options=doorbell.options(tmp_path / "broker")
    ) as connection:
        yield connection


def taken(channel: Any, queue: str) -> list[dict[str, Any]]:
    found = []
    while True:
        try:
            found.append(channel._get(queue))
        except Empty:
            return found


def test_messages_come_in_order_and_to_their_queue(broker: Connection) -> None:
    channel: Any = broker.channel()
    for number in range(20):
        channel._put("keys" if number % 2 else "default", {"number": number})
    assert [message["number"] for message in taken(channel, "keys")] == list(range(1, 20, 2))
    assert [message["number"] for message in taken(channel, "default")] == list(range(0, 20, 2))


def test_a_reader_never_meets_half_a_message(broker: Connection) -> None:
    count, found = 600, []
    writer: Any = broker.channel()
    reader: Any = broker.channel()
    writing = threading.Thread(
        target=lambda: [writer._put("default", {"number": n, "filling": "x" * 20000}) for n in range(count)]
    )
    writing.start()
    while writing.is_alive():
        found += taken(reader, "default")
    writing.join()
    found += taken(reader, "default")
    assert sorted(message["number"] for message in found) == list(range(count))


def test_a_message_that_cannot_be_read_is_dropped_and_the_next_one_comes(
    broker: Connection, tmp_path: Path
) -> None:
    channel: Any = broker.channel()
    (tmp_path / "broker" / "messages" / "0_broken.default.msg").write_text("{")
    channel._put("default", {"number": 1})
    assert taken(channel, "default") == [{"number": 1}]
    assert list((tmp_path / "broker" / "messages").iterdir()) == []
