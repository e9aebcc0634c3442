"""What signers usually do, so that the unusual can be told to them (`signing.records.usage`)."""

import uuid

from django.db import models
from django.db.models import Q

from signing.models.callers import OAuthClient


class KnownCaller(models.Model):
    """A system that has signed for this signer before; also the choices of the filter at /me/signatures/."""

    signer = models.ForeignKey("signing.Signer", on_delete=models.PROTECT, related_name="callers")
    client = models.ForeignKey(OAuthClient, on_delete=models.PROTECT)
    first_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["signer", "client"], name="caller_known_once")]


class DailyUse(models.Model):
    """How many signatures of a signer one day in Japan has seen, and how many of them at night."""

    signer = models.ForeignKey("signing.Signer", on_delete=models.PROTECT)
    day = models.DateField()
    count = models.PositiveIntegerField()
    at_night = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["signer", "day"], name="use_counted_once")]
        indexes = [models.Index(fields=["day"], name="use_day")]


class UnusualUse(models.Model):
    """Something that its signer is told of: once per kind and day; a new system once and for all."""

    CALLER, NIGHT, VOLUME = "caller", "night", "volume"
    KINDS = [(CALLER, CALLER), (NIGHT, NIGHT), (VOLUME, VOLUME)]
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    signer = models.ForeignKey("signing.Signer", on_delete=models.PROTECT, related_name="unusual_uses")
    credential = models.ForeignKey("signing.Credential", on_delete=models.PROTECT)
    client = models.ForeignKey(OAuthClient, on_delete=models.PROTECT)  # where it was seen first
    kind = models.CharField(max_length=8, choices=KINDS)
    day = models.DateField()
    first_at = models.DateTimeField()
    count = models.PositiveIntegerField()
    usual = models.PositiveIntegerField(default=0)  # signatures of a usual day; 0 where nothing is known

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["signer", "kind", "day"], condition=~Q(kind="caller"), name="told_once_a_day"
            ),
            models.UniqueConstraint(
                fields=["signer", "client"], condition=Q(kind="caller"), name="new_caller_told_once"
            ),
        ]
        indexes = [models.Index(fields=["signer", "-first_at"], name="unusual_of_signer")]


class UsageMark(models.Model):
    """One row: up to which signature record the counting has come."""

    last_record = models.BigIntegerField(default=0)


class SadMark(models.Model):
    """One row: how far the clock has come with the SADs, by their keys (`records.left_behind`, `retention`)."""

    settled = models.BigIntegerField(default=0)  # up to here nothing can be reserved any more
    kept = models.BigIntegerField(default=0)  # up to here each one was used


class UnrecordedFailure(models.Model):
    """A failed item whose record the clock is still to write; then the row goes."""

    item = models.OneToOneField(
        "signing.ActivationItem",
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="+",
        db_constraint=False,
    )
