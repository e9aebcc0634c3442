"""The races of `test_activation` on SQLite, which has one writer (decision 39): one winner, all in the log."""

import shutil
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, connections
from pytest_django import DjangoDbBlocker

from ledger import clock
from signing.models import ActivationItem, SignatureRecord
from signing.records import left_behind
from signing.signer import client
from tests.signing import test_activation
from tests.signing.turns.test_turns import check_log
from tests.support import days
from tests.support.beside import sqlite
from tests.support.csc import Api, digest
from tests.support.signers import SignerProcesses

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.requirement("SG-3")]
BUSY = 0.3  # seconds that a writer waits here; the product's waits twenty


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Path:
    file = tmp_path_factory.mktemp("races") / "empty.sqlite3"
    with django_db_blocker.unblock(), sqlite.instead(file):
        call_command("migrate", verbosity=0)
    return file


@pytest.fixture
def file(empty: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(empty, tmp_path / "races.sqlite3"))


class TestOnSqlite(test_activation.TestRaces):
    @pytest.fixture(autouse=True)
    def on_sqlite(self, transactional_db: None, signer_connection: None, file: Path) -> Iterator[None]:
        with sqlite.instead(file):
            assert connection.vendor == "sqlite"
            yield


def test_a_writer_that_waits_too_long_gives_a_clear_503_and_no_signature(
    transactional_db: None, signers: SignerProcesses, signer_connection: None, file: Path
) -> None:
    """The signer has signed, the database is another's: nothing leaves, and its occurrence is never signed again."""
    with sqlite.instead(file, timeout=BUSY):
        api = Api(days.day(clock.now()))
        sad = api.sad(digest(1), digest(2))
        assert api.sign(sad, digest(2)).status_code == 200
        with ThreadPoolExecutor(1) as pool:
            with signers.stopped("signers"):
                asked = pool.submit(_sign, api, sad)
                while not ActivationItem.objects.filter(state="reserved").exists():
                    time.sleep(0.02)
                writer = sqlite3.connect(file, isolation_level=None)
                writer.execute("BEGIN IMMEDIATE")
            status, retry_after = asked.result(30)
            writer.execute("ROLLBACK")
            writer.close()
        assert (status, int(retry_after) > 0) == (503, True)
        assert SignatureRecord.objects.count() == 1
        assert api.sign(sad, digest(1)).status_code == 400
        assert left_behind.fail_stuck(clock.now() + timedelta(minutes=11)) == 1
        assert sorted(SignatureRecord.objects.values_list("result", flat=True)) == ["signed", "unknown"]
        check_log()


def _sign(api: Api, sad: str) -> tuple[int, str]:
    try:
        answer = api.sign(sad, digest(1))
        return answer.status_code, answer["Retry-After"]
    finally:
        connections.close_all()
        client.signers().disconnect()
