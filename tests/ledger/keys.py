"""Log keys as the authorities' signer holds them, for tests."""

from collections.abc import Callable
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class LogKey(NamedTuple):
    sign: Callable[[bytes], bytes]
    pem: str


def _pem(public: rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey) -> str:
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def elliptic() -> LogKey:
    key = ec.generate_private_key(ec.SECP256R1())
    return LogKey(lambda message: key.sign(message, ec.ECDSA(SHA256())), _pem(key.public_key()))


def rsa_key() -> LogKey:
    key = rsa.generate_private_key(65537, 2048)
    return LogKey(lambda message: key.sign(message, padding.PKCS1v15(), SHA256()), _pem(key.public_key()))


def edwards() -> LogKey:
    key = ed25519.Ed25519PrivateKey.generate()
    return LogKey(key.sign, _pem(key.public_key()))
