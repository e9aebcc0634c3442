"""What a check is given and what it answers. Sentences are messages of the catalogue with their values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from enrollment.models import Application
from enrollment.models import Statement as StatementRow

PASS, NOTICE, FAIL, ERROR = "pass", "notice", "fail", "error"
# worst first
WORST = (ERROR, FAIL, NOTICE, PASS)


class Said(NamedTuple):
    """One sentence for the officer: a message, and its values; a value that is a message itself is a `Said` too."""

    template: str
    values: Mapping[str, Any] = {}

    def stored(self) -> list[Any]:
        values = {
            name: {"message": value.stored()} if isinstance(value, Said) else value
            for name, value in self.values.items()
        }
        return [self.template, values]

    def __str__(self) -> str:
        """In Japanese."""
        return self.template % {name: str(value) for name, value in self.values.items()}


@dataclass(frozen=True)
class Result:
    """outcome: pass, notice (look at it), fail (it does not hold)."""

    outcome: str
    said: Sequence[Said]


def found(outcome: str, template: str, **values: Any) -> Result:
    return Result(outcome, [Said(template, values)])


def together(parts: Sequence[tuple[str, Said]], fine: str) -> Result:
    """The worst outcome with the sentences of everything that is not fine; `fine` where all is."""
    told = [(outcome, said) for outcome, said in parts if outcome != PASS]
    if not told:
        return found(PASS, fine)
    return Result(min((one for one, _said in told), key=WORST.index), [said for _one, said in told])


class Away(Exception):
    """Something that the check needs cannot be had now (a list, the file store): try again. `reason` is a message."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Case:
    """What the checks may look at: the signed statement, not the rows that came after it."""

    application: Application
    row: StatementRow
    facts: Mapping[str, Any]
    at: datetime

    @property
    def answers(self) -> Mapping[str, Mapping[str, Any]]:
        answers: Mapping[str, Mapping[str, Any]] = self.facts["answers"]
        return answers

    def answer(self, step: str, name: str) -> str:
        return str(self.answers.get(step, {}).get(name) or "")

    @property
    def born(self) -> date:
        return date.fromisoformat(self.answer("card", "birth_date"))


class Check(NamedTuple):
    """One line of the list. `line` is the checklist's line that the finding belongs to, "" for none.

    `by_hand` tells the officer what to do where the check could not be done at all.
    """

    name: str
    title: str
    ask: Callable[[Case], Result]
    by_hand: str
    line: str = ""
