"""Keys, certificates, links, authenticators, sessions, and the spending of a SAD.

`authority` is an opaque code: who registered the signer. `issuer` is the CA that signs: one association's
certificates may be issued by another's CA (decision 4). Applicants are known by public id only.
"""

import uuid
from enum import StrEnum

from django.db import models
from django.db.models import Q

from signing import flow
from signing.keystore import KeyKind
from signing.models.approvals import Approval as Approval
from signing.models.approvals import ApprovalNews as ApprovalNews
from signing.models.approvals import StepUpPolicy as StepUpPolicy
from signing.models.authorities import BlockedKey as BlockedKey
from signing.models.authorities import CertificateCheck as CertificateCheck
from signing.models.authorities import IssuingCertificate as IssuingCertificate
from signing.models.authorities import OcspAnswer as OcspAnswer
from signing.models.authorities import OcspResponder as OcspResponder
from signing.models.authorities import RevocationList as RevocationList
from signing.models.callers import AccessToken as AccessToken
from signing.models.callers import AuthorizationCode as AuthorizationCode
from signing.models.callers import AuthorizationRequest as AuthorizationRequest
from signing.models.callers import ClientCertificate as ClientCertificate
from signing.models.callers import OAuthClient as OAuthClient
from signing.models.usage import DailyUse as DailyUse
from signing.models.usage import KnownCaller as KnownCaller
from signing.models.usage import SadMark as SadMark
from signing.models.usage import UnrecordedFailure as UnrecordedFailure
from signing.models.usage import UnusualUse as UnusualUse
from signing.models.usage import UsageMark as UsageMark
from signing.models.visiting import CardVisit as CardVisit
from signing.models.visiting import Ceremony as Ceremony
from signing.models.visiting import ShownSignIn as ShownSignIn
from vault.fields import EncryptedBinaryField, EncryptedJSONField, EncryptedTextField


def _choices(states: type[StrEnum]) -> list[tuple[str, str]]:
    return [(state.value, state.value) for state in states]


class Signer(models.Model):
    """A person who may sign; `person_id` is the 本人ID = subject serialNumber = WebAuthn user name (decision 5)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    applicant = models.UUIDField(unique=True)
    person_id = models.CharField(max_length=16, unique=True)
    user_handle = models.BinaryField(max_length=64, unique=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.person_id


class Credential(models.Model):
    """CSC's word: a key, its certificate, and how to authorise it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    signer = models.ForeignKey(Signer, on_delete=models.PROTECT, related_name="credentials")
    authority = models.CharField(max_length=8)
    issuer = models.CharField(max_length=16)
    qualification = models.CharField(max_length=16)
    state = models.CharField(
        max_length=12, choices=_choices(flow.Credential), default=flow.Credential.ORDERED
    )
    algorithm = models.CharField(max_length=12, default=KeyKind.RSA_2048.value)  # its key's kind
    wrapped_key = models.BinaryField(null=True)  # opened by the signer process alone
    certificate = models.BinaryField(null=True)
    serial = models.CharField(max_length=48, unique=True, null=True)  # lower-case hexadecimal
    not_before = models.DateTimeField(null=True)
    not_after = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revocation_reason = models.CharField(max_length=32, blank=True, default="")
    succeeds = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="successors")
    reminded_days = models.PositiveSmallIntegerField(
        null=True
    )  # the last renewal notice: 90 or 30 days before
    is_held = models.BooleanField(
        default=False
    )  # officers weigh its revocation: the signer may not lift the suspension
    # The phone in whose session its signer suspended it: with that one in hand, it may be lifted by that one.
    suspended_by = models.ForeignKey(
        "signing.Authenticator", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    link_wanted_at = models.DateTimeField(null=True)  # the signer asked for a link of the inbox (BD-15)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["signer"],
                condition=Q(state__in=["active", "suspended"]),
                name="one_standing_credential",
            ),
            models.UniqueConstraint(
                fields=["signer"], condition=Q(state="ordered"), name="one_ordered_credential"
            ),
        ]
        indexes = [
            models.Index(
                fields=["not_after"], condition=Q(state__in=["active", "suspended"]), name="ends_next"
            ),
            models.Index(
                fields=["issuer", "revoked_at"], condition=Q(state="revoked"), name="revoked_by_issuer"
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def key_kind(self) -> KeyKind:
        return KeyKind(self.algorithm)


class IssuanceIntent(models.Model):
    """An order and how far it has come; any crash point ends in exactly one certificate (decision 6 of issue 2)."""

    reference = models.UUIDField(unique=True)  # the application's or order's public id: one each, for ever
    credential = models.OneToOneField(Credential, on_delete=models.PROTECT, related_name="intent")
    state = models.CharField(max_length=12, choices=_choices(flow.Issuance), default=flow.Issuance.ORDERED)
    subject = EncryptedJSONField()  # what goes into the certificate
    public_key = models.BinaryField(null=True)  # SubjectPublicKeyInfo, DER
    key_digest = models.BinaryField(
        max_length=32, unique=True, null=True
    )  # its SHA-256: no key is used twice
    serial = models.CharField(max_length=48, unique=True, null=True)
    to_be_signed = models.BinaryField(null=True)
    ordered_at = models.DateTimeField()
    issued_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    stopped_because = models.TextField(blank=True, default="")  # one finding a line; nothing personal

    class Meta:
        indexes = [
            # The few that are on their way or stand still, for the sweeper and the figures.
            models.Index(
                fields=["state", "ordered_at"], condition=~Q(state="issued"), name="intent_unfinished"
            )
        ]


class SecondCertificateRequest(models.Model):
    """What the holder of a valid HPKI card asked for at the card site (BD-12); enrollment decides and answers here."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    authority = models.CharField(max_length=8)
    person_id = models.CharField(max_length=16)
    qualification = models.CharField(max_length=16)
    card_certificate_fingerprint = models.BinaryField(max_length=32)
    card_certificate_not_after = models.DateTimeField()
    created_at = models.DateTimeField()
    answer = models.CharField(max_length=12, choices=_choices(flow.Answer), default=flow.Answer.WAITING)
    reason = models.CharField(max_length=32, blank=True, default="")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["authority", "person_id"],
                condition=Q(answer__in=["waiting", "accepted"]),
                name="one_open_request_per_holder",
            )
        ]


class RenewalRequest(models.Model):
    """What the signer asked for at /me/ after proving who they are anew (CA-11); enrollment answers here."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    credential = models.ForeignKey(Credential, on_delete=models.PROTECT, related_name="renewal_requests")
    means = models.CharField(max_length=16)
    created_at = models.DateTimeField()
    answer = models.CharField(max_length=12, choices=_choices(flow.Answer), default=flow.Answer.WAITING)
    reason = models.CharField(max_length=32, blank=True, default="")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["credential"],
                condition=Q(answer__in=["waiting", "accepted"]),
                name="one_open_renewal",
            )
        ]


class EnrollmentLink(models.Model):
    """The way a phone is bound: an address with a password (`inbox`, three months) or a QR code (`shown`, minutes)."""

    KINDS = [("inbox", "inbox"), ("shown", "shown")]
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    credential = models.ForeignKey(Credential, on_delete=models.PROTECT, related_name="links")
    kind = models.CharField(max_length=8, choices=KINDS)
    state = models.CharField(max_length=8, choices=_choices(flow.Link), default=flow.Link.OPEN)
    token_digest = models.BinaryField(max_length=32, unique=True)
    password_hash = models.CharField(max_length=256, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    opened_digest = models.BinaryField(max_length=32, null=True)  # browser that gave the password
    opened_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    # Kind `shown` only: how the person was authenticated, when, and the browser that shows the QR code.
    means = models.CharField(max_length=16, blank=True, default="")
    authenticated_at = models.DateTimeField(null=True)
    asker_digest = models.BinaryField(max_length=32, null=True)
    shown_token = EncryptedTextField(null=True)  # the address behind the QR code, until it is bound or ended
    opener = models.CharField(max_length=24, blank=True, default="")  # kind of device that opened it
    may_replace = models.BooleanField(default=False)  # はい at BD-05
    reminded_days = models.PositiveSmallIntegerField(
        null=True
    )  # the last reminder: so many days before the end (N6)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["credential"], condition=Q(state="open", kind="inbox"), name="one_open_inbox_link"
            ),
            models.UniqueConstraint(
                fields=["credential"], condition=Q(state="open", kind="shown"), name="one_open_shown_link"
            ),
        ]
        indexes = [
            models.Index(fields=["asker_digest"], name="link_asker", condition=Q(kind="shown")),
            models.Index(fields=["expires_at"], name="link_end", condition=Q(state="open")),
        ]


class Authenticator(models.Model):
    """A bound phone: a WebAuthn credential with user verification."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    credential = models.ForeignKey(Credential, on_delete=models.PROTECT, related_name="authenticators")
    state = models.CharField(
        max_length=8, choices=_choices(flow.Authenticator), default=flow.Authenticator.ACTIVE
    )
    webauthn_id = models.BinaryField(max_length=1023, unique=True)
    public_key = models.BinaryField()
    sign_count = models.BigIntegerField(default=0)
    aaguid = models.CharField(max_length=36, blank=True, default="")
    transports = models.JSONField(default=list)
    is_backup_eligible = models.BooleanField(default=False)
    is_backed_up = models.BooleanField(default=False)
    label = models.CharField(max_length=80)
    bound_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)  # stopped, replaced or removed
    replaced_by = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="replaced")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["credential"], condition=Q(state="active"), name="one_active_phone"
            )
        ]


class CardBinding(models.Model):
    """A My Number Card's authentication certificate that may open the day's session (BD-16, ST-23)."""

    credential = models.ForeignKey(Credential, on_delete=models.PROTECT, related_name="card_bindings")
    fingerprint = models.BinaryField(max_length=32)
    is_living = models.BooleanField(default=True)
    not_after = models.DateTimeField(null=True)
    bound_at = models.DateTimeField()
    reminded_days = models.PositiveSmallIntegerField(null=True)  # the last reminder before its end (N15)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["fingerprint"], condition=Q(is_living=True), name="card_bound_once"
            )
        ]
        indexes = [models.Index(fields=["not_after"], name="card_end", condition=Q(is_living=True))]


class SigningSession(models.Model):
    """The day's session, opened by one strong authentication (BD-10)."""

    MEANS = [
        ("hpki_card", "hpki_card"),
        ("my_number_card", "my_number_card"),
        ("authenticator", "authenticator"),
    ]
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    token_digest = models.BinaryField(max_length=32, unique=True)
    credential = models.ForeignKey(Credential, on_delete=models.PROTECT, related_name="sessions")
    means = models.CharField(max_length=16, choices=MEANS)
    authenticator = models.ForeignKey(Authenticator, null=True, on_delete=models.PROTECT)
    started_at = models.DateTimeField()
    proved_at = models.DateTimeField(null=True)  # a light re-check within the day; else it was at its start
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)


# The three tables that every signature writes have no foreign key in the database: each would be a look-up and a lock
# per row, together as dear as all else of a signature. Their rows are made by statements that join what they name and
# hold it locked, and what they name is never deleted (PROTECT). An index stands only where something reads by it.


class Activation(models.Model):
    """A SAD: an opaque handle to the hash occurrences it authorises (decision 12)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sad_digest = models.BinaryField(max_length=32, unique=True)
    credential = models.ForeignKey(  # found through its sessions
        Credential, on_delete=models.PROTECT, related_name="activations", db_constraint=False, db_index=False
    )
    session = models.ForeignKey(
        SigningSession, on_delete=models.PROTECT, related_name="activations", db_constraint=False
    )
    client = models.ForeignKey(OAuthClient, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    certificate = models.ForeignKey(  # the facility's; no index on the path of every signature
        ClientCertificate, null=True, on_delete=models.PROTECT, db_constraint=False, db_index=False
    )
    hash_algorithm = models.CharField(max_length=8)  # sha256, sha384, sha512
    description = EncryptedBinaryField(null=True)
    labels = EncryptedJSONField(null=True)  # documents' names by ordinal, where the caller gave them (RAR)
    room = models.PositiveSmallIntegerField(
        default=0, db_default=0
    )  # hashes that may still be bound (CSC 11.9)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()


class ActivationItem(models.Model):
    """One authorised occurrence of one digest. Identical digests are separate rows."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    activation = models.ForeignKey(
        Activation, on_delete=models.CASCADE, related_name="items", db_constraint=False, db_index=False
    )
    ordinal = models.PositiveIntegerField()
    digest = models.BinaryField(max_length=64)
    state = models.CharField(max_length=12, choices=_choices(flow.Item), default=flow.Item.AUTHORISED)

    class Meta:
        # No index knows `state`: its two moves would write them all anew (heap-only tuples).
        constraints = [models.UniqueConstraint(fields=["activation", "ordinal"], name="one_item_per_place")]


class SignatureRecord(models.Model):
    """What the signer can read of each signature; written before the signature leaves (law 3).

    `unknown`: nobody can say whether it was made (decision 12); it never left.
    """

    SIGNED, UNKNOWN = "signed", "unknown"
    item = models.OneToOneField(
        ActivationItem, on_delete=models.PROTECT, related_name="record", db_constraint=False
    )
    credential = models.ForeignKey(
        Credential, on_delete=models.PROTECT, related_name="signatures", db_constraint=False, db_index=False
    )
    session = models.ForeignKey(SigningSession, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    client = models.ForeignKey(OAuthClient, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    certificate = models.ForeignKey(  # the facility's; no index on the path of every signature
        ClientCertificate, null=True, on_delete=models.PROTECT, db_constraint=False, db_index=False
    )
    digest = models.BinaryField(max_length=64)
    sign_algorithm = models.CharField(max_length=24, blank=True, default="")
    result = models.CharField(
        max_length=8, choices=[(SIGNED, SIGNED), (UNKNOWN, UNKNOWN)], default=SIGNED, db_default=SIGNED
    )
    log_shard = models.CharField(max_length=32)  # the ledger's entry that covers it, and its leaf there
    log_number = models.BigIntegerField()
    place = models.PositiveIntegerField()
    made_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["credential", "-made_at"], name="signer_reads")]
