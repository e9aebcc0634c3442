"""A token, a certificate or a day ends, and what was asked for under it is withdrawn: nothing of it is ever signed."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from django.db import connection
from django.test import Client

from ledger import clock
from ledger.log import Actor
from ledger.models import Entry
from signing import sessions
from signing.api.oauth import issued
from signing.authorising import answering, approvals
from signing.errors import Refused
from signing.flow import Approval as State
from signing.models import AccessToken, Activation, Approval
from signing.signer import client as signer_client
from tests.signing.authorising.asking import Signer, ask, at_once, check, waiting, withdrawn
from tests.support import days
from tests.support.card_site import facilities
from tests.support.csc import Api, digest, refused
from tests.support.signed_in import hidden
from tests.support.signers import SignerProcesses
from vault import tokens

pytestmark = pytest.mark.requirement("SG-3")
HANDLE = (400, "Invalid parameter handle")


def revoke(v2: Api, token: str, secret: str = "secret") -> int:
    """The system's own revocation (RFC 7009)."""
    form = {"token": token, "client_id": v2.day.client.client_id, "client_secret": secret}
    return Client().post("/oauth2/revoke", form).status_code


def another_token(v2: Api) -> Api:
    """Of the same system in the same day."""
    bearer = tokens.new_token()
    AccessToken.objects.create(
        token_digest=tokens.digest(bearer), client=v2.day.client, session=v2.day.session, scope="service",
        created_at=clock.now(), expires_at=v2.day.session.expires_at,
    )  # fmt: skip
    return Api(replace(v2.day, bearer=bearer), "v2")


class TestRevokedTokens:
    def test_what_was_asked_under_it_is_withdrawn(self, v2: Api, signer: Signer) -> None:
        handle, approval = ask(v2, digest(1))
        page = signer.page(approval)
        signed = signer.phone.sign_in(signer.options(page))
        assert revoke(v2, v2.day.bearer) == 204
        assert withdrawn(approval) == ("token_revoked", "waiting")
        entries = Entry.objects.filter(actor_kind="caller", actor_id=v2.day.client.client_id)
        kinds = list(entries.order_by("number").values_list("kind", flat=True))
        assert kinds[-2:] == ["signing.token_revoked", "signing.approval_withdrawn"]
        answer = signer.answer(approval, signed, hidden(page, "ceremony"))
        assert (answer.status_code, "取り下げられました" in answer.content.decode()) == (410, True)
        assert "依頼はありません" in signer.client.get("/me/approvals/").content.decode()
        assert check(v2, handle).status_code == 401
        assert refused(check(another_token(v2), handle)) == HANDLE
        assert Activation.objects.count() == 0

    def test_so_is_what_was_approved_and_not_fetched(self, v2: Api, signer: Signer) -> None:
        handle, approval = ask(v2, digest(1))
        signer.approve(approval)
        assert revoke(v2, v2.day.bearer) == 204
        assert withdrawn(approval) == ("token_revoked", "approved")
        assert refused(check(another_token(v2), handle)) == HANDLE
        assert "取り下げられました" in signer.page(approval).content.decode()

    def test_what_another_token_asked_for_and_what_was_fetched_stays(self, v2: Api, signer: Signer) -> None:
        other = another_token(v2)
        fetched, first = ask(v2, digest(1))
        signer.approve(first)
        assert check(v2, fetched).status_code == 200
        handle, _approval = ask(other, digest(2))
        assert revoke(v2, v2.day.bearer) == 204
        assert revoke(v2, v2.day.bearer) == 204  # again: nothing is left to end
        assert check(other, handle).status_code == 202
        first.refresh_from_db()
        assert (first.state, Entry.objects.filter(kind="signing.token_revoked").count()) == (State.TAKEN, 1)

    def test_a_stranger_revokes_and_withdraws_nothing(self, v2: Api, signer: Signer) -> None:
        handle, _approval = ask(v2, digest(1))
        assert revoke(v2, v2.day.bearer, secret="guessed") == 401
        assert revoke(Api(days.day(clock.now()), "v2"), v2.day.bearer) == 400
        assert check(v2, handle).status_code == 202

    def test_nothing_is_asked_under_a_token_or_a_day_that_has_just_ended(self, v2: Api) -> None:
        caller = v2.day.caller._replace(token=AccessToken.objects.get().pk)

        def asked_after(end: Callable[[], object], by: int) -> None:
            end()
            with pytest.raises(Refused, match="token_invalid"):
                approvals.ask(
                    caller._replace(token=by),
                    v2.day.credential.public_id,
                    [digest(1)],
                    why=["many"],
                    at=clock.now(),
                )

        asked_after(lambda: revoke(v2, v2.day.bearer), caller.token)
        asked_after(lambda: sessions.end(v2.day.session, at=clock.now()), 0)
        assert Approval.objects.count() == 0


def test_a_system_that_is_bound_to_certificates_loses_what_it_asked_for_without_one(v2: Api) -> None:
    _handle, approval = ask(v2, digest(1))
    facilities.bound(v2.day.client.client_id)
    assert withdrawn(approval) == ("token_revoked", "waiting")


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="threads with connections of their own")
class TestRaces:
    def test_a_callers_revocation_meets_an_approval(self, signers: SignerProcesses) -> None:
        """One of them has moved what waited: the approval, or the revocation; and nothing can be fetched afterwards."""
        for _ in range(3):
            day = days.day(clock.now())
            handle, approval = waiting(day)
            results = at_once(
                partial(answering.by_card, approval, day.credential, "{}", clock.now()), partial(ended, day)
            )
            approved = Entry.objects.filter(
                kind="signing.approved", data__approval=str(approval.public_id)
            ).count()
            assert results.count("approval_unknown") == 8 - approved, results
            assert withdrawn(approval) == ("token_revoked", "approved" if approved else "waiting")
            with pytest.raises(Refused, match="handle_unknown"):
                approvals.check(day.caller, handle, clock.now())
        signer_client.signers().disconnect()
        assert Activation.objects.count() == 0

    def test_a_callers_revocation_meets_the_fetching_and_the_asking(self, signers: SignerProcesses) -> None:
        day = days.day(clock.now())
        handle, approval = waiting(day)
        Approval.objects.update(state=State.APPROVED)
        results = at_once(
            partial(approvals.check, day.caller, handle, clock.now()),
            partial(asked, day),
            partial(ended, day),
        )
        signer_client.signers().disconnect()
        assert set(results) <= {"done", "handle_unknown", "token_invalid"}, results
        approval.refresh_from_db()
        assert approval.state == (State.TAKEN if Activation.objects.exists() else State.VOID)
        assert not Approval.objects.filter(state__in=[State.WAITING, State.APPROVED]).exists()
        void = Approval.objects.filter(state=State.VOID).count()
        assert Entry.objects.filter(kind="signing.approval_withdrawn").count() == void


def ended(day: days.Day) -> None:
    caller = Actor("caller", day.client.client_id)
    issued.revoke(AccessToken.objects.filter(session=day.session), clock.now(), caller, "caller_request")


def asked(day: days.Day) -> None:
    waiting(day)
