from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "ledger"
    verbose_name = "監査記録"
    default_auto_field = "django.db.models.BigAutoField"
