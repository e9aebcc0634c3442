"""What every word of an officer begins with: who it is in the ledger, and whether the role allows it."""

from enrollment.errors import Refused
from enrollment.models import Application
from ledger import log
from staff.models import Officer


def actor(officer: Officer) -> log.Actor:
    return log.Actor("officer", str(officer.public_id))


def require(officer: Officer, application: Application, role: str) -> None:
    """Raises Refused("not_yours") unless the officer holds the role for the case's authority."""
    if not officer.holds(role, application.authority):
        raise Refused("not_yours", role=role)


def locked(application: Application) -> None:
    """Inside the transaction of a word, first of all: whoever speaks on the same case waits, and reads what stands."""
    Application.objects.select_for_update(no_key=True).get(pk=application.pk)
