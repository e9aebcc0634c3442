"""Whether the policy wants the person asked again before these hashes are authorised, although the day lives.

The policy stands behind a setting (SIGNING_STEP_UP, a dotted path; "" where there is none), like SIGNING_CALLER: one
policy for credentials/authorize and for this door.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, cast

from django.conf import settings
from django.utils.module_loading import import_string

from signing.api.oauth.asking import Asking
from signing.models import SigningSession


class Intent(NamedTuple):
    """What is to be authorised: row ids of session and client, how many hashes, what the caller says of them."""

    session: int
    client: int
    hashes: int
    description: str


Policy = Callable[[Intent, datetime], bool]


def is_wanted(asking: Asking, session: SigningSession, at: datetime) -> bool:
    """Only scope `credential` authorises hashes; a service token asks at credentials/authorize."""
    if asking.wanted is None or not settings.SIGNING_STEP_UP:
        return False
    policy = cast(Policy, import_string(settings.SIGNING_STEP_UP))
    intent = Intent(session.pk, asking.client.pk, len(asking.wanted.digests), asking.wanted.description)
    return policy(intent, at)
