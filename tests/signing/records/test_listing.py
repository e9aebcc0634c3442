"""What the signer finds at /me/signatures/, and what it costs."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ledger import clock
from signing.models import Credential, SignatureRecord, SigningSession
from signing.records import listing, usage
from signing.records.listing import Wanted
from tests.signing.records import rows
from tests.support.credentials import NOON, active_credential
from tests.support.days import ehr
from tests.support.signed_in import SignerBrowser

pytestmark = pytest.mark.django_db


def ids(found: list[SignatureRecord]) -> list[int]:
    return [row.pk for row in found]


def page_of(browser: SignerBrowser, **query: str) -> tuple[int, str]:
    answer = browser.client.get("/me/signatures/", query)
    return answer.status_code, answer.content.decode()


class TestPages:
    def test_pages_lead_through_everything_once_newest_first(
        self, session: SigningSession, at: datetime
    ) -> None:
        """Also inside a call, whose signatures share one moment."""
        made = [
            row
            for minute in (30, 20, 10)
            for row in rows.signed(session, ehr(), 4, at - timedelta(minutes=minute))
        ]
        signer, seen, before = session.credential.signer, [], None
        for _ in range(10):
            page = listing.page(signer, Wanted(), before, size=3)
            seen += ids(page.rows)
            before = page.older
            if before is None:
                break
        assert seen == [row.pk for row in sorted(made, key=lambda row: (row.made_at, row.pk), reverse=True)]

    def test_signatures_of_a_former_certificate_stand_between_the_others(
        self, session: SigningSession, at: datetime
    ) -> None:
        former = active_credential(session.credential.signer, state="revoked")
        old = rows.session_of(former, at)
        first = rows.signed(session, ehr(), 1, at - timedelta(hours=3))[0]
        second = rows.signed(old, ehr(), 1, at - timedelta(hours=2))[0]
        third = rows.signed(session, ehr(), 1, at - timedelta(hours=1))[0]
        signer = session.credential.signer
        assert ids(listing.page(signer, Wanted()).rows) == [third.pk, second.pk, first.pk]
        assert ids(list(listing.everything(signer, Wanted()))) == [third.pk, second.pk, first.pk]
        after_second = listing.page(signer, Wanted(), second.item.public_id)
        assert ids(after_second.rows) == [first.pk]

    def test_a_page_after_a_strangers_id_is_the_first_page(
        self, session: SigningSession, at: datetime
    ) -> None:
        mine = rows.signed(session, ehr(), 1, at)[0]
        other = rows.signed(rows.session_of(active_credential(), at), ehr(), 1, at)[0]
        for before in (other.item.public_id, uuid.uuid4()):
            page = listing.page(session.credential.signer, Wanted(), before)
            assert (ids(page.rows), page.is_first) == ([mine.pk], True)


class TestSearch:
    @pytest.mark.requirement("SG-6")
    def test_by_period_system_result_and_the_beginning_of_the_digest(
        self, session: SigningSession, settings: Any
    ) -> None:
        one, other = ehr("病院"), ehr("薬局")
        noon = NOON
        early = rows.signed(session, one, 1, noon - timedelta(days=2))[0]
        late = rows.signed(session, other, 1, noon)[0]
        unknown = rows.signed(session, one, 1, noon)[0]
        SignatureRecord.objects.filter(pk=unknown.pk).update(result="unknown")
        signer = session.credential.signer

        def found(**asked: Any) -> set[int]:
            return set(ids(listing.page(signer, Wanted(**asked)).rows))

        day = clock.today(noon)
        assert found(since=day) == {late.pk, unknown.pk}
        assert found(until=day - timedelta(days=1)) == {early.pk}
        assert found(since=day - timedelta(days=2), until=day - timedelta(days=2)) == {early.pk}
        assert found(client=other.public_id) == {late.pk}
        assert found(result="unknown") == {unknown.pk}
        assert found(result="signed", client=one.public_id) == {early.pk}
        whole = bytes(late.digest).hex()
        for length in (7, 8, 9, 64):
            assert late.pk in found(digest=whole[:length])
        assert found(digest=whole) == {late.pk}
        wrong = whole[:-1] + ("0" if whole[-1] != "0" else "1")
        assert found(digest=wrong) == set()

    @pytest.mark.requirement("SG-6")
    def test_by_a_facility_of_a_system_whatever_its_certificate_was_then(
        self, session: SigningSession, browser: SignerBrowser
    ) -> None:
        system, other = ehr("地域電子カルテ"), ehr("別のシステム")
        north = rows.certificate_of(system, "0110000001", "北病院")
        south = rows.certificate_of(system, "4710000002", "南病院")
        elsewhere = rows.certificate_of(other, "0110000001", "北病院")
        first = rows.signed(session, system, 1, NOON, label="文書 1", certificate=north)
        renewed = rows.certificate_of(system, north.facility, "北総合病院")
        second = rows.signed(session, system, 1, NOON, label="文書 2", certificate=renewed)
        rows.signed(session, system, 1, NOON, label="文書 3", certificate=south)
        rows.signed(session, other, 1, NOON, label="文書 4", certificate=elsewhere)
        rows.signed(session, system, 1, NOON - timedelta(days=1), label="文書 5")  # before it was bound
        usage.watch(NOON + timedelta(hours=1))
        signer = session.credential.signer
        wanted = Wanted(client=system.public_id, facility=north.facility)
        assert ids(listing.page(signer, wanted).rows) == [second[0].pk, first[0].pk]
        here, there = listing.callers(signer)
        assert (here.client, here.facilities) == (other, [("北病院", "0110000001")])
        assert there.facilities == [("北総合病院", "0110000001"), ("南病院", "4710000002")]
        chosen = f"{system.public_id}.{north.facility}"
        page = page_of(browser, client=chosen)[1]
        assert [f"文書 {each}" in page for each in range(1, 6)] == [True, True, False, False, False]
        assert f'<option value="{chosen}" selected>北総合病院</option>' in page
        assert f"export.csv?client={chosen}" in page
        whole = page_of(browser, client=str(system.public_id))[1]
        assert [f"文書 {each}" in whole for each in range(1, 6)] == [True, True, True, False, True]
        for odd in (f"{system.public_id}.9999", f"{elsewhere.client.public_id}.{south.facility}", ".1"):
            assert page_of(browser, client=odd)[0] == 422

    def test_the_midnight_of_japan_divides_days(self, session: SigningSession) -> None:
        last = clock.end_of_day(clock.today(NOON))
        today = rows.signed(session, ehr(), 1, last - timedelta(microseconds=1))[0]
        tomorrow = rows.signed(session, ehr(), 1, last)[0]
        signer, day = session.credential.signer, clock.today(NOON)
        assert ids(listing.page(signer, Wanted(since=day, until=day)).rows) == [today.pk]
        assert ids(listing.page(signer, Wanted(since=day + timedelta(days=1))).rows) == [tomorrow.pk]

    @pytest.mark.parametrize("prefix", ["f", "ff", "fff"])
    def test_the_last_digests_have_nothing_beyond_them(self, prefix: str, session: SigningSession) -> None:
        rows.group([(session, ehr(), [b"\xff" * 32, b"\x00" * 32], "")], NOON)
        found = listing.page(session.credential.signer, Wanted(digest=prefix)).rows
        assert [bytes(row.digest) for row in found] == [b"\xff" * 32]

    def test_the_page_asks_and_keeps_what_was_asked(
        self, browser: SignerBrowser, session: SigningSession
    ) -> None:
        client = ehr("みどり病院")
        rows.signed(session, client, 51, NOON, label="処方箋 A")
        rows.signed(session, ehr("薬局"), 1, NOON, label="調剤 B")
        usage.watch(NOON + timedelta(hours=1))
        status, page = page_of(browser, client=str(client.public_id), since="2026-11-20", digest="")
        assert status == 200
        assert ("処方箋 A" in page, "調剤 B" in page, "みどり病院" in page) == (True, False, True)
        query = f"since=2026-11-20&amp;client={client.public_id}"
        assert f"?{query}&amp;before=" in page
        assert f"/me/signatures/export.csv?{query.replace('&amp;', '&')}" in page.replace("&amp;", "&")
        assert '<details class="search" open>' in page

    @pytest.mark.parametrize(
        "query",
        [
            {"since": "yesterday"}, {"since": "0001-01-01"}, {"until": "9999-12-31"}, {"digest": "xyz"},
            {"digest": "0" * 129}, {"client": "x"}, {"client": "' OR 1=1"}, {"result": "lost"}, {"digest": "ｆ"},
            {"since": "2026-11-20", "until": "2026-11-19"}, {"since": "\0"},
        ],
    )  # fmt: skip
    def test_nonsense_is_told_and_nothing_is_found_by_it(
        self, query: dict[str, str], browser: SignerBrowser, session: SigningSession
    ) -> None:
        rows.signed(session, ehr(), 1, NOON, label="処方箋 A")
        status, page = page_of(browser, **query)
        assert status == 422
        assert "か所を直してください" in page
        assert "処方箋 A" not in page
        for kind in ("csv", "json"):
            assert browser.client.get(f"/me/signatures/export.{kind}", query).status_code == 404

    @pytest.mark.parametrize("before", ["x", "-1", "\0", "0" * 400, "65c0f482-ad13-48d8-aab3-e5362c03b0fb"])
    def test_an_odd_place_is_the_first_page(self, before: str, browser: SignerBrowser) -> None:
        assert page_of(browser, before=before)[0] == 200

    def test_an_upper_case_digest_with_spaces_is_understood(
        self, browser: SignerBrowser, session: SigningSession
    ) -> None:
        row = rows.signed(session, ehr(), 1, NOON, label="処方箋 A")[0]
        text = bytes(row.digest).hex().upper()
        assert "処方箋 A" in page_of(browser, digest=f" {text[:8]} {text[8:]} ")[1]


class TestPage:
    def test_without_signatures_it_says_what_will_stand_there(self, browser: SignerBrowser) -> None:
        status, page = page_of(browser)
        assert (status, "署名の記録はまだありません" in page, "export.csv" in page) == (200, True, False)
        assert "この条件に合う署名はありません" in page_of(browser, result="unknown")[1]

    def test_an_unknown_outcome_is_not_shown_as_a_signature(
        self, browser: SignerBrowser, session: SigningSession, at: datetime
    ) -> None:
        row = rows.signed(session, ehr(), 1, at)[0]
        SignatureRecord.objects.update(result="unknown")
        assert "結果不明" in page_of(browser)[1]
        page = browser.client.get(f"/me/signatures/{row.item.public_id}/").content.decode()
        assert "署名できたかどうか、確認できません" in page

    def test_a_signature_shows_all_that_is_known_of_it(
        self, browser: SignerBrowser, session: SigningSession, at: datetime
    ) -> None:
        Credential.objects.update(serial="0a1b2c")
        row = rows.signed(session, ehr("みどり病院"), 1, at, label="<b>処方箋</b>")[0]
        page = browser.client.get(f"/me/signatures/{row.item.public_id}/").content.decode()
        for words in (
            "みどり病院",
            "&lt;b&gt;処方箋",
            bytes(row.digest).hex(),
            "スマートフォン",
            "0a1b2c",
            "署名済み",
        ):
            assert words in page
        assert "の午前0時すぎから受け取れます" in page
        assert "proof.json" not in page

    @pytest.mark.requirement("SG-6")
    def test_another_signers_signature_is_not_there(self, browser: SignerBrowser, at: datetime) -> None:
        other = rows.signed(rows.session_of(active_credential(), at), ehr(), 1, at, label="秘密の文書")[0]
        for address in ("", "proof.json"):
            assert browser.client.get(f"/me/signatures/{other.item.public_id}/{address}").status_code == 404
        assert "秘密の文書" not in page_of(browser, before=str(other.item.public_id))[1]

    def test_a_proof_that_is_asked_for_too_early_says_when(
        self, browser: SignerBrowser, session: SigningSession, at: datetime
    ) -> None:
        row = rows.signed(session, ehr(), 1, at)[0]
        answer = browser.client.get(f"/me/signatures/{row.item.public_id}/proof.json")
        assert (answer.status_code, "まだ受け取れません" in answer.content.decode()) == (409, True)


def fill(session: SigningSession, client_id: int, count: int) -> None:
    """So many signatures by the database itself; a minute apart, ten to a call."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO signing_activation (public_id, sad_digest, credential_id, session_id, client_id,
                hash_algorithm, created_at, expires_at)
            SELECT gen_random_uuid(), sha256(('sad' || n)::bytea), %(credential)s, %(session)s, %(client)s, 'sha256',
                now(), now() FROM generate_series(1, %(count)s / 10) n;
            INSERT INTO signing_activationitem (public_id, activation_id, ordinal, digest, state)
            SELECT gen_random_uuid(), activation.id, n, sha256((activation.id || '/' || n)::bytea), 'signed'
            FROM signing_activation activation, generate_series(0, 9) n WHERE activation.session_id = %(session)s;
            INSERT INTO signing_signaturerecord (item_id, credential_id, session_id, client_id, digest,
                sign_algorithm, log_shard, log_number, place, made_at)
            SELECT item.id, %(credential)s, %(session)s, %(client)s, item.digest, 'rsa-sha256', 'web',
                item.activation_id, item.ordinal, now() - item.activation_id * interval '1 minute'
            FROM signing_activationitem item JOIN signing_activation activation ON activation.id = item.activation_id
            WHERE activation.session_id = %(session)s;
            ANALYZE signing_signaturerecord; ANALYZE signing_activationitem; ANALYZE signing_activation;
            """,
            {"credential": session.credential_id, "session": session.pk, "client": client_id, "count": count},
        )


@pytest.mark.requirement("SG-6")
@pytest.mark.skipif(connection.vendor == "sqlite", reason="filled by PostgreSQL's own functions")
def test_a_page_costs_the_same_after_a_hundred_thousand_signatures(
    browser: SignerBrowser, session: SigningSession
) -> None:
    client = ehr()
    rows.signed(session, client, 60, clock.now())

    def asked(**query: str) -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            status, page = page_of(browser, **query)
        assert (status, page.count('class="record"')) == (200, 50)
        return [each["sql"] for each in queries.captured_queries]

    few = asked()
    fill(rows.session_of(session.credential, clock.now()), client.pk, 100_000)
    assert SignatureRecord.objects.count() == 100_060
    middle = SignatureRecord.objects.order_by("-made_at")[70_000]
    many, deep = asked(), asked(before=str(middle.item.public_id))
    assert len(many) == len(few)
    assert len(deep) == len(few) + 1  # the place to go on from
    for queries in (many, deep):
        plan = plan_of(queries)
        assert "signer_reads" in plan, plan
        read = [
            int(line.split("rows=")[2].split()[0]) for line in plan.splitlines() if "signer_reads" in line
        ]
        assert all(number <= 80 for number in read), plan  # the page, and the rest of one call's moment


@pytest.mark.requirement("SG-6")
@pytest.mark.skipif(connection.vendor == "sqlite", reason="filled by PostgreSQL's own functions")
def test_a_facility_is_found_among_a_hundred_thousand_signatures(
    browser: SignerBrowser, session: SigningSession
) -> None:
    """Within the signer's rows, which `signer_reads` bounds; quick also where the statistics know none of them."""
    client = ehr()
    often, once = (rows.certificate_of(client, code, f"病院{code}") for code in ("1", "2"))
    oldest = rows.signed(session, client, 60, clock.now() - timedelta(days=100), certificate=once)
    fill(rows.session_of(session.credential, clock.now()), client.pk, 100_000)
    SignatureRecord.objects.filter(certificate=None).update(certificate=often)

    def found(code: str) -> tuple[list[int], str, float]:
        wanted = Wanted(client=client.public_id, facility=code)
        with CaptureQueriesContext(connection) as queries:
            page = listing.page(session.credential.signer, wanted)
        plan = plan_of([each["sql"] for each in queries.captured_queries])
        return ids(page.rows), plan, float(plan.rpartition("Execution Time: ")[2].split()[0])

    for is_known in (False, True):
        for code, rare in (("1", False), ("2", True)):
            page, plan, milliseconds = found(code)
            assert len(page) == 50 and (page == [row.pk for row in reversed(oldest)][:50]) is rare
            assert milliseconds < 500, plan
            assert "signer_reads" in plan or not is_known, plan
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE signing_signaturerecord")
            cursor.execute(
                "SET LOCAL enable_seqscan = off"
            )  # as where the table holds other signers' rows too


def plan_of(queries: list[str]) -> str:
    """How the database has looked for a page's records."""
    (page,) = [sql for sql in queries if 'FROM "signing_signaturerecord"' in sql and "LIMIT 51" in sql]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT TEXT) {page}")
        return "\n".join(line for (line,) in cursor.fetchall())
