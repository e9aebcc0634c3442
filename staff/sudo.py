"""Dangerous acts ask for the authenticator app again, unless that was at most ten minutes ago (ASVS 5.0 7.5.3)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from ledger import clock
from staff.models import TotpDevice

FRESH = timedelta(minutes=10)
_KEY = "staff.confirmed_at"
_View = TypeVar("_View", bound=Callable[..., HttpResponseBase])


def is_fresh(request: HttpRequest, at: datetime) -> bool:
    """Whether this session gave a code of the authenticator app within the last ten minutes."""
    confirmed = request.session.get(_KEY)
    if not isinstance(confirmed, float):
        return False
    return timedelta(0) <= at - datetime.fromtimestamp(confirmed, at.tzinfo) <= FRESH


def mark(request: HttpRequest, at: datetime) -> None:
    """Note that the code was given now."""
    request.session[_KEY] = at.timestamp()


def required(view: _View) -> _View:
    """For views of the review desk: leads over the confirmation page, then back to the same address.

    What was posted is not kept: put it on the page that shows the form as well as on the one that acts.
    """

    @wraps(view)
    def confirmed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if is_fresh(request, clock.now()):
            return view(request, *args, **kwargs)
        query = urlencode({"next": request.get_full_path()})
        return HttpResponseRedirect(f"{reverse('admin:confirm')}?{query}")

    return cast(_View, confirmed)


@receiver(user_logged_in)
def _signing_in_confirms(request: HttpRequest, user: object, **_more: object) -> None:
    # Django's session is new by now, so nothing of an earlier one counts.
    if isinstance(getattr(user, "otp_device", None), TotpDevice):
        mark(request, clock.now())
