"""An officer's session ends twelve hours after the sign-in, however busy it is.

Source: NIST SP 800-63B, re-authentication at AAL2; ASVS 5.0 7.3.2. Half an hour of rest ends it too (settings).
"""

from datetime import datetime, timedelta

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from ledger import clock

LONGEST = timedelta(hours=12)
_KEY = "staff.signed_in_at"


def is_current(request: HttpRequest, at: datetime) -> bool:
    """Whether this session began at most twelve hours ago; one that does not say when is not."""
    began = request.session.get(_KEY)
    if not isinstance(began, float):
        return False
    return timedelta(0) <= at - datetime.fromtimestamp(began, at.tzinfo) <= LONGEST


@receiver(user_logged_in)
def _begin(request: HttpRequest, **_more: object) -> None:
    request.session[_KEY] = clock.now().timestamp()
