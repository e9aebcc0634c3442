"""A signer with a phone at a browser of their own, and a caller whose hashes wait for them."""

from datetime import timedelta
from typing import Any

from django.conf import settings as django_settings
from django.test import Client

from ledger import clock
from signing.models import Approval, SigningSession
from tests.support.csc import Api
from tests.support.phone import Phone, Twist
from tests.support.signed_in import bound_phone, hidden
from vault import tokens

NARCOTICS = "処方箋 #麻薬"


class Signer:
    """The person with a phone, signed in at a browser of their own."""

    def __init__(self, api: Api) -> None:
        self.credential = api.day.credential
        self.phone: Phone = bound_phone(self.credential)
        at, token = clock.now(), tokens.new_token()
        self.session = SigningSession.objects.create(
            token_digest=tokens.digest(token), credential=self.credential, means="authenticator",
            started_at=at, expires_at=at + timedelta(hours=18),
        )  # fmt: skip
        self.client = Client()
        self.client.cookies[django_settings.SIGNER_COOKIE_NAME] = token

    def page(self, approval: Approval) -> Any:
        return self.client.get(f"/me/approvals/{approval.public_id}/")

    def options(self, page: Any) -> str:
        return str(page.context["phone"].options)

    def answer(self, approval: Approval, credential: str, ceremony: str) -> Any:
        form = {"ceremony": ceremony, "credential": credential}
        return self.client.post(f"/me/approvals/{approval.public_id}/phone/", form)

    def approve(self, approval: Approval, **twist: Any) -> Any:
        page = self.page(approval)
        signed = self.phone.sign_in(self.options(page), Twist(**twist))
        return self.answer(approval, signed, hidden(page, "ceremony"))


def ask(v2: Api, *digests: bytes, **changes: Any) -> tuple[str, Approval]:
    """The handle and the row of an authorisation that needs its signer."""
    answer = v2.authorize(*digests, **{"description": NARCOTICS, **changes})
    assert answer.status_code == 202, answer.json()
    return answer.json()["handle"], Approval.objects.latest("pk")


def check(v2: Api, handle: object) -> Any:
    return v2.call("credentials/authorizeCheck", {"handle": handle})
