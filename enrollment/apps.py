from django.apps import AppConfig


class EnrollmentConfig(AppConfig):
    name = "enrollment"
    verbose_name = "電子証明書の申請"
    default_auto_field = "django.db.models.BigAutoField"
