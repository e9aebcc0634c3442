"""What a page asks while somebody is typing; each answer is comfort only, the form works without it."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from enrollment import names
from enrollment.problems import Problem
from enrollment.steps.question import told
from enrollment.views.door import Visit, signed_in

LONGEST_KANA = 120


@require_safe
@signed_in
def romaji(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The candidates as JSON, for the page's comfort (RJ-30); the form works without it."""
    found = {}
    for part in ("family", "given"):
        typed = request.GET.get(part, "")[:LONGEST_KANA]
        found[part] = {"kana": typed, "candidates": [], "problem": ""}
        if typed:
            try:
                kana = names.kana(typed)
                found[part] |= {"kana": kana, "candidates": list(names.spellings(kana, part))}
            except Problem as problem:
                found[part]["problem"] = told(problem).messages[0]
    return JsonResponse(found)
