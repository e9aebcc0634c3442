"""A refused look leaves an entry: the object is there, but not for this officer (security.md threats 2, 24)."""

from typing import NoReturn

from django.db import transaction
from django.http import Http404, HttpRequest

from ledger import log
from staff.models import Officer


def officer_of(request: HttpRequest) -> Officer:
    """The signed-in officer; the desk's site lets nobody else through, second factor included."""
    if not isinstance(request.user, Officer):
        raise Http404
    return request.user


def actor(officer: Officer) -> log.Actor:
    return log.Actor("officer", str(officer.public_id))


def refuse(officer: Officer, kind: str, subject: str) -> NoReturn:
    """404, as for what does not exist; the ledger tells the two apart. Call it outside a transaction."""
    with transaction.atomic():
        log.append(kind, actor=actor(officer), subject=subject)
    raise Http404
