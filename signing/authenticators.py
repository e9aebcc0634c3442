"""WebAuthn ceremonies, each a begin and a complete; the only file that knows the webauthn library.

The library verifies signatures and structures. Eight duties stay with us (security.md 1.6): user verification is
required; crossOrigin and topOrigin are refused; a challenge is redeemed once, by deleting its row; the credential
id and the user handle must belong to the account; backup eligibility may not change; a counter may not go back;
sizes are bounded and ambiguous encodings refused; whatever the library raises becomes a refusal.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import webauthn
from django.conf import settings
from django.db import transaction
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorAttachment,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from ledger import log
from signing import ceremonies, devices, links, phone_answers
from signing.errors import Refused
from signing.flow import Authenticator as Life
from signing.flow import Credential as CredentialState
from signing.models import Authenticator, Ceremony, EnrollmentLink, Signer
from signing.phones import life as phones
from signing.phones import rules
from vault import keyring

LARGEST_CREDENTIAL_ID = 1023  # WebAuthn Level 3, section 6.5.1
SIGN_IN, STOPPED, APPROVE = "sign_in", "phone_stopped", "approve"  # what an assertion is for
_RP_NAME = "Inkan"
_DECOY_ID_SIZE = 32


class Offer(NamedTuple):
    """What the page needs for one ceremony; `options` is the JSON for parseCreation/RequestOptionsFromJSON."""

    ceremony: UUID
    options: str


def begin_registration(link: EnrollmentLink, browser_token: str, at: datetime) -> Offer:
    """Options for binding a phone through an opened link. Raises what `links.require_usable` raises."""
    links.require_usable(link, at)
    signer = link.credential.signer
    ceremony = ceremonies.begin("bind", browser_token, at, link=link)
    options = webauthn.generate_registration_options(
        rp_id=settings.WEBAUTHN_RP_ID,
        rp_name=_RP_NAME,
        user_name=signer.person_id,
        user_display_name=signer.person_id,
        user_id=bytes(signer.user_handle),
        challenge=bytes(ceremony.challenge),
        timeout=int(ceremonies.LIFETIME.total_seconds() * 1000),
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            authenticator_attachment=AuthenticatorAttachment.PLATFORM,
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_descriptors(_active_phones(signer)),
    )
    return Offer(ceremony.public_id, webauthn.options_to_json(options))


def complete_registration(
    ceremony: UUID | str, browser_token: str, answer: str, *, user_agent: str, at: datetime
) -> Authenticator:
    """Bind the phone that answered: the old one is replaced and the link spent in the same transaction.

    Raises Refused: ceremony_unknown, phone_answer_bad, phone_not_verified, phone_cross_origin,
    phone_not_platform, phone_synced, already_registered, link_not_opened, wrong_browser, and those of
    `links.require_usable`.
    """
    begun = ceremonies.redeem("bind", ceremony, browser_token, at)
    fields = phone_answers.read(answer)
    phone_answers.check_client_data(fields)
    phone_answers.check_registration(fields)
    with _refusing():
        verified = webauthn.verify_registration_response(
            credential=fields,
            expected_challenge=bytes(begun.challenge),
            expected_rp_id=settings.WEBAUTHN_RP_ID,
            expected_origin=settings.ORIGIN,
            require_user_verification=True,
        )
    if len(verified.credential_id) > LARGEST_CREDENTIAL_ID:
        raise Refused("phone_answer_bad")
    is_synced = verified.credential_device_type == CredentialDeviceType.MULTI_DEVICE
    if is_synced and begun.link and not rules.of(begun.link.credential.authority, at).synced:
        raise Refused("phone_synced")
    phone = Authenticator(
        webauthn_id=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        aaguid=verified.aaguid,
        transports=phone_answers.transports(fields),
        is_backup_eligible=is_synced,
        is_backed_up=verified.credential_backed_up,
        label=devices.label(user_agent, at, verified.aaguid),
        bound_at=at,
    )
    return _bind(phone, begun, devices.kind(user_agent), at)


def begin_assertion(
    browser_token: str, at: datetime, *, person_id: str = "", next_path: str = "", purpose: str = SIGN_IN
) -> Offer:
    """Options for signing in with a bound phone; without a 本人ID the phone offers its discoverable credentials.

    An unknown 本人ID gets options of the same shape with a stable decoy, so that nothing is revealed (threat 5).
    """
    signer = Signer.objects.filter(person_id__in=_spellings(person_id)).first() if person_id else None
    allowed = _descriptors(_active_phones(signer)) if signer else []
    if person_id and not allowed:
        decoy = keyring.web().mac("webauthn-decoy", person_id.upper().encode())[:_DECOY_ID_SIZE]
        allowed = [PublicKeyCredentialDescriptor(id=decoy, transports=[AuthenticatorTransport.INTERNAL])]
    ceremony = ceremonies.begin(purpose, browser_token, at, signer=signer, next_path=next_path)
    options = webauthn.generate_authentication_options(
        rp_id=settings.WEBAUTHN_RP_ID,
        challenge=bytes(ceremony.challenge),
        timeout=int(ceremonies.LIFETIME.total_seconds() * 1000),
        allow_credentials=allowed,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return Offer(ceremony.public_id, webauthn.options_to_json(options))


def begin_approval(signer: Signer, challenge: bytes, about: str, browser_token: str, at: datetime) -> Offer:
    """Options for a bound phone of this signer; `challenge` covers what is approved, `about` names it."""
    ceremony = ceremonies.begin(
        APPROVE, browser_token, at, challenge=challenge, signer=signer, next_path=about
    )
    options = webauthn.generate_authentication_options(
        rp_id=settings.WEBAUTHN_RP_ID,
        challenge=challenge,
        timeout=int(ceremonies.LIFETIME.total_seconds() * 1000),
        allow_credentials=_descriptors(_active_phones(signer)),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return Offer(ceremony.public_id, webauthn.options_to_json(options))


def _spellings(typed: str) -> set[str]:
    """How a typed 本人ID may be written: ours has capitals only, a card holder's may end in small ones (T20024-jpa)."""
    head, dash, tail = typed.partition("-")
    return {typed, typed.upper(), f"{head.upper()}{dash}{tail.lower()}"}


def complete_assertion(
    ceremony: UUID | str, browser_token: str, answer: str, *, at: datetime, purpose: str = SIGN_IN
) -> tuple[Authenticator, str]:
    """The phone that proved itself, and the path where the person was going (or what was approved).

    `purpose` STOPPED: of a suspended certificate, which opens no session (`acts.stopped`).

    Raises Refused: ceremony_unknown, phone_answer_bad, phone_not_verified, phone_cross_origin, phone_unknown,
    phone_changed, phone_cloned, phone_stopped, credential_not_active; not_suspended.
    """
    begun = ceremonies.redeem(purpose, ceremony, browser_token, at)
    fields = phone_answers.read(answer)
    phone_answers.check_client_data(fields)
    phone = _phone_of(fields, begun)
    with _refusing():
        verified = webauthn.verify_authentication_response(
            credential=fields,
            expected_challenge=bytes(begun.challenge),
            expected_rp_id=settings.WEBAUTHN_RP_ID,
            expected_origin=settings.ORIGIN,
            credential_public_key=bytes(phone.public_key),
            credential_current_sign_count=0,  # the counter is judged below, after the signature
            require_user_verification=True,
        )
    if (verified.credential_device_type == CredentialDeviceType.MULTI_DEVICE) != phone.is_backup_eligible:
        raise _suspicion("signing.phone_changed", "phone_changed", phone)
    _count_use(phone, verified.new_sign_count, verified.credential_backed_up, at)
    return phone, begun.next_path or ""


def _bind(phone: Authenticator, begun: Ceremony, device_kind: str, at: datetime) -> Authenticator:
    if begun.link is None:
        raise Refused("ceremony_unknown")
    with transaction.atomic():
        links.locked_credential(begun.link.credential_id)  # a revocation stands in the same line
        rows = EnrollmentLink.objects.select_related("credential__signer").select_for_update(of=("self",))
        link = rows.get(pk=begun.link.pk)
        links.require_usable(link, at)
        _require_held(link, begun, at)
        if Authenticator.objects.filter(webauthn_id=phone.webauthn_id).exists():
            raise Refused("already_registered")
        old, ended = phones.replace_all(link.credential, at)
        phone.credential = link.credential
        phone.save(force_insert=True)
        phones.name_successor(old, phone)
        links.bind(link, at=at, data={**_described(phone), "device": device_kind, "replaced": len(old)})
        ended.record()
    return phone


def _require_held(link: EnrollmentLink, begun: Ceremony, at: datetime) -> None:
    """The phone whose number the PC shows, and no other: one that gave the link up may not finish it later.

    The page looks too, but at the link of its address, which need not be the one of the ceremony.
    """
    if link.opened_digest is None or link.opened_until is None or link.opened_until <= at:
        raise Refused("link_not_opened")
    if bytes(link.opened_digest) != bytes(begun.browser_digest):
        raise Refused("wrong_browser")


def _described(phone: Authenticator) -> links.Facts:
    """For the ledger: which phone, and how far its key may travel (WebAuthn Level 3, section 6.1.3)."""
    return {
        "authenticator": str(phone.public_id),
        "aaguid": phone.aaguid,
        "transports": ",".join(phone.transports),
        "backup_eligible": phone.is_backup_eligible,
        "backed_up": phone.is_backed_up,
    }


def _active_phones(signer: Signer) -> list[Authenticator]:
    return list(Authenticator.objects.filter(credential__signer=signer, state=Life.ACTIVE))


def _descriptors(bound: list[Authenticator]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=bytes(phone.webauthn_id),
            transports=[AuthenticatorTransport(name) for name in phone.transports] or None,
        )
        for phone in bound
    ]


def _phone_of(fields: phone_answers.Answer, begun: Ceremony) -> Authenticator:
    """The active phone with this credential id, if it belongs to the account that began, by id and user handle."""
    webauthn_id, handle = phone_answers.credential_id(fields), phone_answers.user_handle(fields)
    rows = Authenticator.objects.select_related("credential__signer")
    phone = rows.filter(webauthn_id=webauthn_id, state__in=phones.BOUND).first()
    if phone is None:
        raise Refused("phone_unknown")
    signer = phone.credential.signer
    if begun.signer_id is not None and begun.signer_id != signer.pk:
        raise Refused("phone_unknown")
    named = begun.signer_id is not None
    if (handle is None and not named) or (handle is not None and handle != bytes(signer.user_handle)):
        raise Refused("phone_unknown")
    if phone.state == Life.STOPPED:
        raise Refused("phone_stopped")
    is_stopped = begun.purpose == STOPPED
    if phone.credential.state != (CredentialState.SUSPENDED if is_stopped else CredentialState.ACTIVE):
        raise Refused("not_suspended" if is_stopped else "credential_not_active")
    return phone


def _count_use(phone: Authenticator, count: int, is_backed_up: bool, at: datetime) -> None:
    """Conditional on the counter that was judged: of two answers with one counter only one passes."""
    went_back = (count or phone.sign_count) and count <= phone.sign_count
    unchanged = Authenticator.objects.filter(pk=phone.pk, state=Life.ACTIVE, sign_count=phone.sign_count)
    if went_back:
        refused = _suspicion("signing.phone_cloned", "phone_cloned", phone)
        phones.stop(phone, "counter_went_back", at)
        raise refused
    if unchanged.update(sign_count=count, is_backed_up=is_backed_up, last_used_at=at) != 1:
        raise Refused("phone_unknown")
    phone.sign_count, phone.is_backed_up, phone.last_used_at = count, is_backed_up, at


def _suspicion(kind: str, code: str, phone: Authenticator) -> Refused:
    """The signature was right and yet something is wrong: a copied key, for instance. It must leave a trace."""
    credential = phone.credential
    with transaction.atomic():
        log.append(
            kind,
            actor=log.Actor("signer", str(credential.signer.public_id)),
            subject=str(credential.public_id),
            authority=credential.authority,
            data={"authenticator": str(phone.public_id)},
        )
    return Refused(code)


@contextmanager
def _refusing() -> Iterator[None]:
    """Whatever the library says of a stranger's bytes is one refusal (its parsers raise more than their own)."""
    try:
        with phone_answers.refusing():
            yield
    except WebAuthnException as problem:
        verification = "verification is required" in str(problem)
        raise Refused("phone_not_verified" if verification else "phone_answer_bad") from None
