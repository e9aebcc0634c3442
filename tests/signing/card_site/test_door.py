"""The HPKI card's way in: nginx's word alone, checked again; a ticket for one browser, once (threat 14)."""

import threading
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings as configured
from django.db import connection, connections
from django.test import Client
from pytest_django import Settings

from ledger import clock
from ledger.models import Entry
from signing.card_site import visits
from signing.card_site.principals import Principal
from signing.errors import Refused
from signing.flow import Visit
from signing.models import CardVisit, SigningSession
from tests.support.card_site import hpki
from tests.support.card_site.nginx import SECRET
from tests.support.credentials import active_credential, signer

pytestmark = pytest.mark.django_db
HPKI = "/card/hpki/"


def ticket_for(browser: Client, card: hpki.HpkiCard) -> str:
    """The path with the ticket, as the card origin answers it."""
    told = Client().get(hpki.begun(browser, "my_number_card"), **hpki.headers(card))  # type: ignore[arg-type]
    assert told["Location"].startswith(f"{configured.ORIGIN}/card/enter/?ticket=")
    return hpki.path_of(told["Location"])


@pytest.mark.requirement("RV-9")
def test_a_card_opens_a_visit_of_ten_minutes_for_its_holder(card_site: Path) -> None:
    credential = active_credential(signer("JMA0265432"), at=clock.now())
    browser = Client()
    answer = hpki.shown(browser, "my_number_card", hpki.card_of(credential))
    assert (answer.status_code, answer["Location"]) == (303, "/card/my-number-card/")
    assert answer["Cache-Control"] == "no-store" and answer["Referrer-Policy"] == "no-referrer"
    cookie = browser.cookies[configured.CARD_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 600)
    visit = CardVisit.objects.get()
    assert (visit.state, visit.issuer, visit.person_id, visit.qualification) == (
        "open",
        "jma",
        "JMA0265432",
        "doctor",
    )
    kinds = Entry.objects.filter(subject=str(visit.public_id)).order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["signing.card_visit_identified", "signing.card_visit_opened"]
    words = [str(entry.data) for entry in Entry.objects.all()]
    assert not any("SAEKI" in word or "JMA0265432" in word for word in words)


class TestForgedHeaders:
    """Each of them comes from somebody who is not our nginx."""

    @pytest.mark.requirement("RV-9")
    @pytest.mark.parametrize(
        "changes",
        [
            {"HTTP_X_INKAN_PROXY_SECRET": None},
            {"HTTP_X_INKAN_PROXY_SECRET": ""},
            {"HTTP_X_INKAN_PROXY_SECRET": SECRET[:-1]},
            {"HTTP_X_INKAN_PROXY_SECRET": SECRET.swapcase()},
            {"HTTP_X_INKAN_PROXY_SECRET": f"{SECRET},{SECRET}"},  # sent twice: joined with a comma
            {"HTTP_X_INKAN_PROXY_SECRET": "ü" * 43},
        ],
    )
    def test_without_the_secret_the_address_does_not_exist(
        self, changes: dict[str, str | None], card_site: Path
    ) -> None:
        where = hpki.begun(Client(), "phone")
        sent = {**hpki.headers(hpki.card()), **changes}
        answer = Client().get(where, **{k: v for k, v in sent.items() if v is not None})  # type: ignore[arg-type]
        assert answer.status_code == 404
        assert CardVisit.objects.get().state == Visit.BEGUN

    def test_an_installation_without_a_card_origin_believes_no_header(
        self, card_site: Path, settings: Settings
    ) -> None:
        where = hpki.begun(Client(), "phone")
        settings.CARD_ORIGIN = ""
        assert Client().get(where, **hpki.headers(hpki.card())).status_code == 404  # type: ignore[arg-type]
        settings.CARD_ORIGIN, settings.PROXY_SECRET = hpki.CARD_ORIGIN, ""
        empty = hpki.headers(hpki.card(), secret="")
        assert Client().get(where, **empty).status_code == 404  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("verified", "expected"),
        [
            ("NONE", "hpki_none"),
            ("FAILED:unable to verify the first certificate", "hpki_refused"),
            ("SUCCESS,SUCCESS", "hpki_refused"),
            ("success", "hpki_refused"),
            ("", "hpki_refused"),
        ],
    )
    def test_nginxs_no_is_never_overruled(self, verified: str, expected: str, card_site: Path) -> None:
        where = hpki.begun(Client(), "phone")
        answer = Client().get(where, **hpki.headers(hpki.card(), verified))  # type: ignore[arg-type]
        assert hpki.reason(answer)[0] == expected
        assert CardVisit.objects.get().state == Visit.BEGUN

    @pytest.mark.parametrize(
        "certificate", ["", "%", "not a certificate", "%00", "x" * 20_000, "TWO", "COMMA", "TAIL"]
    )
    def test_only_one_whole_certificate_is_read(self, certificate: str, card_site: Path) -> None:
        escaped = hpki.card().escaped
        made = {
            "TWO": escaped * 2,
            "COMMA": f"{escaped},{escaped}",
            "TAIL": quote("-----BEGIN CERT") + escaped[:200],
        }
        sent = hpki.headers(None) | {"HTTP_X_INKAN_CLIENT_CERTIFICATE": made.get(certificate, certificate)}
        answer = Client().get(hpki.begun(Client(), "phone"), **sent)  # type: ignore[arg-type]
        assert hpki.reason(answer) == ("hpki_refused", "")

    @pytest.mark.parametrize("method", ["post", "put", "delete", "options"])
    def test_only_a_get_is_answered(self, method: str, card_site: Path) -> None:
        assert getattr(Client(), method)(HPKI, **hpki.headers(hpki.card())).status_code == 405


class TestTheCardIsCheckedAgain:
    @pytest.mark.requirement("BD-12", "RV-9")
    def test_revoked_expired_and_foreign_cards_are_refused_with_the_authoritys_contact(
        self, card_site: Path
    ) -> None:
        revoked = hpki.card()
        hpki.publish(card_site, revoked=(revoked,))
        cases = [
            (revoked, ("hpki_revoked", "jma"), "このHPKIカードは失効しています"),
            (hpki.card(days=(-90, -1), code="medis"), ("hpki_expired", "medis"), "有効期間の外"),
            (hpki.card(qualification=""), ("hpki_no_role", "jma"), "国家資格が記録されていません"),
        ]
        for card, expected, sentence in cases:
            where = hpki.begun(Client(), "certificate")
            answer = Client().get(where, **hpki.headers(card))  # type: ignore[arg-type]
            assert hpki.reason(answer) == expected
            page = Client().get(hpki.path_of(answer["Location"]))
            text = page.content.decode()
            assert page.status_code == 403 and sentence in text
            sites = {"jma": "jmaca.med.or.jp", "medis": "medis.or.jp"}
            assert all((site in text) == (code == expected[1]) for code, site in sites.items())
        assert set(CardVisit.objects.values_list("state", flat=True)) == {Visit.BEGUN}

    def test_without_fresh_lists_every_card_is_refused(self, card_site: Path) -> None:
        hpki.publish(card_site, at=clock.now() - timedelta(days=40))
        answer = Client().get(hpki.begun(Client(), "phone"), **hpki.headers(hpki.card()))  # type: ignore[arg-type]
        assert hpki.reason(answer) == ("hpki_not_checked", "jma")
        (card_site / "root.pem").unlink()
        answer = Client().get(hpki.begun(Client(), "phone"), **hpki.headers(hpki.card()))  # type: ignore[arg-type]
        assert hpki.reason(answer) == ("hpki_not_checked", "")


class TestTheTicket:
    @pytest.mark.requirement("RV-9")
    def test_it_is_good_once(self, card_site: Path) -> None:
        browser = Client()
        path = ticket_for(browser, hpki.card())
        assert browser.get(path)["Location"] == "/card/my-number-card/"
        assert hpki.reason(browser.get(path)) == ("ticket_unknown", "")

    @pytest.mark.requirement("RV-9")
    def test_another_browser_cannot_spend_it_nor_spoil_it(self, card_site: Path) -> None:
        browser, other = Client(), Client()
        path = ticket_for(browser, hpki.card())
        hpki.begun(other, "my_number_card")
        for stranger in (other, Client()):
            assert hpki.reason(stranger.get(path)) == ("ticket_unknown", "")
            assert configured.CARD_COOKIE_NAME not in stranger.cookies
        assert browser.get(path)["Location"] == "/card/my-number-card/"

    @pytest.mark.requirement("RV-9")
    def test_it_dies_after_sixty_seconds(self, card_site: Path) -> None:
        at = clock.now()
        visit = visits.begin("phone", "browser", at)
        who = Principal("jma", "JMA0000001", "doctor", "0a", bytes(32), at)
        ticket = visits.identify(visit.public_id, who, at)
        with pytest.raises(Refused, match="ticket_unknown"):
            visits.enter(ticket, "browser", at + timedelta(seconds=60))
        entered = visits.enter(ticket, "browser", at + timedelta(seconds=59))
        assert visits.find(entered.token, at + timedelta(seconds=59 + 599)) == visit
        with pytest.raises(Refused, match="no_visit"):
            visits.find(entered.token, at + timedelta(seconds=59 + 600))

    def test_no_secret_stands_in_the_row(self, card_site: Path) -> None:
        browser = Client()
        path = ticket_for(browser, hpki.card())
        browser.get(path)
        row = CardVisit.objects.values().get()
        secrets = (path.split("=")[1], browser.cookies[configured.CARD_COOKIE_NAME].value)
        assert all(secret.encode() not in bytes(str(row), "utf-8") for secret in secrets)

    def test_a_visit_is_identified_once_and_never_after_ten_minutes(self, card_site: Path) -> None:
        at = clock.now()
        who = Principal("jma", "JMA0000001", "doctor", "0a", bytes(32), at)
        first, late = visits.begin("phone", "b", at), visits.begin("phone", "b", at)
        visits.identify(first.public_id, who, at)
        for public_id, moment in ((first.public_id, at), (late.public_id, at + visits.BEGIN_LIFETIME)):
            with pytest.raises(Refused, match="visit_unknown"):
                visits.identify(public_id, who, moment)
        for unknown in ("", "x", "00000000-0000-0000-0000-000000000000"):
            with pytest.raises(Refused, match="visit_unknown"):
                visits.identify(unknown, who, at)

    def test_a_browser_keeps_five_beginnings(self, card_site: Path) -> None:
        browser = Client()
        for _ in range(8):
            hpki.begun(browser, "phone")
        assert CardVisit.objects.count() == visits.MOST_OPEN

    def test_the_clock_forgets_what_is_over(self, card_site: Path) -> None:
        at = clock.now()
        visits.begin("phone", "b", at)
        kept = visits.begin("phone", "c", at)
        CardVisit.objects.filter(pk=kept.pk).update(state=Visit.ENDED)
        assert visits.forget_overdue(at) == 0
        assert visits.forget_overdue(at + visits.BEGIN_LIFETIME) == 1
        assert visits.forget_overdue(at + visits.BEGIN_LIFETIME + timedelta(days=1)) == 1


class TestTheDayByHpkiCard:
    @pytest.mark.requirement("BD-10", "RV-9")
    def test_the_card_opens_the_day_and_leads_where_the_person_was_going(self, card_site: Path) -> None:
        credential = active_credential(at=clock.now())
        browser = Client()
        answer = hpki.shown(browser, "session", hpki.card_of(credential), "/oauth2/authorize?client_id=x")
        assert answer["Location"].startswith("/me/sign-in/done/?next=")
        session = SigningSession.objects.get()
        assert (session.means, session.credential) == ("hpki_card", credential)
        assert "HPKI カード" in browser.get("/me/").content.decode()
        assert CardVisit.objects.get().state == Visit.ENDED

    @pytest.mark.parametrize(
        ("changes", "opens"),
        [
            ({}, True),
            ({"state": "suspended"}, False),
            ({"state": "revoked"}, False),
            ({"issuer": "medis"}, False),
            ({"qualification": "dentist"}, False),
        ],
    )
    def test_only_an_active_certificate_of_the_same_person_authority_and_qualification_opens_it(
        self, changes: dict[str, str], opens: bool, card_site: Path
    ) -> None:
        credential = active_credential(at=clock.now())
        card = hpki.card_of(credential)
        type(credential).objects.filter(pk=credential.pk).update(**changes)
        answer = hpki.shown(Client(), "session", card)
        assert SigningSession.objects.exists() == opens
        assert answer["Location"] == ("/me/" if opens else "/card/certificate/")

    def test_the_sign_in_page_offers_the_card_only_where_it_is_taken(
        self, card_site: Path, settings: Settings
    ) -> None:
        assert "/card/sign-in/session/" in Client().get("/me/sign-in/").content.decode()
        settings.CARD_ORIGIN = ""
        assert "/card/sign-in/session/" not in Client().get("/me/sign-in/").content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
def test_sixteen_browsers_windows_with_one_ticket_open_one_visit(card_site: Path) -> None:
    browser = Client()
    path = ticket_for(browser, hpki.card())
    start, found = threading.Barrier(16), list[str]()

    def run() -> None:
        mine = Client()
        mine.cookies = browser.cookies
        start.wait(30)
        try:
            found.append(mine.get(path)["Location"])
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found.count("/card/my-number-card/") == 1 and len(found) == 16
