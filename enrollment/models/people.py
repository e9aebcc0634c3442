"""The people who apply: account, certificates, sessions, card readings, confirmation codes."""

import uuid

from django.db import models

from vault.fields import EncryptedTextField


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

    PURPOSES = [("sign_in", "sign_in"), ("attributes", "attributes"), ("sign", "sign")]
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    purpose = models.CharField(max_length=16, choices=PURPOSES)
    browser_digest = models.BinaryField(max_length=32)
    session = models.ForeignKey(ApplicantSession, null=True, on_delete=models.CASCADE)
    challenge = models.BinaryField(max_length=32)
    digest = models.BinaryField(max_length=32, null=True)
    expires_at = models.DateTimeField()
    spent_at = models.DateTimeField(null=True)


class EmailCode(models.Model):
    """A confirmation code on its way (DQ-19, DQ-20)."""

    applicant = models.ForeignKey(Applicant, on_delete=models.CASCADE, related_name="email_codes")
    address = EncryptedTextField()
    code_digest = models.BinaryField(max_length=32)  # keyed: six digits alone could be guessed from a digest
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    spent_at = models.DateTimeField(null=True)
