"""Binding a phone and signing in with it; every trick of security.md 1.6 refused."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

import cbor2
import pytest
from django.conf import settings
from pytest_django import Settings

from ledger.models import Entry
from outbox.models import Job
from signing import authenticators, ceremonies, links
from signing.errors import Refused
from signing.models import Authenticator, Ceremony, Credential, EnrollmentLink, SigningSession
from tests.support.credentials import NOON, active_credential, signer
from tests.support.phone import HONEST, Phone, Twist
from vault import tokens

pytestmark = pytest.mark.django_db
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 20_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari"


@pytest.fixture(autouse=True)
def fast_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def new_phone(**traits: bool) -> Phone:
    return Phone(settings.ORIGIN, settings.WEBAUTHN_RP_ID, **traits)


def refusal(action: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        action()
    return caught.value.code


@dataclass
class Visit:
    """A person at the open registration page."""

    credential: Credential = field(default_factory=active_credential)
    browser: str = field(default_factory=tokens.new_token)

    def __post_init__(self) -> None:
        new = links.create(self.credential, at=NOON)
        token = urlsplit(new.url_path).path.split("/")[2]
        self.link = links.open(token, new.password, self.browser, NOON)

    def bind(self, phone: Phone, twist: Twist = HONEST) -> Authenticator:
        offer = authenticators.begin_registration(self.link, self.browser, NOON)
        return self.finish(offer, phone.register(offer.options, twist))

    def finish(self, offer: authenticators.Offer, answer: str, browser: str = "") -> Authenticator:
        return authenticators.complete_registration(
            offer.ceremony, browser or self.browser, answer, user_agent=IPHONE, at=NOON
        )


def bound_phone(**traits: bool) -> tuple[Visit, Phone]:
    visit, phone = Visit(), new_phone(**traits)
    visit.bind(phone)
    return visit, phone


def sign_in(
    phone: Phone, twist: Twist = HONEST, *, browser: str = "browser", person_id: str = ""
) -> Authenticator:
    offer = authenticators.begin_assertion(browser, NOON, person_id=person_id)
    answer = phone.sign_in(offer.options, twist)
    return authenticators.complete_assertion(offer.ceremony, browser, answer, at=NOON)[0]


CLIENT_DATA_WITH_BOM = b'\xef\xbb\xbf{"type":"webauthn.create","challenge":"CHALLENGE","origin":"%s"}' % (
    settings.ORIGIN.encode()
)
CLIENT_DATA_TWICE = (
    b'{"type":"webauthn.create","challenge":"CHALLENGE","origin":"https://evil.example","origin":"%s"}'
    % settings.ORIGIN.encode()
)

TRICKS = {
    "user not verified": (Twist(is_verified=False), "phone_not_verified"),
    "user not present": (Twist(is_present=False), "phone_answer_bad"),
    "in a foreign frame": (Twist(client_data={"crossOrigin": True}), "phone_cross_origin"),
    "crossOrigin of another type": (Twist(client_data={"crossOrigin": "false"}), "phone_cross_origin"),
    "under a foreign top page": (
        Twist(client_data={"topOrigin": "https://evil.example"}),
        "phone_cross_origin",
    ),
    "another origin": (Twist(origin="https://evil.example"), "phone_answer_bad"),
    "another port": (Twist(origin=settings.ORIGIN + "1"), "phone_answer_bad"),
    "another relying party": (Twist(rp_id="evil.example"), "phone_answer_bad"),
    "another challenge": (Twist(challenge=b"x" * 32), "phone_answer_bad"),
    "another type": (Twist(type="payment.get"), "phone_answer_bad"),
    "client data with a BOM": (Twist(client_data_bytes=CLIENT_DATA_WITH_BOM), "phone_answer_bad"),
    "client data with a key twice": (Twist(client_data_bytes=CLIENT_DATA_TWICE), "phone_answer_bad"),
    "client data that is no object": (Twist(client_data_bytes=b"[]"), "phone_answer_bad"),
    "client data that is no text": (Twist(client_data_bytes=b"\xff\xfe"), "phone_answer_bad"),
}


class TestRegistration:
    def test_a_phone_is_bound_and_labels_itself(self) -> None:
        phone = Visit().bind(new_phone())
        assert phone.label == "iPhone 2026-11-20"
        assert (phone.state, phone.is_backup_eligible) == ("active", False)

    def test_the_options_ask_for_a_verifying_platform_authenticator_under_the_person_id(self) -> None:
        visit = Visit()
        options = json.loads(authenticators.begin_registration(visit.link, visit.browser, NOON).options)
        owner = visit.credential.signer
        assert options["user"]["name"] == owner.person_id
        assert options["user"]["id"] == base64.urlsafe_b64encode(owner.user_handle).rstrip(b"=").decode()
        assert options["attestation"] == "none"
        assert options["authenticatorSelection"]["authenticatorAttachment"] == "platform"
        assert options["authenticatorSelection"]["userVerification"] == "required"
        assert options["authenticatorSelection"]["residentKey"] == "preferred"

    def test_binding_spends_the_link_and_tells_of_it(self) -> None:
        visit, _phone = bound_phone()
        assert EnrollmentLink.objects.get().state == "bound"
        assert Job.objects.get(kind="signing.link_bound").subject == str(visit.credential.public_id)
        assert Entry.objects.get(kind="signing.phone_bound").data["device"] == "iPhone"
        assert refusal(lambda: visit.bind(new_phone())) == "link_used"

    @pytest.mark.requirement("BD-05")
    def test_the_old_phone_is_replaced_and_its_sessions_end_in_the_same_moment(self) -> None:
        visit, old = bound_phone()
        SigningSession.objects.create(
            token_digest=b"t" * 32,
            credential=visit.credential,
            means="authenticator",
            authenticator=Authenticator.objects.get(),
            started_at=NOON,
            expires_at=NOON + timedelta(hours=18),
        )
        again = Visit(credential=visit.credential)
        new = new_phone()
        again.bind(new)
        assert sorted(Authenticator.objects.values_list("state", flat=True)) == ["active", "replaced"]
        assert SigningSession.objects.get().ended_at == NOON
        assert refusal(lambda: sign_in(old)) == "phone_unknown"
        assert sign_in(new).state == "active"

    def test_the_old_phone_is_excluded_from_registering_again(self) -> None:
        visit, _phone = bound_phone()
        again = Visit(credential=visit.credential)
        options = json.loads(authenticators.begin_registration(again.link, again.browser, NOON).options)
        assert len(options["excludeCredentials"]) == 1

    def test_a_synced_passkey_is_accepted_with_a_mark(self) -> None:
        phone = Visit().bind(new_phone(is_synced=True))
        assert (phone.is_backup_eligible, phone.is_backed_up) == (True, True)

    @pytest.mark.parametrize("name", TRICKS)
    def test_a_trick_is_refused_and_the_link_stays_usable(self, name: str) -> None:
        twist, code = TRICKS[name]
        visit = Visit()
        assert refusal(lambda: visit.bind(new_phone(), twist)) == code
        assert Authenticator.objects.count() == 0
        assert visit.bind(new_phone()).state == "active"

    @pytest.mark.parametrize(
        ("twist", "code"),
        [
            (Twist(attestation_tail=b"\x00"), "phone_answer_bad"),
            (Twist(statement={"note": 1}), "phone_answer_bad"),
            (Twist(form="android-safetynet"), "phone_answer_bad"),
            (Twist(form="packed", statement={"alg": -7, "sig": b"x", "x5c": [b"x"]}), "phone_answer_bad"),
            (Twist(form="packed", statement={"alg": -7, "sig": b"x"}), "phone_answer_bad"),
            (Twist(attachment="cross-platform"), "phone_not_platform"),
            (Twist(transports=("usb",)), "phone_not_platform"),
            (Twist(credential_id=b"x" * 1024), "phone_answer_bad"),
        ],
    )
    def test_a_registration_that_nobody_asked_for_is_refused(self, twist: Twist, code: str) -> None:
        assert refusal(lambda: Visit().bind(new_phone(), twist)) == code

    def test_the_same_answer_is_taken_once(self) -> None:
        visit, phone = Visit(), new_phone()
        offer = authenticators.begin_registration(visit.link, visit.browser, NOON)
        answer = phone.register(offer.options)
        visit.finish(offer, answer)
        assert refusal(lambda: visit.finish(offer, answer)) == "ceremony_unknown"

    def test_an_answer_to_a_failed_ceremony_is_not_taken_again(self) -> None:
        visit, phone = Visit(), new_phone()
        offer = authenticators.begin_registration(visit.link, visit.browser, NOON)
        refusal(lambda: visit.finish(offer, phone.register(offer.options, Twist(is_verified=False))))
        assert refusal(lambda: visit.finish(offer, phone.register(offer.options))) == "ceremony_unknown"

    def test_another_browser_cannot_finish_a_ceremony(self) -> None:
        visit, phone = Visit(), new_phone()
        offer = authenticators.begin_registration(visit.link, visit.browser, NOON)
        answer = phone.register(offer.options)
        assert refusal(lambda: visit.finish(offer, answer, browser="another")) == "ceremony_unknown"

    def test_a_credential_id_of_somebody_else_is_refused(self) -> None:
        _visit, phone = bound_phone()
        stolen = Twist(credential_id=phone.keys[0].credential_id)
        assert refusal(lambda: Visit().bind(new_phone(), stolen)) == "already_registered"

    @pytest.mark.parametrize(
        "answer",
        ["", "{", "[]", "null", '{"id":1}', '{"id":"a","id":"b"}', "x" * 20_000, "[" * 16_000, '{"id":"\ud800"}',
         '{"id":"YQ","rawId":"YQ","type":"public-key","response":{}}',
         '{"id":"YQ","rawId":"YQ","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"!"}}'],
    )  # fmt: skip
    def test_nonsense_is_refused(self, answer: str) -> None:
        visit = Visit()
        offer = authenticators.begin_registration(visit.link, visit.browser, NOON)
        assert refusal(lambda: visit.finish(offer, answer)) == "phone_answer_bad"

    @pytest.mark.parametrize("attestation", [b"", b"\xff", cbor2.dumps([1]), cbor2.dumps({"fmt": "none"}),
                                             cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": b"short"}),
                                             b"\x9f" * 5000])  # fmt: skip
    def test_a_broken_attestation_is_refused(self, attestation: bytes) -> None:
        visit, phone = Visit(), new_phone()
        offer = authenticators.begin_registration(visit.link, visit.browser, NOON)
        answer = json.loads(phone.register(offer.options))
        answer["response"]["attestationObject"] = base64.urlsafe_b64encode(attestation).decode()
        assert refusal(lambda: visit.finish(offer, json.dumps(answer))) == "phone_answer_bad"


class TestAssertion:
    def test_a_bound_phone_signs_in_without_typing_anything(self) -> None:
        visit, phone = bound_phone()
        assert sign_in(phone).credential == visit.credential

    def test_a_bound_phone_signs_in_by_the_person_id(self) -> None:
        visit, phone = bound_phone()
        assert sign_in(phone, person_id=visit.credential.signer.person_id).last_used_at == NOON

    def test_an_unknown_person_id_looks_like_a_known_one(self) -> None:
        def shape(person_id: str) -> list[dict[str, object]]:
            options = json.loads(authenticators.begin_assertion("b", NOON, person_id=person_id).options)
            return [{**each, "id": len(each["id"])} for each in options["allowCredentials"]]

        visit, _phone = bound_phone()
        assert shape("NOBODY000001") == shape(visit.credential.signer.person_id)

    def test_the_next_path_comes_back(self) -> None:
        _visit, phone = bound_phone()
        offer = authenticators.begin_assertion("b", NOON, next_path="/me/")
        answer = phone.sign_in(offer.options)
        assert authenticators.complete_assertion(offer.ceremony, "b", answer, at=NOON)[1] == "/me/"

    @pytest.mark.parametrize("name", TRICKS)
    def test_a_trick_is_refused(self, name: str) -> None:
        twist, code = TRICKS[name]
        if twist.client_data_bytes:
            twist = Twist(
                client_data_bytes=twist.client_data_bytes.replace(b"webauthn.create", b"webauthn.get")
            )
        _visit, phone = bound_phone()
        assert refusal(lambda: sign_in(phone, twist)) == code
        assert Authenticator.objects.get().last_used_at is None

    @pytest.mark.parametrize(
        ("twist", "code"),
        [
            (Twist(breaks_signature=True), "phone_answer_bad"),
            (Twist(user_handle=b"somebody else"), "phone_unknown"),
            (Twist(credential_id=b"unknown"), "phone_unknown"),
            (Twist(is_synced=True), "phone_changed"),
        ],
    )
    def test_an_answer_that_does_not_fit_the_account_is_refused(self, twist: Twist, code: str) -> None:
        _visit, phone = bound_phone()
        assert refusal(lambda: sign_in(phone, twist)) == code

    def test_another_persons_phone_does_not_answer_for_a_typed_person_id(self) -> None:
        visit, _phone = bound_phone()
        _other, stranger = bound_phone()
        offer = authenticators.begin_assertion("b", NOON, person_id=visit.credential.signer.person_id)
        options = json.dumps({**json.loads(offer.options), "allowCredentials": []})
        answer = stranger.sign_in(options)
        assert refusal(lambda: authenticators.complete_assertion(offer.ceremony, "b", answer, at=NOON)) == (
            "phone_unknown"
        )

    def test_the_same_answer_is_taken_once_even_without_a_counter(self) -> None:
        _visit, phone = bound_phone(counts=False)
        offer = authenticators.begin_assertion("b", NOON)
        answer = phone.sign_in(offer.options)
        authenticators.complete_assertion(offer.ceremony, "b", answer, at=NOON)
        code = refusal(lambda: authenticators.complete_assertion(offer.ceremony, "b", answer, at=NOON))
        assert code == "ceremony_unknown"

    def test_a_phone_without_counter_signs_in_again_and_again(self) -> None:
        _visit, phone = bound_phone(counts=False)
        assert [sign_in(phone).sign_count for _ in range(3)] == [0, 0, 0]

    def test_a_cloned_phone_is_noticed_refused_and_logged(self) -> None:
        _visit, phone = bound_phone()
        clone = phone.clone()
        sign_in(phone)
        assert refusal(lambda: sign_in(clone)) == "phone_cloned"
        assert Entry.objects.filter(kind="signing.phone_cloned").count() == 1

    def test_a_forged_counter_leaves_no_suspicion(self) -> None:
        _visit, phone = bound_phone()
        sign_in(phone)
        assert refusal(lambda: sign_in(phone, Twist(breaks_signature=True, count=0))) == "phone_answer_bad"
        assert not Entry.objects.filter(kind="signing.phone_cloned").exists()

    def test_a_suspended_credential_opens_nothing(self) -> None:
        visit, phone = bound_phone()
        Credential.objects.filter(pk=visit.credential.pk).update(state="suspended")
        assert refusal(lambda: sign_in(phone)) == "credential_not_active"

    def test_a_ceremony_ends_after_ten_minutes(self) -> None:
        _visit, phone = bound_phone()
        offer = authenticators.begin_assertion("b", NOON)
        late = NOON + ceremonies.LIFETIME
        answer = phone.sign_in(offer.options)
        assert refusal(lambda: authenticators.complete_assertion(offer.ceremony, "b", answer, at=late)) == (
            "ceremony_unknown"
        )

    def test_a_registration_challenge_opens_no_session(self) -> None:
        visit, phone = bound_phone()
        again = Visit(credential=visit.credential)
        offer = authenticators.begin_registration(again.link, again.browser, NOON)
        options = {"challenge": json.loads(offer.options)["challenge"]}
        answer = phone.sign_in(json.dumps(options))
        assert refusal(
            lambda: authenticators.complete_assertion(offer.ceremony, again.browser, answer, at=NOON)
        ) == ("ceremony_unknown")


def test_endless_reloads_leave_a_few_open_ceremonies() -> None:
    for _ in range(20):
        authenticators.begin_assertion("b", NOON)
    assert Ceremony.objects.count() == ceremonies.MOST_OPEN


def test_unfinished_ceremonies_are_forgotten() -> None:
    authenticators.begin_assertion("b", NOON)
    assert ceremonies.forget_overdue(NOON + ceremonies.LIFETIME) == 1


def test_two_signers_never_share_a_user_handle() -> None:
    assert bytes(signer().user_handle) != bytes(signer().user_handle)
