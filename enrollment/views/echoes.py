"""How typed dates and numbers are understood, as JSON for the page's comfort; every form works without it.

Asked by POST, because what is typed here (birthdays, telephone numbers) belongs in no server's log of addresses.
"""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from enrollment.steps import echoes
from enrollment.views.door import Visit, signed_in


@require_POST
@signed_in
def echo(request: HttpRequest, visit: Visit, kind: str) -> HttpResponse:
    """`{shown, problem}` of `text`; what else stands on the page (prefecture, table) helps to understand it."""
    if kind not in echoes.ECHOES:
        raise Http404
    given = {name: request.POST.get(name, "")[: echoes.MOST] for name in ("prefecture", "table")}
    found = echoes.echo(kind, request.POST.get("text", ""), given)
    return JsonResponse(found._asdict())
