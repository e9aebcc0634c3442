from django.apps import AppConfig


class StaffConfig(AppConfig):
    name = "staff"
    verbose_name = "審査者"
    default_auto_field = "django.db.models.BigAutoField"
