"""A phone for unit tests: a platform authenticator with ES256 keys and attestation "none", and ways to misbehave.

It answers the same JSON that `PublicKeyCredential.toJSON()` gives. A `Twist` says what is wrong with one answer.
The browser's own WebAuthn is tried in tests/journeys; this one can lie, which Chromium does not.
"""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field, replace
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(frozen=True)
class Twist:
    """What one answer does wrong; the default does nothing wrong."""

    origin: str | None = None
    rp_id: str | None = None
    is_verified: bool = True
    is_present: bool = True
    client_data: dict[str, Any] = field(default_factory=dict)
    client_data_bytes: bytes | None = None  # instead of a proper clientDataJSON
    challenge: bytes | None = None
    type: str | None = None
    is_synced: bool | None = None  # instead of the phone's own
    attestation_tail: bytes = b""
    statement: dict[str, Any] = field(default_factory=dict)
    form: str = "none"
    attachment: str | None = "platform"
    transports: tuple[str, ...] = ("internal",)
    user_handle: bytes | None = None
    credential_id: bytes | None = None
    breaks_signature: bool = False
    count: int | None = None


HONEST = Twist()


@dataclass
class Key:
    credential_id: bytes
    private: ec.EllipticCurvePrivateKey
    user_handle: bytes
    count: int = 0


class Phone:
    """`register(options)` and `sign_in(options)` take the options' JSON and give the answer's JSON."""

    def __init__(self, origin: str, rp_id: str, *, is_synced: bool = False, counts: bool = True) -> None:
        self.origin = origin
        self.rp_id = rp_id
        self.is_synced = is_synced
        self.counts = counts
        self.keys: list[Key] = []

    def register(self, options: str, twist: Twist = HONEST) -> str:
        wanted = json.loads(options)
        key = Key(
            secrets.token_bytes(32), ec.generate_private_key(ec.SECP256R1()), unb64url(wanted["user"]["id"])
        )
        self.keys.append(key)
        credential_id = twist.credential_id or key.credential_id
        attested = bytes(16) + len(credential_id).to_bytes(2, "big") + credential_id + _cose(key.private)
        authenticator_data = self._authenticator_data(key, twist, AT) + attested
        attestation = cbor2.dumps(
            {"fmt": twist.form, "attStmt": twist.statement, "authData": authenticator_data}
        )
        client_data = self._client_data("webauthn.create", wanted["challenge"], twist)
        response = {
            "clientDataJSON": b64url(client_data),
            "attestationObject": b64url(attestation + twist.attestation_tail),
            "transports": list(twist.transports),
        }
        return _answer(credential_id, response, twist)

    def sign_in(self, options: str, twist: Twist = HONEST) -> str:
        wanted = json.loads(options)
        allowed = [unb64url(each["id"]) for each in wanted.get("allowCredentials", [])]
        key = next(key for key in reversed(self.keys) if not allowed or key.credential_id in allowed)
        if self.counts:
            key.count += 1
        authenticator_data = self._authenticator_data(key, twist, 0)
        client_data = self._client_data("webauthn.get", wanted["challenge"], twist)
        signed = authenticator_data + hashlib.sha256(client_data).digest()
        signature = key.private.sign(signed + (b"x" if twist.breaks_signature else b""), ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": b64url(client_data),
            "authenticatorData": b64url(authenticator_data),
            "signature": b64url(signature),
            "userHandle": b64url(twist.user_handle or key.user_handle),
        }
        return _answer(twist.credential_id or key.credential_id, response, twist)

    def public_key(self) -> bytes:
        """The newest key as a COSE key."""
        return _cose(self.keys[-1].private)

    def clone(self) -> "Phone":
        """A second phone with copies of the keys and of their counters."""
        other = Phone(self.origin, self.rp_id, is_synced=self.is_synced, counts=self.counts)
        other.keys = [replace(key) for key in self.keys]
        return other

    def _authenticator_data(self, key: Key, twist: Twist, extra: int) -> bytes:
        synced = self.is_synced if twist.is_synced is None else twist.is_synced
        flags = extra | UP * twist.is_present | UV * twist.is_verified | (BE | BS) * synced
        count = key.count if twist.count is None else twist.count
        rp_id_hash = hashlib.sha256((twist.rp_id or self.rp_id).encode()).digest()
        return rp_id_hash + bytes([flags]) + count.to_bytes(4, "big")

    def _client_data(self, kind: str, challenge: str, twist: Twist) -> bytes:
        if twist.client_data_bytes is not None:
            return twist.client_data_bytes.replace(b"CHALLENGE", challenge.encode())
        data = {
            "type": twist.type or kind,
            "challenge": b64url(twist.challenge) if twist.challenge else challenge,
            "origin": twist.origin or self.origin,
            "crossOrigin": False,
            **twist.client_data,
        }
        return json.dumps(data).encode()


def _cose(private: ec.EllipticCurvePrivateKey) -> bytes:
    numbers = private.public_key().public_numbers()
    return cbor2.dumps(
        {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
    )


def _answer(credential_id: bytes, response: dict[str, Any], twist: Twist) -> str:
    answer = {
        "id": b64url(credential_id),
        "rawId": b64url(credential_id),
        "type": "public-key",
        "response": response,
        "clientExtensionResults": {},
    }
    if twist.attachment is not None:
        answer["authenticatorAttachment"] = twist.attachment
    return json.dumps(answer)
