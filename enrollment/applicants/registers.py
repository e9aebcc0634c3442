"""The authorities' registers of people who hold or have ordered an HPKI card (CA-11, CA-19)."""

from datetime import date

from enrollment.models import CardHolder

ORDERED = "ordered"


def standing(qualification: str, registration_number: str, birth_date: date) -> str:
    """What any authority knows of exactly this person: "held" (also expired or revoked), "ordered", or ""."""
    rows = CardHolder.objects.filter(
        qualification=qualification, registration_number=registration_number, birth_date=birth_date
    )
    known = set(rows.values_list("status", flat=True))
    if not known:
        return ""
    return ORDERED if known == {ORDERED} else "held"
