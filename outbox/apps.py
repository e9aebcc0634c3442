from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "outbox"
    verbose_name = "送信と通知"
    default_auto_field = "django.db.models.BigAutoField"
