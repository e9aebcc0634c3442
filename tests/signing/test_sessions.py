"""The day's session: opened by phone or card, 18 hours long, ended at once with everything that hangs on it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError
from pytest_django import Settings

from cards import exchange
from cards.pki import Hierarchy, new_key
from cards.profile import CertificateKind
from ledger.models import Entry
from signing import ceremonies, sessions
from signing.errors import Refused
from signing.models import (
    Activation,
    ActivationItem,
    CardBinding,
    Credential,
    OAuthClient,
    SigningSession,
)
from tests.support.cards import Card
from tests.support.credentials import NOON, active_credential
from vault import tokens

pytestmark = pytest.mark.django_db
BROWSER = "browser"
SECOND = timedelta(seconds=1)


def bind(card: Card, credential: Credential | None = None) -> Credential:
    owner = credential or active_credential()
    CardBinding.objects.create(credential=owner, fingerprint=card.fingerprint, bound_at=NOON)
    return owner


def open_by(card: Card, *, at: datetime = NOON, browser: str = BROWSER, **changes: object) -> sessions.Opened:
    request = sessions.begin_card(BROWSER, "/back/", at, next_path="/me/")
    return sessions.open_by_card(card.answer(request, **changes), browser, at=at)


def refusal(action: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        action()
    return caught.value.code


class TestCard:
    @pytest.mark.requirement("ST-15")
    def test_the_bound_card_opens_the_day_without_a_phone(self, card: Card) -> None:
        credential = bind(card)
        opened = open_by(card)
        assert (opened.session.credential, opened.session.means) == (credential, "my_number_card")
        assert opened.next_path == "/me/"
        assert Entry.objects.get(kind="signing.session_opened").subject == str(credential.public_id)

    def test_an_unbound_card_opens_nothing(self, card: Card) -> None:
        assert refusal(lambda: open_by(card)) == "card_unknown"

    def test_a_dead_binding_opens_nothing(self, card: Card) -> None:
        bind(card)
        CardBinding.objects.update(is_living=False)
        assert refusal(lambda: open_by(card)) == "card_unknown"

    def test_a_suspended_credential_opens_nothing(self, card: Card) -> None:
        bind(card, active_credential(state="suspended"))
        assert refusal(lambda: open_by(card)) == "credential_not_active"

    def test_a_revoked_certificate_opens_nothing(self, card: Card, hierarchy: Hierarchy, trust: Path) -> None:
        bind(card)
        authority = hierarchy.current(CertificateKind.AUTHENTICATION)
        authority.revoke(card.certificate, NOON)
        hierarchy.publish(trust, NOON)
        assert refusal(lambda: open_by(card)) == "card_revoked"

    def test_without_a_revocation_list_the_card_passes_in_the_demo_only(
        self, card: Card, trust: Path, settings: Settings
    ) -> None:
        bind(card)
        for each in trust.glob("*.crl"):
            each.unlink()
        assert open_by(card).session
        settings.IS_DEMO = False
        assert refusal(lambda: open_by(card)) == "card_not_checked"

    def test_without_anchors_no_card_passes(self, card: Card, trust: Path) -> None:
        bind(card)
        for each in trust.iterdir():
            each.unlink()
        assert refusal(lambda: open_by(card)) == "card_not_checked"

    def test_an_answer_made_for_another_origin_is_refused(self, card: Card) -> None:
        bind(card)
        assert refusal(lambda: open_by(replace(card, origin="https://evil.example"))) == "card_refused"

    def test_a_signature_by_another_key_is_refused(self, card: Card) -> None:
        bind(card)
        assert refusal(lambda: open_by(replace(card, key=new_key()))) == "card_refused"

    def test_a_certificate_held_by_a_phone_is_turned_away(self, card: Card) -> None:
        bind(card)
        assert refusal(lambda: open_by(card, medium="phone")) == "phone_certificate"

    @pytest.mark.parametrize(
        ("outcome", "code"),
        [
            ("cancelled", "card_cancelled"),
            ("wrong_pin", "card_wrong_pin"),
            ("locked", "card_locked"),
            ("removed", "card_removed"),
            ("error", "card_refused"),
        ],
    )
    def test_what_went_wrong_at_the_reader_is_told(self, card: Card, outcome: str, code: str) -> None:
        nothing: dict[str, object] = {"signature": b"", "authentication_certificate": b"", "medium": ""}
        assert refusal(lambda: open_by(card, outcome=outcome, **nothing)) == code

    def test_the_same_answer_opens_once(self, card: Card) -> None:
        bind(card)
        answer = card.answer(sessions.begin_card(BROWSER, "/back/", NOON))
        first, second = (sessions.open_by_card(answer, BROWSER, at=NOON) for _time in range(2))
        assert first == second and SigningSession.objects.count() == 1
        assert refusal(lambda: sessions.open_by_card(answer, "another", at=NOON)) == "ceremony_unknown"
        late = NOON + ceremonies.ECHO + timedelta(seconds=1)
        assert refusal(lambda: sessions.open_by_card(answer, BROWSER, at=late)) == "ceremony_unknown"

    def test_another_browser_cannot_use_the_answer(self, card: Card) -> None:
        bind(card)
        assert refusal(lambda: open_by(card, browser="another")) == "ceremony_unknown"

    def test_a_late_answer_is_refused(self, card: Card) -> None:
        bind(card)
        answer = card.answer(sessions.begin_card(BROWSER, "/back/", NOON))
        late = NOON + ceremonies.LIFETIME
        assert refusal(lambda: sessions.open_by_card(answer, BROWSER, at=late)) == "ceremony_unknown"

    @pytest.mark.parametrize("text", ["", "{", "[]", "x" * 70_000, '{"version":1}'])
    def test_nonsense_is_refused(self, text: str) -> None:
        assert refusal(lambda: sessions.open_by_card(text, BROWSER, at=NOON)) == "card_refused"

    def test_a_reading_of_attributes_opens_nothing(self, card: Card) -> None:
        bind(card)
        attributes = exchange.CardAttributes("医師 太郎", "東京都", NOON.date(), "1")
        nothing: dict[str, object] = {"operation": "read_attributes", "signature": b""}
        assert refusal(lambda: open_by(card, attributes=attributes, **nothing)) == "card_refused"

    @pytest.mark.requirement("BD-16")
    def test_one_card_is_bound_to_one_living_credential(self, card: Card) -> None:
        bind(card)
        with pytest.raises(IntegrityError):
            bind(card)


class TestDay:
    def open(self, card: Card, at: datetime = NOON) -> sessions.Opened:
        bind(card)
        return open_by(card, at=at)

    @pytest.mark.requirement("BD-10")
    def test_a_session_lasts_eighteen_hours(self, card: Card) -> None:
        opened = self.open(card)
        end = NOON + timedelta(hours=18)
        assert sessions.find(opened.token, end - SECOND) == opened.session
        assert refusal(lambda: sessions.find(opened.token, end)) == "no_session"

    @pytest.mark.requirement("BD-10")
    def test_the_day_may_be_cut_at_midnight(self, card: Card, settings: Settings) -> None:
        settings.SIGNING_SESSION_ENDS_AT_MIDNIGHT = True
        opened = self.open(card)
        assert opened.session.expires_at == NOON + timedelta(hours=12)

    def test_the_token_is_stored_as_a_digest(self, card: Card) -> None:
        opened = self.open(card)
        assert bytes(SigningSession.objects.get().token_digest) == tokens.digest(opened.token)
        assert opened.token not in repr(SigningSession.objects.values().get())

    @pytest.mark.requirement("BD-10")
    def test_the_signer_ends_it_and_unused_authorisations_die_with_it(self, card: Card) -> None:
        opened = self.open(card)
        item = authorised_item(opened.session)
        sessions.end(opened.session, at=NOON)
        item.refresh_from_db()
        assert item.state == "dead"
        assert refusal(lambda: sessions.find(opened.token, NOON)) == "no_session"
        sessions.end(opened.session, at=NOON)
        assert Entry.objects.filter(kind="signing.session_ended").count() == 1

    def test_a_suspension_ends_what_the_session_may(self, card: Card) -> None:
        opened = self.open(card)
        Credential.objects.update(state="suspended")
        assert refusal(lambda: sessions.find(opened.token, NOON)) == "no_session"

    def test_an_unknown_token_finds_nothing(self) -> None:
        assert refusal(lambda: sessions.find("", NOON)) == "no_session"

    def test_two_tabs_do_not_disturb_each_other(self, card: Card) -> None:
        bind(card)
        first = sessions.begin_card(BROWSER, "/back/", NOON)
        sessions.begin_card(BROWSER, "/back/", NOON)
        assert sessions.open_by_card(card.answer(first), BROWSER, at=NOON).session


def authorised_item(session: SigningSession) -> ActivationItem:
    client = OAuthClient.objects.create(client_id="ehr", secret_digest=b"s" * 32, name="EHR", created_at=NOON)
    activation = Activation.objects.create(
        sad_digest=b"a" * 32, credential=session.credential, session=session, client=client,
        hash_algorithm="sha256", created_at=NOON, expires_at=NOON + timedelta(minutes=5),
    )  # fmt: skip
    return ActivationItem.objects.create(activation=activation, ordinal=0, digest=b"d" * 32)
