"""What operators set while the product runs."""

from django.db import models
from django.db.models import F, Q

from enrollment.models.applications import AUTHORITIES, QUALIFICATIONS


class AuthorityNotice(models.Model):
    """A dated notice of one authority for the start page and ③ (CA-22); ended, never deleted."""

    authority = models.CharField(max_length=8, choices=AUTHORITIES)
    qualification = models.CharField(max_length=16, choices=QUALIFICATIONS, blank=True, default="")  # "": all
    text = models.CharField(max_length=400)
    text_en = models.CharField(max_length=400, blank=True, default="")
    since = models.DateField()
    until = models.DateField(null=True)  # the first day on which it is not shown any more
    made_by = models.CharField(max_length=64)  # public id of the operator
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="notice_ends_after_it_begins"
            )
        ]
