"""Visits of the site for holders of an HPKI card."""

import uuid

from django.db import models

from signing import flow


class CardVisit(models.Model):
    """Ten minutes at /card/ after an HPKI card was shown; who it was stands here as the card said it (decision 40).

    The ticket leads back from the origin that asks for cards, the token is the browser's; both are digests here.
    """

    PURPOSES = [(one, one) for one in ("my_number_card", "phone", "certificate", "session")]
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    purpose = models.CharField(max_length=16, choices=PURPOSES)
    next_path = models.TextField(blank=True, default="")  # where the person was going
    state = models.CharField(
        max_length=12, choices=[(state.value, state.value) for state in flow.Visit], default=flow.Visit.BEGUN
    )
    browser_digest = models.BinaryField(max_length=32)
    ticket_digest = models.BinaryField(max_length=32, unique=True, null=True)
    token_digest = models.BinaryField(max_length=32, unique=True, null=True)
    issuer = models.CharField(max_length=16, blank=True, default="")
    person_id = models.CharField(max_length=16, blank=True, default="")
    qualification = models.CharField(max_length=16, blank=True, default="")
    serial = models.CharField(max_length=48, blank=True, default="")
    fingerprint = models.BinaryField(max_length=32, null=True)  # of the card's authentication certificate
    card_not_after = models.DateTimeField(null=True)
    begun_at = models.DateTimeField()
    expires_at = models.DateTimeField()  # of the state that it is in

    def __str__(self) -> str:
        return str(self.public_id)
