"""When a living day is not enough and the signer is asked about these hashes (issue 5, point 3).

One policy for every door (SIGNING_STEP_UP): credentials/authorize here, oauth2/authorize in its own room. What a caller
declares stands in `description`, which every door has and the signer reads: a word of DECLARATIONS in it.
"""

from datetime import datetime
from typing import NamedTuple

from django.conf import settings

from signing.models import SignatureRecord, SigningSession

MANY, NEW_CALLER, NARCOTICS = "many", "new_caller", "narcotics"
DECLARATIONS = {"#narcotics": NARCOTICS, "#麻薬": NARCOTICS}


class Intent(NamedTuple):
    """What is to be authorised: row ids of session and client, how many signatures, what the caller says of them."""

    session: int
    client: int
    hashes: int
    description: str


def reasons(intent: Intent, _at: datetime) -> tuple[str, ...]:
    """Codes of why the signer must approve; empty where the day's session is enough."""
    found = set(told(intent.hashes, intent.description))
    if settings.STEP_UP_FOR_NEW_CALLERS and _is_new(intent):
        found.add(NEW_CALLER)
    return tuple(sorted(found))


def told(hashes: int, description: str) -> tuple[str, ...]:
    """Those reasons that stand in the request itself; no row is read."""
    found = {code for word, code in DECLARATIONS.items() if word in description}
    if settings.STEP_UP_ABOVE and hashes > settings.STEP_UP_ABOVE:
        found.add(MANY)
    return tuple(sorted(found))


def _is_new(intent: Intent) -> bool:
    session = SigningSession.objects.select_related("credential").get(pk=intent.session)
    signed = SignatureRecord.objects.filter(
        credential__signer=session.credential.signer_id, client=intent.client, result=SignatureRecord.SIGNED
    )
    return not signed.exists()
