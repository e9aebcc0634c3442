"""Who looked at whose case, and what for (RV-4). The ledger keeps it for ever; these rows only answer at once."""

from django.conf import settings
from django.db import models

from enrollment.models.applications import Application
from vault.fields import EncryptedTextField


class StatedPurpose(models.Model):
    """What an officer has said to want with a case whose work is not theirs; good for that case and a short while.

    The code stands in the ledger; the note, in the officer's own words, may name people and stays here, encrypted.
    """

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="stated_purposes")
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="stated_purposes"
    )
    code = models.CharField(max_length=24)
    note = EncryptedTextField(blank=True, default="")
    stated_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["application", "officer", "-expires_at"], name="purpose_in_force")]


class CaseView(models.Model):
    """That an officer has seen a case, and on which day last: what the day's view budget counts."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="views")
    officer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="case_views")
    day = models.DateField()  # in Japan
    is_work = models.BooleanField()  # the purpose followed from the work; otherwise it was stated

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "officer"], name="one_view_per_officer")
        ]
        indexes = [models.Index(fields=["officer", "day"], name="views_of_the_day")]
