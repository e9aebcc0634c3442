"""Every message to the queue and every mail leaves through the outbox: nobody else speaks to Celery or to SMTP."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = ("deploy", "enrollment", "signing", "staff", "ledger", "vault", "cards", "outbox")
# what would send -> the only files that may name it
ALLOWED = {
    "send_task": {"deploy/celery.py"},
    "delay": set[str](),
    "apply_async": set[str](),
    "send_mail": set[str](),
    "send_mass_mail": set[str](),
    "mail_admins": set[str](),
    "mail_managers": set[str](),
    "EmailMessage": {"outbox/mails.py"},
    "EmailMultiAlternatives": set[str](),
    "get_connection": {"outbox/mails.py"},
    "send_messages": {"outbox/mails.py"},
    "SMTP": set[str](),
    "SMTP_SSL": set[str](),
}


def named(source: str) -> Iterator[str]:
    """Every name and attribute of a module that is one of those."""
    for node in ast.walk(ast.parse(source)):
        word = ""
        if isinstance(node, ast.Attribute):
            word = node.attr
        elif isinstance(node, ast.Name):
            word = node.id
        elif isinstance(node, ast.alias):
            word = node.name.rpartition(".")[2]
        if word in ALLOWED:
            yield word


@pytest.mark.requirement("RV-10")
def test_nobody_else_rings_or_mails() -> None:
    files = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    found = {(word, str(path.relative_to(ROOT))) for path in files for word in named(path.read_text("utf-8"))}
    assert {word for word, _ in found} >= {"send_task", "EmailMessage"}  # the search finds what is there
    assert [(word, place) for word, place in sorted(found) if place not in ALLOWED[word]] == []


@pytest.mark.parametrize(
    "source",
    ["from django.core.mail import send_mail", "task.delay(1)", "app.send_task('x')", "smtplib.SMTP()"],
)
def test_the_search_finds_who_does(source: str) -> None:
    assert list(named(source))
