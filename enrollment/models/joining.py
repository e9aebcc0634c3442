"""A renewed My Number Card on its way to the account of the former one (BD-14)."""

import secrets
import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from enrollment.models.applications import Application
from enrollment.models.people import Applicant, ApplicantCertificate
from vault.fields import EncryptedBinaryField

_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # read aloud to an officer (as the 本人ID, BD-17)


def new_code() -> str:
    return "".join(secrets.choice(_LETTERS) for _place in range(10))


class JoinRequest(models.Model):
    """A statement signed with the new card: what it says, whom it was found to be, and who decided.

    asked: shown, not signed yet; waiting: one case was found, an officer must confirm; unmatched: none, or several;
    joined, refused: decided.
    """

    STATES = [(state, state) for state in ("asked", "waiting", "unmatched", "joined", "refused")]
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    code = models.CharField(max_length=10, unique=True, default=new_code)
    applicant = models.ForeignKey(Applicant, on_delete=models.CASCADE, related_name="join_requests")
    certificate = models.ForeignKey(ApplicantCertificate, on_delete=models.CASCADE)
    application = models.ForeignKey(
        Application, null=True, on_delete=models.PROTECT, related_name="join_requests"
    )
    state = models.CharField(max_length=12, choices=STATES, default="asked")
    content = EncryptedBinaryField()
    sha256 = models.BinaryField(max_length=32)
    frozen_at = models.DateTimeField()
    cms = EncryptedBinaryField(null=True)
    signed_at = models.DateTimeField(null=True)
    name_match = models.CharField(max_length=12, blank=True, default="")
    address_changed = models.BooleanField(default=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["applicant"],
                condition=Q(state__in=["asked", "waiting", "unmatched"]),
                name="one_open_join_request",
            )
        ]
        indexes = [
            models.Index(fields=["signed_at"], condition=Q(state="waiting"), name="join_requests_waiting")
        ]

    def __str__(self) -> str:
        return str(self.public_id)
