"""Where a name leaves the form: the signed statement, the desk, the order for a certificate."""

import pytest
from django.urls import reverse

from enrollment import issuance, statement
from enrollment.models import Application
from tests.enrollment.desk.test_desk import desk
from tests.enrollment.names.test_pages import TOUGH, body
from tests.support import cases

pytestmark = pytest.mark.django_db


def submitted(monkeypatch: pytest.MonkeyPatch, name: str, flags: list[str]) -> Application:
    """A signed case of a person whose card holds this name."""
    family, given = name.split("　")
    named = cases.ANSWERS["names"] | {"family": family, "given": given, "flags": flags}  # type: ignore[operator]
    card = cases.ANSWERS["card"] | {"name": name}  # type: ignore[operator]
    answers = {**cases.ANSWERS, "card": card, "names": named}
    monkeypatch.setattr(cases, "ANSWERS", answers)
    return cases.submitted(answers=answers)


@pytest.mark.requirement("NM-02", "NM-03", "NM-04", "NM-05")
@pytest.mark.parametrize("name", TOUGH.values(), ids=TOUGH.keys())
def test_a_name_keeps_its_code_points_at_the_desk_and_in_whatever_leaves(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = submitted(monkeypatch, name, [])
    officer = desk(cases.officer("examiner", ("jma", "EXAMINER")))
    page = body(officer.get(reverse("admin:enrollment_case", args=[case.public_id])))
    family = name.split("　")[0]
    assert name in page and family in page
    signed = case.statements.get()
    assert statement.read(signed.content)["answers"]["card"]["name"] == name
    assert name.encode() in bytes(signed.content)
    assert issuance._credential_order(case).name_kanji == name


@pytest.mark.requirement("NM-09", "NM-14", "RJ-39")
def test_an_officer_reads_what_to_look_at(monkeypatch: pytest.MonkeyPatch) -> None:
    case = submitted(monkeypatch, "山\u3013　花子", ["gaiji", "kana_differs", "family_manual"])
    officer = desk(cases.officer("examiner", ("jma", "EXAMINER")))
    page = body(officer.get(reverse("admin:enrollment_case", args=[case.public_id])))
    for sentence in ("字形のない文字", "フリガナと異なる", "姓のローマ字は手入力"):
        assert sentence in page, sentence
