"""An application and what belongs to it, from the first click to the decision.

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
from enrollment.models.people import Applicant
from ledger import clock
from vault.fields import EncryptedBinaryField, EncryptedJSONField, EncryptedTextField

STATES = [(state.value, state.value) for state in State]
AUTHORITIES = [("jma", "JMA"), ("medis", "MEDIS"), ("jpa", "JPA")]
QUALIFICATIONS = [("doctor", _("医師")), ("dentist", _("歯科医師")), ("pharmacist", _("薬剤師"))]


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

    def in_force(self) -> "ApplicationQuerySet":
        """Issued, and the last certificate of the line has not ended (CA-10)."""
        return self.filter(state=State.ISSUED, certificate_ended_at=None)

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
    claimed_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)
    recommended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="recommendations"
    )
    endorsed_by = models.ForeignKey(  # the officer between, where an approval takes three (decision 6)
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="endorsements"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="approvals"
    )
    rejection_proposed_by = models.ForeignKey(  # where a rejection takes two
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="proposed_rejections"
    )
    rejected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="rejections"
    )
    approvals_needed = models.PositiveSmallIntegerField(
        default=2
    )  # the authority's row of the day of handing in
    rejections_needed = models.PositiveSmallIntegerField(default=1)
    reminded_on = models.DateField(null=True)  # the day of an officer's last reminder in 再提出依頼
    credential = models.UUIDField(null=True, unique=True)  # public id in signing: the first of its line
    certificate_ended_at = models.DateTimeField(null=True)  # the last certificate of the line is over (CA-10)
    legal_hold = models.BooleanField(default=False)  # no evidence of it is erased while set (decision 31)

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
                condition=Q(state__in=[state.value for state in GRANTED], certificate_ended_at__isnull=True),
                name="one_granted_case_in_force",
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
            models.CheckConstraint(
                condition=Q(endorsed_by__isnull=True)
                | (
                    Q(recommended_by__isnull=False)
                    & ~Q(endorsed_by=F("recommended_by"))
                    & ~Q(endorsed_by=F("approved_by"))
                ),
                name="approving_officers_differ",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[state.value for state in GRANTED])
                | Q(approvals_needed=2)
                | Q(endorsed_by__isnull=False),
                name="granted_by_as_many_as_needed",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.REJECTED)
                | Q(rejections_needed=1)
                | (
                    Q(rejection_proposed_by__isnull=False)
                    & Q(rejected_by__isnull=False)
                    & ~Q(rejected_by=F("rejection_proposed_by"))
                ),
                name="rejected_by_as_many_as_needed",
            ),
            models.CheckConstraint(
                condition=Q(approvals_needed__in=(2, 3), rejections_needed__in=(1, 2)),
                name="officers_needed",
            ),
        ]
        indexes = [
            models.Index(  # the worklist's pages and counts: of each authority and state, oldest first
                fields=["authority", "state", "submitted_at", "id"],
                condition=Q(state__in=["submitted", "in_review", "recommended"]),
                name="open_worklist",
            ),
            models.Index(
                fields=["authority", "state", "submitted_at", "id"],
                condition=Q(state__in=["returned", "approved", "issuing", "issued", "rejected", "withdrawn"]),
                name="closed_worklist",
            ),
            models.Index(fields=["person_key"], name="person_key"),
            models.Index(fields=["qualification", "registration_number"], name="registration"),
            models.Index(
                fields=["state", "changed_at"],
                condition=Q(state__in=["draft", "returned", "rejected", "withdrawn"]),
                name="timetable",  # what enrollment.retention asks for every hour
            ),
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
    measures = models.JSONField(default=dict)  # what the hints rest on: figures and days, never a name
    crop = models.JSONField(null=True)  # the part of the original that is shown (PH-10); None: all of it
    scan = models.CharField(max_length=16, blank=True, default="")  # clean; "" where no scanner is configured
    uploaded_at = models.DateTimeField()

    # Read by `manage.py reconcile`: columns that name a stored file, each with its digest.
    STORED_FILES = (("original_file", "original_sha256"), ("shown_file", "shown_sha256"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "slot", "ordinal"], name="one_file_per_place")
        ]
        indexes = [
            models.Index(fields=["original_file"], name="original_file"),
            models.Index(fields=["shown_file"], name="shown_file"),
            models.Index(fields=["original_sha256"], name="original_digest"),  # the same file in another case
            models.Index(fields=["shown_sha256"], name="shown_digest"),
        ]


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


class TimelineEntry(models.Model):
    """What happened to an application, in the words of `kind`; shown to the applicant and the officer."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="timeline")
    kind = models.CharField(max_length=40)
    happened_at = models.DateTimeField()
