"""The people who apply: account, certificates, sessions, card readings, confirmation codes."""

import uuid

from django.db import models

from vault.fields import EncryptedJSONField, EncryptedTextField


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
    way = models.CharField(max_length=16, blank=True, default="")  # ST-26: iphone, android, reader, qr
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)


class CardReading(models.Model):
    """One exchange with a card reader: asked once, answered at most once, bound to the browser that asked."""

    PURPOSES = [(one, one) for one in ("sign_in", "attributes", "sign", "join", "new_name", "sign_new_name")]
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    purpose = models.CharField(max_length=16, choices=PURPOSES)
    browser_digest = models.BinaryField(max_length=32)
    session = models.ForeignKey(ApplicantSession, null=True, on_delete=models.CASCADE)
    challenge = models.BinaryField(max_length=32)
    digest = models.BinaryField(max_length=32, null=True)
    expires_at = models.DateTimeField()
    spent_at = models.DateTimeField(null=True)


class PhoneReading(models.Model):
    """The same exchange carried out by a phone for a PC that showed a QR code (ST-26); its time is the reading's.

    The phone's person first picks the number that the PC shows; one wrong pick ends it. The answer waits here,
    encrypted, until the browser that asked fetches it. The phone gets no session.
    """

    REFUSALS = [("wrong_number", "wrong_number"), ("not_mine", "not_mine")]
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reading = models.OneToOneField(CardReading, on_delete=models.CASCADE, related_name="phone")
    token = EncryptedTextField()  # the PC draws the same QR code again after a reload
    token_digest = models.BinaryField(max_length=32, unique=True)
    number = models.PositiveSmallIntegerField()  # two digits, shown by the PC
    numbers = models.JSONField()  # three of them, in the order in which the phone offers them
    asked_by = models.CharField(max_length=60)  # the asking browser in words, for the phone's person
    asked_at = models.DateTimeField()
    query = models.CharField(max_length=100, blank=True, default="")  # of the address that takes the answer
    phone_digest = models.BinaryField(max_length=32, null=True)  # the phone's browser, from the pick on
    picked_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)
    refusal = models.CharField(max_length=16, choices=REFUSALS, blank=True, default="")
    answer = EncryptedTextField(null=True)  # erased when it is fetched
    answered_at = models.DateTimeField(null=True)


class UnsentForm(models.Model):
    """What was typed and sent after the session had ended: sealed for the same person's next sign-in (ST-21)."""

    applicant = models.ForeignKey(Applicant, on_delete=models.CASCADE, related_name="unsent_forms")
    step = models.CharField(max_length=32)
    raw = EncryptedJSONField()
    version = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["applicant", "step"], name="one_unsent_form_per_step")]


class EmailCode(models.Model):
    """A confirmation code on its way: to an applicant (DQ-19, DQ-20) or to a card's holder (BD-08)."""

    applicant = models.ForeignKey(Applicant, null=True, on_delete=models.CASCADE, related_name="email_codes")
    holder = models.ForeignKey(
        "enrollment.CardHolder", null=True, on_delete=models.CASCADE, related_name="email_codes"
    )
    address = EncryptedTextField()
    code_digest = models.BinaryField(max_length=32)  # keyed: six digits alone could be guessed from a digest
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    spent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(applicant__isnull=True) ^ models.Q(holder__isnull=True),
                name="code_has_one_owner",
            )
        ]
