"""Keep an uploaded file: judged by content, original and shown copy encrypted, the replaced one erased after commit.

Sources: PH-01 to PH-06, PH-22, PH-23, PH-27, PH-28, PH-51; law 6. One file per request.
"""

from datetime import datetime
from functools import partial
from hashlib import sha256

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from enrollment import authorities, drafts, images
from enrollment.errors import Refused
from enrollment.models import Application, Attachment
from enrollment.problems import Problem
from enrollment.problems import gettext_noop as _
from ledger.clock import today
from vault import files

NAME_PAPERS = ("name_proof", "licence_name_proof")  # the same paper may serve both (PH-27)
MOST_FILES = 16  # per application: six slots, two of which may hold four
MOST_NAME = 100
MOST_BYTES_READ = images.MOST_BYTES + 1


def accept(application: Application, slot: str, given: "UploadedFile", at: datetime) -> Attachment:
    """Judge and keep one file; it replaces the slot's file, or joins it where the slot holds several.

    Raises Problem (the codes of `images`, file_duplicate, files_full) or Refused("not_now").
    """
    data = given.read(MOST_BYTES_READ)
    digest = sha256(data).digest()
    _require_new(application, slot, digest)
    picture = images.inspect(data, slot=slot, authority=application.authority, on=today(at))
    original, shown = files.save(data), files.save(picture.shown_jpeg)
    try:
        with transaction.atomic():
            locked = drafts.lock(application)
            _require_new(locked, slot, digest)
            ordinal = _make_room(locked, slot)
            row = Attachment.objects.create(
                application=locked,
                slot=slot,
                ordinal=ordinal,
                given_name=_plain_name(given.name or ""),
                kind=picture.kind,
                original_file=original,
                original_sha256=digest,
                shown_file=shown,
                shown_sha256=picture.sha256_shown,
                width=picture.width,
                height=picture.height,
                warnings=list(picture.warnings),
                uploaded_at=at,
            )
            drafts.forget_consent(locked)
    except BaseException:
        files.erase(original)
        files.erase(shown)
        raise
    return row


def remove(row: Attachment, at: datetime) -> None:
    """Take one file back; raises Refused("not_now") where the application or this file is closed."""
    with transaction.atomic():
        locked = drafts.lock(row.application)
        opened = drafts.open_fields(locked, drafts.load(locked, at))
        if "file" in drafts.locked_fields(opened, row.slot.replace("_", "-"), ("file",)):
            raise Refused("not_now")
        _erase(row)
        drafts.forget_consent(locked)


def erase_all(application: Application) -> None:
    """Every file of an application that has ended."""
    for row in Attachment.objects.filter(application=application):
        _erase(row)


def kept(application: Application, slot: str) -> list[Attachment]:
    return list(Attachment.objects.filter(application=application, slot=slot).order_by("ordinal"))


def _require_new(application: Application, slot: str, digest: bytes) -> None:
    """PH-27: the same bytes in two slots are a mistake, except for the two name papers."""
    for row in Attachment.objects.filter(application=application, original_sha256=digest):
        same_slot = row.slot == slot
        if same_slot and authorities.most_files(application.authority, slot) == 1:
            continue  # the same file again replaces itself
        if slot in NAME_PAPERS and row.slot in NAME_PAPERS and not same_slot:
            continue
        raise Problem(
            "file_duplicate",
            _("同じファイルが、ほかの欄にも添付されています。それぞれの欄に合う画像を添付してください。"),
        )


def _make_room(application: Application, slot: str) -> int:
    """The place of the new file: the slot's only place, or the next free one."""
    rows = kept(application, slot)
    most = authorities.most_files(application.authority, slot)
    if most == 1:
        for row in rows:
            _erase(row)
        return 0
    if len(rows) >= most or Attachment.objects.filter(application=application).count() >= MOST_FILES:
        raise Problem(
            "files_full",
            _("添付できるのは%(most)s枚までです。差し替えるときは、先に不要な画像を削除してください。"),
            most=most,
        )
    return max((row.ordinal for row in rows), default=-1) + 1


def _erase(row: Attachment) -> None:
    """The row now, its files after the commit: a rollback keeps both."""
    names = (row.original_file, row.shown_file)
    row.delete()
    for name in names:
        transaction.on_commit(partial(files.erase, name))


def _plain_name(name: str) -> str:
    """The given name as text only (PH-28)."""
    return "".join(letter for letter in name if letter.isprintable())[:MOST_NAME]
