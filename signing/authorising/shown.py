"""An approval whose browser is another device: it shows a QR code, the signer's phone reads it and approves there.

The phone gets no session. Its challenge is the approval's own, so what it signs covers the very hashes; the code only
leads it there. It is bound to the approval, to the day of the browser that shows it and to the one phone that opens it.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from signing import authenticators
from signing.authenticators import Offer
from signing.authorising import answering, approvals
from signing.errors import Refused
from signing.models import Approval, ShownSignIn, SigningSession
from signing.phones import shown_codes


def begin(row: ShownSignIn, browser_token: str, at: datetime) -> Offer:
    """The challenge for a phone of the approval's signer."""
    approval = of(row)
    signer, about = approval.credential.signer, str(approval.public_id)
    return authenticators.begin_approval(signer, approvals.challenge(approval), about, browser_token, at)


def prove(token: str, browser_token: str, ceremony: UUID | str, answer: str, at: datetime) -> None:
    """The phone approves; a second answer that waited for the first one finds it done.

    Raises Refused as `shown_codes.held`, `authenticators.complete_assertion` and `answering.by_phone` do.
    """
    with approvals.held(of(shown_codes.held(token, browser_token, at, for_approval=True))) as approval:
        if shown_codes.proved(token, browser_token, at, for_approval=True) is not None:
            return
        row = shown_codes.held(token, browser_token, at, for_approval=True)
        phone, about = authenticators.complete_assertion(
            ceremony, browser_token, answer, at=at, purpose=authenticators.APPROVE
        )
        if about != str(approval.public_id):
            raise Refused("ceremony_unknown")
        with transaction.atomic():
            if not _is_days(row, at) or not shown_codes.move(
                "prove", row, at, authenticator=phone, proved_at=at
            ):
                raise Refused("qr_over")
            shown = {"shown": str(row.public_id), "asker": row.asker}
            answering.by_phone(approval, phone, answer, at, **shown)


def of(row: ShownSignIn) -> Approval:
    """What the code leads to."""
    if row.approval is None:
        raise Refused("qr_unknown")
    return row.approval


def _is_days(row: ShownSignIn, at: datetime) -> bool:
    """The day that shows the code lives; held until the commit, so that its end and this answer stand in line."""
    mine = SigningSession.objects.filter(pk=row.session_id or 0, ended_at=None, expires_at__gt=at)
    return mine.select_for_update(no_key=True).first() is not None
