"""What a certification authority keeps: its own certificate, lists, answers, and the keys that it refuses.

`signing.models` offers these names too; they stand here because they know no signer.
"""

from django.db import models


class BlockedKey(models.Model):
    """A public key that is never certified (again); `digest` is the SHA-256 of its SubjectPublicKeyInfo."""

    digest = models.BinaryField(max_length=32, unique=True)
    reason = models.CharField(max_length=32)
    blocked_at = models.DateTimeField()


class IssuingCertificate(models.Model):
    """One of the embedded authorities: its own certificate, made once at set-up; the key is in the signer process."""

    code = models.CharField(max_length=16, unique=True)
    certificate = models.BinaryField()
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.code


class RevocationList(models.Model):
    """A signed CRL; the newest number is the one that is served."""

    issuer = models.CharField(max_length=16)
    number = models.PositiveBigIntegerField()
    content = models.BinaryField()
    this_update = models.DateTimeField()
    next_update = models.DateTimeField()
    entries = models.PositiveIntegerField(default=0)
    entries_digest = models.BinaryField(
        max_length=32, default=b""
    )  # of what it lists: the same need not be said twice

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "number"], name="one_list_per_number")]


class OcspResponder(models.Model):
    """A certificate that lets our responder speak for a CA (RFC 6960 section 4.2.2.2), short-lived and renewed."""

    issuer = models.CharField(max_length=16)
    serial = models.CharField(max_length=48, unique=True)
    certificate = models.BinaryField()
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["issuer", "-not_after"], name="newest_responder")]


class OcspAnswer(models.Model):
    """A certificate's status as signed by the worker, ready to be handed out (RFC 5019 section 2.2)."""

    credential = models.OneToOneField(
        "signing.Credential", on_delete=models.CASCADE, related_name="ocsp_answer"
    )
    issuer = models.CharField(max_length=16)
    is_revoked = models.BooleanField()
    sha1 = models.BinaryField()  # for requests that name the CA by SHA-1, as openssl and RFC 5019 do
    sha256 = models.BinaryField()
    this_update = models.DateTimeField()
    next_update = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["issuer", "next_update"], name="oldest_answer")]


class CertificateCheck(models.Model):
    """When a stored certificate was last read again, and what was found (empty: nothing)."""

    credential = models.OneToOneField(
        "signing.Credential", on_delete=models.CASCADE, related_name="check_row"
    )
    checked_at = models.DateTimeField(db_index=True)
    findings = models.TextField(blank=True, default="")
