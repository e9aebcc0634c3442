"""/card/ on an installation without a front that reads HPKI cards (decision 40)."""

import pytest
from django.test import Client

from enrollment import authorities


@pytest.mark.django_db
def test_the_start_page_leads_holders_to_a_page_that_says_what_they_can_do() -> None:
    assert 'href="/card/"' in Client().get("/").content.decode()
    answer = Client().get("/card/")
    page = answer.content.decode()
    assert answer.status_code == 200 and page.count("<h1") == 1
    assert "このサイトではまだ使えません" in page and 'href="/me/"' in page
    for office in authorities.all_authorities():
        assert office.name in page and office.site in page


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_is_sent_to_it(method: str) -> None:
    assert getattr(Client(), method)("/card/").status_code == 405
