"""The demo's register of HPKI card holders: who holds a card, and who waits for one (CA-11, CA-19)."""

from deploy.demo import people
from enrollment.models import CardHolder

STATUS = {"hpki-card": "valid", "card-waiting": "ordered"}


def ensure() -> None:
    """As an operator would import it; what is there already stays."""
    for slug, status in STATUS.items():
        one = people.person(slug)
        CardHolder.objects.get_or_create(
            authority=one.authority,
            qualification=one.qualification,
            registration_number=one.registration_number,
            birth_date=one.birth_date,
            defaults={"status": status},
        )
