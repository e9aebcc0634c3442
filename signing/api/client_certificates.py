"""A client's facility certificates: two may overlap while one takes the other's place (seeds: one month; RFC 8705).

Adding one begins its time and sets the end of the one before it; ending one ends what was given over it at once.
"""

from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID
from django.db import transaction

from ledger import clock, log
from signing.api.oauth import issued
from signing.authorising import withdrawing
from signing.errors import Refused
from signing.models import AccessToken, ClientCertificate, OAuthClient

OVERLAP_MONTHS = 1
MOST_LIVING = 2
_SHORTEST_RSA = 2048
_CURVES = ("secp256r1", "secp384r1")
_LONGEST_CODE, _LONGEST_NAME = 16, 120


def add(
    client_id: str,
    certificate: x509.Certificate,
    *,
    facility: str,
    facility_name: str,
    at: datetime,
    actor: log.Actor = log.SYSTEM,
) -> ClientCertificate:
    """The client is bound to its certificates from now on; one before this ends a civil month from today.

    Raises Refused: client_unknown, facility_bad, certificate_bad (key, use or period), certificate_known.
    """
    if not (facility.isascii() and facility.isalnum() and len(facility) <= _LONGEST_CODE):
        raise Refused("facility_bad")
    if not (0 < len(facility_name) <= _LONGEST_NAME):
        raise Refused("facility_bad")
    _check(certificate, at)
    thumbprint = certificate.fingerprint(SHA256())
    with transaction.atomic():
        client = OAuthClient.objects.select_for_update().filter(client_id=client_id).first()
        if client is None:
            raise Refused("client_unknown")
        if ClientCertificate.objects.filter(thumbprint=thumbprint).exists():
            raise Refused("certificate_known")
        _make_room(client, at, actor)
        row = ClientCertificate.objects.create(
            client=client,
            thumbprint=thumbprint,
            facility=facility,
            facility_name=facility_name,
            serial=f"{certificate.serial_number:x}",
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            added_at=at,
        )
        OAuthClient.objects.filter(pk=client.pk).update(is_certificate_bound=True)
        unbound = AccessToken.objects.filter(client=client, certificate=None)
        issued.revoke(unbound, at, actor, "client_bound")  # they are worth nothing from now on
        _log("signing.client_certificate_added", row, actor)
    return row


def end(thumbprint: bytes, at: datetime, actor: log.Actor = log.SYSTEM) -> None:
    """At once, with the tokens that were given over it and their unused hashes. Raises Refused("certificate_unknown").

    The client stays bound: without another certificate it is shut out.
    """
    with transaction.atomic():
        row = ClientCertificate.objects.select_related("client").filter(thumbprint=thumbprint).first()
        if row is None:
            raise Refused("certificate_unknown")
        _end(row, at, actor)


def _make_room(client: OAuthClient, at: datetime, actor: log.Actor) -> None:
    """Of those that live only the newest stays beside the one to come, for a month at most."""
    living = list(ClientCertificate.living(at).filter(client=client).order_by("-added_at", "-pk"))
    for row in living[MOST_LIVING - 1 :]:
        _end(row, at, actor)
    day = clock.civil_months_later(clock.today(at), OVERLAP_MONTHS)
    until = clock.end_of_day(day)
    for row in living[: MOST_LIVING - 1]:
        row.ends_at = min(until, row.ends_at or until)
        row.save(update_fields=["ends_at"])
        _log("signing.client_certificate_ending", row, actor)


def _end(row: ClientCertificate, at: datetime, actor: log.Actor) -> None:
    row.ends_at = min(at, row.ends_at or at)
    row.save(update_fields=["ends_at"])
    withdrawn = issued.end_under(row, at)
    _log("signing.client_certificate_ended", row, actor)
    withdrawing.record(withdrawn, withdrawing.CERTIFICATE)


def _log(kind: str, row: ClientCertificate, actor: log.Actor) -> None:
    log.append(
        kind,
        actor=actor,
        subject=row.client.client_id,
        data={
            "certificate": bytes(row.thumbprint).hex(),
            "facility": row.facility,
            "ends_at": (row.ends_at or row.not_after).isoformat(),
        },
    )


def _check(certificate: x509.Certificate, at: datetime) -> None:
    key = certificate.public_key()
    is_strong = (isinstance(key, rsa.RSAPublicKey) and key.key_size >= _SHORTEST_RSA) or (
        isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES
    )
    if not is_strong or certificate.not_valid_after_utc <= at:
        raise Refused("certificate_bad")
    try:
        uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        raise Refused("certificate_bad") from None
    if ExtendedKeyUsageOID.CLIENT_AUTH not in uses:
        raise Refused("certificate_bad")
