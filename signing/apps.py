from django.apps import AppConfig


class SigningConfig(AppConfig):
    name = "signing"
    verbose_name = "リモート署名"
    default_auto_field = "django.db.models.BigAutoField"
