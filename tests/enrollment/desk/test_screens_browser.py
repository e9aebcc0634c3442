"""Every page of the desk in Chromium, at a desk and on a phone: axe finds nothing, nothing scrolls sideways, no word is
cut, the console is empty, and what the keyboard comes to is seen (RV-1, RV-4)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

import pytest
from django.conf import settings
from playwright.sync_api import Page

from enrollment import checks, review
from enrollment.models import Application
from ledger import clock
from outbox.models import Job
from signing.models import StepUpPolicy
from staff import granting, invitations
from staff.models import Officer
from tests.enrollment.desk.test_desk import desk
from tests.enrollment.orders.test_desk import order
from tests.support import cases
from tests.support.beside import IN_CHROMIUM, aside
from tests.support.browser import DESK, NARROWEST, assert_accessible, assert_fits, chromium, shoot, visit
from tests.support.card_site import facilities
from tests.support.credentials import active_credential
from tests.support.days import ehr
from tests.support.web import served

pytestmark = IN_CHROMIUM
LIST = "/admin/enrollment/application/"
# Words that their cell does not show, and buttons whose words stand one below the other.
CUT = """() => [...document.querySelectorAll("td, th, dd, .button")].filter(one => {
  const box = one.getBoundingClientRect(), style = getComputedStyle(one);
  if (!box.width || one.closest(".unseen, dialog:not([open]), thead")) return false;
  return one.matches(".button") ? box.height > 70 : box.right > innerWidth + 1;
}).map(one => one.textContent.trim().slice(0, 40))"""
IS_HIDDEN = """() => {
  const one = document.activeElement, seen = one.matches("input[type=radio]") ? one.nextElementSibling : one;
  const box = seen.getBoundingClientRect(), bar = document.querySelector(".desk-decide");
  if (one === document.body || bar.contains(one) || one.closest("#footer, #header")) return false;
  return box.bottom > bar.getBoundingClientRect().top + 1 || box.top < -1;
}"""


class Morning(NamedTuple):
    address: str
    case: Application
    held: Application
    order: str
    locked: Officer
    credential: str
    policy: int


@pytest.fixture
def morning() -> Iterator[Morning]:
    """Work of every kind: a case that waits, one that somebody holds, an order, a failed job, a role to confirm."""
    at = clock.now()
    held = cases.submitted(at=at)
    case = cases.submitted(registration_number=str(held.registration_number), at=at - timedelta(days=30))
    checks.run_all(str(case.public_id))
    review.claim(held, cases.officer("jma-examiner-2", ("jma", "EXAMINER")), at)
    machinist = cases.officer("operator", ("", "OPERATOR"))
    locked, _token = invitations.invite(machinist, "invited", "新人 三郎", at)
    granting.propose(machinist, locked, "jma", "EXAMINER", at)
    Job.objects.create(
        kind="enrollment.approved", subject=str(case.public_id), state="failed", attempts=10,
        last_error="OSError in enrollment.issuance", run_after=at, ring_after=at, created_at=at,
    )  # fmt: skip
    credential = active_credential(at=at)
    policy = StepUpPolicy.objects.create(
        client=ehr(facilities.LONG_NAME), facility="1312345678ABCDEF", above=50, for_new_callers=True,
        for_narcotics=True, changed_at=at,
    )  # fmt: skip
    with served() as address:
        yield Morning(
            address, case, held, str(order().public_id), locked, credential.signer.person_id, policy.pk
        )


def cookie(name: str, *roles: tuple[str, str]) -> str:
    """The session of an officer who has just signed in."""
    found = Officer.objects.filter(username=name).first() or cases.officer(name, *roles)
    return str(desk(found).cookies[settings.SESSION_COOKIE_NAME].value)


def looks(page: Page, address: str, name: str) -> None:
    page.goto(address)
    for size, width in ((NARROWEST, "360"), (DESK, "1280")):
        page.set_viewport_size(size)
        assert_fits(page)
        assert_accessible(page)
        shoot(page, f"screens-{name}-{width}")
        assert page.evaluate(CUT) == [], f"{address} at {width} px"
    assert page.locator("h1").count() == 1 and page.title().strip()


def pages(morning: Morning) -> dict[str, dict[str, str]]:
    """Who looks at what; the first word of a name is the picture's."""
    case, held = (f"{LIST}case/{one.public_id}/" for one in (morning.case, morning.held))
    return {
        "examiner": {
            "index": "/admin/", "worklist": f"{LIST}?state=open", "worklist-empty": f"{LIST}?state=returned",
            "case": case, "purpose": held, "new-cards": f"{LIST}new-cards/", "cards": f"{LIST}card-orders/",
            "orders": "/admin/enrollment/certificateorder/",
            "order": f"/admin/enrollment/certificateorder/order/{morning.order}/",
            "password": "/admin/password_change/", "factor": "/admin/second-factor/",
            "device": "/admin/second-factor/device/", "confirm": "/admin/confirm/",
        },
        "approver": {"proposals": "/admin/staff/roleproposal/"},
        "auditor": {"ledger": "/admin/ledger/entry/"},
        "operator": {
            "jobs": "/admin/outbox/job/", "officers": "/admin/staff/officer/",
            "officer": f"/admin/staff/officer/{morning.locked.public_id}/",
            "credentials": f"/admin/signing/credential/?q={morning.credential}",
            "policies": "/admin/signing/stepuppolicy/", "policy-new": "/admin/signing/stepuppolicy/add/",
            "policy": f"/admin/signing/stepuppolicy/{morning.policy}/",
            "policy-end": f"/admin/signing/stepuppolicy/{morning.policy}/delete/",
        },
    }  # fmt: skip


ENGLISH = {"officer", "worklist", "case", "ledger"}  # the longest words and the widest controls
ROLES = {"examiner": "EXAMINER", "approver": "APPROVER", "auditor": "AUDITOR"}


@pytest.mark.requirement("RV-1", "RV-4")
def test_every_page_of_the_desk_fits_a_phone_and_a_desk_and_no_word_is_cut(morning: Morning) -> None:
    with chromium() as browser:
        for who, addresses in pages(morning).items():
            with visit(browser, morning.address, phone=False) as page:
                session = aside(cookie, who, *([("jma", ROLES[who])] if who in ROLES else []))
                named = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": morning.address}
                page.context.add_cookies([named])  # type: ignore[list-item]
                for name, address in addresses.items():
                    looks(page, address, f"{who}-{name}")
                page.context.add_cookies([{"name": "inkan-language", "value": "en", "url": morning.address}])
                for name in ENGLISH & addresses.keys():
                    looks(page, addresses[name], f"{who}-{name}-en")


@pytest.mark.requirement("RV-2")
def test_what_the_keyboard_comes_to_is_never_under_the_bar_nor_out_of_sight(morning: Morning) -> None:
    with chromium() as browser, visit(browser, morning.address, phone=False) as page:
        session = aside(cookie, "examiner", ("jma", "EXAMINER"))
        named = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": morning.address}
        page.context.add_cookies([named])  # type: ignore[list-item]
        page.goto(f"{LIST}case/{morning.case.public_id}/")
        page.keyboard.press("c")
        page.locator("#sheet").wait_for()
        assert (
            page.locator(".desk-head a[href='#checks']").inner_text().strip() == "要確認 1件"
        )  # also in the worklist
        assert "要確認" in page.locator(".desk-findings li").first.inner_text()
        for size in (NARROWEST, DESK):
            page.set_viewport_size(size)
            page.reload()
            hidden = []
            for _ in range(60):
                page.keyboard.press("Tab")
                if page.evaluate(IS_HIDDEN):
                    hidden.append(page.evaluate("document.activeElement.outerHTML.slice(0, 120)"))
            assert not hidden, f"at {size['width']} px"
