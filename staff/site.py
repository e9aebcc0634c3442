"""The admin site of the review desk."""

from django_otp.admin import OTPAdminSite


class ReviewDesk(OTPAdminSite):
    site_header = "Inkan 審査"
