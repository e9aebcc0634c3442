"""What an authority allows with phones, as dated data that the composition root hands in (SIGNING_PHONE_RULES).

The room knows authorities as opaque codes (decision 4); whose phone may be bound again, at which price, and whether a
synced passkey serves, is the authority's word (BD-15, decision 30).
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.utils.module_loading import import_string


class PhoneRules(NamedTuple):
    """`once`: a phone is bound once and not again by the signer (JPA, BD-15). `synced`: passkeys that an account
    copies to other devices are accepted, with a mark. `note`: what a new link may cost, a message id."""

    once: bool
    synced: bool
    note: str


def of(authority: str, at: datetime) -> PhoneRules:
    rules: Callable[[str, datetime], PhoneRules] = import_string(settings.SIGNING_PHONE_RULES)
    return rules(authority, at)
