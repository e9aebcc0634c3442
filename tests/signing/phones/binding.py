"""A person who binds phones by QR codes, one after the other, as rows and services alone."""

from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings

from signing import authenticators, links, sessions
from signing.links import shown
from signing.models import Authenticator, Credential, EnrollmentLink
from tests.support.credentials import NOON, active_credential
from tests.support.phone import Phone
from vault import tokens

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 20_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari"


def new_phone(**traits: bool) -> Phone:
    return Phone(settings.ORIGIN, settings.WEBAUTHN_RP_ID, **traits)


@dataclass
class Ready:
    """A phone that has only to finish: its answer is made, the transaction is not begun."""

    ceremony: str
    browser: str
    answer: str
    at: datetime

    def finish(self) -> Authenticator:
        return authenticators.complete_registration(
            self.ceremony, self.browser, self.answer, user_agent=IPHONE, at=self.at
        )


@dataclass
class Holder:
    credential: Credential = field(default_factory=active_credential)

    def ready(self, phone: Phone, at: datetime = NOON) -> Ready:
        pc, browser = tokens.new_token(), tokens.new_token()
        given = links.show(self.credential, means="hpki_card", browser_token=pc, at=at)
        row = shown.enter(given.url_path.split("/")[2], browser, "iPhone", at)
        return self._ready(row, browser, phone, at)

    def ready_by_link(self, new: links.NewLink, phone: Phone, at: datetime = NOON) -> Ready:
        browser = tokens.new_token()
        return self._ready(
            links.open(new.url_path.split("/")[2], new.password, browser, at), browser, phone, at
        )

    def _ready(self, row: EnrollmentLink, browser: str, phone: Phone, at: datetime) -> Ready:
        offer = authenticators.begin_registration(row, browser, at)
        return Ready(str(offer.ceremony), browser, phone.register(offer.options), at)

    def bind(self, phone: Phone, at: datetime = NOON) -> Authenticator:
        return self.ready(phone, at).finish()

    def sign_in(self, phone: Phone, at: datetime = NOON) -> sessions.Opened:
        offer = authenticators.begin_assertion("browser", at)
        return sessions.open_by_phone(offer.ceremony, "browser", phone.sign_in(offer.options), at=at)
