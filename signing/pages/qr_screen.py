"""What a screen that shows a QR code to a phone draws of it: the picture, the address behind it, the time left."""

from datetime import datetime
from math import ceil

from django.conf import settings
from django.http import JsonResponse
from django.urls import reverse

from signing.flow import SignIn
from signing.models import ShownSignIn
from signing.phones import shown_codes
from staff import qr_codes


def drawn(route: str, token: str | None, until: datetime, at: datetime) -> dict[str, object]:
    """`route`: the phone's page, which takes the token; without a token there is nothing to be read any more."""
    address = f"{settings.ORIGIN}{reverse(route, args=[token])}" if token else ""
    return {
        "picture": qr_codes.svg(address) if address else "",
        "address": address,
        "until": until,
        "minutes": ceil((until - at).total_seconds() / 60),
    }


def told(row: ShownSignIn | None) -> JsonResponse:
    """For the page's script; nothing of the person, nor of what is asked for."""
    if row is None:
        return JsonResponse({"state": "over"}, status=404)
    return JsonResponse({"state": row.state, "number": shown_codes.number(row)})


def of(row: ShownSignIn, route: str, at: datetime) -> dict[str, object]:
    """As `drawn`, with how far the phone is and the digits to compare."""
    return {
        **drawn(route, row.shown_token if row.state == SignIn.SHOWN else None, row.expires_at, at),
        "state": row.state,
        "number": shown_codes.number(row),
        "opener": row.opener,
    }
