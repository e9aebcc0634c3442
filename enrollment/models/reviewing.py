"""What the registration authority writes beside an application, and the registers it asks."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from enrollment.flow import Card
from enrollment.models.applications import AUTHORITIES, QUALIFICATIONS, Application
from vault.fields import EncryptedJSONField, EncryptedTextField

CARD_STATES = [(state.value, state.value) for state in Card]


class Decision(models.Model):
    """One officer's word on one round, kept for ever."""

    VERDICTS = [
        ("recommended", "recommended"),
        ("endorsed", "endorsed"),
        ("sent_back", "sent_back"),
        ("approved", "approved"),
        ("taken_back", "taken_back"),
        ("returned", "returned"),
        ("proposed_reject", "proposed_reject"),
        ("rejected", "rejected"),
    ]
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="decisions")
    round = models.PositiveIntegerField()
    verdict = models.CharField(max_length=16, choices=VERDICTS)
    officer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="decisions")
    note = EncryptedTextField(blank=True, default="")
    reason = models.CharField(max_length=32, blank=True, default="")  # the coded reason of a rejection
    checklist = models.JSONField(default=dict)  # line -> answer, as it stood
    checklist_version = models.CharField(max_length=24, blank=True, default="")
    line_notes = EncryptedJSONField(default=dict)  # line -> the officer's words
    decided_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)  # when the applicant was told of it (decision 32)


class ReturnItem(models.Model):
    """One field or file to be corrected, with its reason (ST-14, ST-32)."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="return_items")
    round = models.PositiveIntegerField()
    step = models.CharField(max_length=32)
    field = models.CharField(max_length=40)
    code = models.CharField(max_length=32)
    note = EncryptedTextField(blank=True, default="")


class ErasedFile(models.Model):
    """A file that an officer erased because a My Number was visible on it (PH-13): what remains of it.

    Its digests stay in the signed statement of the round; `public_id` is that of the attachment that is gone.
    """

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="erased_files")
    round = models.PositiveIntegerField()
    public_id = models.UUIDField(unique=True)
    slot = models.CharField(max_length=24)
    ordinal = models.PositiveSmallIntegerField()
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="erased_files"
    )
    erased_at = models.DateTimeField()


class CardHolder(models.Model):
    """A CA's register of people who hold or have ordered an HPKI card (CA-11, CA-19, BD-08, BD-12); imported.

    `card_id` is printed on the card's face (カードID); `person_id` is the 本人ID in its certificates. Names and mail
    address are what the CA knows; an import without them still serves CA-11.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    authority = models.CharField(max_length=8, choices=AUTHORITIES)
    qualification = models.CharField(max_length=16, choices=QUALIFICATIONS)
    registration_number = models.CharField(max_length=8)
    birth_date = models.DateField()
    status = models.CharField(max_length=16)  # valid, expired, revoked, ordered
    card_id = models.CharField(max_length=16, blank=True, default="")
    person_id = models.CharField(max_length=16, blank=True, default="")
    name_kanji = EncryptedTextField(blank=True, default="")  # family, U+3000, given
    family_romaji = EncryptedTextField(blank=True, default="")
    given_romaji = EncryptedTextField(blank=True, default="")
    email = EncryptedTextField(blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["qualification", "registration_number"], name="card_holder")]
        constraints = [
            models.UniqueConstraint(  # decision 5: a 本人ID stands for one person in the whole platform
                fields=["person_id"], condition=~Q(person_id=""), name="one_holder_per_person_id"
            )
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class CardOrder(models.Model):
    """What the card maker receives: the sealed PIN and a reference (decision 20, ST-25); the life is flow.CARD_MOVES.

    The PIN is here and nowhere else from the order on, and gone with the move that says that the card is made (DQ-23).
    `handovers` counts the downloads of the sealed order.
    """

    application = models.OneToOneField(Application, on_delete=models.PROTECT, related_name="card_order")
    authority = models.CharField(max_length=8, choices=AUTHORITIES)
    sealed_pin = models.BinaryField(null=True)
    state = models.CharField(max_length=16, choices=CARD_STATES, default=Card.MAKING)
    ordered_at = models.DateTimeField()
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    changed_at = models.DateTimeField(null=True)
    handovers = models.PositiveSmallIntegerField(default=0)
    handed_over_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["authority", "state", "ordered_at"], name="card_queue")]

    def __str__(self) -> str:
        return str(self.public_id)
