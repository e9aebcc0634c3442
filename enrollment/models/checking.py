"""The automatic checks of a case: one row for each, however often it is asked (RV-5)."""

import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from enrollment.flow import CHECK_OPEN, Check
from enrollment.models.applications import Application
from vault.fields import EncryptedJSONField, EncryptedTextField


class CheckRun(models.Model):
    """One check of one round: a worker's job is about its `public_id`.

    `turn` counts who has taken it: only the last one may write what was found. `attempts` counts the tries that could
    not be done, `reason` says why, as a message of the catalogue that names nobody.
    """

    STATES = [(state.value, state.value) for state in Check]
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="check_runs")
    round = models.PositiveIntegerField()
    check_name = models.CharField(max_length=40)
    state = models.CharField(max_length=12, choices=STATES, default=Check.WAITING)
    turn = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=200, blank=True, default="")
    due_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)  # when an officer last had it asked again
    closed_at = models.DateTimeField(null=True)  # when it was closed for the first time

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "round", "check_name"], name="one_run_per_check")
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(state__in=[state.value for state in CHECK_OPEN]),
                name="open_checks",
            )
        ]

    def __str__(self) -> str:
        return f"{self.check_name} {self.public_id}"


class Finding(models.Model):
    """What one automatic check found in one round; a failure of the check is a finding too (RV-5).

    `line` is the line of the officer's checklist that it belongs to ("" for none). `detail` is the Japanese sentence
    as it was found; `parts` are the same sentences as messages with their values, for another language.
    """

    OUTCOMES = [("pass", "pass"), ("notice", "notice"), ("fail", "fail"), ("error", "error")]
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="findings")
    round = models.PositiveIntegerField()
    check_name = models.CharField(max_length=40)
    outcome = models.CharField(max_length=8, choices=OUTCOMES)
    line = models.CharField(max_length=32, blank=True, default="")
    detail = EncryptedTextField(blank=True, default="")
    parts = EncryptedJSONField(null=True)
    found_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["application", "round", "check_name"], name="one_finding_per_check"
            )
        ]

    @property
    def sentence(self) -> str:
        """What was found, in the reader's language; findings from before `parts` are Japanese."""
        if not self.parts:
            return self.detail
        return " ".join(_in_words(template, values) for template, values in self.parts)


def _in_words(template: str, values: dict[str, Any]) -> str:
    """A value that is itself a message is stored as {"message": [template, values]}."""
    said = {
        name: _in_words(*value["message"]) if isinstance(value, dict) else value
        for name, value in values.items()
    }
    return _(template) % said
