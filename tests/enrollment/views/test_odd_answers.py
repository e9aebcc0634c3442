"""Odd answers through the real view: asked once, kept, shown again, and locked in a returned application."""

import pytest

from enrollment import drafts
from enrollment.models import ReturnItem
from tests.enrollment.test_submission import _return
from tests.support.people import Applying

pytestmark = pytest.mark.django_db
WRONG = {"institution_code": "1310110048"}


@pytest.fixture
def person() -> Applying:
    person = Applying()
    person.until("names")
    return person


@pytest.mark.requirement("DQ-13")
def test_a_wrong_check_digit_is_asked_about_once_and_kept_with_the_answer(person: Applying) -> None:
    given = person.answers("workplace") | WRONG
    page = person.post("workplace", given)
    text = page.content.decode()
    assert page.status_code == 200 and "このまま進む" in text and "検査数字" in text
    assert "エラー：" not in text and 'value="1310110048"' in text
    accepted = given | {"accepted": page.context["form"].marks.replace("\n", "\r\n")}
    assert person.post("workplace", accepted).status_code == 302
    values = drafts.answers(person.application, "workplace")
    assert values["warnings"] == ["institution_check_digit"] and "accepted" not in values
    again = person.get("workplace").content.decode()
    assert "検査数字" in again and "このまま進む" not in again


def test_what_keeps_itself_does_not_undo_an_accepted_answer(person: Applying) -> None:
    accepted = person.answers("workplace") | WRONG | {"accepted": "institution_check_digit=1310110048"}
    person.post("workplace", accepted)
    told = person.post("workplace", accepted | {"accepted": "", "autosave": "1"}).json()
    assert told["state"] == "saved" and drafts.answers(person.application, "workplace")["warnings"]


@pytest.mark.requirement("DQ-16")
def test_the_button_s_round_trip_keeps_what_was_typed_and_advances_nothing(person: Applying) -> None:
    given = {"has_workplace": "yes", "name": "霞が関診療所", "postal_code": "100-0014", "fill": "ask"}
    page = person.post("workplace", given)
    text = page.content.decode()
    assert (
        page.status_code == 200 and 'value="東京都千代田区永田町"' in text and 'value="霞が関診療所"' in text
    )
    assert drafts.answers(person.application, "workplace") == {}
    assert 'value="東京都千代田区永田町"' in person.get("workplace").content.decode()


@pytest.mark.requirement("NM-24", "K-18")
def test_the_home_s_postal_code_is_compared_with_the_card_and_goes_on(person: Applying) -> None:
    page = person.post("home", {"postal_code": "530-0001"})
    text = page.content.decode()
    assert "大阪府大阪市北区梅田" in text and "東京都文京区本駒込９丁目９番９号" in text
    assert 'name="address"' not in text
    marks = page.context["form"].marks
    assert person.post("home", {"postal_code": "530-0001", "accepted": marks}).status_code == 302
    assert person.post("home", {"postal_code": "999-9999"}).status_code == 302  # unknown: no question at all


def test_a_returned_application_asks_only_about_what_is_open_and_can_be_answered() -> None:
    person = Applying(workplace=WRONG | {"accepted": f"institution_check_digit={WRONG['institution_code']}"})
    application = person.submit()
    _return(application, "workplace", "institution_code")
    assert ReturnItem.objects.filter(application=application).count() == 1
    other = person.answers("workplace") | {"institution_code": "1310110047", "accepted": ""}
    page = person.post("workplace", other)
    assert page.status_code == 200 and "このまま進む" in page.content.decode()
    done = person.post("workplace", other | {"accepted": page.context["form"].marks})
    assert done.status_code == 302
    assert drafts.answers(application, "workplace")["institution_code"] == "1310110047"
