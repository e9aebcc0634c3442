"""The authorities' rules about phones, for the signing room, which knows authorities as codes only (decision 4)."""

from datetime import datetime

from enrollment import authorities
from ledger.clock import today
from signing.phones.rules import PhoneRules


def rules(authority: str, at: datetime) -> PhoneRules:
    """As the authority's dated rows say on that day (settings.SIGNING_PHONE_RULES)."""
    on = today(at)
    return PhoneRules(
        once=authorities.phone_binding_once(authority, on),
        synced=authorities.synced_keys_accepted(authority, on),
        note=authorities.link_reissue_note(authority, on),
    )
