"""Who calls the API, and what it was given."""

import uuid

from django.db import models


class OAuthClient(models.Model):
    """A caller of the API: an EHR or a pharmacy system (RFC 6749 section 2)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client_id = models.CharField(max_length=64, unique=True)
    secret_digest = models.BinaryField(max_length=32)
    name = models.CharField(max_length=120)
    redirect_uris = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()


class AuthorizationCode(models.Model):
    """RFC 6749 section 4.1 with PKCE (RFC 7636); digest at rest, redeemed once."""

    code_digest = models.BinaryField(max_length=32, unique=True)
    client = models.ForeignKey(OAuthClient, on_delete=models.CASCADE)
    session = models.ForeignKey("signing.SigningSession", on_delete=models.CASCADE)
    redirect_uri = models.TextField()
    scope = models.CharField(max_length=64)
    code_challenge = models.CharField(max_length=128)
    code_challenge_method = models.CharField(max_length=8)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    redeemed_at = models.DateTimeField(null=True)


class AccessToken(models.Model):
    """A bearer token, bound to the day's session; it dies with it."""

    token_digest = models.BinaryField(max_length=32, unique=True)
    code = models.ForeignKey(AuthorizationCode, null=True, on_delete=models.CASCADE, related_name="tokens")
    client = models.ForeignKey(OAuthClient, on_delete=models.CASCADE)
    session = models.ForeignKey("signing.SigningSession", on_delete=models.CASCADE, related_name="tokens")
    scope = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
