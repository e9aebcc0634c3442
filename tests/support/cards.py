"""A My Number Card's authentication key and certificate, answering as a reader would (decision 22)."""

from dataclasses import dataclass, replace
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from django.conf import settings as configured

from cards import exchange


@dataclass(frozen=True)
class Card:
    """A card's authentication key and certificate; answers as a reader would."""

    key: rsa.RSAPrivateKey
    certificate: bytes
    origin: str = configured.ORIGIN

    @property
    def fingerprint(self) -> bytes:
        return sha256(self.certificate).digest()

    def answer(self, request_json: str, **changes: object) -> str:
        request = exchange.request_from_json(request_json)
        message = exchange.authentication_message(self.origin, request.challenge)
        response = exchange.CardResponse(
            operation=request.operation,
            state=request.state,
            outcome="ok",
            medium="card",
            authentication_certificate=self.certificate,
            signature=self.key.sign(message, padding.PKCS1v15(), SHA256()),
        )
        return exchange.to_json(replace(response, **changes))  # type: ignore[arg-type]
