"""When a living day is not enough and the signer is asked about these hashes (issue 5, point 3).

One policy for every door (SIGNING_STEP_UP): credentials/authorize here, oauth2/authorize in its own room. What a caller
declares stands in `description`, which every door has and the signer reads: a word of DECLARATIONS in it. How much is
asked for is said by rows (`policy_rows`), which operators change; the hot path learns them with the caller.
"""

from datetime import datetime
from typing import NamedTuple

from signing.authorising import policy_rows
from signing.authorising.policy_rows import Policy
from signing.models import SignatureRecord, SigningSession

MANY, NEW_CALLER, NARCOTICS = "many", "new_caller", "narcotics"
DECLARATIONS = {"#narcotics": NARCOTICS, "#麻薬": NARCOTICS}


class Intent(NamedTuple):
    """What is to be authorised: row ids of session and client, how many signatures, what the caller says of them.

    `facility`: the insurance code of its certificate; "" where none was shown.
    """

    session: int
    client: int
    hashes: int
    description: str
    facility: str = ""


def reasons(intent: Intent, at: datetime) -> tuple[str, ...]:
    """Codes of why the signer must approve; empty where the day's session is enough."""
    found: set[str] = set()
    for policy in policy_rows.that_count(intent.client, intent.facility, at):
        found.update(told(policy, intent.hashes, intent.description))
        if policy.for_new_callers and NEW_CALLER not in found and _is_new(intent):
            found.add(NEW_CALLER)
    return tuple(sorted(found))


def told(policy: Policy, hashes: int, description: str) -> tuple[str, ...]:
    """Those reasons that stand in the request itself; no row is read."""
    found: set[str] = set()
    if policy.for_narcotics:
        found.update(code for word, code in DECLARATIONS.items() if word in description)
    if policy.above and hashes > policy.above:
        found.add(MANY)
    return tuple(sorted(found))


def _is_new(intent: Intent) -> bool:
    """This system, for this facility, has never signed for this person (`turns.statements.KNOW` asks the same)."""
    session = SigningSession.objects.select_related("credential").get(pk=intent.session)
    signed = SignatureRecord.objects.filter(
        credential__signer=session.credential.signer_id, client=intent.client, result=SignatureRecord.SIGNED
    )
    if intent.facility:
        signed = signed.filter(certificate__client=intent.client, certificate__facility=intent.facility)
    return not signed.exists()
