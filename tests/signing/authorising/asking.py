"""A signer with a phone at a browser of their own, and a caller whose hashes wait for them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from django.conf import settings as django_settings
from django.db import connection
from django.test import Client

from ledger import clock
from ledger.models import Entry
from signing.authorising import approvals
from signing.errors import Refused
from signing.flow import Approval as State
from signing.models import AccessToken, Approval, SigningSession
from tests.support import days
from tests.support.csc import Api, digest
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
        return self.client.post(f"/me/approvals/{approval.public_id}/phone/", form, follow=True)

    def refuse(self, approval: Approval) -> Any:
        return self.client.post(f"/me/approvals/{approval.public_id}/refuse/", follow=True)

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


def waiting(day: days.Day) -> tuple[str, Approval]:
    """The handle and the row of what this day's system has asked for under its token, without the API."""
    caller = day.caller._replace(token=AccessToken.objects.get(session=day.session).pk)
    made = approvals.ask(caller, day.credential.public_id, [digest(1)], why=["many"], at=clock.now())
    return made.handle, Approval.objects.select_related("credential__signer", "client").latest("pk")


def withdrawn(approval: Approval) -> tuple[object, object]:
    """Why it is void, and what it was before, as the ledger has it."""
    approval.refresh_from_db()
    assert approval.state == State.VOID
    entry = Entry.objects.get(kind="signing.approval_withdrawn", data__approval=str(approval.public_id))
    return entry.data["why"], entry.data["was"]


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Sixteen threads, these acts in turn: "done", or the code of the refusal."""

    def one(number: int) -> str:
        try:
            acts[number % len(acts)]()
            return "done"
        except Refused as no:
            return no.code
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(one, range(16)))
