from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class EnrollmentConfig(AppConfig):
    name = "enrollment"
    verbose_name = _("電子証明書の申請")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from enrollment import authorities

        authorities.set_openings({("jpa", "pharmacist"): settings.JPA_OPENS})
