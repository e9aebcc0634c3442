"""The published roots (contract.md "Addresses"): who keeps them elsewhere can prove what the log said that day."""

import base64
from datetime import date
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from ledger import verify_proof
from ledger.models import DailyRoot


@require_safe
@cache_control(public=True, max_age=86400)
def root(request: HttpRequest, day: str) -> HttpResponse:
    """The day's signed root. `statement` is the very text (UTF-8) under the base64 `signature`."""
    try:
        found = DailyRoot.objects.filter(day=date.fromisoformat(day)).first()
    except ValueError:
        found = None
    if found is None:
        raise Http404
    return JsonResponse(
        {
            "statement": found.statement,
            "signature": base64.b64encode(bytes(found.signature)).decode(),
            "key": found.key_pem,
        },
        json_dumps_params={"ensure_ascii": False},
    )


@require_safe
@cache_control(public=True, max_age=3600)
def key(request: HttpRequest) -> HttpResponse:
    """The log's public keys as PEM, the newest first; 404 until the first day is closed."""
    keys = dict.fromkeys(DailyRoot.objects.order_by("-day").values_list("key_pem", flat=True))
    if not keys:
        raise Http404
    return HttpResponse("".join(keys), content_type="application/x-pem-file")


@require_safe
@cache_control(public=True, max_age=3600)
def verifier(request: HttpRequest) -> HttpResponse:
    """The program that checks a proof offline, as it stands in the source: to be read before it is run."""
    text = Path(verify_proof.__file__).read_text(encoding="utf-8")
    return HttpResponse(text, content_type="text/plain; charset=utf-8")
