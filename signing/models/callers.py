"""Who calls the API, and what it was given."""

import uuid
from datetime import datetime

from django.db import models

from vault.fields import EncryptedJSONField


class OAuthClient(models.Model):
    """A caller of the API: an EHR or a pharmacy system (RFC 6749 section 2)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_id = models.CharField(max_length=64, unique=True)
    secret_digest = models.BinaryField(max_length=32)
    name = models.CharField(max_length=120)
    redirect_uris = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)
    # Bound to its facility's client certificates: without one of them it gets no token and no answer (RFC 8705).
    is_certificate_bound = models.BooleanField(default=False)
    # It authorises by redirect, never by credentials/authorize (CSC: authMode oauth2code).
    is_oauth2code = models.BooleanField(default=False)
    created_at = models.DateTimeField()


class ClientCertificate(models.Model):
    """A facility's TLS client certificate; two of a client may overlap while one takes the other's place."""

    client = models.ForeignKey(OAuthClient, on_delete=models.PROTECT, related_name="certificates")
    thumbprint = models.BinaryField(max_length=32, unique=True)  # SHA-256 of the DER (RFC 8705, x5t#S256)
    facility = models.CharField(max_length=16)  # insurance code of the hospital or pharmacy
    facility_name = models.CharField(max_length=120)
    serial = models.CharField(max_length=48)  # lower-case hexadecimal
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    added_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)  # a newer one ends it a month later, a person at once

    class Meta:
        indexes = [models.Index(fields=["client", "-added_at"], name="client_certificates")]

    @classmethod
    def living(cls, at: datetime) -> "models.QuerySet[ClientCertificate]":
        """Those within their time at that moment."""
        rows = cls.objects.filter(not_before__lte=at, not_after__gt=at)
        return rows.filter(models.Q(ends_at=None) | models.Q(ends_at__gt=at))

    def __str__(self) -> str:
        return f"{self.facility} {self.serial}"


class AuthorizationRequest(models.Model):
    """An authorization request that waits: pushed by its client (RFC 9126), or kept while its signer signs in.

    The browser that opens it first is the only one that can go on with it; it is spent by the answer.
    """

    token_digest = models.BinaryField(max_length=32, unique=True)
    client = models.ForeignKey(OAuthClient, on_delete=models.CASCADE)
    parameters = EncryptedJSONField()  # labels of documents can name a patient
    is_pushed = models.BooleanField()
    certificate = models.ForeignKey(ClientCertificate, null=True, on_delete=models.PROTECT)  # that pushed it
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    browser_digest = models.BinaryField(max_length=32, null=True)
    approval = models.OneToOneField("signing.Approval", null=True, on_delete=models.SET_NULL)  # step-up
    opened_at = models.DateTimeField(null=True)
    spent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["browser_digest"], name="request_browser")]


class AuthorizationCode(models.Model):
    """RFC 6749 section 4.1 with PKCE (RFC 7636); digest at rest, redeemed once."""

    code_digest = models.BinaryField(max_length=32, unique=True)
    client = models.ForeignKey(OAuthClient, on_delete=models.CASCADE)
    session = models.ForeignKey("signing.SigningSession", on_delete=models.CASCADE)
    redirect_uri = models.TextField()
    scope = models.CharField(max_length=64)
    wanted = EncryptedJSONField(null=True)  # scope credential: the hashes that the token will carry
    approval = models.ForeignKey(
        "signing.Approval", null=True, on_delete=models.SET_NULL
    )  # by which they may
    code_challenge = models.CharField(max_length=128)
    code_challenge_method = models.CharField(max_length=8)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    redeemed_at = models.DateTimeField(null=True)


class AccessToken(models.Model):
    """A bearer token, bound to the day's session and to the facility's certificate; it dies with the session."""

    token_digest = models.BinaryField(max_length=32, unique=True)
    code = models.ForeignKey(AuthorizationCode, null=True, on_delete=models.CASCADE, related_name="tokens")
    client = models.ForeignKey(OAuthClient, on_delete=models.CASCADE)
    session = models.ForeignKey("signing.SigningSession", on_delete=models.CASCADE, related_name="tokens")
    certificate = models.ForeignKey(ClientCertificate, null=True, on_delete=models.PROTECT)
    # Scope credential: the hashes that it authorises; the token is their SAD.
    activation = models.OneToOneField("signing.Activation", null=True, on_delete=models.SET_NULL)
    scope = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
