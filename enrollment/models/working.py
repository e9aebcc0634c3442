"""What officers keep while they work: checklists under way, claims that were taken over, filters by name."""

from django.conf import settings
from django.db import models

from enrollment.models.applications import Application
from vault.fields import EncryptedJSONField


class ChecklistSheet(models.Model):
    """One officer's answers on one round while they are being given; frozen into the `Decision` (RV-2).

    `lines`: slug -> {"answer", "note"}.
    """

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="sheets")
    round = models.PositiveIntegerField()
    officer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="sheets")
    version = models.CharField(max_length=24)
    lines = EncryptedJSONField(default=dict)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["application", "round", "officer"], name="one_sheet_per_round_and_officer"
            )
        ]


class TakeOver(models.Model):
    """A claim that went from one officer to another; the former one is told at their next act (RV-1)."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="take_overs")
    former = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="claims_lost")
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="claims_taken"
    )
    claimed_at = models.DateTimeField(null=True)
    taken_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["former"], condition=models.Q(told_at__isnull=True), name="take_overs_untold"
            )
        ]


class SavedFilter(models.Model):
    """A filter of the worklist under a name of the officer's own."""

    officer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="filters")
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=200)  # as it stands in the address
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["officer", "name"], name="one_filter_per_officer_and_name")
        ]
