"""/status/: what is asked of the person now, and nothing that no longer holds."""

import pytest
from django.urls import reverse

from enrollment.models import Application
from ledger import clock
from outbox import notices
from tests.support import cases
from tests.support.people import Applying

pytestmark = pytest.mark.django_db


def test_an_issued_application_leads_to_the_link_while_there_is_one() -> None:
    person = Applying()
    application = person.submit()
    assert "審査が終わる見込み" in person.browser.get("/status/").content.decode()
    cases.issued(application, clock.now())
    credential = application.credential
    notice = notices.post(
        person.applicant.public_id, "n5", "審査が完了しました", "本文", secret="{}", about=str(credential)
    )
    address = reverse("notice", args=[notice.public_id])
    button = f'button-primary" href="{address}"'
    page = person.browser.get("/status/").content.decode()
    assert button in page and 'href="/me/"' in page and "審査が終わる見込み" not in page
    notices.erase_secret(str(credential))
    assert button not in person.browser.get("/status/").content.decode()


@pytest.mark.parametrize("state", ["rejected", "withdrawn"])
def test_a_closed_application_promises_no_review(state: str) -> None:
    person = Applying()
    application = person.submit()
    Application.objects.filter(pk=application.pk).update(state=state)
    assert "審査が終わる見込み" not in person.browser.get("/status/").content.decode()
