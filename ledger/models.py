"""The audit log's rows (decision 23): one chain per shard, and each day's signed root."""

from datetime import datetime
from typing import Any, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _

from ledger import chain, merkle

DIGEST = 32
BLOCK = 4096  # leaves under one stored hash; a power of two


class Shard(models.Model):
    """The head of one chain; its row is locked while an entry is appended."""

    name = models.CharField(_("系列"), max_length=32, unique=True)
    count = models.BigIntegerField(_("件数"), default=0)
    head = models.BinaryField(_("先端"), max_length=DIGEST)

    class Meta:
        verbose_name = _("監査記録の系列")
        verbose_name_plural = _("監査記録の系列")

    def __str__(self) -> str:
        return self.name


class Entry(models.Model):
    """One thing that happened. No names, PINs or tokens: people are public ids."""

    shard = models.CharField(_("系列"), max_length=32)
    number = models.BigIntegerField(_("番号"))
    at = models.DateTimeField(_("日時"))
    kind = models.CharField(_("種別"), max_length=64)
    actor_kind = models.CharField(_("行為者の種類"), max_length=16)
    actor_id = models.CharField(_("行為者"), max_length=64)
    subject = models.CharField(_("対象"), max_length=200)
    authority = models.CharField(_("認証局"), max_length=16, blank=True)
    data = models.JSONField(_("内容"), default=dict)
    salt = models.BinaryField(max_length=16)
    leaf = models.BinaryField(max_length=DIGEST)
    link = models.BinaryField(max_length=DIGEST)

    class Meta:
        verbose_name = _("監査記録")
        verbose_name_plural = _("監査記録")
        constraints = [models.UniqueConstraint(fields=["shard", "number"], name="ledger_entry_number_once")]
        indexes = [
            models.Index(fields=["subject", "id"], name="ledger_entry_subject"),
            models.Index(fields=["authority", "id"], name="ledger_entry_authority"),
            models.Index(fields=["shard", "at"], name="ledger_entry_at"),
        ]

    def __str__(self) -> str:
        return f"{self.shard}/{self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("an entry is written once")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("an entry is never deleted")

    def record(self) -> dict[str, Any]:
        """What the leaf hash covers, beside the salt."""
        about = (self.kind, self.actor_kind, self.actor_id, self.subject, self.authority)
        return chain.record(self.shard, self.number, self.at, *about, self.data)

    def computed_leaf(self) -> bytes:
        """The leaf's hash, from what the row says now."""
        return chain.leaf(bytes(self.salt), self.record())


class DailyRoot(models.Model):
    """The signed root over all leaves of all shards up to a day's end.

    Leaves stand in the order in which days were closed and, within a day, by shard name and number, so that each
    day's tree is a beginning of the next one's. `heads` says how many entries of each shard are covered.
    """

    day = models.DateField(_("日付"), unique=True)
    size = models.BigIntegerField(_("件数"))
    root = models.BinaryField(max_length=DIGEST)
    heads = models.JSONField(default=dict)
    peaks = models.BinaryField()
    statement = models.TextField(_("署名対象"))
    signature = models.BinaryField()
    key_pem = models.TextField(_("検証鍵"))
    closed_at = models.DateTimeField(_("締めた日時"))

    class Meta:
        verbose_name = _("日次の根")
        verbose_name_plural = _("日次の根")
        ordering = ["day"]

    def __str__(self) -> str:
        return self.day.isoformat()

    def tree(self) -> merkle.Tree:
        """The tree as it stood at the end of this day, ready to grow."""
        peaks = bytes(self.peaks)
        return merkle.Tree(self.size, (peaks[i : i + DIGEST] for i in range(0, len(peaks), DIGEST)))


class TreeBlock(models.Model):
    """The hash over leaves number*BLOCK .. of the whole tree, kept when a day is closed, for `ledger.inclusion`.

    It can be made anew from the entries at any time: it proves nothing by itself.
    """

    number = models.BigIntegerField(primary_key=True)
    node = models.BinaryField(max_length=DIGEST)


def entries_between(shard: str, after: int, until: int) -> models.QuerySet[Entry]:
    """Entries numbered after+1 .. until of a shard, in order."""
    return Entry.objects.filter(shard=shard, number__gt=after, number__lte=until).order_by("number")


def last_number_before(shard: str, moment: datetime) -> int:
    """The highest number whose time lies before the moment, 0 if there is none."""
    last = Entry.objects.filter(shard=shard, at__lt=moment).aggregate(last=models.Max("number"))["last"]
    return last or 0


class Verification(models.Model):
    """How the last checks of the whole log ended (`manage.py audit verify`): what an auditor reads at the desk."""

    at = models.DateTimeField()
    is_sound = models.BooleanField()
    entries = models.BigIntegerField()
    roots = models.IntegerField()
    broken = models.JSONField(null=True)  # the first entry or root that does not hold

    def __str__(self) -> str:
        return str(self.pk)
