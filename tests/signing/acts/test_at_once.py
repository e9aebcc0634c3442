"""Whatever a signer ends at /me/ ends at once: the session, its access tokens and every open authorisation."""

import pytest
from django.conf import settings
from django.test import Client

from signing.models import ActivationItem, SigningSession
from tests.support.csc import Api, digest
from vault import tokens

STOPS = {
    "end": ("/me/end/", {}, "active"),
    "suspend": ("/me/suspend/", {}, "suspended"),
    "revoke": ("/me/revoke/", {"reason": "key_compromise"}, "revoked"),
}


@pytest.mark.requirement("SG-6")
@pytest.mark.parametrize("how", STOPS)
def test_nothing_is_signed_after_it(api: Api, how: str) -> None:
    address, fields, state = STOPS[how]
    secret = tokens.new_token()
    SigningSession.objects.filter(pk=api.day.session.pk).update(token_digest=tokens.digest(secret))
    browser = Client()
    browser.cookies[settings.SIGNER_COOKIE_NAME] = secret
    sad = api.sad(digest(1), digest(2))
    assert api.sign(sad, digest(1)).status_code == 200
    assert browser.post(address, fields).status_code == 200
    assert api.sign(sad, digest(2)).status_code in (400, 401)
    assert api.authorize(digest(3)).status_code in (400, 401)
    assert sorted(ActivationItem.objects.values_list("state", flat=True)) == ["dead", "signed"]
    api.day.credential.refresh_from_db()
    assert api.day.credential.state == state
    session = SigningSession.objects.get(pk=api.day.session.pk)
    assert session.ended_at is not None
    assert browser.get("/me/").status_code == 303
