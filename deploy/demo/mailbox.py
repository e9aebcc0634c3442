"""/mailbox/: every mail that the demo sent, newest first (contract.md "Addresses"; demo only)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from outbox.models import Mail

SHOWN = 200


@require_safe
@never_cache
def mailbox(request: HttpRequest) -> HttpResponse:
    mails = Mail.objects.order_by("-created_at", "-pk")[:SHOWN]
    return render(request, "demo/mailbox.html", {"mails": mails, "shown": SHOWN})
