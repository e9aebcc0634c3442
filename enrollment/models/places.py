"""The operator's own postal codes (DQ-17); nobody's data, replaced as a whole by `manage.py import_postal_codes`."""

from django.db import models


class PostalPlace(models.Model):
    """One address of a code; `office` is the name behind a code of its own (個別郵便番号)."""

    code = models.CharField(max_length=7, db_index=True)
    prefecture = models.CharField(max_length=4)
    city = models.CharField(max_length=100)
    town = models.CharField(max_length=100, blank=True, default="")
    street = models.CharField(max_length=100, blank=True, default="")
    office = models.CharField(max_length=100, blank=True, default="")

    def __str__(self) -> str:
        return self.code
