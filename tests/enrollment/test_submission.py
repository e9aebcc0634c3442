import pytest

from enrollment.flow import State
from tests.support.people import Applying, submitted_application

pytestmark = pytest.mark.django_db


def test_a_doctor_applies_to_jma() -> None:
    application = submitted_application()
    assert application.state == State.SUBMITTED
