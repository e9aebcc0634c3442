"""Detached CMS SignedData (RFC 5652) around a signature that a card has made.

Without signed attributes (section 5.3): the card signs SHA-256 of the content itself, so the signature that
comes from the reader goes into the structure as it is, and `openssl cms -verify -binary -content` accepts it.
The one file that builds CMS with asn1crypto.
"""

from hashlib import sha256

from asn1crypto import algos, cms, x509

from cards import jpki


class CmsError(ValueError):
    """Not a structure that `detached` makes, or not a signature over this content."""


def detached(content: bytes, signature: bytes, certificate_der: bytes) -> bytes:
    """DER of ContentInfo; raises CmsError unless the signature fits content and certificate."""
    if not jpki.signed_by(certificate_der, signature, content):
        raise CmsError("the signature does not belong to this content and certificate")
    certificate = x509.Certificate.load(certificate_der, strict=True)
    signer = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                name="issuer_and_serial_number",
                value=cms.IssuerAndSerialNumber(
                    {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
                ),
            ),
            "digest_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
            "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "rsassa_pkcs1v15"}),
            "signature": signature,
        }
    )
    signed = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [algos.DigestAlgorithm({"algorithm": "sha256"})],
            "encap_content_info": {"content_type": "data"},
            "certificates": [cms.CertificateChoices(name="certificate", value=certificate)],
            "signer_infos": [signer],
        }
    )
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump())


def verify(structure: bytes, content: bytes) -> bytes:
    """The signer's certificate (DER) if the one signature is right; raises CmsError.

    The certificate itself is judged by `jpki.verify`; nothing here says whether it is trusted.
    """
    try:
        signature, certificate_der = _parts(structure)
    except CmsError:
        raise
    except Exception:  # asn1crypto reads lazily and fails in many ways on a stranger's bytes
        raise CmsError("not the CMS that is expected here") from None
    if not jpki.signed_by(certificate_der, signature, content):
        raise CmsError("the signature does not belong to this content")
    return certificate_der


def content_digest(content: bytes) -> bytes:
    """What the card is asked to sign: `CardRequest.digest`."""
    return sha256(content).digest()


def _parts(structure: bytes) -> tuple[bytes, bytes]:
    info = cms.ContentInfo.load(structure, strict=True)
    if info["content_type"].native != "signed_data":
        raise CmsError("not signed data")
    signed = info["content"]
    signers, certificates = signed["signer_infos"], signed["certificates"]
    if len(signers) != 1 or len(certificates) != 1 or certificates[0].name != "certificate":
        raise CmsError("one signer and one certificate are expected")
    signer, certificate = signers[0], certificates[0].chosen
    algorithms = (
        signer["digest_algorithm"]["algorithm"].native,
        signer["signature_algorithm"].signature_algo,
    )
    if algorithms != ("sha256", "rsassa_pkcs1v15"):
        raise CmsError("an algorithm that JPKI cards do not use")
    sid = signer["sid"]
    named = sid.name == "issuer_and_serial_number" and (
        sid.chosen["issuer"].dump() == certificate.issuer.dump()
        and sid.chosen["serial_number"].native == certificate.serial_number
    )
    if not named or len(signer["signed_attrs"]) or signed["encap_content_info"]["content"].native is not None:
        raise CmsError("not a detached signature of this certificate without signed attributes")
    return bytes(signer["signature"].native), bytes(certificate.dump())
