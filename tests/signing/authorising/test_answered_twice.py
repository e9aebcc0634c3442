"""An answer that comes twice (double tap, back, reload, lost reply) shows what the first did, and changes nothing."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client

from ledger import clock
from ledger.models import Entry
from signing.models import Approval, CardBinding, Ceremony
from signing.signer import client as signer_client
from tests.signing.authorising.asking import Signer, ask, check, waiting
from tests.support import days
from tests.support.cards import Card
from tests.support.csc import Api, digest
from tests.support.signed_in import hidden
from tests.support.signers import SignerProcesses

pytestmark = pytest.mark.requirement("SG-3")
APPROVED, REFUSED = "<h1>承認しました</h1>", "<h1>断りました</h1>"


def everything() -> tuple[Any, ...]:
    """What an answer could change."""
    return list(Approval.objects.values()), Entry.objects.count(), list(Ceremony.objects.values_list("pk"))


def same(answers: list[Any], told: str) -> None:
    assert [(each.status_code, told in each.content.decode()) for each in answers] == [(200, True)] * len(
        answers
    )


def test_the_phones_answer(v2: Api, signer: Signer) -> None:
    handle, approval = ask(v2, digest(1))
    page = signer.page(approval)
    signed = signer.phone.sign_in(signer.options(page))
    first = signer.answer(approval, signed, hidden(page, "ceremony"))
    before = everything()
    again = signer.answer(approval, signed, hidden(page, "ceremony"))
    same([first, again, signer.page(approval), signer.answer(approval, "rubbish", "x")], APPROVED)
    assert everything() == before
    assert check(v2, handle).status_code == 200
    same(
        [signer.answer(approval, signed, hidden(page, "ceremony"))], APPROVED
    )  # the SAD was fetched meanwhile


def test_the_cards_answer(at_noon: None, card: Card, v2: Api, signer: Signer) -> None:
    CardBinding.objects.create(
        credential=v2.day.credential, fingerprint=card.fingerprint, bound_at=clock.now()
    )
    _handle, approval = ask(v2, digest(1))
    response = card.answer(str(signer.page(approval).context["card_request"]))
    path = f"/me/approvals/{approval.public_id}/card/"
    first = signer.client.post(path, {"response": response}, follow=True)
    before = everything()
    same([first, signer.client.post(path, {"response": response}, follow=True)], APPROVED)
    assert everything() == before


def test_a_refusal_and_what_is_answered_otherwise_later(v2: Api, signer: Signer) -> None:
    handle, refused = ask(v2, digest(1))
    page = signer.page(refused)
    first = signer.refuse(refused)
    before = everything()
    answer = signer.answer(refused, signer.phone.sign_in(signer.options(page)), hidden(page, "ceremony"))
    same([first, signer.refuse(refused), answer], REFUSED)
    assert everything() == before and check(v2, handle).json()["error"] == "access_denied"
    handle, approved = ask(v2, digest(2))
    signer.approve(approved)
    same([signer.refuse(approved)], APPROVED)
    assert check(v2, handle).status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="threads with connections of their own")
def test_eight_equal_answers_at_once(signers: SignerProcesses) -> None:
    day = days.day(clock.now())
    signer = Signer(Api(day, "v2"))
    _handle, approval = waiting(day)
    page = signer.page(approval)
    form = {"ceremony": hidden(page, "ceremony"), "credential": signer.phone.sign_in(signer.options(page))}

    def one(_number: int) -> Any:
        browser = Client()
        for name in (django_settings.SIGNER_COOKIE_NAME, django_settings.BROWSER_COOKIE_NAME):
            browser.cookies[name] = signer.client.cookies[name].value
        try:
            return browser.post(f"/me/approvals/{approval.public_id}/phone/", form, follow=True)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        same(list(pool.map(one, range(8))), APPROVED)
    signer_client.signers().disconnect()
    assert Entry.objects.filter(kind="signing.approved").count() == 1
