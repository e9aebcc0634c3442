"""The task list, and beginning an application."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from enrollment import authorities, drafts, flow
from enrollment.applicants import corrections, emails
from enrollment.errors import Refused
from enrollment.flow import State
from enrollment.models import Application
from enrollment.retention import unfinished
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
    rows = [row for row in flow.steps_for(draft) if row.slug != flow.DONE]
    asked = corrections.asked(application, draft)
    waiting = [item for item in asked if not item.is_changed and flow.is_open(flow.STEP[item.slug], draft)]
    onward = flow.STEP[waiting[0].slug] if waiting else flow.first_open(draft)
    not_taken = _not_taken(application, draft)
    context = {
        "application": application,
        "person": draft.answer("card", "name") or "",
        "authority_name": _(authorities.authority(draft.authority).name) if draft.authority else "",
        "phases": _phases(rows, draft, not_taken),
        "total": len(rows),
        "done": sum(row.is_complete(draft) for row in rows),
        "minutes": sum(row.minutes for row in rows if not row.is_complete(draft)),
        "kept_until": unfinished.kept_until(application) if application.state == State.DRAFT else None,
        "onward": reverse("step", args=[onward.slug]),
        "onward_title": _(onward.title),
        "steps": progress(draft, onward.number),
        "asked": asked,
    }
    return render(request, "enrollment/tasks.html", context)


def _not_taken(application: Application, draft: flow.Draft) -> frozenset[str]:
    """Pages whose file the authority chosen now does not take (PH-03)."""
    slots = frozenset(application.attachments.values_list("slot", flat=True)) - draft.files
    return frozenset(slot.replace("_", "-") for slot in slots)


def _phases(rows: list[flow.Step], draft: flow.Draft, not_taken: frozenset[str]) -> list[dict[str, object]]:
    """The pages under the steps of the source manual, as it counts them (ST-01)."""
    found = []
    for number, title in flow.PHASES.items():
        mine = [row for row in rows if row.number == number]
        if mine:
            done = sum(row.is_complete(draft) for row in mine)
            tasks = [_task(row, draft, row.slug in not_taken) for row in mine]
            sign = NUMBERS[number - 1]
            if len(tasks) == 1:  # the page is the step: one line says both
                tasks[0]["title"] = f"{sign} {tasks[0]['title']}"
            found.append({"number": sign, "title": _(title), "tasks": tasks, "done": done})
    return found


def _task(row: flow.Step, draft: flow.Draft, is_not_taken: bool) -> dict[str, object]:
    state = (
        "done" if row.is_complete(draft) else "doing" if row.slug in draft.begun or is_not_taken else "todo"
    )
    hint = (
        _("添付した画像は、いまの申請先では使えない形式です。別の画像を選んでください。")
        if is_not_taken
        else ""
    )
    if not hint and state == "doing":
        hint = _("途中まで入力されています。")
    return {
        "title": _(row.title),
        "state": state,
        "url": reverse("step", args=[row.slug]) if flow.is_open(row, draft) else "",
        "minutes": row.minutes,
        "hint": hint,
        "wrong": is_not_taken,
    }


def _nothing_open(request: HttpRequest, visit: Visit) -> HttpResponse:
    mine = Application.objects.of(visit.applicant)
    if mine.in_force().exists():
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
        messages.success(request, _("確認コードを送りました。届くまでに数分かかることがあります。"))
    except Refused as refused:
        seconds = int(str(refused.detail["seconds"]))
        messages.warning(request, refusals.wait_sentence(refused.code, seconds))
    return redirect("step", "email-code")
