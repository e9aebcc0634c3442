"""Officers, their roles and their second factors. Django's users are staff only (decision 2)."""

import secrets
import uuid
from base64 import b32decode, b32encode
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _
from django_otp.models import Device, ThrottlingMixin

from ledger import log
from staff import roles
from vault.fields import EncryptedBinaryField

SEED = 20  # bytes, RFC 4226 section 4 R6


class OfficerManager(BaseUserManager["Officer"]):
    def create_officer(
        self,
        username: str,
        password: str,
        display_name: str,
        roles: Iterable[tuple[str, str]],
        totp_seed: bytes | str | None = None,
    ) -> "Officer":
        """An officer with (authority, role) pairs and one TOTP device.

        `totp_seed`: 20 bytes, or the same in base32; without it a random one is made (read it from
        `officer.totp_device().otpauth_url()`). Raises IntegrityError for a taken name or an unknown role.
        """
        held = sorted(set(roles))
        seed = b32decode(totp_seed) if isinstance(totp_seed, str) else totp_seed
        with transaction.atomic():
            officer = self.model(username=Officer.normalize_username(username), display_name=display_name)
            officer.set_password(password)
            officer.save()
            OfficerRole.objects.bulk_create(
                OfficerRole(officer=officer, authority=authority, role=role) for authority, role in held
            )
            TotpDevice.objects.create(
                user=officer, name="TOTP", seed=seed if seed is not None else secrets.token_bytes(SEED)
            )
            log.append(
                "staff.officer_created",
                actor=log.SYSTEM,
                subject=str(officer.public_id),
                data={"roles": " ".join(f"{role}:{authority}" for authority, role in held)},
            )
        return officer


class Officer(AbstractBaseUser):  # type: ignore[django-manager-missing]  # django-otp has no types
    """A person who works at the review desk."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    username = models.CharField(_("ユーザー名"), max_length=64, unique=True)
    display_name = models.CharField(_("表示名"), max_length=100)
    is_active = models.BooleanField(_("有効"), default=True)

    objects = OfficerManager()
    USERNAME_FIELD = "username"
    otp_device: Device | None  # set by django-otp: what verified this session
    is_superuser = False  # there is nobody who may do everything

    class Meta:
        verbose_name = _("審査者")
        verbose_name_plural = _("審査者")

    def __str__(self) -> str:
        return self.display_name or self.username

    @property
    def is_staff(self) -> bool:
        """May enter the review desk, second factor given."""
        return self.is_active

    def get_short_name(self) -> str:
        return self.display_name

    def get_full_name(self) -> str:
        return self.display_name

    def held(self) -> frozenset[tuple[str, str]]:
        """All (authority, role) pairs, read once per object; none for an officer who has left."""
        if not self.is_active:
            return frozenset()
        if not hasattr(self, "_held"):
            self._held = frozenset(self.roles.values_list("authority", "role"))
        return self._held

    def authorities(self, role: str) -> set[str]:
        """The authorities for which the officer holds the role."""
        return {authority for authority, one in self.held() if one == role}

    def holds(self, role: str, authority: str) -> bool:
        return (authority, role) in self.held()

    def has_perm(self, permission: str, obj: object = None) -> bool:
        return any(roles.may(role, permission) for _authority, role in self.held())

    def has_perms(self, permissions: Iterable[str], obj: object = None) -> bool:
        return all(self.has_perm(permission) for permission in permissions)

    def has_module_perms(self, app_label: str) -> bool:
        return any(roles.may_enter(role, app_label) for _authority, role in self.held())

    def totp_device(self) -> "TotpDevice":
        """The confirmed device made first; raises TotpDevice.DoesNotExist."""
        found: TotpDevice = TotpDevice.objects.filter(user=self, confirmed=True).earliest("pk")
        return found


class OfficerRole(models.Model):
    """One role for one authority; an operator's may stand above them ("")."""

    officer = models.ForeignKey(Officer, models.CASCADE, related_name="roles", verbose_name=_("審査者"))
    authority = models.CharField(_("認証局"), max_length=16, blank=True)
    role = models.CharField(_("役割"), max_length=16, choices=[(role, role) for role in roles.ROLES])

    class Meta:
        verbose_name = _("役割")
        verbose_name_plural = _("役割")
        constraints = [
            models.UniqueConstraint(fields=["officer", "authority", "role"], name="staff_role_once"),
            models.CheckConstraint(condition=models.Q(role__in=roles.ROLES), name="staff_role_known"),
            models.CheckConstraint(
                condition=~models.Q(authority="") | models.Q(role__in=roles.WITHOUT_AUTHORITY),
                name="staff_role_has_authority",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role}:{self.authority}"


class TotpDevice(ThrottlingMixin, Device):  # type: ignore[misc]  # django-otp has no types
    """An authenticator app (RFC 6238: SHA-1, 30 s, 6 digits). The seed is encrypted (decision 21)."""

    seed: Any = EncryptedBinaryField()
    last_t: Any = models.BigIntegerField(
        default=-1
    )  # the last time step that was accepted: a code is good once

    class Meta:
        verbose_name = _("認証アプリ")
        verbose_name_plural = _("認証アプリ")

    def get_throttle_factor(self) -> int:
        return 1

    def otpauth_url(self) -> str:
        """The Key URI that authenticator apps read, also as a QR code. It holds the secret: show it once."""
        issuer = settings.OTP_TOTP_ISSUER
        label = quote(f"{issuer}:{self.user.get_username()}")
        query: dict[str, Any] = {"secret": b32encode(bytes(self.seed)).decode(), "issuer": issuer}
        return (
            f"otpauth://totp/{label}?{urlencode({**query, 'algorithm': 'SHA1', 'digits': 6, 'period': 30})}"
        )


class RecoverySheet(ThrottlingMixin, Device):  # type: ignore[misc]  # django-otp has no types
    """The device that a recovery code stands for: one sheet of codes per officer."""

    class Meta:
        verbose_name = _("回復コード一式")
        verbose_name_plural = _("回復コード一式")

    def get_throttle_factor(self) -> int:
        return 1


class RecoveryCode(models.Model):
    """One use each; only a keyed digest is kept."""

    sheet = models.ForeignKey(RecoverySheet, models.CASCADE, related_name="codes")
    digest = models.BinaryField(max_length=32)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sheet", "digest"], name="staff_recovery_code_once")]

    def __str__(self) -> str:
        return str(self.pk)


class SignInCounter(models.Model):
    """Wrong tries for one name, known or not: both are answered alike. The name is kept as a keyed digest."""

    name_digest = models.BinaryField(max_length=32, unique=True)
    tries = models.PositiveSmallIntegerField(default=0)
    last_try_at = models.DateTimeField()
    locked_until = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["last_try_at"], name="staff_counter_last_try")]

    def __str__(self) -> str:
        return str(self.pk)


class Invitation(models.Model):
    """The one-time way in for a new officer, or for one who needs a new second factor; the token's digest is kept."""

    JOIN, SECOND_FACTOR = "join", "second_factor"
    KINDS = [(JOIN, JOIN), (SECOND_FACTOR, SECOND_FACTOR)]

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    officer = models.ForeignKey(Officer, models.CASCADE, related_name="invitations")
    kind = models.CharField(max_length=16, choices=KINDS)
    token_digest = models.BinaryField(max_length=32, unique=True)
    made_by = models.ForeignKey(Officer, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    begun_digest = models.BinaryField(max_length=32, null=True)  # the browser that gave the password
    used_at = models.DateTimeField(null=True)
    is_void = models.BooleanField(default=False)  # a newer one has taken its place

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["officer"],
                condition=models.Q(used_at__isnull=True, is_void=False),
                name="staff_one_open_invitation",
            ),
            models.CheckConstraint(
                condition=~models.Q(officer=models.F("made_by")), name="staff_nobody_invites_himself"
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class RoleProposal(models.Model):
    """A role that an operator wants for an officer; it is held only when somebody else has confirmed it.

    The database keeps the three people apart: nobody makes himself an approver, alone or with one helper.
    """

    OPEN, CONFIRMED, REFUSED = "open", "confirmed", "refused"
    STATES = [(OPEN, OPEN), (CONFIRMED, CONFIRMED), (REFUSED, REFUSED)]

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    officer = models.ForeignKey(Officer, models.CASCADE, related_name="proposals")
    authority = models.CharField(max_length=16, blank=True)
    role = models.CharField(max_length=16, choices=[(role, role) for role in roles.ROLES])
    state = models.CharField(max_length=12, choices=STATES, default=OPEN)
    proposed_by = models.ForeignKey(Officer, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(Officer, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["officer", "authority", "role"],
                condition=models.Q(state="open"),
                name="staff_one_open_proposal",
            ),
            models.CheckConstraint(
                condition=~models.Q(officer=models.F("proposed_by")), name="staff_proposed_by_another"
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by__isnull=True)
                | (~models.Q(decided_by=models.F("proposed_by")) & ~models.Q(decided_by=models.F("officer"))),
                name="staff_decided_by_a_third",
            ),
            models.CheckConstraint(
                condition=models.Q(state="open") | models.Q(decided_by__isnull=False),
                name="staff_decided_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role}:{self.authority}"
