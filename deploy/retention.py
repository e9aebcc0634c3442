"""The whole timetable of what is kept how long (decision 31): each room's own rows, put together."""

from datetime import datetime
from functools import partial

from django.contrib.sessions.backends.db import SessionStore

from enrollment import retention as applications
from ledger import erasure
from ledger.erasure import Rule
from outbox import retention as messages
from outbox.chores import Chore
from signing import retention as signatures

TIMETABLE: tuple[Rule, ...] = (
    *applications.BY_THE_MINUTE,
    *applications.BY_THE_HOUR,
    *signatures.TIMETABLE,
    *messages.TIMETABLE,
    *applications.BY_THE_DAY,
)


class NotAllErased(RuntimeError):
    """Some batches of a rule could not be erased; the others were."""


def apply(rule: Rule, at: datetime) -> None:
    """Raises NotAllErased, so that the clock counts it as a failure."""
    outcome = erasure.carry_out(rule, at)
    if outcome.failed:
        raise NotAllErased(f"{rule.name}: {outcome.failed}")


def chores(rules: tuple[Rule, ...]) -> tuple[Chore, ...]:
    """One chore for each rule: one that fails keeps none of the others back."""
    return tuple(Chore(f"retention.{rule.name}", partial(apply, rule)) for rule in rules)


def forget_officers_sessions(at: datetime) -> None:
    """Django's own sessions are an officer's; they end by the machine's time, which Django reads itself."""
    SessionStore.clear_expired()


def table() -> str:
    """The timetable in words for people (enrollment/retention/README.md)."""
    lines = ["| 何を | いつから | どれだけ | 残るもの |", "|---|---|---|---|"]
    lines += [f"| {rule.what} | {rule.after} | {rule.period} | {rule.remains} |" for rule in TIMETABLE]
    return "\n".join(lines)


MINUTE = chores(applications.BY_THE_MINUTE)
HOUR = (
    *chores((*applications.BY_THE_HOUR, *signatures.TIMETABLE, *messages.TIMETABLE)),
    Chore("officers' sessions", forget_officers_sessions),
)
DAY = chores(applications.BY_THE_DAY)
