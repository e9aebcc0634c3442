"""The rows of an application, from the first click to the decision.

A draft is rows from the first second; nothing about a person lives only in a session.
Answers are kept per step and encrypted at rest; what must be searched or kept unique stands in columns.
"""

import uuid
from collections.abc import Collection
from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from enrollment.flow import GRANTED, LIVING, State
from ledger import clock
from vault.fields import EncryptedBinaryField, EncryptedJSONField, EncryptedTextField

STATES = [(state.value, state.value) for state in State]
AUTHORITIES = [("jma", "JMA"), ("medis", "MEDIS"), ("jpa", "JPA")]
QUALIFICATIONS = [("doctor", _("医師")), ("dentist", _("歯科医師")), ("pharmacist", _("薬剤師"))]


class Applicant(models.Model):
    """A person with an account; made by the first sign-in with a physical My Number Card (ST-27)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = EncryptedTextField(blank=True, default="")
    email_verified_at = models.DateTimeField(null=True)
    wants_reminders = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.public_id)


class ApplicantCertificate(models.Model):
    """An authentication certificate (利用者証明用) that has opened this account (ST-23)."""

    applicant = models.ForeignKey(Applicant, on_delete=models.CASCADE, related_name="certificates")
    fingerprint = models.BinaryField(max_length=32, unique=True)
    issuer_key_id = models.BinaryField(max_length=32)
    serial = models.CharField(max_length=64)
    not_after = models.DateTimeField()
    first_seen_at = models.DateTimeField()


class ApplicantSession(models.Model):
    """The applicant's own session kind (decision 2); the cookie's clear text is stored nowhere."""

    token_digest = models.BinaryField(max_length=32, unique=True)
    applicant = models.ForeignKey(Applicant, on_delete=models.CASCADE, related_name="sessions")
    certificate = models.ForeignKey(ApplicantCertificate, on_delete=models.CASCADE)
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)


class CardReading(models.Model):
    """One exchange with a card reader: asked once, answered at most once, bound to the browser that asked."""

    PURPOSES = [("sign_in", "sign_in"), ("attributes", "attributes"), ("sign", "sign")]
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    purpose = models.CharField(max_length=16, choices=PURPOSES)
    browser_digest = models.BinaryField(max_length=32)
    session = models.ForeignKey(ApplicantSession, null=True, on_delete=models.CASCADE)
    challenge = models.BinaryField(max_length=32)
    digest = models.BinaryField(max_length=32, null=True)
    expires_at = models.DateTimeField()
    spent_at = models.DateTimeField(null=True)


class ApplicationQuerySet(models.QuerySet["Application"]):
    """The only doors to an application: its applicant, or an officer of its authority (decision 4)."""

    def of(self, applicant: Applicant) -> "ApplicationQuerySet":
        return self.filter(applicant=applicant)

    def for_authorities(self, authorities: Collection[str]) -> "ApplicationQuerySet":
        """Submitted cases of these authorities; a draft is nobody's business but the applicant's."""
        return self.filter(authority__in=authorities).exclude(state=State.DRAFT)

    def awaiting_review(self) -> "ApplicationQuerySet":
        return self.filter(state__in=[State.SUBMITTED, State.IN_REVIEW, State.RECOMMENDED]).order_by(
            "submitted_at"
        )

    def living(self) -> "ApplicationQuerySet":
        return self.filter(state__in=[state.value for state in LIVING])


class Application(models.Model):
    """One application. Fetched only through its applicant or its authority, never by bare id."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    receipt_number = models.CharField(_("受付番号"), max_length=16, unique=True, null=True)
    applicant = models.ForeignKey(Applicant, on_delete=models.PROTECT, related_name="applications")
    state = models.CharField(max_length=16, choices=STATES, default=State.DRAFT)
    qualification = models.CharField(_("資格"), max_length=16, choices=QUALIFICATIONS, blank=True, default="")
    authority = models.CharField(_("認証局"), max_length=8, choices=AUTHORITIES, blank=True, default="")
    certificate_fingerprint = models.BinaryField(max_length=32)
    registration_number = models.CharField(max_length=8, blank=True, default="")
    person_key = models.BinaryField(max_length=32, null=True)  # keyed digest of name, birth date and sex
    round = models.PositiveIntegerField(default=0)  # how many times it has been submitted
    price = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    submitted_at = models.DateTimeField(_("提出日時"), null=True)
    decided_at = models.DateTimeField(null=True)
    return_until = models.DateTimeField(null=True)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="claims",
        verbose_name=_("審査者"),
    )
    claimed_until = models.DateTimeField(null=True)
    recommended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="recommendations"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="approvals"
    )
    credential = models.UUIDField(null=True, unique=True)  # public id in signing

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("申請")
        verbose_name_plural = _("申請")
        constraints = [
            models.UniqueConstraint(
                fields=["certificate_fingerprint"],
                condition=Q(state__in=[state.value for state in LIVING]),
                name="one_living_application_per_certificate",
            ),
            models.UniqueConstraint(
                fields=["qualification", "registration_number"],
                condition=Q(state__in=[state.value for state in GRANTED]),
                name="one_granted_case_per_registration",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True)
                | (Q(recommended_by__isnull=False) & ~Q(approved_by=F("recommended_by"))),
                name="approval_needs_two_officers",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[state.value for state in GRANTED]) | Q(approved_by__isnull=False),
                name="granted_means_approved",
            ),
        ]
        indexes = [
            models.Index(
                fields=["authority", "submitted_at"],
                condition=Q(state__in=["submitted", "in_review", "recommended"]),
                name="open_queue",
            ),
            models.Index(fields=["person_key"], name="person_key"),
            models.Index(fields=["qualification", "registration_number"], name="registration"),
        ]

    def __str__(self) -> str:
        return self.receipt_number or str(self.public_id)

    @property
    def return_day(self) -> date | None:
        """The last day for corrections, as people read it; `return_until` is its 24:00 JST."""
        return None if self.return_until is None else clock.last_day(self.return_until)


class StepAnswers(models.Model):
    """What was answered at one step; `version` counts saves, so that two tabs do not overwrite each other."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="answers")
    step = models.CharField(max_length=32)
    data = EncryptedJSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["application", "step"], name="one_answer_per_step")]


class Attachment(models.Model):
    """An uploaded file: the original bytes encrypted, and the re-encoded copy that pages show (PH-22, PH-23)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="attachments")
    slot = models.CharField(max_length=24)
    ordinal = models.PositiveSmallIntegerField(default=0)
    given_name = EncryptedTextField(default="")
    kind = models.CharField(max_length=8)  # jpeg, png, bmp, pdf: by content
    original_file = models.CharField(max_length=64)
    original_sha256 = models.BinaryField(max_length=32)
    shown_file = models.CharField(max_length=64)
    shown_sha256 = models.BinaryField(max_length=32)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    warnings = models.JSONField(default=list)
    uploaded_at = models.DateTimeField()

    # Read by `manage.py reconcile`: columns that name a stored file, each with its digest.
    STORED_FILES = (("original_file", "original_sha256"), ("shown_file", "shown_sha256"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "slot", "ordinal"], name="one_file_per_place")
        ]


class EmailCode(models.Model):
    """A confirmation code on its way (DQ-19, DQ-20)."""

    applicant = models.ForeignKey(Applicant, on_delete=models.CASCADE, related_name="email_codes")
    address = EncryptedTextField()
    code_digest = models.BinaryField(max_length=32)  # keyed: six digits alone could be guessed from a digest
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    spent_at = models.DateTimeField(null=True)


class SealedPin(models.Model):
    """The HPKI card PIN, sealed to the authority's encryption key at ⑥ (DQ-23, decision 20)."""

    application = models.OneToOneField(Application, on_delete=models.CASCADE, related_name="sealed_pin")
    authority = models.CharField(max_length=8, choices=AUTHORITIES)
    sealed = models.BinaryField()
    sealed_at = models.DateTimeField()


class Statement(models.Model):
    """The exact bytes that the applicant saw and signed (decision 25); one per round."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="statements")
    round = models.PositiveIntegerField()
    content = EncryptedBinaryField()
    sha256 = models.BinaryField(max_length=32)
    frozen_at = models.DateTimeField()
    cms = EncryptedBinaryField(null=True)  # it holds the certificate, and that the name and address
    signature_certificate = EncryptedBinaryField(null=True)
    jpki_outcome = models.CharField(max_length=16, blank=True, default="")
    signed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "round"], name="one_statement_per_round")
        ]


class Finding(models.Model):
    """What one automatic check found in one round; a failure of the check is a finding too (RV-5)."""

    OUTCOMES = [("pass", "pass"), ("notice", "notice"), ("fail", "fail"), ("error", "error")]
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="findings")
    round = models.PositiveIntegerField()
    check_name = models.CharField(max_length=40)
    outcome = models.CharField(max_length=8, choices=OUTCOMES)
    detail = EncryptedTextField(blank=True, default="")
    found_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["application", "round", "check_name"], name="one_finding_per_check"
            )
        ]


class Decision(models.Model):
    """One officer's word on one round, kept for ever."""

    VERDICTS = [
        ("recommended", "recommended"),
        ("sent_back", "sent_back"),
        ("approved", "approved"),
        ("taken_back", "taken_back"),
        ("returned", "returned"),
        ("rejected", "rejected"),
    ]
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="decisions")
    round = models.PositiveIntegerField()
    verdict = models.CharField(max_length=16, choices=VERDICTS)
    officer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="decisions")
    note = EncryptedTextField(blank=True, default="")
    checklist = models.JSONField(default=dict)
    decided_at = models.DateTimeField()


class ReturnItem(models.Model):
    """One field or file to be corrected, with its reason (ST-14, ST-32)."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="return_items")
    round = models.PositiveIntegerField()
    step = models.CharField(max_length=32)
    field = models.CharField(max_length=40)
    code = models.CharField(max_length=32)
    note = EncryptedTextField(blank=True, default="")


class CardHolder(models.Model):
    """A CA's register of people who hold or have ordered an HPKI card (CA-11, CA-19); imported."""

    authority = models.CharField(max_length=8, choices=AUTHORITIES)
    qualification = models.CharField(max_length=16, choices=QUALIFICATIONS)
    registration_number = models.CharField(max_length=8)
    birth_date = models.DateField()
    status = models.CharField(max_length=16)  # valid, expired, revoked, ordered

    class Meta:
        indexes = [models.Index(fields=["qualification", "registration_number"], name="card_holder")]


class CardOrder(models.Model):
    """What the card maker receives: the sealed PIN and a reference (decision 20, ST-25)."""

    application = models.OneToOneField(Application, on_delete=models.PROTECT, related_name="card_order")
    authority = models.CharField(max_length=8, choices=AUTHORITIES)
    sealed_pin = models.BinaryField(null=True)
    state = models.CharField(max_length=16, default="making")
    ordered_at = models.DateTimeField()


class TimelineEntry(models.Model):
    """What happened to an application, in the words of `kind`; shown to the applicant and the officer."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="timeline")
    kind = models.CharField(max_length=40)
    happened_at = models.DateTimeField()
