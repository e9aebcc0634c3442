"""Those who come with the two numbers on the face of their card, and how often a number was tried (BD-08, BD-13)."""

import uuid

from django.db import models

from enrollment.models.reviewing import CardHolder


class CardNumberTries(models.Model):
    """Wrong pairs of one registration number within 24 hours; a number that nobody holds has a row like any other."""

    number_digest = models.BinaryField(
        max_length=32, unique=True
    )  # keyed: numbers could be guessed from a digest
    attempts = models.PositiveSmallIntegerField(default=0)
    last_at = models.DateTimeField()


class CardNumbersVisit(models.Model):
    """A holder whose numbers fit: the code that the CA's mail address was sent is still to come, then the QR code."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    holder = models.ForeignKey(CardHolder, on_delete=models.CASCADE, related_name="numbers_visits")
    token_digest = models.BinaryField(max_length=32, unique=True)  # of the browser
    begun_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)  # the code was right
    link = models.UUIDField(null=True)  # the QR code that was made: its public id in the signing room
    undo_digest = models.BinaryField(
        max_length=32, unique=True, null=True
    )  # of the address in the notice (N18)
    undone_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.public_id)
