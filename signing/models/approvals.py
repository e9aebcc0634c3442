"""What waits for its signer's own approval (step-up)."""

import uuid

from django.db import models

from signing import flow
from vault.fields import EncryptedBinaryField, EncryptedJSONField, EncryptedTextField


class Approval(models.Model):
    """A set of hashes that a caller wants authorised and that its signer must approve by phone or card.

    `digests` are the hashes one behind the other, in the caller's order; `nonce` makes the challenge this row's own;
    `certificate` is the facility's over which it was asked for, `token` the access token; `proof` is the phone's or the
    card's answer, so that the approval can be checked again.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    handle_digest = models.BinaryField(max_length=32, unique=True)
    state = models.CharField(
        max_length=12,
        choices=[(state.value, state.value) for state in flow.Approval],
        default=flow.Approval.WAITING,
    )
    credential = models.ForeignKey("signing.Credential", on_delete=models.PROTECT, related_name="approvals")
    session = models.ForeignKey("signing.SigningSession", on_delete=models.PROTECT)
    client = models.ForeignKey("signing.OAuthClient", on_delete=models.PROTECT)
    certificate = models.ForeignKey("signing.ClientCertificate", null=True, on_delete=models.PROTECT)
    token = models.ForeignKey("signing.AccessToken", null=True, on_delete=models.SET_NULL)
    hash_algorithm = models.CharField(max_length=8)  # sha256, sha384, sha512
    digests = models.BinaryField()
    description = EncryptedBinaryField(null=True)
    labels = EncryptedJSONField(null=True)  # documents' names by ordinal, where the caller gave them
    next_path = EncryptedTextField(null=True)  # where the signer goes on: the request at oauth2/authorize
    reasons = models.JSONField(default=list)
    nonce = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    means = models.CharField(max_length=16, blank=True, default="")  # as in SigningSession
    authenticator = models.ForeignKey("signing.Authenticator", null=True, on_delete=models.PROTECT)
    proof = EncryptedTextField(null=True)
    activation = models.OneToOneField(
        "signing.Activation", null=True, on_delete=models.SET_NULL, related_name="approval"
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["credential", "-created_at"],
                condition=models.Q(state="waiting"),
                name="approvals_waiting",
            ),
            models.Index(
                fields=["expires_at"],
                condition=models.Q(state__in=["waiting", "approved"]),
                name="approvals_end",
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class StepUpPolicy(models.Model):
    """When a step-up is wanted of one system, of one facility, of both, or (neither named) of all others.

    The closest row counts, whole: system and facility, system, facility, neither; without any, the settings.
    """

    client = models.ForeignKey("signing.OAuthClient", null=True, on_delete=models.PROTECT)
    facility = models.CharField(max_length=16, blank=True, default="")  # insurance code
    above = models.PositiveSmallIntegerField()  # hashes in one authorisation; 0: never by their number
    for_new_callers = (
        models.BooleanField()
    )  # a system, or a facility, with which this signer has never signed
    for_narcotics = models.BooleanField()  # what the caller declares
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["client", "facility"],
                condition=models.Q(client__isnull=False),
                name="one_policy_of_a_client",
            ),
            models.UniqueConstraint(
                fields=["facility"], condition=models.Q(client=None), name="one_policy_of_all_clients"
            ),
        ]


class ApprovalNews(models.Model):
    """When a signer was last told that a system's request waits, and how often that day in Japan."""

    signer = models.ForeignKey("signing.Signer", on_delete=models.CASCADE)
    client = models.ForeignKey("signing.OAuthClient", on_delete=models.CASCADE)
    told_at = models.DateTimeField()
    day = models.DateField()
    count = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["signer", "client"], name="news_of_a_client_once")]
