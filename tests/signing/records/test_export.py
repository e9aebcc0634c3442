"""The signer's records as files."""

import csv
import io
import json
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.http import StreamingHttpResponse

from ledger.models import Entry
from signing.models import Activation, ClientCertificate, SignatureRecord, SigningSession
from signing.records import export
from tests.signing.records import rows
from tests.support.card_site import facilities
from tests.support.credentials import NOON, active_credential
from tests.support.days import ehr
from tests.support.signed_in import SignerBrowser

pytestmark = pytest.mark.django_db


def fetched(browser: SignerBrowser, kind: str, **query: str) -> bytes:
    answer = browser.client.get(f"/me/signatures/export.{kind}", query)
    assert isinstance(answer, StreamingHttpResponse)
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Disposition"].endswith(f'.{kind}"')
    return b"".join(answer)  # type: ignore[arg-type]


def lines(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.requirement("SG-6")
def test_csv_holds_every_column_in_words(browser: SignerBrowser, session: SigningSession) -> None:
    row = rows.signed(session, ehr("みどり病院"), 1, NOON, label='処方箋\n2枚目, "控え"')[0]
    SignatureRecord.objects.update(result="unknown")
    (line,) = lines(fetched(browser, "csv"))
    assert line["日時（日本時間）"] == "2026-11-20 12:00:00"
    assert (line["施設"], line["内容"]) == ("みどり病院", '処方箋\n2枚目, "控え"')
    assert (line["結果"], line["本人確認"]) == ("結果不明", "スマートフォン")
    assert (line["文書のハッシュ値"], line["署名の番号"]) == (
        bytes(row.digest).hex(),
        str(row.item.public_id),
    )


@pytest.mark.parametrize(
    "first", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", " =", "\u3000="]
)
def test_no_cell_begins_like_a_formula(first: str, browser: SignerBrowser, session: SigningSession) -> None:
    """OWASP CSV injection: a caller's label and a system's name are other people's text."""
    text = f'{first}HYPERLINK("http://evil.example")'
    rows.signed(session, ehr(text), 1, NOON, label=text)
    (line,) = lines(fetched(browser, "csv"))
    assert line["内容"] == line["施設"] == f"'{text}"


@pytest.mark.parametrize("text", ["", "処方箋", "1-2", "a=b", "０"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert export.harmless(text) == text


def test_what_is_no_text_does_not_break_a_file(browser: SignerBrowser, session: SigningSession) -> None:
    rows.signed(session, ehr(), 1, NOON)
    Activation.objects.update(description=b"\xff\xfe\x00 \xed\xa0\x80")
    assert len(lines(fetched(browser, "csv"))) == 1
    assert len(json.loads(fetched(browser, "json"))["signatures"]) == 1


def test_json_is_the_same_for_programs(browser: SignerBrowser, session: SigningSession) -> None:
    assert json.loads(fetched(browser, "json"))["signatures"] == []
    made = rows.signed(session, ehr("みどり病院"), 3, NOON, label="処方箋")
    found = json.loads(fetched(browser, "json"))["signatures"]
    assert [each["public_id"] for each in found] == [str(row.item.public_id) for row in reversed(made)]
    assert found[0] | {"serial": ""} == {
        "signed_at": "2026-11-20T03:00:00.000000+00:00",
        "public_id": str(made[2].item.public_id),
        "facility": "みどり病院",
        "system": made[2].client.client_id,
        "label": "処方箋",
        "digest": bytes(made[2].digest).hex(),
        "algorithm": "rsa-sha256",
        "means": "authenticator",
        "serial": "",
        "result": "signed",
        "entry": f"web/{made[2].log_number}-2",
    }


@pytest.mark.requirement("SG-6")
def test_the_facility_is_the_certificates_and_a_system_without_one_is_called_by_its_name(
    browser: SignerBrowser, session: SigningSession
) -> None:
    """A system may serve many facilities: pages and files name the one that signed, and the system beside."""
    system = ehr("みどり電子カルテ")
    facilities.bound(system.client_id)
    row = rows.signed(session, system, 1, NOON, certificate=ClientCertificate.objects.get())[0]
    rows.signed(session, ehr("さくら薬局"), 1, NOON - timedelta(hours=1))
    for address in ("/me/", "/me/signatures/", f"/me/signatures/{row.item.public_id}/"):
        assert facilities.NAME in browser.client.get(address).content.decode(), address
    told = [(line["施設"], line["システム"]) for line in lines(fetched(browser, "csv"))]
    assert told[0] == (facilities.NAME, system.client_id) and told[1][0] == "さくら薬局"
    found = json.loads(fetched(browser, "json"))["signatures"]
    assert [(each["facility"], each["system"]) for each in found] == told


def test_a_file_holds_what_was_searched_for_and_nobody_elses(
    browser: SignerBrowser, session: SigningSession, at: datetime
) -> None:
    rows.signed(rows.session_of(active_credential(), at), ehr(), 1, NOON, label="他人の処方箋")
    rows.signed(session, ehr(), 1, NOON - timedelta(days=3), label="古い処方箋")
    rows.signed(session, ehr(), 1, NOON, label="今日の処方箋")
    content = fetched(browser, "csv", since="2026-11-20").decode()
    assert [text in content for text in ("今日の処方箋", "古い処方箋", "他人の処方箋")] == [
        True,
        False,
        False,
    ]


def test_that_it_was_taken_is_written_down_without_what_was_in_it(
    browser: SignerBrowser, session: SigningSession
) -> None:
    rows.signed(session, ehr(), 1, NOON, label="処方箋")
    fetched(browser, "json")
    entry = Entry.objects.get(kind="signing.records_exported")
    assert (entry.actor_kind, entry.data["format"]) == ("signer", "json")
    assert "処方箋" not in json.dumps(entry.record(), ensure_ascii=False)


@pytest.mark.requirement("SG-6")
def test_a_label_stands_in_no_column_in_clear(session: SigningSession) -> None:
    """It can name a patient: whoever reads a copy of the database does not read it (ASVS 5.0 14.2)."""
    rows.signed(session, ehr(), 1, NOON, label="canary of a patient")
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            if not table.startswith(("signing_", "ledger_", "outbox_")):
                continue
            cursor.execute(f'SELECT * FROM "{table}"')
            for row in cursor.fetchall():
                for value in row:
                    text = bytes(value) if isinstance(value, memoryview | bytes) else str(value).encode()
                    assert b"canary of a patient" not in text, table
