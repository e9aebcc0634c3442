"""What was typed and sent after the session had ended: kept sealed for the same person's next sign-in (ST-21).

Only what a step's form asks for, no file and nothing secret, at most as much as a draft keeps of one step, for an
hour. It belongs to the account whose session had ended: whoever else signs in at the same browser never sees it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from enrollment import drafts, flow
from enrollment.applicants import accounts
from enrollment.errors import Refused
from enrollment.models import Applicant, Application, UnsentForm
from enrollment.steps import QUESTIONS

LIFETIME = timedelta(hours=1)
LAST_TYPED = 8  # ⑨ to ⑪ are looked at and agreed to anew; nothing is typed there


def keep(token: str, slug: str, posted: Mapping[str, list[str]], version: int, at: datetime) -> bool:
    """Seal what a browser sent to a step with the cookie of a session that has ended lately; False: nothing kept."""
    UnsentForm.objects.filter(expires_at__lte=at).delete()
    session, step = accounts.lately(token, at), flow.STEP.get(slug)
    if session is None or step is None or step.number > LAST_TYPED or slug not in QUESTIONS:
        return False
    form = QUESTIONS[slug]
    if form.secret:
        return False
    raw = drafts.as_kept(
        {name: posted[name] for name in form.base_fields if name in posted and name != "file"}
    )
    if not raw:
        return False
    UnsentForm.objects.update_or_create(
        applicant=session.applicant,
        step=slug,
        defaults={"raw": raw, "version": version, "sent_at": at, "expires_at": at + LIFETIME},
    )
    return True


def give_back(applicant: Applicant, at: datetime) -> str:
    """Put this person's kept texts into the draft, where they wait for "next"; returns the last such step, or "".

    What another page has answered differently meanwhile is not overwritten: it stays for `left_over`.
    """
    application = drafts.current(applicant)
    last = ""
    for form in left_over(applicant, at):
        if application is None or _is_given_back(application, form, at):
            UnsentForm.objects.filter(pk=form.pk).delete()
            last = form.step if application is not None else ""
    return last


def left_over(applicant: Applicant, at: datetime) -> list[UnsentForm]:
    """What is kept for this person and has not been given back, oldest first."""
    return list(UnsentForm.objects.filter(applicant=applicant, expires_at__gt=at).order_by("sent_at"))


def _is_given_back(application: Application, form: UnsentForm, at: datetime) -> bool:
    draft = drafts.load(application, at)
    opened = drafts.open_fields(application, draft, at)
    fields = drafts.question(draft, form.step, at).fields
    locked = drafts.locked_fields(
        opened, form.step, fields
    )  # a returned application: what is not asked stays
    raw = drafts.with_locked(application, form.step, form.raw, locked)
    try:
        drafts.keep_typed(application, form.step, raw=raw, version=form.version, at=at)
    except Refused:
        return False
    return True
