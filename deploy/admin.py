"""The review desk: django-otp's site as Django's admin site (decision: no officer without a second factor)."""

from django.contrib.admin.apps import AdminConfig


class ReviewDeskConfig(AdminConfig):
    default_site = "staff.site.ReviewDesk"
