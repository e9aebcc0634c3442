"""A case's access log, read from the ledger: who looked, when, at what, why (RV-4)."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment.desk import purposes
from enrollment.desk.shown import SLOTS
from enrollment.models import Application
from enrollment.steps.question import Words
from ledger.models import Entry
from staff.models import Officer

MOST = 500  # the newest; the ledger's own page has them all
KINDS: Mapping[str, Words] = {
    "case.viewed": gettext_lazy("申請の画面を見た"),
    "case.purpose_stated": gettext_lazy("閲覧の目的を述べた"),
    "case.access_log_viewed": gettext_lazy("この閲覧の記録を見た"),
    "case.refused": gettext_lazy("開こうとして断られた"),
    "file.viewed": gettext_lazy("画像を見た"),
}


class Look(NamedTuple):
    at: datetime
    officer: str
    what: str
    why: str
    note: str


def at(case: Application) -> list[Look]:
    """The newest first. What an officer wrote with a purpose is added from the case's own rows."""
    files = [*case.attachments.values_list("public_id", flat=True)]
    files += case.erased_files.values_list("public_id", flat=True)
    subjects = [str(case.public_id), *(str(one) for one in files)]
    entries = list(Entry.objects.filter(subject__in=subjects, kind__in=KINDS).order_by("-id")[:MOST])
    names = officer_names({entry.actor_id for entry in entries if entry.actor_kind == "officer"})
    notes = {row.pk: row.note for row in case.stated_purposes.all()}
    return [_look(entry, names, notes) for entry in entries]


def officer_names(ids: Collection[str]) -> dict[str, str]:
    """Display and user names of officers by their public id."""
    rows = Officer.objects.filter(public_id__in=ids)
    return {str(row.public_id): f"{row.display_name}（{row.username}）" for row in rows}


def _look(entry: Entry, names: Mapping[str, str], notes: Mapping[int, str]) -> Look:
    what = str(KINDS[entry.kind])
    if entry.kind == "file.viewed":
        slot = str(entry.data.get("slot", ""))
        original = _("（元のファイル）") if entry.data.get("original") else ""
        what = f"{what}{_('：')}{SLOTS.get(slot, slot)}{original}"
    code = str(entry.data.get("purpose", ""))
    return Look(
        entry.at,
        names.get(entry.actor_id, entry.actor_id),
        what,
        str(purposes.TITLES.get(code, code)),
        notes.get(entry.data.get("statement", 0), ""),
    )
