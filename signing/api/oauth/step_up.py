"""Whether the policy wants the person asked again before these hashes are authorised, although the day lives.

The policy is the one of credentials/authorize (`authorising.policy`, SIGNING_STEP_UP); only scope `credential`
authorises hashes here, a service token asks there.
"""

from datetime import datetime

from signing.activation import Caller
from signing.api.oauth.asking import Asking
from signing.authorising import approvals
from signing.models import SigningSession


def caller_of(asking: Asking, session: SigningSession) -> Caller:
    """Who will hold the token: at a browser no certificate is shown, it comes with the code's redemption."""
    client, credential = asking.client, session.credential
    return Caller(
        client.pk, client.client_id, session.pk, credential.pk, session.expires_at, credential.key_kind
    )


def reasons(asking: Asking, session: SigningSession, at: datetime) -> tuple[str, ...]:
    """Codes of why; empty where the day's session is enough."""
    if asking.wanted is None:
        return ()
    wanted = asking.wanted
    return approvals.reasons(caller_of(asking, session), len(wanted.digests), wanted.description, at)
