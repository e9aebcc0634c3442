"""Issuance as one would first write it: sign, then store. It shows that the kill sweep finds what is wrong."""

import secrets
from datetime import date

from ledger import clock
from signing import certificates, flow, issuing
from signing.certificates import Subject
from signing.models import Credential, IssuanceIntent
from signing.signer.client import signers


def carry_out(subject: str) -> None:
    credential = Credential.objects.select_related("signer", "intent").get(public_id=subject)
    if credential.state == flow.Credential.ACTIVE:
        return
    order = credential.intent.subject
    (key,) = signers().generate(1)
    authority = issuing.authority(credential.issuer)
    profile = authority.profile(credential.authority, date.fromisoformat(order["birth_date"]), clock.now())
    person = Subject(
        credential.signer.person_id,
        order["family_romaji"],
        order["given_romaji"],
        order["name_kanji"],
        credential.qualification,
    )
    serial = secrets.randbits(128) | 1 << 128
    draft = certificates.throw_away_certificate(
        person, key.public_key, profile.issuer, serial, profile.period
    )
    credential.certificate = authority.sign(certificates.to_be_signed(draft))
    credential.wrapped_key = key.wrapped
    credential.serial = certificates.serial_text(serial)
    credential.save()
    IssuanceIntent.objects.filter(credential=credential).update(state=flow.Issuance.ISSUED)
    credential.state = flow.Credential.ACTIVE
    credential.save()
