"""Orders for another certificate of a person who has been admitted once: renewal, name change, BD-12."""

import uuid
from collections.abc import Collection

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from enrollment.flow import ORDER_GRANTED, ORDER_OPEN, OrderKind, OrderState
from enrollment.models.applications import AUTHORITIES, QUALIFICATIONS, Application
from enrollment.models.reviewing import CardHolder
from vault.fields import EncryptedBinaryField, EncryptedJSONField, EncryptedTextField


class Registration(models.Model):
    """A qualification's registration number, as a row to lock: grants of applications and of orders meet here.

    One granted case per (qualification, registration number) stands in two tables (decision 7), each with its own
    constraint; whoever grants one locks this row first and then looks into the other table.
    """

    qualification = models.CharField(max_length=16, choices=QUALIFICATIONS)
    number = models.CharField(max_length=8)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["qualification", "number"], name="one_row_per_registration")
        ]


class CertificateOrderQuerySet(models.QuerySet["CertificateOrder"]):
    """The doors to an order: an officer of its authority, or the person's own id (decision 4)."""

    def for_authorities(self, authorities: Collection[str]) -> "CertificateOrderQuerySet":
        return self.filter(authority__in=authorities)

    def of(self, person: uuid.UUID) -> "CertificateOrderQuerySet":
        return self.filter(person=person)

    def open(self) -> "CertificateOrderQuerySet":
        return self.filter(state__in=[state.value for state in ORDER_OPEN])

    def standing(self) -> "CertificateOrderQuerySet":
        """Granted, and the certificate has not ended."""
        return self.filter(state__in=[state.value for state in ORDER_GRANTED], ended_at=None)


class CertificateOrder(models.Model):
    """One order. `former` is the credential to be succeeded; `person` its signer's public id in enrollment.

    `subject` is what goes into the certificate; `request` is the row in signing that asked for it, None for a name
    change, which is asked for here and signed (`content`, `cms`).
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in OrderKind])
    state = models.CharField(
        max_length=16,
        choices=[(state.value, state.value) for state in OrderState],
        default=OrderState.WAITING,
    )
    authority = models.CharField(max_length=8, choices=AUTHORITIES)
    qualification = models.CharField(max_length=16, choices=QUALIFICATIONS)
    registration_number = models.CharField(max_length=8, blank=True, default="")
    person = models.UUIDField()
    person_id = models.CharField(max_length=16)
    application = models.ForeignKey(
        Application, null=True, on_delete=models.PROTECT, related_name="certificate_orders"
    )
    holder = models.ForeignKey(CardHolder, null=True, on_delete=models.PROTECT, related_name="orders")
    former = models.UUIDField(null=True)
    request = models.UUIDField(null=True, unique=True)
    means = models.CharField(max_length=16, blank=True, default="")  # how the person proved who they are
    subject = EncryptedJSONField(default=dict)
    content = EncryptedBinaryField(null=True)
    cms = EncryptedBinaryField(null=True)
    signature_certificate = EncryptedBinaryField(null=True)
    jpki_outcome = models.CharField(max_length=16, blank=True, default="")
    needs_officers = models.BooleanField(default=True)
    credential = models.UUIDField(null=True, unique=True)
    recommended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="recommended_orders"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="approved_orders"
    )
    reason = EncryptedTextField(blank=True, default="")  # why it was refused, as the person reads it
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)  # its certificate is over: revoked or expired

    objects = CertificateOrderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True)
                | (Q(recommended_by__isnull=False) & ~Q(approved_by=F("recommended_by"))),
                name="order_needs_two_officers",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[state.value for state in ORDER_GRANTED])
                | Q(needs_officers=False)
                | Q(approved_by__isnull=False),
                name="granted_order_is_approved",
            ),
            models.CheckConstraint(
                condition=Q(needs_officers=True) | ~Q(kind=OrderKind.NAME_CHANGE),
                name="officers_see_a_new_name",
            ),
            models.UniqueConstraint(
                fields=["former"],
                condition=Q(state__in=[state.value for state in ORDER_OPEN], former__isnull=False),
                name="one_open_order_per_certificate",
            ),
            models.UniqueConstraint(
                fields=["qualification", "registration_number"],
                condition=Q(
                    state__in=[state.value for state in ORDER_GRANTED],
                    kind=OrderKind.CARD_HOLDER,
                    ended_at__isnull=True,
                ),
                name="one_granted_order_per_registration",
            ),
        ]
        indexes = [
            models.Index(
                fields=["authority", "created_at"],
                condition=Q(state__in=["waiting", "recommended"]),
                name="open_orders",
            ),
            models.Index(fields=["person"], name="order_person"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class OrderEntry(models.Model):
    """What happened to an order, and every officer's word on it, kept for ever."""

    order = models.ForeignKey(CertificateOrder, on_delete=models.CASCADE, related_name="entries")
    kind = models.CharField(max_length=16)  # the name of the move
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="order_entries"
    )
    note = EncryptedTextField(blank=True, default="")
    happened_at = models.DateTimeField()
