"""A revocation that officers ask for and confirm (RV-7; ASVS 5.0 2.3.5: two people for what cannot be undone)."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from enrollment.models.applications import Application


class RevocationRequest(models.Model):
    """One officer's word, and where the authority wants it so, another one's; the database keeps them apart."""

    OPEN, CARRIED_OUT, DROPPED = "open", "carried_out", "dropped"
    STATES = [(OPEN, OPEN), (CARRIED_OUT, CARRIED_OUT), (DROPPED, DROPPED)]

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="revocations")
    credential = models.UUIDField()  # public id in signing
    reason = models.CharField(max_length=32)
    state = models.CharField(max_length=12, choices=STATES, default=OPEN)
    officers_needed = models.PositiveSmallIntegerField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["credential"], condition=Q(state="open"), name="one_open_revocation"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=F("asked_by")),
                name="revocation_by_two_officers",
            ),
            models.CheckConstraint(
                condition=~Q(state="carried_out") | Q(officers_needed=1) | Q(confirmed_by__isnull=False),
                name="revocation_confirmed",
            ),
        ]
