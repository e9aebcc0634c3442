"""What a page asks while somebody is typing; each answer is comfort only, the form works without it."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from enrollment import drafts, names
from enrollment.names import Field
from enrollment.problems import Problem
from enrollment.steps import hints
from enrollment.steps.question import told
from enrollment.steps.romaji import PARTS
from enrollment.views.door import Visit, signed_in

LONGEST_KANA = 120
HINTED = (
    *("family_kana", "given_kana", "family_typed", "given_typed"),
    *("family_kanji", "given_kanji", "printed_name"),
)


@require_POST
@signed_in
def romaji(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The candidates of both names, and what is to be said beside each field of the page, as JSON (RJ-30).

    Every field is sent by its own name, and by POST: an address would end in the logs with somebody's name in it.
    """
    typed = {name: request.POST.get(name, "") for name in HINTED}
    found: dict[str, Any] = {part: _spelled(typed[f"{part}_kana"], part) for part in PARTS}
    application = drafts.current(visit.applicant)
    authority = application.authority if application else ""
    found["hints"] = {name: _said(hints.beside(name, text, authority)) for name, text in typed.items()}
    return JsonResponse(found)


def _spelled(text: str, part: Field) -> dict[str, Any]:
    typed = text[:LONGEST_KANA]
    found: dict[str, Any] = {"kana": typed, "candidates": [], "problem": ""}
    if typed:
        try:
            found["kana"] = names.kana(typed)
            found["candidates"] = list(names.spellings(typed, part))
        except Problem as problem:
            found["problem"] = told(problem).messages[0]
    return found


def _said(hint: hints.Hint) -> dict[str, Any]:
    return {"text": hint.text, "offers": [offer._asdict() for offer in hint.offers]}
