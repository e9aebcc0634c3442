"""Mutated JPEG, PNG, BMP and PDF through the real upload of the running web process: 300, with `CHAOS=long` 5,000.

No answer but the page's, none after ten seconds, and the web process stays as large as it was: everything is decoded
in children that end at their limits. The same files at `manage.py inspect_upload`: a verdict, never a traceback.
"""

import http.client
import json
import os
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.management import call_command

from tests.enrollment import corpus, samples
from tests.enrollment.corpus import Sample
from tests.support.beside import megabytes
from tests.support.people import Applying
from tests.support.web import served

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]

LONG = os.environ.get("CHAOS") == "long"
FILES = 5_000 if LONG else 300
COMMANDS = 500 if LONG else 24
SLOWEST = 10.0
MOST_GROWTH_MB = 40.0  # of the web process between the fiftieth file and the last
MOST_ABOVE_IDLE_MB = 60.0  # its peak while a file of 4 MB is taken
TYPES = {"jpeg": "image/jpeg", "png": "image/png", "bmp": "image/bmp", "pdf": "application/pdf"}


class Answer(NamedTuple):
    status: int
    is_part: bool
    seconds: float
    refused: bool


class Uploading:
    """One applicant at the running server, who sends files to one slot."""

    def __init__(self, slug: str, address: str, files: list[Sample]) -> None:
        person = Applying(slug)
        person.until("licence-front")
        self.files, self.host = files, urlsplit(address).netloc
        cookies = {name: morsel.value for name, morsel in person.browser.cookies.items()}
        page = person.get("licence-front")
        self.token = page.context["csrf_token"]
        cookies[settings.CSRF_COOKIE_NAME] = str(page.context["csrf_token"])
        self.cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())

    def send(self, sample: Sample) -> Answer:
        mark = uuid.uuid4().hex
        head = (
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="写真 {sample.number}.jpg"\r\n'
            f"Content-Type: {TYPES[sample.kind]}\r\n\r\n"
        )
        body = head.encode() + sample.data + f"\r\n--{mark}--\r\n".encode()
        headers = {
            "Content-Type": f"multipart/form-data; boundary={mark}",
            "Cookie": self.cookie,
            "X-CSRFToken": str(self.token),
        }
        begun = time.monotonic()
        connection = http.client.HTTPConnection(self.host, timeout=30)
        try:
            connection.request("POST", "/apply/licence-front/file/", body, headers)
            answer = connection.getresponse()
            page = answer.read().decode()
        finally:
            connection.close()
        is_part = answer.headers.get("X-Inkan-Part") == "file"
        return Answer(answer.status, is_part, time.monotonic() - begun, "data-refused" in page)

    def send_all(self) -> list[tuple[Sample, Answer]]:
        return [(sample, self.send(sample)) for sample in self.files]


def web_process(address: str) -> int:
    """The server's process id, by the port in its command line."""
    port = str(urlsplit(address).port).encode()
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if b"deploy.asgi:application" in words and port in words:
            return int(place.name)
    raise AssertionError("no server")


@pytest.fixture
def address() -> Iterator[str]:
    with served() as found:
        yield found


def parts(address: str, files: list[Sample]) -> list[Uploading]:
    """JMA takes the three picture kinds, MEDIS the PDFs."""
    return [
        Uploading("doctor", address, [one for one in files if one.kind != "pdf"]),
        Uploading("dentist", address, [one for one in files if one.kind == "pdf"]),
    ]


@pytest.mark.timeout(3_600 if LONG else 600)
@pytest.mark.requirement("PH-17")
def test_no_file_hurts_the_web_process(address: str) -> None:
    files = list(corpus.mutated(FILES))
    people = parts(address, files)
    pid = web_process(address)
    for person in people:  # what is loaded and cached at first use is no growth
        for sample in person.files[:25]:
            person.send(sample)
    before = megabytes(pid)
    with ThreadPoolExecutor(len(people)) as pool:
        found = [one for some in pool.map(Uploading.send_all, people) for one in some]
    after = megabytes(pid)
    odd = [
        (sample.kind, sample.number, answer)
        for sample, answer in found
        if answer.status != 200 or not answer.is_part or answer.seconds > SLOWEST
    ]
    assert odd == []
    assert len(found) == FILES
    told = Counter((sample.kind, "refused" if answer.refused else "taken") for sample, answer in found)
    assert all(told[kind, verdict] > 0 for kind in TYPES for verdict in ("refused", "taken")), told
    slowest = max(answer.seconds for _sample, answer in found)
    print(
        f"\n{FILES} files: {dict(told)}; slowest {slowest:.1f} s; web process {before:.0f} to {after:.0f} MB"
    )
    assert after - before < MOST_GROWTH_MB
    assert web_process(address) == pid


@pytest.mark.timeout(300)
def test_files_made_to_be_slow_or_large_are_answered_in_time(address: str) -> None:
    pid = web_process(address)
    for person in parts(address, [one for one in corpus.bombs() if len(one.data) <= 4_194_304]):
        good = Sample("jpeg", 0, samples.jpeg())
        assert person.send(good) == (200, True, pytest.approx(0, abs=SLOWEST), False)
        idle = megabytes(pid)
        assert person.send(good._replace(data=samples.padded(good.data, 4_194_304))).refused is False
        for sample in person.files:
            answer = person.send(sample)
            assert (answer.status, answer.is_part) == (200, True), sample.number
            assert answer.seconds < SLOWEST + 1, sample.number  # its child had nine
        assert megabytes(pid, "VmHWM") - idle < MOST_ABOVE_IDLE_MB
        assert person.send(good).refused is False


def test_the_command_gives_each_file_a_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    codes = Counter()
    for sample in [*corpus.mutated(COMMANDS), *(corpus.bombs() if LONG else ())]:
        path = tmp_path / "file"
        path.write_bytes(sample.data)
        authority = "medis" if sample.kind == "pdf" else "jma"
        call_command("inspect_upload", str(path), f"--authority={authority}", "--slot=licence_front")
        told = json.loads(capsys.readouterr().out)
        assert (told["verdict"] == "accept") == (told["code"] is None), sample.number
        codes[told["code"]] += 1
    assert codes[None] and codes["file_broken"]


@pytest.mark.parametrize("number", [-1, 3])
def test_the_command_as_people_call_it(tmp_path: Path, number: int) -> None:
    sample = next(one for one in [*corpus.bombs(), *corpus.mutated(4)] if one.number == number)
    path = tmp_path / "file"
    path.write_bytes(sample.data)
    done = subprocess.run(
        [sys.executable, "manage.py", "inspect_upload", str(path), "--authority=medis", "--slot=identity"],
        cwd=settings.ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0 and "Traceback" not in done.stderr
    assert json.loads(done.stdout)["verdict"] in ("accept", "refuse")
