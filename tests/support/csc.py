"""The CSC API as one caller sees it, over Django's test client."""

import base64
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from django.test import Client

from tests.support.days import Day

Odd = list[tuple[dict[str, Any], str]]
"""Changes to a good request, and the description with which it is refused; `...` leaves a member out."""
SHA256, SHA384, SHA512 = (f"2.16.840.1.101.3.4.2.{number}" for number in (1, 2, 3))
RSA, RSA_SHA256 = "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.11"
INVALID_CREDENTIAL = (400, "Invalid parameter credentialID")
INVALID_SAD = (400, "Invalid parameter SAD")
NOT_AUTHORISED = (400, "Hash is not authorized by the SAD")


def digest(number: int) -> bytes:
    return sha256(number.to_bytes(8, "big")).digest()


def b64(*values: bytes) -> list[str]:
    return [base64.b64encode(value).decode() for value in values]


def refused(response: Any) -> tuple[int, str]:
    body = response.json()
    assert set(body) == {"error", "error_description"}
    return response.status_code, body["error_description"]


class Api:
    """The API as one caller sees it."""

    def __init__(self, day: Day, version: str = "v1") -> None:
        self.day, self.version = day, version
        self.id = str(day.credential.public_id)

    def call(self, method: str, body: Mapping[str, Any] | bytes, bearer: str | None = None) -> Any:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.day.bearer if bearer is None else bearer}"}
        response = Client().post(
            f"/csc/{self.version}/{method}", content, content_type="application/json", headers=headers
        )
        assert response["Content-Type"] == "application/json"
        return response

    def authorize(self, *digests: bytes, **changes: Any) -> Any:
        body = {"credentialID": self.id, "numSignatures": len(digests), "hash": b64(*digests), **changes}
        return self.call("credentials/authorize", {k: v for k, v in body.items() if v is not ...})

    def sad(self, *digests: bytes) -> str:
        return str(self.authorize(*digests).json()["SAD"])

    def sign(self, sad: str, *digests: bytes, bearer: str | None = None, **changes: Any) -> Any:
        body = {
            "credentialID": self.id, "SAD": sad, "hash": b64(*digests), "hashAlgo": SHA256, "signAlgo": RSA_SHA256,
            **changes,
        }  # fmt: skip
        return self.call("signatures/signHash", {k: v for k, v in body.items() if v is not ...}, bearer)
