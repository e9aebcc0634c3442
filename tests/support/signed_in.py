"""A browser of a signer, and an EHR that speaks OAuth to it: both over Django's test client."""

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.conf import settings
from django.test import Client

from ledger import clock
from signing.api import clients
from signing.models import Authenticator, Credential, OAuthClient
from tests.support.credentials import active_credential
from tests.support.phone import HONEST, Phone, Twist, unb64url
from vault import tokens

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/150.0 Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 20_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari"


def bound_phone(credential: Credential, **traits: bool) -> Phone:
    """A phone that this credential knows, without the walk through a link."""
    phone = Phone(settings.ORIGIN, settings.WEBAUTHN_RP_ID, **traits)
    options = {
        "challenge": "x",
        "user": {"id": base64.urlsafe_b64encode(credential.signer.user_handle).decode()},
    }
    answer = json.loads(phone.register(json.dumps(options)))
    Authenticator.objects.create(
        credential=credential,
        webauthn_id=phone.keys[0].credential_id,
        public_key=phone.public_key(),
        transports=["internal"],
        label="iPhone 2026-11-20",
        bound_at=clock.now(),
    )
    assert unb64url(answer["id"]) == phone.keys[0].credential_id
    return phone


class SignerBrowser:
    """A signer with an active credential and a bound phone, at a browser with CSRF checks on."""

    def __init__(self, credential: Credential | None = None) -> None:
        self.credential = credential or active_credential(at=clock.now())
        self.phone = bound_phone(self.credential)
        self.client = Client(enforce_csrf_checks=True)

    def fields(self, page: Any) -> dict[str, str]:
        """The phone form's hidden fields and its options."""
        text = page.content.decode()
        names = ("next", "ceremony", "csrfmiddlewaretoken")
        found = {name: re.search(rf'name="{name}" value="([^"]*)"', text) for name in names}
        options = re.search(r'data-options="([^"]*)"', text)
        assert options is not None
        values = {name: unescape(match[1]) for name, match in found.items() if match is not None}
        return {**values, "options": unescape(options[1])}

    def sign_in(self, path: str = "/me/sign-in/", twist: Twist = HONEST, **instead: str) -> Any:
        """The page at `path`, answered by the phone; redirects are not followed."""
        fields = self.fields(self.client.get(path))
        options = fields.pop("options")
        answer = instead or {"credential": self.phone.sign_in(options, twist)}
        return self.client.post("/me/sign-in/phone/", {**fields, **answer})


@dataclass
class Ehr:
    """A client of ours with PKCE."""

    redirect_uri: str = "https://ehr.example/back"
    secret: str = field(default_factory=tokens.new_token)
    client_id: str = field(default_factory=lambda: f"ehr-{tokens.new_token()[:8]}")
    verifier: str = field(default_factory=tokens.new_token)

    def __post_init__(self) -> None:
        self.row: OAuthClient = clients.ensure(self.client_id, self.secret, "電子カルテ", [self.redirect_uri])

    @property
    def challenge(self) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def authorize_path(self, **changes: str | None) -> str:
        query: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "service",
            "state": "s t&te",
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
            **changes,
        }
        return "/oauth2/authorize?" + urlencode({k: v for k, v in query.items() if v is not None})

    def redeem(self, given: str, /, **changes: str | None) -> Any:
        body: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": given,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
            "client_id": self.client_id,
            "client_secret": self.secret,
            **changes,
        }
        return Client().post("/oauth2/token", {k: v for k, v in body.items() if v is not None})


def hidden(page: Any, name: str) -> str:
    """A hidden field's value of any page."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page.content.decode())
    assert found is not None, name
    return unescape(found[1])


def query_of(response: Any) -> dict[str, str]:
    """The parameters of a redirect's address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(response["Location"]).query).items()}


def qr_path(page: Any) -> str:
    """The path behind the QR code that this page shows."""
    text = page.content.decode()
    assert "qr-picture" in text
    address = re.search(r'class="mono">([^<]*)<', text)
    assert address is not None
    return address[1].removeprefix(settings.ORIGIN)


def answer_to(page: Any, key: Phone, *, is_honest: bool = True) -> dict[str, str]:
    """What the phone's page posts once its owner is proven; a dishonest one signs with a key that nobody wants."""
    text = page.content.decode()
    options = re.search(r'data-options="([^"]*)"', text)
    ceremony = re.search(r'name="ceremony" value="([^"]*)"', text)
    assert options is not None and ceremony is not None, text
    wanted = json.loads(unescape(options[1]))
    if not is_honest:
        del wanted["allowCredentials"]
    return {"ceremony": ceremony[1], "credential": key.sign_in(json.dumps(wanted))}
