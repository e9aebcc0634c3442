"""`make requirements`: which numbered requirement is proven by which test of this very run (decision 34).

tests/requirements.toml holds one table per id: `text` (one line of our own), `source`, `state` (built, note, open,
later) and, where there is one, `reason`. A test names what it proves: `@pytest.mark.requirement("RJ-01")`. Only a
passed test proves; one failed or skipped test among its tests breaks the proof.
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

PROPERTY = "requirements"
UNTESTED = {"note": "a note", "open": "open", "later": "later"}
TABLE = Path(__file__).resolve().parent.parent / "requirements.toml"


def known() -> dict[str, dict[str, str]]:
    if not TABLE.exists():
        return {}
    with TABLE.open("rb") as file:
        return tomllib.load(file)


def claims(item: pytest.Item) -> list[str]:
    return [str(name) for mark in item.iter_markers("requirement") for name in mark.args]


def _order(name: str) -> tuple[str, int]:
    family, _, number = name.rpartition("-")
    return family, int(number)


class Claims:
    """Writes on each test what it claims; the reports carry it, from the processes of pytest-xdist too."""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            item.user_properties.append((PROPERTY, claims(item)))
        unknown = {name for item in items for name in claims(item)} - set(known())
        if unknown and known():
            raise pytest.UsageError(f"not in {TABLE.name}: {', '.join(sorted(unknown))}")


class Ledger:
    """Counts, per id, the tests that passed and those that did not."""

    def __init__(self) -> None:
        self.passed: dict[str, set[str]] = defaultdict(set)
        self.broken: dict[str, set[str]] = defaultdict(set)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        told = [each for key, each in report.user_properties if key == PROPERTY]
        names = [str(name) for each in told if isinstance(each, list) for name in each]
        test = report.nodeid.partition("[")[0]
        for name in names:
            if report.failed or (report.skipped and report.when != "teardown"):
                self.broken[name].add(test)
            elif report.when == "call" and report.passed:
                self.passed[name].add(test)

    def lines(self) -> Iterable[str]:
        table = known()
        proven = {name for name in self.passed if name not in self.broken}
        missing = []
        for name in sorted(set(table) | set(self.passed) | set(self.broken), key=_order):
            row = table.get(name, {})
            tests = sorted(self.passed[name] if name in proven else self.broken[name])
            verdict = (
                "proven"
                if name in proven
                else "BROKEN"
                if tests
                else UNTESTED.get(row["state"], "NOT PROVEN")
            )
            if verdict.isupper():
                missing.append(name)
            yield f"{name:<8} {verdict:<11} {row.get('text', '')}"
            if name not in proven and row.get("reason"):
                yield f"{'':<20} {row['reason']}"
            yield from (f"{'':<20} {test}" for test in tests)
        testable = [name for name, row in table.items() if row["state"] == "built"]
        yield f"{len(proven & set(testable))} of {len(testable)} testable requirements are proven by this run."
        if missing:
            yield f"Not proven: {', '.join(missing)}"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.section("requirements")
        for line in self.lines():
            terminalreporter.write_line(line)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--requirements", action="store_true", help="print which requirement is proven by which test"
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--requirements"):
        config.pluginmanager.register(Claims(), "requirements-claims")
        if not hasattr(config, "workerinput"):
            config.pluginmanager.register(Ledger(), "requirements-ledger")
