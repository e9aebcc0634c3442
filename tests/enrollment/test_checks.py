from datetime import date

import pytest

from enrollment import checks
from enrollment.models import Attachment, CardHolder, Finding
from tests.support import cases
from vault import files


def _outcomes(case: object) -> dict[str, str]:
    return dict(Finding.objects.filter(application=case).values_list("check_name", "outcome"))


@pytest.mark.django_db
def test_an_honest_case_passes_every_check_and_a_repeat_adds_nothing() -> None:
    case = cases.submitted()
    checks.run_all(str(case.public_id))
    checks.run_all(str(case.public_id))
    assert _outcomes(case) == dict.fromkeys(checks.CHECKS, "pass")


@pytest.mark.django_db
def test_a_changed_file_is_found() -> None:
    case = cases.submitted()
    Attachment.objects.filter(application=case).update(shown_file=files.save(b"another picture"))
    checks.run_all(str(case.public_id))
    assert _outcomes(case)["files"] == "fail"


@pytest.mark.django_db
def test_a_changed_statement_is_found() -> None:
    case = cases.submitted()
    row = case.statements.get()
    row.content = row.content.replace("花子".encode(), "華子".encode())
    row.save()
    checks.run_all(str(case.public_id))
    assert _outcomes(case)["jpki_signature"] in ("fail", "error")


@pytest.mark.django_db
def test_an_equal_registration_number_at_another_authority_is_noticed_and_blocks_nobody() -> None:
    first = cases.submitted("jma")
    second = cases.submitted("medis", registration_number=first.registration_number)
    checks.run_all(str(second.public_id))
    assert _outcomes(second)["duplicates"] == "notice"


@pytest.mark.django_db
def test_a_holder_of_an_hpki_card_is_found_in_the_register() -> None:
    case = cases.submitted()
    CardHolder.objects.create(
        authority="jma",
        qualification="doctor",
        registration_number=case.registration_number,
        birth_date=date(1985, 4, 2),
        status="expired",
    )
    checks.run_all(str(case.public_id))
    assert _outcomes(case)["card_holder"] == "fail"


@pytest.mark.django_db
def test_a_check_that_breaks_is_a_finding_and_stops_no_other() -> None:
    case = cases.submitted()
    files.erase(case.attachments.get().shown_file)
    checks.run_all(str(case.public_id))
    outcomes = _outcomes(case)
    assert outcomes["files"] == "error" and outcomes["jpki_signature"] == "pass"
