"""A changed name on its way to an order: what the card says now, how it is read, and the statement to be signed."""

import uuid

from django.db import models

from enrollment.models.people import Applicant
from vault.fields import EncryptedBinaryField, EncryptedJSONField


class NameChange(models.Model):
    """What a person prepares before they sign; once it is signed, the order holds everything and this row is gone.

    `former` is the credential whose name changes. A card that is read anew, or names that are given anew, take the
    frozen statement away (`content`, `sha256`), so that only what was shown last can be signed.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    applicant = models.OneToOneField(Applicant, on_delete=models.CASCADE, related_name="name_change")
    former = models.UUIDField()
    card = EncryptedJSONField(default=dict)
    typed = EncryptedJSONField(default=dict)  # as the form was sent, right or not
    names = EncryptedJSONField(default=dict)  # what valid answers mean; empty while there are none
    content = EncryptedBinaryField(null=True)
    sha256 = models.BinaryField(max_length=32, null=True)
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["changed_at"], name="name_change_age")]

    def __str__(self) -> str:
        return str(self.public_id)
