"""The authorities' registers of people who hold or have ordered an HPKI card (CA-11, CA-19)."""

from datetime import date

from enrollment.models import CardHolder


def holds_card(qualification: str, registration_number: str, birth_date: date) -> bool:
    """Whether any authority knows a card, also an expired, revoked or ordered one, of exactly this person."""
    return CardHolder.objects.filter(
        qualification=qualification, registration_number=registration_number, birth_date=birth_date
    ).exists()
