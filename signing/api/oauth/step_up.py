"""What the policy lays before the signer before a token of scope `credential` is given, although the day lives.

The policy is the one of credentials/authorize (`authorising.policy`, SIGNING_STEP_UP), and so is the approval: the
phone's or the card's challenge covers exactly the hashes that the token will carry. A service token asks there.
"""

from datetime import datetime

from django.db import transaction

from signing.activation import Caller
from signing.api.oauth import issued
from signing.api.oauth.asking import Asking
from signing.authorising import approvals
from signing.models import Approval, AuthorizationRequest, SigningSession


def reasons(asking: Asking, session: SigningSession, at: datetime) -> tuple[str, ...]:
    """Codes of why; empty where the day's session is enough."""
    if asking.wanted is None:
        return ()
    wanted = asking.wanted
    return approvals.reasons(_caller(asking, session), len(wanted.digests), wanted.description, at)


def approval_of(asking: Asking, session: SigningSession) -> Approval | None:
    """What was laid before the signer in this day for this request."""
    found = asking.row.approval if asking.row is not None else None
    return found if found is not None and found.session_id == session.pk else None


def ask(
    asking: Asking,
    row: AuthorizationRequest,
    session: SigningSession,
    why: tuple[str, ...],
    next_path: str,
    at: datetime,
) -> Approval:
    """Lay the hashes before the signer; `next_path` leads back to the request. Raises as `approvals.ask`."""
    if asking.wanted is None:
        raise ValueError("nothing is to be signed")
    wanted = asking.wanted
    with transaction.atomic():
        waiting = approvals.ask(
            _caller(asking, session),
            session.credential.public_id,
            wanted.digests,
            why=why,
            at=at,
            description=wanted.description,
            names=wanted.labels,
            next_path=next_path,
        )
        approval = approvals.of_handle(waiting.handle)
        AuthorizationRequest.objects.filter(pk=row.pk).update(approval=approval)
    return approval


def _caller(asking: Asking, session: SigningSession) -> Caller:
    """Who will hold the token. At a browser no certificate is shown: it is the one over which the request was pushed,
    or not known before the code is redeemed (then every facility of the system counts for the policy).
    """
    client, credential = asking.client, session.credential
    certificate = asking.row.certificate if asking.row is not None else None
    return issued.caller(client, session, credential, certificate)
