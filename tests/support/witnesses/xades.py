"""XAdES over our remote keys: signxml's signer with a key that asks the API, checked by Debian's xmlsec1.

Japanese prescriptions use exclusive c14n, with which signxml 5.2 writes references to SignedProperties and KeyInfo that
no verifier reads the same way: they carry no Transforms, so verifiers take inclusive c14n. `Signer` writes them.
"""

import base64
import hashlib
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml import CanonicalizationMethod, SignatureMethod, SignatureReference
from signxml.util import ds_tag
from signxml.xades import XAdESSigner

from tests.support.ehr import Ehr

EXCLUSIVE = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0
XADES = "http://uri.etsi.org/01903/v1.3.2#"
DSIG = "http://www.w3.org/2000/09/xmldsig#"


class Collector:
    """In the place of a key: keeps the digests of what is to be signed and gives signatures of nothing for now."""

    def __init__(self, public: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> None:
        self.key_size = public.key_size
        self._is_rsa = isinstance(public, rsa.RSAPublicKey)
        self.digests: list[bytes] = []

    @property
    def method(self) -> SignatureMethod:
        return SignatureMethod.RSA_SHA256 if self._is_rsa else SignatureMethod.ECDSA_SHA256

    def sign(self, data: bytes, **_how: Any) -> bytes:
        self.digests.append(hashlib.sha256(data).digest())
        return b"0" if self._is_rsa else utils.encode_dss_signature(1, 1)

    def text(self, signature: bytes) -> str:
        """SignatureValue: RSA as it is, ECDSA as r and s of the curve's length (RFC 4050 section 3.3)."""
        if self._is_rsa:
            return base64.b64encode(signature).decode()
        size = (self.key_size + 7) // 8
        r, s = utils.decode_dss_signature(signature)
        return base64.b64encode(r.to_bytes(size, "big") + s.to_bytes(size, "big")).decode()


class Signer(XAdESSigner):  # type: ignore[misc]
    """References to SignedProperties and KeyInfo say that they are read with exclusive c14n."""

    def _add_reference_to_signed_info(self, sig_root: Any, node_to_reference: Any, **attrs: Any) -> None:
        super()._add_reference_to_signed_info(sig_root, node_to_reference, **attrs)
        reference = self._find(sig_root, "SignedInfo")[-1]
        transforms = etree.Element(ds_tag("Transforms"), nsmap=self.namespaces)
        etree.SubElement(transforms, ds_tag("Transform"), Algorithm=self.c14n_alg.value)
        reference.insert(0, transforms)


def sign_all(documents: Sequence[bytes], ehr: Ehr, *, reference: str, unpatched: bool = False) -> list[bytes]:
    """Each document with an enveloped XAdES signature over the element of that Id; one authorisation for all."""
    chain = [x509.load_der_x509_certificate(der) for der in ehr.certificates()]
    public = chain[0].public_key()
    assert isinstance(public, rsa.RSAPublicKey | ec.EllipticCurvePublicKey)
    collector = Collector(public)
    made = XAdESSigner if unpatched else Signer
    signer = made(signature_algorithm=collector.method, c14n_algorithm=EXCLUSIVE)
    signed = [
        signer.sign(
            etree.fromstring(document),
            key=collector,
            cert=chain,
            reference_uri=[SignatureReference(URI=f"#{reference}", c14n_method=EXCLUSIVE)],
            always_add_key_value=False,
        )
        for document in documents
    ]
    for root, signature in zip(signed, ehr.signs(collector.digests), strict=True):
        (value,) = root.iter(ds_tag("SignatureValue"))  # not covered by the signature itself
        value.text = collector.text(signature)
    return [etree.tostring(root) for root in signed]


def xmlsec1(folder: Path, document: bytes, element: str, chain: Sequence[bytes]) -> tuple[bool, str]:
    """Whether xmlsec1 verifies references, signature and chain, and what it says."""
    pems = [x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM) for der in chain]
    (folder / "document.xml").write_bytes(document)
    (folder / "root.pem").write_bytes(pems[-1])
    (folder / "others.pem").write_bytes(b"".join(pems[1:-1]))
    command = [
        "xmlsec1", "--verify", "--trusted-pem", "root.pem", "--untrusted-pem", "others.pem",
        "--id-attr:Id", element, "--id-attr:Id", f"{XADES}:SignedProperties", "--id-attr:Id", f"{DSIG}:KeyInfo",
        "document.xml",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    return done.returncode == 0 and "OK" in said, said
