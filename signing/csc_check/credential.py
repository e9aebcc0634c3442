"""The credential that the suites sign with; whether a signature is right is told by the certificate shown."""

import base64
import hashlib
import os
from collections.abc import Iterator
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm

from signing.csc_check.server import Server

RSA, PSS = "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10"
SHA256_OID = "2.16.840.1.101.3.4.2.1"
HASHES: dict[str, tuple[str, HashAlgorithm]] = {
    "sha256": (SHA256_OID, SHA256()),
    "sha384": ("2.16.840.1.101.3.4.2.2", SHA384()),
    "sha512": ("2.16.840.1.101.3.4.2.3", SHA512()),
}
WHOLE = {  # identifiers that name their hash
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
}
# RSASSA-PSS-params (DER): SHA-256, MGF1 with SHA-256, salt of 32 bytes (RFC 8017 appendix A.2.3)
PSS_SHA256 = bytes.fromhex(
    "3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120"
)


class Wish(NamedTuple):
    """How a signature is asked for: members of signHash, and the hash's name."""

    name: str
    hash_name: str
    members: dict[str, Any]


class Chosen(NamedTuple):
    """A credential that may sign, as credentials/info told it."""

    id: str
    told: dict[str, Any]
    certificates: list[x509.Certificate]

    @property
    def most(self) -> int:
        return int(self.told.get("multisign", 1))

    def digests(self, count: int, hash_name: str = "sha256") -> list[bytes]:
        return [hashlib.new(hash_name, os.urandom(16)).digest() for _ in range(count)]

    def wishes(self, server: Server) -> Iterator[Wish]:
        """Every way to sign that `key.algo` names."""
        listed = self.told["key"]["algo"]
        name = server.words.hash_algorithm
        if RSA in listed:
            yield Wish("RSA with the hash named beside it", "sha256", {"signAlgo": RSA, name: SHA256_OID})
        for identifier in listed:
            if identifier in WHOLE:
                hash_name = WHOLE[identifier]
                yield Wish(identifier, hash_name, {"signAlgo": identifier, name: HASHES[hash_name][0]})
        if PSS in listed:
            members = {
                "signAlgo": PSS,
                "signAlgoParams": base64.b64encode(PSS_SHA256).decode(),
                name: SHA256_OID,
            }
            yield Wish("RSASSA-PSS", "sha256", members)

    def wish(self, server: Server) -> Wish:
        """The first one, which signs SHA-256."""
        return next(each for each in self.wishes(server) if each.hash_name == "sha256")

    def is_right(self, signature: str, digest: bytes, wish: Wish) -> bool:
        """Whether the base64 text is this key's signature over the digest."""
        key = self.certificates[0].public_key()
        algorithm = HASHES[wish.hash_name][1]
        prehashed = utils.Prehashed(algorithm)
        try:
            raw = base64.b64decode(signature, validate=True)
            if isinstance(key, rsa.RSAPublicKey):
                pss = padding.PSS(padding.MGF1(algorithm), algorithm.digest_size)
                padded = pss if wish.members["signAlgo"] == PSS else padding.PKCS1v15()
                key.verify(raw, digest, padded, prehashed)
            elif isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(raw, digest, ec.ECDSA(prehashed))
            else:
                return False
        except (InvalidSignature, ValueError):
            return False
        return True


def choose(server: Server, wanted: str = "") -> Chosen | None:
    """The credential named, or the first listed one that is enabled, has a known key and is no authority's."""
    ids = [wanted] if wanted else server.call("credentials/list", {}).body.get("credentialIDs", [])
    for each in ids:
        told = server.call("credentials/info", {"credentialID": each, "certificates": "chain"}).body
        if told.get("key", {}).get("status") != "enabled":
            continue
        chain = certificates(told)
        if chain and (wanted or not is_authority(chain[0])):
            return Chosen(str(each), told, chain)
    return None


def certificates(told: dict[str, Any]) -> list[x509.Certificate]:
    listed = told.get("cert", {}).get("certificates", [])
    return [x509.load_der_x509_certificate(base64.b64decode(each)) for each in listed]


def is_authority(certificate: x509.Certificate) -> bool:
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except x509.ExtensionNotFound:
        return False
