"""The main job, from the first click to a signature that strangers' tools verify (issue 2, "What must be shown").

Once on what `make run` starts (SQLite, filesystem broker) with a doctor on a phone, once on PostgreSQL and Redis with
a pharmacist at a PC. Every page after the form (tests/journeys/form looks at that) is looked at by axe, must fit its
window and must leave the console empty.
"""

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.journeys.applicants import Applicant, Notice
from tests.journeys.city import City, city
from tests.journeys.eyes import Eyes
from tests.journeys.phones import Phone
from tests.support import pdfs
from tests.support.ehr import Ehr, Failed
from tests.support.openssl import Stranger
from tests.support.product import Product

# domain.md 5.1: UTF-8, LF, first line SJ1; everything in it is invented
PRESCRIPTION = (
    "SJ1\n1,1,9999999,13,見本総合診療所\n5,,ﾐﾎﾝ ｲﾁﾛｳ,見本　一郎\n11,,見本　花子,ﾐﾎﾝ ﾊﾅｺ\n51,20261120\n"
    "101,1,1,,14\n201,1,1,,7,999999999,見本錠１０ｍｇ,1,1,錠\n"
).encode()
ANOTHER = PRESCRIPTION.replace("見本錠１０ｍｇ".encode(), "見本錠２０ｍｇ".encode())


@dataclass
class Job:
    """The story so far: who took part and what came out."""

    city: City
    authority: str
    applicant: Applicant
    phone: Phone
    ehr: Ehr
    receipt: str
    notice: Notice
    certificate: bytes
    signature: bytes

    @property
    def product(self) -> Product:
        return self.city.product


SEEN = Eyes("seen", is_strict=False)  # the form's own pages: tests/journeys/form looks at each of them
STORIES = {"doctor": Product.embedded, "pharmacist": Product.on_servers}


@pytest.fixture(scope="module", params=STORIES, ids=["doctor-embedded", "pharmacist-servers"])
def job(
    request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Job]:
    """The whole story up to the first signature."""
    who = request.param
    folder = tmp_path_factory.mktemp(who)
    with STORIES[who](folder) as product, city(product, browser) as town:
        eyes = Eyes(f"main-{who}")
        applicant = town.applicant(who, SEEN, phone=who == "doctor")
        authority = str(applicant.person["authority"])
        receipt = applicant.applies()
        applicant.eyes = eyes
        town.is_approved(authority, receipt, eyes)
        applicant.waits_for("審査完了")
        notice = applicant.reads_link_and_password()
        phone = town.phone(eyes)
        phone.binds(notice.link, notice.password)
        ehr = town.ehr()
        phone.opens_the_day(ehr.asks_for_admission())
        ehr.redeems_code()
        certificate = ehr.certificates()[0]
        (signature,) = ehr.signs([sha256(PRESCRIPTION).digest()])
        yield Job(town, authority, applicant, phone, ehr, receipt, notice, certificate, signature)


def test_openssl_accepts_the_chain_and_finds_the_certificate_on_no_list(job: Job, tmp_path: Path) -> None:
    stranger = Stranger(job.product.url, tmp_path)
    assert stranger.verifies_certificate(job.certificate, job.authority) == "OK"
    other = "medis" if job.authority == "jma" else "jma"
    assert stranger.verifies_certificate(job.certificate, other) != "OK"


def test_openssl_accepts_the_signature_over_the_prescription_and_no_other(job: Job, tmp_path: Path) -> None:
    stranger = Stranger(job.product.url, tmp_path)
    assert stranger.verifies_signature(job.certificate, job.signature, PRESCRIPTION) == "Verified OK"
    assert stranger.verifies_signature(job.certificate, job.signature, ANOTHER) != "Verified OK"


def test_the_certificate_names_the_person_as_the_applicant_chose(job: Job, tmp_path: Path) -> None:
    text = Stranger(job.product.url, tmp_path).reads(job.certificate)
    family, given = job.applicant.person["romaji"].split(" ")
    assert f"CN={given.title()} {family}" in text
    assert "Non Repudiation" in text


def test_a_second_signature_within_the_day_needs_no_new_authentication(job: Job, tmp_path: Path) -> None:
    (signature,) = job.ehr.signs([sha256(ANOTHER).digest()])
    stranger = Stranger(job.product.url, tmp_path)
    assert stranger.verifies_signature(job.certificate, signature, ANOTHER) == "Verified OK"


def test_a_second_system_is_admitted_within_the_day_without_a_page(job: Job) -> None:
    job.phone.page.goto(job.ehr.asks_for_admission(prompt="none"))
    assert job.phone.page.url.startswith(job.ehr.redirect_uri)
    job.ehr.redeems_code()
    assert job.ehr.credential()


def test_an_authorisation_is_good_for_its_hashes_and_once(job: Job) -> None:
    digest = sha256(PRESCRIPTION).digest()
    sad = job.ehr.authorizes([digest])
    with pytest.raises(Failed):
        job.ehr.signs([sha256(ANOTHER).digest()], sad=sad)
    assert job.ehr.signs([digest], sad=sad)
    with pytest.raises(Failed):
        job.ehr.signs([digest], sad=sad)


def test_pyhanko_unmodified_signs_a_pdf_that_pdfsig_accepts(job: Job, tmp_path: Path) -> None:
    credential = job.ehr.credential()
    with ThreadPoolExecutor(1) as apart:  # the browser's own loop runs in this thread
        signing = apart.submit(asyncio.run, pdfs.sign_pdfs(job.product.url, credential, job.ehr.token, 2))
    for number, pdf in enumerate(signing.result()):
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(pdf)
        assert "Signature Validation: Signature is Valid." in pdfs.pdfsig(path)


def test_no_mail_holds_the_link_or_its_password(job: Job) -> None:
    mails = "\n".join(job.applicant.mails())
    token = job.notice.link.rstrip("/").rpartition("/")[2]
    assert job.receipt in mails
    assert "審査が完了しました" in mails
    for secret in (token, job.notice.password, "/r/"):
        assert secret not in mails


def test_link_and_password_leave_the_inbox_when_the_phone_is_bound(job: Job) -> None:
    job.applicant.reads_notice("審査が完了しました")
    shown = job.applicant.page.locator("body").inner_text()
    assert job.notice.password not in shown
    assert job.notice.link not in shown


def test_the_applicant_reads_that_a_phone_was_bound(job: Job) -> None:
    job.applicant.reads_notice("スマートフォンの登録が完了しました")


def test_the_signers_own_page_lists_every_signature(job: Job) -> None:
    job.phone.page.goto("/me/")
    job.phone.eyes.look(job.phone.page, "me")
    assert "署名" in job.phone.page.locator("main").inner_text()


def test_the_other_authoritys_officers_do_not_see_the_case(job: Job) -> None:
    other = "medis" if job.authority == "jma" else "jma"
    desk = job.city.officer(f"{other}-examiner", Eyes("other", is_strict=False))
    desk.page.goto("/admin/enrollment/application/?state=all")
    assert job.receipt not in desk.page.locator("body").inner_text()


def test_the_log_and_the_keys_agree_in_the_end(job: Job) -> None:
    told = json.loads(job.product.manage("audit", "verify").stdout)
    assert told, told
    assert json.loads(job.product.manage("reconcile").stdout) is not None
