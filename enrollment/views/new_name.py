"""「氏名の変更」: the card is read, its name is spelled, the statement is signed (issue 4 item 7). No script needed."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from enrollment import authorities, drafts, flow, statement
from enrollment.applicants import readings
from enrollment.errors import Refused
from enrollment.flow import OrderKind, OrderState
from enrollment.models import CertificateOrder, NameChange
from enrollment.orders import name_changes, subjects
from enrollment.steps.new_name import Form
from enrollment.views import cards, refusals
from enrollment.views.door import Visit, signed_in

SHOWN = {
    OrderState.WAITING: gettext_lazy("審査待ち"),
    OrderState.RECOMMENDED: gettext_lazy("審査中"),
    OrderState.APPROVED: gettext_lazy("承認済み（発行待ち）"),
    OrderState.ISSUING: gettext_lazy("発行中"),
}


def _told(
    view: Callable[[HttpRequest, Visit], HttpResponse],
) -> Callable[[HttpRequest, Visit], HttpResponse]:
    """A refusal is told in words; what has been prepared stays."""

    @wraps(view)
    def inner(request: HttpRequest, visit: Visit) -> HttpResponse:
        try:
            return view(request, visit)
        except Refused as refused:
            return refusals.page(request, refused)

    return inner


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@_told
def names(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The new name from the card with its reading; before a reading the card is asked for, later the order shown."""
    person = name_changes.standing(visit.applicant)
    order = name_changes.under_way(person)
    if order is not None:
        return _asked(request, order)
    row = name_changes.current(visit.applicant, person)
    if row is None:
        return redirect("new_name_card")
    if request.method != "POST":
        return _form_page(request, row, person, _form(row, visit))
    asked = [name for name in Form.base_fields if name in request.POST]
    raw = drafts.as_kept({name: request.POST.getlist(name) for name in asked})
    form = _form(row, visit, raw)
    is_right = form.is_valid() and not form.needs_another_look()
    name_changes.keep_names(row, raw, form.values() if is_right else {}, visit.at)
    return redirect("new_name_sign") if is_right else _form_page(request, row, person, form)


def _form(row: NameChange, visit: Visit, raw: drafts.Raw | None = None) -> Form:
    draft = flow.Draft(answers={"card": row.card})
    kept = raw if raw is not None else row.typed
    return Form(MultiValueDict(kept) if kept else None, draft=draft, at=visit.at)


def _form_page(request: HttpRequest, row: NameChange, person: subjects.Known, form: Form) -> HttpResponse:
    context = {
        "form": form,
        "look": form.needs_another_look() if request.method == "POST" else "",
        "before": _before(person),
    }
    return render(request, form.template, context | form.context())


def _before(person: subjects.Known) -> list[dict[str, Any]]:
    """What the certificate says today."""
    return _rows(subjects.subject_of(person))


def _rows(subject: Any) -> list[dict[str, Any]]:
    return [
        {"term": _("氏名"), "value": subject["name_kanji"]},
        {"term": _("ローマ字"), "value": f"{subject['family_romaji']} {subject['given_romaji']}".strip()},
    ]


def _asked(request: HttpRequest, order: CertificateOrder) -> HttpResponse:
    """What is under way; a second wish beside it is refused in words."""
    if order.kind != OrderKind.NAME_CHANGE:
        return refusals.page(request, Refused("order_open"))
    context = {
        "order": order,
        "state": SHOWN[OrderState(order.state)],
        "rows": _rows(order.subject),
        "authority": _(authorities.authority(order.authority).name),
    }
    return render(request, "enrollment/new_name_asked.html", context)


@require_safe
@signed_in
@_told
def card(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The card is read: its name, and that it is the one that signed in."""
    person = name_changes.begin(visit.applicant)
    context: dict[str, object] = {
        "pin": "assist",
        "before": _before(person),
        "has_read": name_changes.current(visit.applicant, person) is not None,
    }
    return cards.reader_page(
        request, "enrollment/new_name_card.html", context, readings.NEW_NAME, session=visit.session
    )


@require_safe
@signed_in
@_told
def sign(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The frozen statement with its digest, former and new name side by side, and the button that signs it."""
    try:
        row = name_changes.freeze(visit.session, visit.at)
    except Refused as refused:
        if refused.code in ("name_statement_changed", "order_open"):
            return redirect("new_name")
        raise
    content, digest = bytes(row.content or b""), bytes(row.sha256 or b"")
    facts = statement.read(content)
    given = facts["names"]
    kana = f"{given['family_kana']} {given['given_kana']}".strip()
    context: dict[str, object] = {
        "pin": "sign",
        "before": _rows(facts["before"]),
        "after": [*_rows(facts["subject"]), {"term": _("カタカナ"), "value": kana}],
        "declares": _(facts["declares"]),
        "content": content.decode("utf-8"),
        "digest": digest.hex(),
    }
    return cards.reader_page(
        request,
        "enrollment/new_name_sign.html",
        context,
        readings.SIGN_NEW_NAME,
        session=visit.session,
        digest=digest,
    )
