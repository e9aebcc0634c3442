"""What waits for approval under the longest names of facility and system: looked at on a phone and at a desk."""

import pytest
from django.conf import settings

from ledger import clock
from signing.authorising import approvals
from signing.models import Approval, ClientCertificate
from tests.signing.records import rows
from tests.support import days
from tests.support.beside import IN_CHROMIUM
from tests.support.browser import DESK, NARROWEST, chromium, inspect, visit
from tests.support.card_site import facilities
from tests.support.csc import digest
from tests.support.signed_in import bound_phone
from vault import tokens

pytestmark = [*IN_CHROMIUM, pytest.mark.requirement("SG-3")]
SYSTEM = "医療法人社団みどり会　みどり総合病院　電子カルテ（処方・調剤連携基盤）Midori-Hospital-Integration-Platform"
TOLD = "処方箋 3 件 #麻薬\n#1 処方箋（内服）整理番号2026-000123-000456\n#3 prescription-2026-000123-000458-refill.xml"
# buttons whose words stand one below the other: two lines are 77 px
STANDING = """() => [...document.querySelectorAll(".button")].filter(one => one.getBoundingClientRect().height > 90)
  .map(one => one.textContent.trim())"""


def test_long_names_fit_every_page_of_an_approval(site: str) -> None:
    day, token, at = days.day(clock.now(), caller=days.ehr(SYSTEM)), tokens.new_token(), clock.now()
    bound_phone(day.credential)
    facilities.bound(day.client.client_id, name=facilities.LONG_NAME)
    branch = ClientCertificate.objects.get()
    session = rows.session_of(day.credential, at)
    type(session).objects.filter(pk=session.pk).update(token_digest=tokens.digest(token))
    caller = day.caller._replace(certificate=branch.pk, thumbprint=bytes(branch.thumbprint).hex())
    digests = [digest(number) for number in range(3)]
    approvals.ask(caller, day.credential.public_id, digests, why=["narcotics"], at=at, description=TOLD)
    one = f"/me/approvals/{Approval.objects.get().public_id}/"
    with chromium() as browser, visit(browser, site, phone=False) as page:
        cookie = {"name": settings.SIGNER_COOKIE_NAME, "value": token, "url": site}
        page.context.add_cookies([cookie])  # type: ignore[list-item]
        for address, name in (("/me/", "me"), ("/me/approvals/", "list"), (one, "one")):
            page.goto(address)
            for size in (NARROWEST, DESK):
                page.set_viewport_size(size)
                inspect(page, f"approval-facility-{name}-{size['width']}")
                assert page.evaluate(STANDING) == []
            shown = page.locator("main").inner_text()
            assert name == "me" or (facilities.LONG_NAME in shown and SYSTEM in shown)
