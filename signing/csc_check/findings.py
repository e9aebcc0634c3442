"""What was found: one finding a check, as text for people and as JSON for machines."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from signing.csc_check.credential import Chosen
from signing.csc_check.server import Answer, Server, Unreachable

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


class Failed(Exception):
    """The server did otherwise than it should; the argument says how."""


class Skipped(Exception):
    """The server does not offer this, or the caller did not say what is needed for it."""


class Setting(NamedTuple):
    """What the checks of a run share. `other` is a second caller of the same server, None where none was named.

    `pause` lets so many seconds pass, until a SAD has run out; None: that check is left out.
    """

    server: Server
    chosen: Chosen
    other: Server | None
    pause: Callable[[float], object] | None


class Check(NamedTuple):
    """`source`: where the rule stands; `weakness`: what peer was found with it (remote-signing.md section 4.2)."""

    name: str
    source: str
    weakness: str
    carry_out: Callable[[Setting], None]


class Finding(NamedTuple):
    suite: str
    version: str
    name: str
    verdict: str
    said: str
    source: str
    weakness: str


def carry_out(suite: str, checks: Iterable[Check], setting: Setting) -> list[Finding]:
    return [_found(suite, check, setting) for check in checks]


def _found(suite: str, check: Check, setting: Setting) -> Finding:
    verdict, said = PASSED, ""
    try:
        check.carry_out(setting)
    except Skipped as why:
        verdict, said = SKIPPED, str(why)
    except Failed as why:
        verdict, said = FAILED, str(why)
    except Unreachable as why:
        verdict, said = FAILED, f"no answer: {why}"
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as why:
        verdict, said = FAILED, f"the answer has not the standard's form: {type(why).__name__} {why}"
    return Finding(suite, setting.server.version, check.name, verdict, said, check.source, check.weakness)


def want(condition: object, said: str) -> None:
    """Raises Failed where the condition does not hold."""
    if not condition:
        raise Failed(said)


def good(answer: Answer, *, status: int = 200) -> Answer:
    """The answer, if it is a JSON object with this status."""
    want(answer.status == status, f"{answer.status} instead of {status}: {answer.text}")
    want(answer.content_type == "application/json", f"content type {answer.content_type}")
    return answer


def refuses(answer: Answer, *statuses: int) -> Answer:
    """The answer, if it is no signature, no SAD and no server error; `statuses`: what it may be, 4xx where none."""
    want("signatures" not in answer.body, "it signed")
    want("SAD" not in answer.body, "it gave a SAD")
    want(answer.status in (statuses or range(400, 500)), f"{answer.status}: {answer.text.strip()}")
    return answer


def no(answer: Answer, *statuses: int, description: str = "") -> Answer:
    """As `refuses`, and in the standard's form (section 10.2): JSON with `error`, and with this description."""
    refuses(answer, *statuses)
    want(answer.content_type == "application/json", f"content type {answer.content_type or 'missing'}")
    want(isinstance(answer.body.get("error"), str), f"no error code: {answer.text}")
    if description:
        want(answer.description == description, f"says “{answer.description}”, not “{description}”")
    return answer


def as_text(findings: list[Finding], figures: list[dict[str, Any]]) -> str:
    """One line a finding, what failed with its reason, then the counts."""
    signs = {PASSED: "ok     ", FAILED: "FAILED ", SKIPPED: "skipped"}
    lines = []
    for each in findings:
        where = f"{each.suite}/{each.version}"
        lines.append(
            f"{signs[each.verdict]} {where:<15} {each.name}"
            + (f" [{each.weakness}]" if each.weakness else "")
        )
        if each.said:
            lines.append(f"                        {each.said}  ({each.source})")
    for figure in figures:
        lines.append(
            f"speed   {figure['version']:<15} {figure['name']}: {figure['per_second']:.1f} signatures/s,"
            f" p50 {figure['p50_ms']:.1f} ms, p95 {figure['p95_ms']:.1f} ms"
        )
    counts = [f"{sum(each.verdict == verdict for each in findings)} {verdict}" for verdict in signs]
    return "\n".join([*lines, ", ".join(counts)])


def as_json(findings: list[Finding], figures: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "passed": all(each.verdict != FAILED for each in findings),
        "findings": [each._asdict() for each in findings],
        "speed": figures,
    }
