"""PH-13: a file on which a My Number is visible is erased at once by the officer who holds the case."""

import uuid
from datetime import datetime
from functools import partial

from django.db import transaction

from enrollment.errors import Refused
from enrollment.flow import State
from enrollment.models import Application, Attachment, ErasedFile, TimelineEntry
from enrollment.review.officers import actor, require
from ledger import log
from staff.models import Officer
from vault import files


def erase_file(application: Application, officer: Officer, file: uuid.UUID, at: datetime) -> bool:
    """PH-13: a My Number is visible on this file, which must not be kept (番号法 20条); only the claim's holder may.

    Returns False where it is erased already. Both stored files go after the commit; a crash between leaves them to
    `retention.stored`. The digests stay in the statement. Raises Refused("not_yours", "on_hold", "not_now").
    """
    require(officer, application, "EXAMINER")
    with transaction.atomic():
        held = Application.objects.filter(pk=application.pk, state=State.IN_REVIEW, claimed_by=officer)
        if held.filter(legal_hold=False).update(changed_at=at) != 1:
            raise Refused("on_hold" if held.exists() else "not_now")
        row = Attachment.objects.filter(application=application, public_id=file).first()
        if row is None:
            if application.erased_files.filter(public_id=file).exists():
                return False
            raise Refused("not_now")
        ErasedFile.objects.create(
            application=application,
            round=application.round,
            public_id=row.public_id,
            slot=row.slot,
            ordinal=row.ordinal,
            officer=officer,
            erased_at=at,
        )
        for name in (row.original_file, row.shown_file):
            transaction.on_commit(partial(files.erase, name))
        row.delete()
        TimelineEntry.objects.create(application=application, kind="file_erased", happened_at=at)
        log.append(
            "attachment.erased",
            actor=actor(officer),
            subject=str(file),
            authority=application.authority,
            data={"application": str(application.public_id), "slot": row.slot},
        )
    return True
