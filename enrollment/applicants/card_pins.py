"""The HPKI card PIN leaves the request sealed to the authority, as CMS EnvelopedData (DQ-23, decision 20; RFC 5652)."""

from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7EnvelopeBuilder, PKCS7Options
from django.conf import settings
from django.db import transaction

from enrollment import authorities, drafts
from enrollment.errors import Refused
from enrollment.models import Application, SealedPin


def folder() -> Path:
    """Where the operator keeps the authorities' encryption certificates, one PEM file each."""
    home: Path = settings.HOME
    return home / "authorities"


def seal(application: Application, pin: str, at: datetime) -> None:
    """Keep the PIN so that only the authority can read it; an earlier one is replaced.

    Raises Refused("pin_cannot_be_sealed") where the operator has installed no certificate.
    """
    with transaction.atomic():
        locked = drafts.lock(application)
        sealed = enveloped(locked.authority, pin.encode("ascii"))
        SealedPin.objects.update_or_create(
            application=locked, defaults={"authority": locked.authority, "sealed": sealed, "sealed_at": at}
        )


def enveloped(authority: str, content: bytes) -> bytes:
    """DER of the CMS EnvelopedData that the authority's private key opens: a PIN, or a whole card order.

    Raises Refused("pin_cannot_be_sealed") where the operator has installed no certificate.
    """
    try:
        pem = authorities.encryption_certificate(authority, folder())
        certificate = x509.load_pem_x509_certificate(pem)
    except (authorities.NoEncryptionCertificate, ValueError) as problem:
        raise Refused("pin_cannot_be_sealed") from problem
    builder = PKCS7EnvelopeBuilder().set_data(content).add_recipient(certificate)
    return builder.encrypt(Encoding.DER, [PKCS7Options.Binary])
