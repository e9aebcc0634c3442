"""One view serves all steps; what differs stands in flow.STEPS, in the step's form and in the tables of pages.py."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from enrollment import authorities, drafts, flow, statement, submission, uploads
from enrollment.applicants import readings
from enrollment.errors import Refused
from enrollment.flow import State
from enrollment.models import Application
from enrollment.problems import Problem
from enrollment.steps import Question
from enrollment.steps.files import FileQuestion
from enrollment.steps.question import told
from enrollment.views import refusals, summary
from enrollment.views.cards import reader_page
from enrollment.views.door import Visit, note_refusal, signed_in
from enrollment.views.pages import AFTER, CONTEXTS, SECRETS, Page, file_context, shared
from ledger.clock import today

# What no page of ours can send: a value that was not offered.
FORGED = {"invalid_choice", "pair_closed", "romaji_not_candidate"}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def step(request: HttpRequest, visit: Visit, slug: str) -> HttpResponse:
    row = flow.STEP.get(slug)
    if row is None:
        raise Http404
    if slug == flow.DONE:
        return _done(request, visit)
    application = drafts.current(visit.applicant)
    if application is None:
        return redirect("tasks")
    draft = drafts.load(application, visit.at)
    if not flow.is_open(row, draft):
        messages.info(request, _("先に終える手順があります。順にお進みください。"))
        return redirect("tasks")
    page = Page(request, visit, application, draft, row)
    try:
        if slug in READERS:
            return READERS[slug](request, page)
        return _post(request, page) if request.method == "POST" else _get(request, page)
    except Refused as refused:
        return refusals.page(request, refused)


# --- a question page ----------------------------------------------------------------------------------------------


def _get(request: HttpRequest, page: Page) -> HttpResponse:
    kept = drafts.kept(page.application, page.step.slug)
    form = drafts.question(page.draft, page.step.slug, page.visit.at, kept.raw or None)
    form.lock(
        drafts.locked_fields(drafts.open_fields(page.application, page.draft), page.step.slug, form.fields)
    )
    return _show(request, page, form, kept.version)


def _post(request: HttpRequest, page: Page) -> HttpResponse:
    slug, application = page.step.slug, page.application
    kept = drafts.kept(application, slug)
    fields = drafts.question(page.draft, slug, page.visit.at).fields
    locked = drafts.locked_fields(drafts.open_fields(application, page.draft), slug, fields)
    raw = {name: request.POST.getlist(name) for name in fields if name in request.POST and name not in locked}
    raw |= {name: list(kept.raw[name]) for name in locked if name in kept.raw}
    form = drafts.question(page.draft, slug, page.visit.at, raw)
    form.lock(locked)
    refused = _take_file(request, page, form, locked)
    is_right = form.is_valid() and refused is None and not form.needs_another_look()
    if refused is not None:
        form.add_error("file", refused)
    values = form.values() if is_right else None
    try:
        _keep(page, form, raw, values, _version(request))
    except Refused as refusal:
        if refusal.code == "stale":
            return _show_conflict(request, page, form)
        if refusal.code not in refusals.CODES:
            raise
        form.add_error("code", refusals.code_sentence(refusal))
        is_right = False
    forged = FORGED & {error.code for errors in form.errors.as_data().values() for error in errors}
    if forged:
        note_refusal(request, min(forged))
    if not is_right or "stay" in request.POST:
        return _show(request, page, form, drafts.kept(application, slug).version)
    return _onward(request, page)


def _version(request: HttpRequest) -> int:
    typed = request.POST.get("version", "0")
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 10 else 0


def _take_file(request: HttpRequest, page: Page, form: Question, locked: frozenset[str]) -> Any:
    """Keep the uploaded file even where another answer is wrong; returns what is wrong with it, or None."""
    if not isinstance(form, FileQuestion) or "file" in locked:
        return None
    given = request.FILES.get("file")
    if given is not None:
        try:
            uploads.accept(page.application, form.slot, given, page.visit.at)
        except Problem as problem:
            return told(problem)
    if form.slot not in drafts.acceptable_slots(page.application):
        return _("%(label)sを選んでください。") % {"label": form.file_label}
    return None


def _keep(page: Page, form: Question, raw: drafts.Raw, values: Any, version: int) -> None:
    """Save what was answered; a secret is sealed or compared instead, and kept nowhere else."""
    if form.secret:
        if values is not None:
            SECRETS[page.step.slug](page, form)
        return
    drafts.save(page.application, page.step.slug, raw=raw, values=values, version=version, at=page.visit.at)
    if values is not None and page.step.slug in AFTER:
        AFTER[page.step.slug](page, form)


def _onward(request: HttpRequest, page: Page) -> HttpResponse:
    page.application.refresh_from_db()  # and with it the applicant, whose address may just have been confirmed
    draft = drafts.load(page.application, page.visit.at)
    onward = flow.first_open(draft, page.step.slug)
    if request.GET.get("from") == flow.CHECK and flow.is_open(flow.STEP[flow.CHECK], draft):
        onward = flow.STEP[flow.CHECK]
    return redirect("step", onward.slug)


def _show(request: HttpRequest, page: Page, form: Question, version: int, **more: Any) -> HttpResponse:
    context = (
        shared(page) | {"form": form, "version": version, "look": form.needs_another_look()} | form.context()
    )
    if form.slot:
        context |= file_context(page, form.slot)
    if page.step.slug in CONTEXTS:
        context |= CONTEXTS[page.step.slug](page)
    return render(request, form.template, context | more)


def _show_conflict(request: HttpRequest, page: Page, form: Question) -> HttpResponse:
    """Two tabs: what was typed here stays in the form, what the other tab saved is shown above it."""
    fresh = drafts.kept(page.application, page.step.slug)
    other = summary.rows(page.step.slug, fresh.values or {})
    return _show(request, page, form, fresh.version, conflict=True, saved_elsewhere=other)


def _card(request: HttpRequest, page: Page) -> HttpResponse:
    context = shared(page) | {"pin": "assist"}
    return reader_page(
        request, "enrollment/card.html", context, readings.ATTRIBUTES, session=page.visit.session
    )


def _sign(request: HttpRequest, page: Page) -> HttpResponse:
    """⑪ shows the frozen statement itself, with its hash, and asks for a signature over exactly its bytes (ST-09)."""
    frozen = submission.waiting(page.application)
    if frozen is None:
        frozen = submission.freeze(page.application, page.visit.at)
    facts = statement.read(frozen.content)
    context = shared(page) | {
        "pin": "sign",
        "digest": bytes(frozen.sha256).hex(),
        "groups": summary.groups(page.application, page.draft, facts["answers"], with_links=False),
        "consents": facts["consents"],
        "content": frozen.content.decode("utf-8"),
        "price": f"{facts['price']:,}",
    }
    return reader_page(
        request,
        "enrollment/sign.html",
        context,
        readings.SIGN,
        session=page.visit.session,
        digest=bytes(frozen.sha256),
    )


READERS: dict[str, Callable[[HttpRequest, Page], HttpResponse]] = {"card": _card, flow.SIGN: _sign}


def _done(request: HttpRequest, visit: Visit) -> HttpResponse:
    """⑫ The receipt of the newest application that is under way."""
    application = (
        Application.objects.of(visit.applicant)
        .filter(state=State.SUBMITTED)
        .order_by("-submitted_at")
        .first()
    )
    if application is None:
        return redirect("tasks")
    draft = drafts.load(application, visit.at)
    page = Page(request, visit, application, draft, flow.STEP[flow.DONE])
    frozen = application.statements.exclude(signed_at=None).order_by("-round").first()
    context = shared(page) | {
        "waiting_text": _(authorities.waiting_text(application.authority, today(visit.at))),
        "digest": bytes(frozen.sha256).hex() if frozen else "",
    }
    return render(request, "enrollment/done.html", context)
