"""Dated notices of an authority, set by operators with `manage.py authority_notice` (CA-22)."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from enrollment.applicants import announcements
from enrollment.models import AuthorityNotice
from ledger import clock
from ledger.models import Entry
from tests.support import cases

pytestmark = pytest.mark.django_db


def run(*words: str) -> str:
    out = StringIO()
    call_command("authority_notice", *words, stdout=out)
    return out.getvalue()


@pytest.fixture(autouse=True)
def officers() -> None:
    cases.officer("operator", ("", "OPERATOR"))
    cases.officer("medis-operator", ("medis", "OPERATOR"))
    cases.officer("examiner", ("medis", "EXAMINER"))


@pytest.mark.requirement("CA-22")
def test_an_operator_shows_and_ends_a_notice_and_the_ledger_knows_who() -> None:
    today = clock.today(clock.now())
    shown = run(
        "add", "medis", "カードが不足しています。", "--by", "operator", "--english", "Cards are scarce."
    )
    row = AuthorityNotice.objects.get()
    assert shown.startswith(f"{row.pk}  medis/all  {today} to ...")
    assert announcements.of_authority("medis", "doctor", today)[0].text == row.text
    assert row.text in run("list")
    run("end", str(row.pk), "--by", "medis-operator")
    assert row.text not in [one.text for one in announcements.of_authority("medis", "doctor", today)]
    entries = Entry.objects.filter(kind__startswith="authority_notice.").order_by("pk")
    assert [(one.kind, one.actor_kind, one.authority) for one in entries] == [
        ("authority_notice.published", "officer", "medis"),
        ("authority_notice.ended", "officer", "medis"),
    ]
    assert all(row.text not in str(one.data) for one in entries)
    with pytest.raises(CommandError, match="no such notice"):
        run("end", str(row.pk), "--by", "operator")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("add", "medis", "x", "--by", "examiner"), "no operator"),
        (("add", "jma", "x", "--by", "medis-operator"), "no operator"),
        (("add", "medis", "x", "--by", "nobody"), "no officer"),
        (("add", "medis", " ", "--by", "operator"), "characters"),
        (("add", "medis", "x" * 401, "--by", "operator"), "characters"),
        (
            ("add", "medis", "x", "--by", "operator", "--since", "2026-12-01", "--until", "2026-12-01"),
            "ends after",
        ),
        (("add", "medis", "x", "--by", "operator", "--since", "soon"), "no day"),
        (("add", "nowhere", "x", "--by", "operator"), "invalid choice"),
    ],
)
def test_what_is_not_theirs_or_not_right_is_refused(words: tuple[str, ...], told: str) -> None:
    with pytest.raises(CommandError, match=told):
        run(*words)
    assert not AuthorityNotice.objects.exists() and not Entry.objects.filter(kind__contains="notice").exists()


def test_a_notice_that_has_not_begun_can_be_ended() -> None:
    since = clock.today(clock.now()) + timedelta(days=9)
    run("add", "medis", "x", "--by", "operator", "--since", since.isoformat())
    run("end", str(AuthorityNotice.objects.get().pk), "--by", "operator")
    assert AuthorityNotice.objects.get().until == since
