"""SG-3, SG-4: a step-up at oauth2/authorize is bound to the facility whose certificate pushed the request."""

import pytest
from django.test import Client

from ledger import clock, log
from signing.authorising import policy_rows
from signing.authorising.policy_rows import Policy
from signing.models import Activation, Approval, AuthorizationRequest, ClientCertificate
from tests.signing.oauth.conftest import error_of, query
from tests.signing.oauth.test_certificates import redeem
from tests.signing.oauth.test_credential_scope import HASHES, v1
from tests.support.card_site import facilities
from tests.support.signed_in import Ehr, SignerBrowser, hidden, query_of

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("SG-3", "SG-4")]


@pytest.fixture
def wanted() -> None:
    """One facility wants more than two hashes approved; nobody else wants anything."""
    wish = Policy(2, for_new_callers=False, for_narcotics=True)
    policy_rows.put("", facilities.CODE, wish, at=clock.now(), actor=log.SYSTEM)


def approved(signer: SignerBrowser, path: str) -> str:
    """The person approves by phone; where the page leads."""
    page = signer.client.get(path)
    assert facilities.NAME in page.content.decode()
    fields = {name: hidden(page, name) for name in ("ceremony", "csrfmiddlewaretoken")}
    answer = signer.phone.sign_in(str(page.context["phone"].options))
    return str(
        signer.client.post(f"{path}phone/", {**fields, "credential": answer}, follow=True).context[
            "next_path"
        ]
    )


def test_a_pushed_request_is_approved_for_its_certificate_and_fetched_over_no_other(
    api_origin: str, signer: SignerBrowser, ehr: Ehr, wanted: None
) -> None:
    first, second = (facilities.bound(ehr.client_id) for _ in range(2))
    asked = {**query(ehr), **v1(signer, *HASHES)}
    tokens = []
    for over in (second, first):
        pushed = Client().post("/oauth2/pushed_authorize", asked, headers=facilities.headers(first))
        assert pushed.status_code == 201, pushed.content
        uri = pushed.json()["request_uri"]
        answer = signer.client.get("/oauth2/authorize", {"client_id": ehr.client_id, "request_uri": uri})
        carried = approved(signer, answer["Location"])
        code = query_of(signer.client.get(carried))["code"]
        tokens.append(redeem(ehr, code, facilities.headers(over)))
    assert error_of(tokens[0]) == (400, "invalid_grant")
    assert tokens[1].status_code == 200, tokens[1].content
    row = ClientCertificate.objects.get(thumbprint=facilities.thumbprint(first))
    assert {each.certificate for each in AuthorizationRequest.objects.all()} == {row}
    assert {each.certificate for each in Approval.objects.all()} == {row}
    assert Activation.objects.get().certificate == row


def test_at_a_browser_the_policy_of_the_clients_facilities_counts(
    api_origin: str, signer: SignerBrowser, ehr: Ehr, wanted: None
) -> None:
    path = ehr.authorize_path(**v1(signer, *HASHES))
    assert "code" in query_of(signer.client.get(path))
    issued = facilities.bound(ehr.client_id)
    carried = approved(signer, signer.client.get(path)["Location"])
    answer = redeem(ehr, query_of(signer.client.get(carried))["code"], facilities.headers(issued))
    assert answer.status_code == 200, answer.content
    assert (Approval.objects.get().certificate, Activation.objects.get().approval) == (
        None,
        Approval.objects.get(),
    )
