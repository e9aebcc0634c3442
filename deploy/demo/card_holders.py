"""The demo's register of HPKI card holders: who holds a card, and who waits for one (CA-11, CA-19, BD-08, BD-12)."""

from deploy.demo import hpki_cards, people
from enrollment.models import CardHolder

STATUS = {"hpki-card": "valid", "card-waiting": "ordered"}
CARD_ID = "J20265432A"  # printed on the face of the valid card


def ensure() -> None:
    """As an operator would import it; what is there already stays, and gets what it did not have yet."""
    for slug, status in STATUS.items():
        one = people.person(slug)
        holder, _is_new = CardHolder.objects.get_or_create(
            authority=one.authority,
            qualification=one.qualification,
            registration_number=one.registration_number,
            birth_date=one.birth_date,
            defaults={"status": status},
        )
        if one is hpki_cards.OWNER and not holder.person_id:
            _complete(holder, one)


def _complete(holder: CardHolder, one: people.Person) -> None:
    family, given = one.romaji.split(" ")
    holder.card_id, holder.person_id = CARD_ID, hpki_cards.PERSON_ID
    holder.name_kanji, holder.email = one.name, one.email
    holder.family_romaji, holder.given_romaji = family, given.title()
    holder.save()
