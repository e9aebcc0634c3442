"""Unusual use is found once, by the clock, whatever it missed or did twice."""

import importlib
import json
import threading
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from ledger import clock
from ledger.models import Entry
from outbox.models import Job
from signing import retention
from signing.errors import Refused
from signing.models import (
    ClientCertificate,
    DailyUse,
    KnownCaller,
    KnownFacility,
    OAuthClient,
    SigningSession,
    UnusualUse,
)
from signing.records import listing, usage
from tests.signing.records import rows
from tests.support.credentials import NOON, active_credential
from tests.support.days import ehr
from tests.support.signed_in import SignerBrowser

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
NIGHT = NOON - 9 * HOUR  # 03:00 JST
pytestmark = pytest.mark.django_db


def carry_over() -> None:
    """What the migration does, whatever its number is."""
    (name,) = [each for _app, each in MigrationLoader(None).disk_migrations if "facilities_of_before" in each]
    importlib.import_module(f"signing.migrations.{name}").carry_over(
        apps, SimpleNamespace(connection=connection)
    )


@pytest.fixture
def session() -> SigningSession:
    return rows.session_of(active_credential(), NOON - 60 * DAY)


@pytest.fixture
def client() -> OAuthClient:
    return ehr("みどり病院")


def known(session: SigningSession, client: OAuthClient) -> None:
    KnownCaller.objects.create(signer=session.credential.signer, client=client, first_at=NOON - 90 * DAY)


def found() -> list[tuple[str, str]]:
    return [(row.kind, row.day.isoformat()) for row in UnusualUse.objects.order_by("pk")]


def news() -> int:
    return Job.objects.filter(kind="signing.unusual_use").count()


def sign(
    session: SigningSession,
    client: OAuthClient,
    count: int,
    at: datetime,
    certificate: ClientCertificate | None = None,
) -> None:
    rows.signed(session, client, count, at, certificate=certificate)
    usage.watch(at + 2 * MINUTE)


class TestNewSystem:
    @pytest.mark.requirement("SG-6")
    def test_a_system_is_new_once(self, session: SigningSession, client: OAuthClient) -> None:
        sign(session, client, 3, NOON)
        sign(session, client, 2, NOON + HOUR)
        sign(session, client, 2, NOON + DAY)
        assert found() == [("caller", "2026-11-20")]
        row = UnusualUse.objects.get()
        told = usage.find(row.public_id)
        assert (told.caller, told.number, told.first_at) == ("みどり病院", 3, NOON)
        assert news() == 1

    def test_two_new_systems_of_one_day_are_both_told(
        self, session: SigningSession, client: OAuthClient
    ) -> None:
        rows.signed(session, client, 1, NOON)
        rows.signed(session, ehr("別の病院"), 1, NOON)
        usage.watch(NOON + HOUR)
        assert found() == [("caller", "2026-11-20")] * 2

    def test_a_system_is_known_to_the_person_and_not_to_a_certificate(
        self, session: SigningSession, client: OAuthClient
    ) -> None:
        sign(session, client, 1, NOON)
        signer = session.credential.signer
        session.credential.state = "revoked"
        session.credential.save()
        sign(rows.session_of(active_credential(signer), NOON), client, 1, NOON + HOUR)
        assert len(found()) == 1
        assert listing.callers(signer) == [listing.System(client, [])]

    def test_each_signer_has_systems_of_their_own(self, session: SigningSession, client: OAuthClient) -> None:
        sign(session, client, 1, NOON)
        other = rows.session_of(active_credential(), NOON)
        sign(other, client, 1, NOON + HOUR)
        assert len(found()) == 2
        assert usage.recent(session.credential.signer, NOON + DAY) != usage.recent(
            other.credential.signer, NOON + DAY
        )


class TestNewFacility:
    """Of one system that serves many, each with its own certificate."""

    @pytest.fixture
    def north(self, client: OAuthClient) -> ClientCertificate:
        return rows.certificate_of(client, "0110000001", "北病院")

    @pytest.fixture
    def south(self, client: OAuthClient) -> ClientCertificate:
        return rows.certificate_of(client, "4710000002", "南病院")

    @pytest.mark.requirement("SG-6")
    def test_a_facility_of_a_known_system_is_new_once(
        self,
        session: SigningSession,
        client: OAuthClient,
        north: ClientCertificate,
        south: ClientCertificate,
    ) -> None:
        sign(session, client, 1, NOON, north)  # the system and its first facility are told together
        sign(session, client, 3, NOON + HOUR, south)
        renewed = rows.certificate_of(client, south.facility, "南総合病院")
        for days in (1, 2):
            sign(session, client, 1, NOON + days * DAY, renewed)
        assert found() == [("caller", "2026-11-20"), ("facility", "2026-11-20")]
        first, second = UnusualUse.objects.order_by("pk")
        assert usage.find(first.public_id).facility == "北病院"
        told = usage.find(second.public_id)
        assert (told.facility, told.caller, told.number) == ("南病院", "みどり病院", 3)
        assert news() == 2
        entry = Entry.objects.filter(kind="signing.unusual_use").order_by("pk").last()
        assert entry is not None and entry.data["facility"] == "4710000002"
        assert "南病院" not in json.dumps(entry.record(), ensure_ascii=False)

    def test_two_of_one_day_are_both_told_and_not_by_another_system_that_knows_them(
        self, session: SigningSession, client: OAuthClient, north: ClientCertificate, south: ClientCertificate
    ) -> None:
        known(session, client)
        for certificate in (north, south):
            rows.signed(session, client, 1, NOON, certificate=certificate)
        usage.watch(NOON + HOUR)
        assert found() == [("facility", "2026-11-20")] * 2
        other = ehr("別のシステム")
        known(session, other)
        sign(session, other, 1, NOON + DAY, rows.certificate_of(other, north.facility, "北病院"))
        assert found()[2:] == [("facility", "2026-11-21")]

    def test_what_a_stopped_clock_has_missed_for_days_is_learned_and_not_told(
        self, session: SigningSession, client: OAuthClient, north: ClientCertificate
    ) -> None:
        known(session, client)
        rows.signed(session, client, 1, NOON, certificate=north)
        usage.watch(NOON + 5 * DAY)
        sign(session, client, 1, NOON + 6 * DAY, north)
        assert (found(), KnownFacility.objects.count()) == ([], 1)

    def test_those_of_before_the_rule_are_carried_over_and_told_to_nobody(
        self, session: SigningSession, client: OAuthClient, north: ClientCertificate, south: ClientCertificate
    ) -> None:
        """As the code before has left it: records that are counted, and no facility known; one not yet counted."""
        for days in (30, 20):
            sign(session, client, 2, NOON - days * DAY, north)
        sign(session, client, 1, NOON - 10 * DAY)
        UnusualUse.objects.all().delete()
        KnownFacility.objects.all().delete()
        rows.signed(session, client, 1, NOON, certificate=south)
        for _ in range(2):
            carry_over()
        known = KnownFacility.objects.get()
        assert (known.signer, known.client) == (session.credential.signer, client)
        assert (known.facility, known.first_at) == (north.facility, NOON - 30 * DAY)
        rows.signed(session, client, 1, NOON, certificate=north)
        usage.watch(NOON + HOUR)
        assert [row.facility for row in UnusualUse.objects.all()] == [south.facility]


class TestNight:
    @pytest.mark.parametrize(
        ("hour", "is_night"), [(0, True), (4, True), (5, False), (12, False), (23, False)]
    )
    def test_from_midnight_to_five_in_japan(
        self, hour: int, is_night: bool, session: SigningSession, client: OAuthClient
    ) -> None:
        known(session, client)
        sign(session, client, 1, NOON + (hour - 12) * HOUR + 59 * MINUTE)
        assert found() == ([("night", "2026-11-20")] if is_night else [])

    def test_once_a_night(self, session: SigningSession, client: OAuthClient) -> None:
        known(session, client)
        for hour in (-2, -1, 0, 1):
            sign(session, client, 2, NIGHT + hour * HOUR)
        sign(session, client, 1, NIGHT + DAY)
        assert found() == [("night", "2026-11-20"), ("night", "2026-11-21")]

    def test_who_works_at_night_is_soon_left_in_peace(
        self, session: SigningSession, client: OAuthClient
    ) -> None:
        known(session, client)
        for day in range(6):
            sign(session, client, 1, NIGHT + day * DAY)
        assert [day for _kind, day in found()] == ["2026-11-20", "2026-11-21", "2026-11-22"]
        sign(session, client, 1, NIGHT + 30 * DAY)
        assert found()[-1] == ("night", "2026-12-20")


class TestVolume:
    def usual(self, session: SigningSession, count: int, days: int = 10) -> None:
        day = clock.today(NOON)
        DailyUse.objects.bulk_create(
            DailyUse(
                signer=session.credential.signer, day=day - timedelta(days=each), count=count, at_night=0
            )
            for each in range(1, days + 1)
        )

    @pytest.mark.requirement("SG-6")
    @pytest.mark.parametrize(
        ("usual", "today", "is_told"),
        [(20, 100, False), (20, 101, True), (50, 150, False), (50, 151, True), (0, 101, True)],
    )
    def test_three_times_the_mean_day_and_more_than_a_hundred(
        self, usual: int, today: int, is_told: bool, session: SigningSession, client: OAuthClient
    ) -> None:
        known(session, client)
        if usual:
            self.usual(session, usual)
        sign(session, client, today, NOON)
        assert found() == ([("volume", "2026-11-20")] if is_told else [])
        if is_told:
            row = UnusualUse.objects.get()
            assert (row.count, row.usual) == (today, usual)

    def test_the_day_is_summed_over_calls_and_told_once(
        self, session: SigningSession, client: OAuthClient
    ) -> None:
        known(session, client)
        self.usual(session, 10)
        for minute in range(5):
            sign(session, client, 30, NOON + 5 * minute * MINUTE)
        assert found() == [("volume", "2026-11-20")]
        assert UnusualUse.objects.get().count == 120
        assert DailyUse.objects.get(day="2026-11-20").count == 150

    def test_counts_go_after_sixty_days(self, session: SigningSession) -> None:
        self.usual(session, 10, days=70)
        keys = retention.old_counts(NOON, 1000)
        assert len(keys) == 10
        assert retention.erase_counts(keys, NOON) is not None
        assert DailyUse.objects.count() == 60


class TestClock:
    def test_nothing_is_counted_twice(self, session: SigningSession, client: OAuthClient) -> None:
        rows.signed(session, client, 3, NOON)
        assert usage.watch(NOON + 2 * MINUTE) == 3
        assert usage.watch(NOON + 2 * MINUTE) == 0
        assert DailyUse.objects.get().count == 3

    def test_what_may_still_be_in_the_making_waits(
        self, session: SigningSession, client: OAuthClient
    ) -> None:
        rows.signed(session, client, 1, NOON)
        assert usage.watch(NOON + timedelta(seconds=30)) == 0
        assert usage.watch(NOON + timedelta(seconds=61)) == 1

    def test_a_long_backlog_is_counted_piece_by_piece(
        self, session: SigningSession, client: OAuthClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(usage, "_MOST", 4)
        rows.signed(session, client, 10, NOON)
        assert [usage.watch(NOON + HOUR) for _ in range(4)] == [4, 4, 2, 0]
        assert (found(), DailyUse.objects.get().count) == ([("caller", "2026-11-20")], 10)

    def test_what_a_stopped_clock_has_missed_for_days_is_learned_and_not_told(
        self, session: SigningSession, client: OAuthClient
    ) -> None:
        rows.signed(session, client, 200, NIGHT)
        usage.watch(NIGHT + 5 * DAY)
        assert (found(), news()) == ([], 0)
        assert KnownCaller.objects.count() == DailyUse.objects.count() == 1

    def test_news_row_and_entry_stand_together_and_name_nobody(
        self, session: SigningSession, client: OAuthClient
    ) -> None:
        sign(session, client, 101, NIGHT)
        assert sorted(kind for kind, _day in found()) == ["caller", "night", "volume"]
        entries = Entry.objects.filter(kind="signing.unusual_use")
        assert (entries.count(), news()) == (3, 3)
        told = json.dumps([entry.record() for entry in entries], ensure_ascii=False)
        assert "みどり病院" not in told
        assert session.credential.signer.person_id not in told

    def test_an_unknown_one_is_refused(self) -> None:
        with pytest.raises(Refused):
            usage.find(active_credential().public_id)

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.skipif(connection.vendor == "sqlite", reason="an in-memory SQLite has one connection")
    def test_two_clocks_at_once_tell_once(self, session: SigningSession, client: OAuthClient) -> None:
        rows.signed(session, client, 5, NIGHT)
        counted: list[int] = []

        def work() -> None:
            try:
                counted.append(usage.watch(NIGHT + HOUR))
            finally:
                connection.close()

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(counted) == [0, 0, 0, 5]
        assert sorted(found()) == [("caller", "2026-11-20"), ("night", "2026-11-20")]


def test_the_page_tells_of_the_last_seven_days_and_leads_to_the_stop(session: SigningSession) -> None:
    browser = SignerBrowser()
    browser.sign_in()
    mine, at = SigningSession.objects.get(credential=browser.credential), clock.now()
    rows.signed(mine, ehr("知らない病院"), 1, at - HOUR)
    usual = ehr("いつもの電子カルテ")
    known(mine, usual)
    branch = rows.certificate_of(usual, "1310000001", "知らない診療所")
    rows.signed(mine, usual, 1, at - HOUR, certificate=branch)
    usage.watch(at)
    for address in ("/me/", "/me/signatures/"):
        page = browser.client.get(address).content.decode()
        assert "いつもと違う使い方がありました" in page
        assert "知らない病院" in page
        assert "システム「いつもの電子カルテ」で、初めての施設「知らない診療所」から" in page
        assert "すぐに止める" in page
    UnusualUse.objects.update(first_at=at - 8 * DAY)
    assert "いつもと違う" not in browser.client.get("/me/").content.decode()
