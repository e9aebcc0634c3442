"""What an application costs today, in words (CA-04, CA-05, CA-21)."""

from datetime import date

from django.utils.translation import gettext as _

from enrollment import authorities
from enrollment.authorities import Price


def amount_text(price: Price) -> str:
    if price.waived:
        return _("%(listed)s円 → 0円（費用減免中）") % {"listed": f"{price.listed:,}"}
    return _("無償") if price.amount == 0 else _("%(amount)s円（税込み）") % {"amount": f"{price.amount:,}"}


def price_text(authority: str, on: date) -> str:
    """「会員 …／会員でない方 …」, or one price where membership changes nothing."""
    member, other = (authorities.price(authority, is_member, on) for is_member in (True, False))
    if (member.amount, member.listed) == (other.amount, other.listed):
        return amount_text(other)
    return _("会員 %(member)s／会員でない方 %(other)s") % {
        "member": amount_text(member),
        "other": amount_text(other),
    }
