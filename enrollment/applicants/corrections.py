"""A returned application: what the examiner asks for, and whether it has been changed since it was signed (ST-14).

"Changed" compares the rows with the signed statement of the round, not with the moment of a save: who sends the same
again has not answered, who uploads another picture has.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from enrollment import signed, statement
from enrollment.flow import STEP, Draft, State
from enrollment.models import Application, ReturnItem, SealedPin
from enrollment.problems import gettext_noop as _
from enrollment.steps import QUESTIONS

NO_SENTENCE = _("この項目を確認してください。")


class Asked(NamedTuple):
    """One correction that the examiner asks for. `field` is "" where the whole page or its file is meant."""

    slug: str
    field: str
    sentence: str
    is_changed: bool

    @property
    def label(self) -> str:
        """The message id of the page, or the field's own label."""
        form = QUESTIONS.get(self.slug)
        field = form.base_fields.get(self.field) if form else None
        return str(field.label) if field is not None and field.label else STEP[self.slug].title


def asked(application: Application, draft: Draft) -> list[Asked]:
    """The corrections of this round in the order they were named; empty unless it is returned."""
    if application.state != State.RETURNED:
        return []
    frozen = signed.newest(application)
    before = statement.read(frozen.content) if frozen else {}
    items = application.return_items.filter(round=application.round).order_by("pk")
    return [
        Asked(
            item.step,
            item.field,
            item.note or NO_SENTENCE,
            STEP[item.step].applies(draft) is False or _is_changed(application, draft, item, before),
        )
        for item in items
        if item.step in STEP
    ]


def _is_changed(application: Application, draft: Draft, item: ReturnItem, before: Mapping[str, Any]) -> bool:
    if item.step == "card-pin":  # not in the statement (DQ-23): another one has been sealed since
        since = application.timeline.filter(kind="return_to_applicant").latest("happened_at").happened_at
        return SealedPin.objects.filter(application=application, sealed_at__gt=since).exists()
    signed_answers = before.get("answers", {}).get(item.step, {})
    answers = draft.answers.get(item.step, {})
    is_field = bool(item.field) and item.field in {**signed_answers, **answers}
    if is_field:
        return bool(signed_answers.get(item.field) != answers.get(item.field))
    return signed_answers != answers or _files(application, item.step, before)


def _files(application: Application, slug: str, before: Mapping[str, Any]) -> bool:
    """Whether the pictures of this page are others than those that were signed; a new crop is another picture.

    Where an officer has erased one (PH-13) only a picture that was not there before is an answer.
    """
    slot = slug.replace("-", "_")
    former = sorted(
        (file["original_sha256"], file["shown_sha256"])
        for file in before.get("files", ())
        if file["slot"] == slot
    )
    now = sorted(
        (bytes(original).hex(), bytes(shown).hex())
        for original, shown in application.attachments.filter(slot=slot).values_list(
            "original_sha256", "shown_sha256"
        )
    )
    if application.erased_files.filter(round=application.round, slot=slot).exists():
        return not set(now) <= set(former)
    return former != now


def unchanged(application: Application, draft: Draft) -> list[Asked]:
    """What was asked for and still stands as it was signed."""
    return [row for row in asked(application, draft) if not row.is_changed]


def is_untouched(application: Application, draft: Draft) -> bool:
    """Whether nothing at all of what was asked for has been changed: such a statement is not signed again."""
    rows = asked(application, draft)
    return bool(rows) and not any(row.is_changed for row in rows)
