"""The task list, and beginning an application."""

from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from enrollment import authorities, drafts, flow
from enrollment.applicants import emails
from enrollment.errors import Refused
from enrollment.flow import State
from enrollment.models import Application, StepAnswers
from enrollment.views import refusals
from enrollment.views.door import Visit, signed_in
from enrollment.views.pages import progress

NUMBERS = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫"


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def tasks(request: HttpRequest, visit: Visit) -> HttpResponse:
    """`/apply/`: the steps with 済, 途中, 未; a POST begins an application."""
    try:
        if request.method == "POST":
            drafts.begin(visit.session, visit.at)
            return redirect("tasks")
        application = drafts.current(visit.applicant)
        if application is None:
            return _nothing_open(request, visit)
    except Refused as refused:
        return refusals.page(request, refused)
    draft = drafts.load(application, visit.at)
    opened = drafts.open_fields(application, draft)
    rows = [row for row in flow.steps_for(draft) if row.slug != flow.DONE]
    asked = _asked(application)
    waiting = [item for item in asked if not item.is_answered and flow.is_open(flow.STEP[item.slug], draft)]
    onward = flow.STEP[waiting[0].slug] if waiting else flow.first_open(draft)
    context = {
        "application": application,
        "person": draft.answer("card", "name") or "",
        "authority_name": _(authorities.authority(draft.authority).name) if draft.authority else "",
        "tasks": [_task(row, draft, opened) for row in rows],
        "minutes": sum(row.minutes for row in rows if not row.is_complete(draft)),
        "onward": reverse("step", args=[onward.slug]),
        "onward_title": _(onward.title),
        "steps": progress(draft, onward.number),
        "returned": asked,
    }
    return render(request, "enrollment/tasks.html", context)


class Asked(NamedTuple):
    """One correction that the examiner asks for; answered when its page was saved after that (ST-14)."""

    slug: str
    sentence: str
    is_answered: bool


def _asked(application: Application) -> list[Asked]:
    if application.state != State.RETURNED:
        return []
    at = application.timeline.filter(kind="return_to_applicant").latest("happened_at").happened_at
    saved = set(
        StepAnswers.objects.filter(application=application, saved_at__gt=at).values_list("step", flat=True)
    )
    items = application.return_items.filter(round=application.round).order_by("pk")
    return [Asked(item.step, item.note or item.code, item.step in saved) for item in items]


def _task(row: flow.Step, draft: flow.Draft, opened: object) -> dict[str, object]:
    state = "done" if row.is_complete(draft) else "doing" if row.slug in draft.begun else "todo"
    url = reverse("step", args=[row.slug]) if flow.is_open(row, draft) else ""
    title = f"{NUMBERS[row.number - 1]} {_(row.title)}"
    return {"title": title, "state": state, "url": url, "minutes": row.minutes}


def _nothing_open(request: HttpRequest, visit: Visit) -> HttpResponse:
    mine = Application.objects.of(visit.applicant)
    if mine.filter(state=State.ISSUED).exists():
        raise Refused("already_issued")
    if mine.living().exists():
        raise Refused("pending")
    return render(request, "enrollment/begin.html")


@require_POST
@signed_in
def resend_code(request: HttpRequest, visit: Visit) -> HttpResponse:
    """再送 (DQ-19, DQ-20)."""
    application = drafts.current(visit.applicant)
    address = str(drafts.answers(application, "email").get("address", "")) if application else ""
    if not address:
        return redirect("tasks")
    try:
        emails.send_code(visit.applicant, address, visit.at)
    except Refused as refused:
        return redirect(f"{reverse('step', args=['email-code'])}?wait={refused.detail.get('seconds', 3600)}")
    return redirect(f"{reverse('step', args=['email-code'])}?sent=1")
