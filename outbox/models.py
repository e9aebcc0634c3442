"""What must leave the house or the transaction: jobs, mails, notices. The truth is here; queues are only doorbells."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from vault.fields import EncryptedTextField


class Job(models.Model):
    """One piece of work for a handler: a kind and a public id."""

    class State(models.TextChoices):
        READY = "ready", _("待機")
        LEASED = "leased", _("実行中")
        DONE = "done", _("完了")
        FAILED = "failed", _("失敗")

    kind = models.CharField(_("種別"), max_length=64)
    subject = models.CharField(_("対象"), max_length=200)
    queue = models.CharField(_("キュー"), max_length=32, default="default")
    dedupe = models.CharField(_("重複防止"), max_length=200, blank=True)
    state = models.CharField(_("状態"), max_length=8, choices=State.choices, default=State.READY)
    attempts = models.PositiveSmallIntegerField(_("試行回数"), default=0)
    run_after = models.DateTimeField(_("実行時刻"))
    ring_after = models.DateTimeField(_("再呼出し時刻"))
    lease_until = models.DateTimeField(_("占有期限"), null=True)
    last_error = models.TextField(_("直近の失敗"), blank=True)
    created_at = models.DateTimeField(_("作成日時"))

    class Meta:
        verbose_name = _("ジョブ")
        verbose_name_plural = _("ジョブ")
        constraints = [
            models.UniqueConstraint(
                fields=["dedupe"], condition=~models.Q(dedupe=""), name="outbox_job_dedupe_once"
            )
        ]
        indexes = [
            # Only open jobs are ever looked for; done ones do not slow the sweep.
            models.Index(fields=["ring_after"], condition=models.Q(state="ready"), name="outbox_job_ready"),
            models.Index(
                fields=["lease_until"], condition=models.Q(state="leased"), name="outbox_job_leased"
            ),
            models.Index(fields=["subject", "kind"], name="outbox_job_subject"),
            models.Index(fields=["created_at"], condition=models.Q(state="done"), name="outbox_job_done"),
            models.Index(fields=["kind"], condition=models.Q(state="failed"), name="outbox_job_failed"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class Mail(models.Model):
    """One mail. Recipient and body are encrypted; neither holds personal data beyond the address."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("種別"), max_length=64)
    about = models.CharField(_("対象"), max_length=200, blank=True)
    dedupe = models.CharField(_("重複防止"), max_length=200, unique=True)
    recipient = EncryptedTextField(_("宛先"))
    subject = models.CharField(_("件名"), max_length=200)
    body = EncryptedTextField(_("本文"))
    created_at = models.DateTimeField(_("作成日時"))
    sent_at = models.DateTimeField(_("送信日時"), null=True)
    unanswered = models.PositiveSmallIntegerField(_("結果不明の送信"), default=0, db_default=0)
    erased_at = models.DateTimeField(null=True)  # recipient and body are gone; that it was sent is remembered

    class Meta:
        verbose_name = _("メール")
        verbose_name_plural = _("メール")
        indexes = [
            models.Index(fields=["about"], name="outbox_mail_about"),
            models.Index(
                fields=["sent_at"], condition=models.Q(erased_at__isnull=True), name="outbox_mail_whole"
            ),
            models.Index(
                fields=["unanswered"], condition=models.Q(unanswered__gt=0), name="outbox_mail_unanswered"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"


class Notice(models.Model):
    """One message in a person's inbox of the portal; `owner` is the person's public id (decision 19)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.UUIDField(_("宛先"))
    kind = models.CharField(_("種別"), max_length=64)
    about = models.CharField(_("対象"), max_length=200, blank=True)
    dedupe = models.CharField(_("重複防止"), max_length=200, blank=True)
    title = models.CharField(_("表題"), max_length=200)
    body = EncryptedTextField(_("本文"))
    secret = EncryptedTextField(null=True)
    created_at = models.DateTimeField(_("作成日時"))
    read_at = models.DateTimeField(_("既読日時"), null=True)
    secret_erased_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("お知らせ")
        verbose_name_plural = _("お知らせ")
        constraints = [
            models.UniqueConstraint(
                fields=["dedupe"], condition=~models.Q(dedupe=""), name="outbox_notice_dedupe_once"
            )
        ]
        indexes = [
            models.Index(fields=["owner", "-id"], name="outbox_notice_owner"),
            models.Index(fields=["about"], name="outbox_notice_about"),
            models.Index(
                fields=["created_at"], condition=models.Q(secret__isnull=False), name="outbox_notice_secret"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"


class ChoreRecord(models.Model):
    """How the clock's last try at one piece of its work ended (`outbox.chores`)."""

    name = models.CharField(_("定期処理"), max_length=64, unique=True)
    tried_at = models.DateTimeField(_("開始日時"))
    done_at = models.DateTimeField(_("完了日時"), null=True)
    failures = models.PositiveIntegerField(_("連続失敗回数"), default=0)

    class Meta:
        verbose_name = _("定期処理の記録")
        verbose_name_plural = _("定期処理の記録")

    def __str__(self) -> str:
        return self.name
