"""Applicants for tests: a demo person with a real virtual card at Django's test client, step by step to the receipt.

`submitted_application()` is what other rooms need; `Applying` drives single steps and tells what came back.
"""

import html
import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from cards import reader
from cards.client import MyNumberCard
from cards.exchange import CardResponse, request_from_json, to_json
from deploy.demo import authority_keys, people, pictures
from enrollment import flow
from enrollment.applicants import accounts
from enrollment.models import Applicant, ApplicantSession, Application
from ledger import clock
from outbox.models import Mail

REQUEST = re.compile(r'name="request" value="([^"]*)"')
SEEN = {flow.CHECK: "seen", flow.CONSENT: "asked"}  # hidden fields: what the person looked at
PINS = {
    "authenticate": "authentication_pin",
    "read_attributes": "attributes_pin",
    "sign": "signature_password",
}


class Applying:
    """One demo person with a card and a browser. Answers come from the demo person; `changed` replaces single ones."""

    def __init__(self, slug: str = "doctor", *, card: str = "", **changed: Mapping[str, Any]) -> None:
        people.ensure(settings.HOME, clock.now())
        authority_keys.make(settings.HOME)
        self.person = people.person(slug)
        self.card = card or slug
        self.browser = Client()
        self.changed = changed

    # --- the card ---

    def asked(self, page: Any) -> str:
        """The request to the reader on this page, as JSON."""
        found = REQUEST.search(page.content.decode())
        assert found, page.content.decode()
        return html.unescape(found[1])

    def read_card(self, page: Any, card: str = "") -> CardResponse:
        """What the reader answers to the request on this page."""
        asked = request_from_json(self.asked(page))
        client = MyNumberCard(people.open_card(card or self.card).transmit)
        return reader.perform(asked, client, getattr(self.person, PINS[asked.operation]), settings.ORIGIN)

    def answer(self, response: CardResponse, query: str = "") -> Any:
        return self.browser.post(reverse("card_answer") + query, {"response": to_json(response)})

    def sign_in(self, wanted: str = "apply") -> Any:
        page = self.browser.get(reverse("sign_in"), {"next": wanted})
        return self.answer(self.read_card(page), f"?next={wanted}")

    # --- the pages ---

    def get(self, slug: str) -> Any:
        return self.browser.get(reverse("step", args=[slug]))

    def post(self, slug: str, data: Mapping[str, Any] | None = None) -> Any:
        """Send a step's form with the version that its page would hold."""
        row = self.application.answers.filter(step=slug).first()
        given = {"version": row.version if row else 0} | dict(self.answers(slug) if data is None else data)
        return self.browser.post(reverse("step", args=[slug]), given)

    def do(self, slug: str) -> Any:
        """Carry one step out, whatever kind it is."""
        if slug in ("card", flow.SIGN):
            return self.answer(self.read_card(self.get(slug)))
        if slug in SEEN:
            return self.post(slug, self.answers(slug) | {SEEN[slug]: self.seen(slug)})
        return self.post(slug, {"code": self.code()} if slug == "email-code" else None)

    def seen(self, slug: str) -> str:
        """What the page of ⑨ or ⑩ says that it shows."""
        found = re.search(f'name="{SEEN[slug]}" value="([^"]*)"', self.get(slug).content.decode())
        assert found
        return found[1]

    def until(self, slug: str) -> None:
        """Sign in where needed and carry out every step before `slug`, each time where the product leads."""
        if settings.APPLICANT_COOKIE_NAME not in self.browser.cookies:
            self.sign_in()
        page = self.browser.get(reverse("tasks"))
        found = re.search(r'class="button button-primary" href="/apply/([a-z-]+)/"', page.content.decode())
        assert found, page.content.decode()
        onward = found[1]
        for _step in flow.STEPS:
            if onward == slug:
                return
            page = self.do(onward)
            assert page.status_code == 302, (onward, page.content.decode())
            onward = page.url.removeprefix(reverse("tasks")).rstrip("/")
        raise AssertionError(f"the flow does not reach {slug}")

    def submit(self) -> Application:
        """All steps to the receipt."""
        self.until(flow.SIGN)
        page = self.do(flow.SIGN)
        assert page.status_code == 302, page.content.decode()
        return self.application

    @property
    def application(self) -> Application:
        return Application.objects.filter(applicant=self.applicant).latest("created_at")

    @property
    def session(self) -> ApplicantSession:
        session = accounts.current(self.browser.cookies[settings.APPLICANT_COOKIE_NAME].value, clock.now())
        assert session is not None
        return session

    @property
    def applicant(self) -> Applicant:
        return self.session.applicant

    def code(self) -> str:
        """The newest confirmation code in the mailbox of this person."""
        mine = [
            row
            for row in Mail.objects.filter(kind="n2").order_by("-pk")
            if row.recipient == self.person.email
        ]
        found = re.search(r"\d{6}", mine[0].body)
        assert found
        return found[0]

    # --- what this person answers ---

    def answers(self, slug: str) -> dict[str, Any]:
        plain = ANSWERS[slug](self.person) if slug in ANSWERS else {}
        return plain | dict(self.changed.get(slug.replace("-", "_"), {}))

    def picture(self, name: str) -> SimpleUploadedFile:
        data = (pictures.folder(settings.HOME, self.person.slug) / f"{name}.jpg").read_bytes()
        return SimpleUploadedFile(f"{name}.jpg", data, content_type="image/jpeg")


def _names(one: people.Person) -> dict[str, Any]:
    family, given = one.kana.split("　")
    return {
        "family_kana": family,
        "given_kana": given,
        "manual": "",
        **_romaji(one.romaji, f"{family}/{given}"),
    } | {"printed_name": one.name.replace("髙", "高").replace("𠮷", "吉")}


def _romaji(text: str, shown_for: str) -> dict[str, str]:
    family, given = text.split(" ")
    return {"family_romaji": family, "given_romaji": given.capitalize(), "shown_for": shown_for}


def _other_name(one: people.Person) -> dict[str, Any]:
    if not one.other_name:
        return {"kind": "none"}
    family_kana, given_kana = one.other_kana.split("　")
    family, given = one.other_name.split("　")
    kanji = {
        "family_kanji": family,
        "given_kanji": given,
        "family_kana": family_kana,
        "given_kana": given_kana,
    }
    return {"kind": "former"} | kanji | _romaji(one.other_romaji, f"{family_kana}/{given_kana}")


def _file(name: str, **more: str) -> Any:
    def answer(one: people.Person) -> dict[str, Any]:
        data = (pictures.folder(settings.HOME, one.slug) / f"{name}.jpg").read_bytes()
        return {"file": SimpleUploadedFile(f"{name}.jpg", data, content_type="image/jpeg")} | more

    return answer


ANSWERS: dict[str, Any] = {
    "qualification": lambda one: {
        "hpki_card": "none",
        "qualification": one.qualification,
        "authority": one.authority,
    },
    "card-check": lambda one: {"is_right": "on"},
    "names": _names,
    "other-name": _other_name,
    "name-proof": _file("name_proof"),
    "home": lambda one: {"postal_code": one.postal_code},
    "licence": lambda one: {
        "registration_number": one.registration_number,
        "registered_on": one.registration_date.isoformat(),
    },
    "licence-front": _file("licence"),
    "membership": lambda one: (
        {"member": "yes", "number": "1234567890"} if one.authority == "jma" else {"member": "no"}
    ),
    "card-pin": lambda one: {"pin": "8305", "again": "8305"},
    "workplace": lambda one: {
        "has_workplace": "yes",
        "name": "見本診療所",
        "institution_code": "1310110049",
        "postal_code": "100-0014",
        "address": "東京都千代田区永田町９－９－９",
    },
    "delivery": lambda one: {"phone": one.phone_number, "send_to": "home", "pickup": "13"},
    "photo": _file("photo", taken_on=clock.today(clock.now()).isoformat(), is_recent="on"),
    "identity": _file("identity", kind="driving_licence", day_on_paper="2030-03-01"),
    "email": lambda one: {"address": one.email, "wants_reminders": "on"},
    "consent": lambda one: {"agree": "on"},
}


def submitted_application(
    authority: str = "jma", qualification: str = "doctor", *, person: str = ""
) -> Application:
    """A submitted application of a demo person of this qualification; another person by slug."""
    choice = {"hpki_card": "none", "qualification": qualification, "authority": authority}
    return Applying(person or qualification, qualification=choice).submit()
