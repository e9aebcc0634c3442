"""The session's last minutes: how long it still lasts, and longer without the card (ST-21, WCAG 2.2.1)."""

from collections.abc import Iterator, Mapping

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from enrollment import drafts, flow
from enrollment.applicants import accounts, unsent
from enrollment.steps import Question
from enrollment.views.door import Visit, signed_in
from ledger import clock


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def session(request: HttpRequest) -> HttpResponse:
    """Seconds left as JSON. To ask is no use of the session (other tabs ask too); a POST is one."""
    at = clock.now()
    found = accounts.look(request.COOKIES.get(settings.APPLICANT_COOKIE_NAME, ""), at)
    if found is not None and request.method == "POST":
        accounts.touch(found, at)
    left = 0 if found is None else int((accounts.until(found) - at).total_seconds())
    return JsonResponse({"seconds": left})


@require_safe
@signed_in
def left_over(request: HttpRequest, visit: Visit) -> HttpResponse:
    """What was sent too late and meanwhile answered differently on another page: to compare, and to type again."""
    application, kept = drafts.current(visit.applicant), unsent.left_over(visit.applicant, visit.at)
    if application is None or not kept:
        return redirect("tasks")
    draft = drafts.load(application, visit.at)
    forms = [
        {
            "title": _(flow.STEP[form.step].title),
            "rows": list(_typed(drafts.question(draft, form.step, visit.at), form.raw)),
            "url": reverse("step", args=[form.step]),
        }
        for form in kept
    ]
    return render(request, "enrollment/unsent.html", {"forms": forms})


def _typed(form: Question, raw: Mapping[str, list[str]]) -> Iterator[dict[str, object]]:
    """Each question with the words that were typed or chosen."""
    for name, asked in form.fields.items():
        if name not in raw or asked.widget.is_hidden:
            continue
        words = {str(code): str(label) for code, label in getattr(asked, "choices", ())}
        yield {"term": asked.label, "value": _("、").join(words.get(text, text) for text in raw[name])}
