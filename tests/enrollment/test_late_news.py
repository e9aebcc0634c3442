"""News that arrive after what they tell of was replaced: nothing wrong is said, and no reminder is used up."""

from datetime import timedelta

import pytest
from pytest_django import Settings

from enrollment import issuance
from signing import links, reminders
from signing.models import CardBinding, EnrollmentLink
from tests.enrollment.test_phone_news import OFFICER, Issued

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def fast_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.mark.requirement("ST-34")
def test_a_reminder_of_a_former_link_says_nothing_of_the_new_one_and_does_not_use_its_mark_up() -> None:
    case = Issued()
    end = links.expiry(case.at)
    assert reminders.remind_of_links(end - 6 * DAY) == 1  # the worker is away
    issuance.reissue_link(case.application, actor=OFFICER, reason="lost", at=case.at)
    assert "signing.link_ends_in_7" in case.hear()
    assert not case.notices("n6")
    new = EnrollmentLink.objects.get(state="open")
    assert reminders.remind_of_links(new.expires_at - 6 * DAY) == 1
    case.hear()
    assert len(case.notices("n6")) == 1


@pytest.mark.requirement("ST-36")
def test_a_reminder_of_a_former_card_says_nothing_of_the_new_one() -> None:
    case = Issued()
    old = CardBinding.objects.create(
        credential=case.credential, fingerprint=b"f" * 32, not_after=case.at + 20 * DAY, bound_at=case.at
    )
    assert reminders.remind_of_cards(case.at) == 1
    CardBinding.objects.filter(pk=old.pk).update(is_living=False)
    CardBinding.objects.create(
        credential=case.credential, fingerprint=b"g" * 32, not_after=case.at + 1800 * DAY, bound_at=case.at
    )
    assert "signing.card_ends_in_30" in case.hear()
    assert not case.notices("n15")
