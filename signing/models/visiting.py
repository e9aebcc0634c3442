"""Challenges; visits of the site for holders of an HPKI card, and of a phone that reads the QR code of a sign-in."""

import uuid

from django.db import models

from signing import flow
from vault.fields import EncryptedTextField


class CardVisit(models.Model):
    """Ten minutes at /card/ after an HPKI card was shown; who it was stands here as the card said it (decision 40).

    The ticket leads back from the origin that asks for cards, the token is the browser's; both are digests here.
    """

    PURPOSES = [(one, one) for one in ("my_number_card", "phone", "certificate", "session", "approval")]
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    purpose = models.CharField(max_length=16, choices=PURPOSES)
    next_path = EncryptedTextField(
        null=True
    )  # where to go on, or what is approved: it can name a request_uri
    covers = models.BinaryField(max_length=32, null=True)  # the challenge of what is approved
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


class ShownSignIn(models.Model):
    """A browser shows a QR code; the phone that reads it proves its owner; that browser goes on (BD-10).

    Ten minutes, one phone, once. Both screens show two digits that come from the phone that opened it.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    state = models.CharField(
        max_length=8, choices=[(state.value, state.value) for state in flow.SignIn], default=flow.SignIn.SHOWN
    )
    token_digest = models.BinaryField(max_length=32, unique=True)
    shown_token = EncryptedTextField(null=True)  # the address behind the QR code, until it is opened or ended
    asker_digest = models.BinaryField(max_length=32)  # the browser that shows it
    asker = models.CharField(max_length=24, blank=True, default="")  # kind of device that shows it
    next_path = EncryptedTextField(null=True)  # where the person goes on: it can name a request_uri
    opened_digest = models.BinaryField(max_length=32, null=True)  # the phone's browser
    opener = models.CharField(max_length=24, blank=True, default="")
    authenticator = models.ForeignKey("signing.Authenticator", null=True, on_delete=models.CASCADE)
    shown_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    proved_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["asker_digest"], name="sign_in_asker")]

    def __str__(self) -> str:
        return str(self.public_id)


class Ceremony(models.Model):
    """A challenge on its way to a phone or a card; redeemed once: deleted, or `spent_at` (`ceremonies.take`)."""

    # approve, card_approve: a set of hashes (signing.authorising.approvals)
    # card_stopped, phone_stopped, stopped_…: one act on a suspended credential, and the proof (signing.acts.stopped)
    PURPOSES = [
        (one, one)
        for one in (
            *("bind", "sign_in", "shown_sign_in", "card_sign_in", "card_bind"),
            *("card_stopped", "phone_stopped", "stopped_act", "stopped_end"),
            *("approve", "card_approve"),
        )
    ]
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    purpose = models.CharField(max_length=16, choices=PURPOSES)
    challenge = models.BinaryField(max_length=64)
    browser_digest = models.BinaryField(max_length=32)
    link = models.ForeignKey("signing.EnrollmentLink", null=True, on_delete=models.CASCADE)
    # Where a 本人ID was typed, or whose the proof is.
    signer = models.ForeignKey("signing.Signer", null=True, on_delete=models.CASCADE)
    next_path = EncryptedTextField(null=True)  # where the person goes on: it can name a request_uri
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    # A card's answer can come twice (a button pressed twice): the row stays, with the answer and what came of it.
    spent_at = models.DateTimeField(null=True)
    answer_digest = models.BinaryField(max_length=32, null=True)
    led_to = models.UUIDField(null=True)  # the session, or the proof of `acts.stopped`
