"""One view serves all steps; what differs stands in flow.STEPS, in the step's form and in the tables of pages.py."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from enrollment import authorities, drafts, flow, signed, statement, submission
from enrollment.applicants import corrections, expectations, readings
from enrollment.errors import Refused
from enrollment.steps import Question
from enrollment.steps.files import FileQuestion
from enrollment.views import autosave, conflicts, files, refusals, summary
from enrollment.views.cards import reader_page
from enrollment.views.door import Visit, note_refusal, signed_in
from enrollment.views.pages import AFTER, CONTEXTS, GUARDS, SECRETS, Page, shared
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
    if application is None:  # Back, or a page left open, after ⑪: the receipt, not a refusal (ST-11)
        return redirect("step", flow.DONE) if submission.handed_in(visit.applicant) else redirect("tasks")
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
    """What was typed before stands there again; what is only half typed is not scolded for what is missing."""
    kept = drafts.kept(page.application, page.step.slug)
    form = _form(page, kept.raw or None, _locked(page))
    if kept.unfinished or page.step.number > flow.STEP["email"].number:
        form.errors.clear()
    return _show(request, page, form, kept.version)


def _locked(page: Page) -> frozenset[str]:
    fields = drafts.question(page.draft, page.step.slug, page.visit.at).fields
    return drafts.locked_fields(
        drafts.open_fields(page.application, page.draft, page.visit.at), page.step.slug, fields
    )


def _form(page: Page, raw: drafts.Raw | None, locked: frozenset[str]) -> Question:
    form = drafts.question(page.draft, page.step.slug, page.visit.at, raw)
    form.lock(locked)
    return form


def _typed(request: HttpRequest, page: Page, locked: frozenset[str]) -> drafts.Raw:
    """What this page sends; what may not be changed stays as it was, whatever is sent."""
    fields = drafts.question(page.draft, page.step.slug, page.visit.at).fields
    raw = drafts.as_kept({name: request.POST.getlist(name) for name in fields if name in request.POST})
    if "resolve" in request.POST:
        raw = conflicts.chosen(request.POST, raw, drafts.kept(page.application, page.step.slug))
    return drafts.with_locked(page.application, page.step.slug, raw, locked)


def _post(request: HttpRequest, page: Page) -> HttpResponse:
    locked = _locked(page)
    raw = _typed(request, page, locked)
    if "autosave" in request.POST:
        return autosave.answer(page, raw, _version(request))
    if "pause" in request.POST:
        return _pause(request, page, raw)
    if "act" in request.POST:
        return _act_on_file(request, page, raw, locked)
    form = _form(page, raw, locked)
    taken = files.take(request, page, form, locked) if isinstance(form, FileQuestion) else files.Taken()
    is_right = form.is_valid() and taken.problem is None and not form.needs_another_look()
    if taken.problem is not None:
        form.add_error("file", taken.problem)
    if is_right and page.step.slug in GUARDS:
        is_right = _is_as_it_was_shown(page, form)
    try:
        _keep(page, form, raw, form.values() if is_right else None, _version(request))
    except Refused as refusal:
        if refusal.code == "stale":
            return _show_conflict(request, page, form, raw)
        if refusal.code not in refusals.CODES:
            raise
        form.add_error("code", refusals.code_sentence(refusal))
        is_right = False
    _note_forged(request, form)
    if not is_right or taken.has_hints or "stay" in request.POST:
        return _show_again(request, page, form, locked)
    return _onward(request, page)


def _note_forged(request: HttpRequest, form: Question) -> None:
    forged = FORGED & {error.code for errors in form.errors.as_data().values() for error in errors}
    if forged:
        note_refusal(request, min(forged))


def _is_as_it_was_shown(page: Page, form: Question) -> bool:
    trouble = GUARDS[page.step.slug](page, form)
    if trouble:
        form.add_error(None, trouble)
    return not trouble


def _show_again(request: HttpRequest, page: Page, form: Question, locked: frozenset[str]) -> HttpResponse:
    """With its errors; an answer that needs another one opens that one too (a returned application)."""
    fresh = page._replace(draft=drafts.load(page.application, page.visit.at))
    if locked:
        form.unlock()
        form.lock(_locked(fresh))
    return _show(request, fresh, form, drafts.kept(page.application, page.step.slug).version)


def _pause(request: HttpRequest, page: Page, raw: drafts.Raw) -> HttpResponse:
    """中断する: what has been typed so far is kept, right or not (ST-02)."""
    form = _form(page, None, frozenset())
    if form.secret:
        messages.info(
            request, _("この手順の番号は保存していません。続けるときに、もう一度入力してください。")
        )
        return redirect("tasks")
    try:
        drafts.keep_typed(
            page.application, page.step.slug, raw=raw, version=_version(request), at=page.visit.at
        )
    except Refused as refusal:
        if refusal.code != "stale":
            raise
        return _show_conflict(request, page, form, raw)
    messages.success(request, _("ここまでの入力を保存しました。"))
    return redirect("tasks")


def _version(request: HttpRequest) -> int:
    typed = request.POST.get("version", "0")
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 10 else 0


def _act_on_file(request: HttpRequest, page: Page, raw: drafts.Raw, locked: frozenset[str]) -> HttpResponse:
    """A file is removed, turned or moved; what was typed beside it is kept, and nothing is scolded (PH-51)."""
    form = _form(page, raw, locked)
    if isinstance(form, FileQuestion):
        files.act(request, page, form)
        version = drafts.keep_typed(
            page.application, page.step.slug, raw=raw, version=_version(request), at=page.visit.at
        )
        form.errors.clear()
        return _show(request, page, form, version)
    raise Http404


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
    """The next open step; from ⑨ back to ⑨ (ST-08); after a correction first what else is asked for (ST-14)."""
    page.application.refresh_from_db()  # and with it the applicant, whose address may just have been confirmed
    draft = drafts.load(page.application, page.visit.at)
    if page.step.slug == "qualification":
        files.warn_not_taken(page._replace(draft=draft))
    onward = flow.first_open(draft, page.step.slug)
    check = flow.STEP[flow.CHECK]
    if page.step.number < check.number:
        if request.GET.get("from") == flow.CHECK and flow.is_open(check, draft):
            onward = check
        waiting = corrections.unchanged(page.application, draft)
        if waiting and waiting[0].slug != page.step.slug and flow.is_open(flow.STEP[waiting[0].slug], draft):
            onward = flow.STEP[waiting[0].slug]
    return redirect("step", onward.slug)


def _show(request: HttpRequest, page: Page, form: Question, version: int, **more: Any) -> HttpResponse:
    context = shared(page) | {"form": form, "version": version, "look": form.needs_another_look()}
    asked = {name for name, field in form.fields.items() if not field.widget.is_hidden}
    context |= {"is_closed": bool(asked) and asked <= form.locked} | form.context()
    if isinstance(form, FileQuestion):
        context |= files.context(page, form)
    if page.step.slug in CONTEXTS:
        context |= CONTEXTS[page.step.slug](page)
    return render(request, form.template, context | more)


def _show_conflict(request: HttpRequest, page: Page, form: Question, raw: drafts.Raw) -> HttpResponse:
    """Two tabs: both answers, field by field."""
    other = drafts.kept(page.application, page.step.slug)
    return render(
        request, "enrollment/conflict.html", {**shared(page), **conflicts.context(form, raw, other)}
    )


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
        "groups": summary.groups(page.application, page.draft, facts["answers"]),
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
    """⑫ The receipt of the newest application that is under way, however often it is looked at (ST-11)."""
    application = submission.handed_in(visit.applicant)
    if application is None:
        return redirect("tasks")
    draft = drafts.load(application, visit.at)
    page = Page(request, visit, application, draft, flow.STEP[flow.DONE])
    frozen = signed.newest(application)
    context = shared(page) | {
        "waiting_text": _(authorities.waiting_text(application.authority, today(visit.at))),
        "expected_by": expectations.expected_by(application),
        "digest": bytes(frozen.sha256).hex() if frozen else "",
        "price": f"{application.price:,}" if application.price is not None else "",
    }
    return render(request, "enrollment/done.html", context)
