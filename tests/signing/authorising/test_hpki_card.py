"""The HPKI card approves a step-up: shown at the other origin, in a request that names what is approved."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from pytest_django import Settings

from ledger.models import Entry
from signing.authorising import approvals
from signing.flow import Approval as State
from signing.models import Approval, CardVisit
from tests.signing.authorising.asking import Signer, ask, check
from tests.support.card_site import hpki
from tests.support.csc import Api, digest

pytestmark = pytest.mark.requirement("SG-2", "SG-3")


def begun(signer: Signer, approval: Approval) -> str:
    """The address at the card origin, without its origin."""
    page = signer.client.get(f"/me/approvals/{approval.public_id}/hpki-card/")
    found = re.search(rf'href="{hpki.CARD_ORIGIN}([^"]*)"', page.content.decode())
    assert found is not None
    return found[1].replace("&amp;", "&")


def shown(where: str, card: hpki.HpkiCard) -> Any:
    """What the card origin answers to nginx."""
    return Client().get(where, **hpki.headers(card))  # type: ignore[arg-type]


def back(browser: Client, told: Any) -> Any:
    return browser.get(hpki.path_of(told["Location"]))


def test_the_card_approves_the_very_hashes(card_site: Path, v2: Api, signer: Signer) -> None:
    handle, approval = ask(v2, digest(1), digest(2))
    assert "HPKIカードで承認する" in signer.page(approval).content.decode()
    where = begun(signer, approval)
    covered = approvals.challenge(approval).hex()
    assert parse_qs(urlsplit(where).query)["covers"] == [covered]
    answer = back(signer.client, shown(where, hpki.card_of(signer.credential)))
    assert (answer.status_code, answer["Location"]) == (303, f"/me/approvals/{approval.public_id}/")
    assert "承認しました" in signer.client.get(answer["Location"]).content.decode()
    approval.refresh_from_db()
    assert (approval.state, approval.means) == (State.APPROVED, "hpki_card")
    visit, proof = CardVisit.objects.get(), json.loads(approval.proof or "")
    assert visit.state == "ended"
    assert (proof["covers"], proof["serial"], proof["visit"]) == (covered, visit.serial, str(visit.public_id))
    assert Entry.objects.get(kind="signing.card_visit_identified").data["covers"] == covered
    told = Entry.objects.get(kind="signing.approved").data
    assert (told["challenge"], told["means"], told["visit"]) == (covered, "hpki_card", str(visit.public_id))
    assert v2.sign(check(v2, handle).json()["SAD"], digest(2), digest(1)).status_code == 200
    assert "承認しました" in signer.client.get(answer["Location"]).content.decode()


class TestNothingElse:
    def nothing(self, v2: Api, handle: str) -> None:
        assert check(v2, handle).status_code == 202
        assert Approval.objects.filter(state=State.APPROVED).count() == 0

    @pytest.mark.parametrize("covers", ["", "00" * 32, "x" * 5000, "other"])
    def test_an_address_that_names_something_else_identifies_nobody(
        self, card_site: Path, v2: Api, signer: Signer, covers: str
    ) -> None:
        _handle, other = ask(v2, digest(9))
        handle, approval = ask(v2, digest(1))
        named = approvals.challenge(other).hex() if covers == "other" else covers
        where = re.sub(r"covers=[0-9a-f]*", f"covers={named}", begun(signer, approval))
        told = shown(where, hpki.card_of(signer.credential))
        assert hpki.reason(told)[0] == "visit_unknown"
        self.nothing(v2, handle)

    def test_a_visit_for_signing_in_approves_nothing_and_the_other_way_round(
        self, card_site: Path, v2: Api, signer: Signer
    ) -> None:
        handle, approval = ask(v2, digest(1))
        card = hpki.card_of(signer.credential)
        covered = f"&covers={approvals.challenge(approval).hex()}"
        where = hpki.begun(signer.client, "session", f"/me/approvals/{approval.public_id}/")
        assert hpki.reason(shown(where + covered, card))[0] == "visit_unknown"
        assert signer.client.get("/card/sign-in/approval/").status_code == 404
        self.nothing(v2, handle)

    def test_another_persons_card_is_told_so(self, card_site: Path, v2: Api, signer: Signer) -> None:
        handle, approval = ask(v2, digest(1))
        for card in (hpki.card("JMA7654321"), hpki.card(signer.credential.signer.person_id, code="medis")):
            answer = back(signer.client, shown(begun(signer, approval), card))
            page = signer.client.get(answer["Location"])
            assert page.status_code == 422 and "このHPKIカードでは承認できません" in page.content.decode()
        self.nothing(v2, handle)

    def test_a_card_that_is_not_taken_leads_back_to_what_waits(
        self, card_site: Path, v2: Api, signer: Signer
    ) -> None:
        handle, approval = ask(v2, digest(1))
        ended = hpki.card(signer.credential.signer.person_id, days=(-90, -1))
        told = shown(begun(signer, approval), ended)
        assert hpki.reason(told) == ("hpki_expired", "jma")
        page = back(signer.client, told)
        assert page.status_code == 403 and 'href="/me/approvals/"' in page.content.decode()
        self.nothing(v2, handle)

    def test_another_browsers_ticket_and_a_second_use_are_worth_nothing(
        self, card_site: Path, v2: Api, signer: Signer
    ) -> None:
        handle, approval = ask(v2, digest(1))
        told = shown(begun(signer, approval), hpki.card_of(signer.credential))
        assert hpki.reason(back(Client(), told))[0] == "ticket_unknown"
        self.nothing(v2, handle)
        for _ in range(2):  # a reload is told the same
            answer = back(signer.client, told)
            assert answer["Location"] == f"/me/approvals/{approval.public_id}/"
            assert "承認しました" in signer.client.get(answer["Location"]).content.decode()
        assert hpki.reason(back(Client(), told))[0] == "ticket_unknown"
        assert Entry.objects.filter(kind="signing.approved").count() == 1

    def test_what_was_answered_meanwhile_stays_answered(
        self, card_site: Path, v2: Api, signer: Signer
    ) -> None:
        handle, approval = ask(v2, digest(1))
        told = shown(begun(signer, approval), hpki.card_of(signer.credential))
        signer.client.post(f"/me/approvals/{approval.public_id}/refuse/")
        answer = back(signer.client, told)
        assert "断りました" in signer.client.get(answer["Location"]).content.decode()
        assert check(v2, handle).json()["error"] == "access_denied"

    @pytest.mark.parametrize("code", ["phone_failed", "<script>", "x" * 3000])
    def test_the_page_says_only_what_a_card_came_to(self, v2: Api, signer: Signer, code: str) -> None:
        _handle, approval = ask(v2, digest(1))
        page = signer.client.get(f"/me/approvals/{approval.public_id}/", {"refused": code})
        assert page.status_code == 200 and "進めません" not in page.content.decode()

    def test_nobody_else_begins_or_sees_the_end(self, card_site: Path, v2: Api, signer: Signer) -> None:
        _handle, approval = ask(v2, digest(1))
        for path in ("hpki-card/", ""):
            answer = Client().get(f"/me/approvals/{approval.public_id}/{path}")
            assert (answer.status_code, answer["Location"]) == (303, "/me/sign-in/?next=/me/approvals/")
        assert CardVisit.objects.count() == 0

    def test_an_installation_without_a_card_origin_offers_none(
        self, v2: Api, signer: Signer, settings: Settings
    ) -> None:
        settings.CARD_ORIGIN = ""
        _handle, approval = ask(v2, digest(1))
        assert "HPKIカードで承認する" not in signer.page(approval).content.decode()
        text = signer.client.get(f"/me/approvals/{approval.public_id}/hpki-card/").content.decode()
        assert "このサイトでは使えません" in text
