"""A name has changed: from the My Number Card's new name to a new certificate, by two officers' word (RV-7, CA-11)."""

import subprocess
import threading
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from enrollment import joining, signed, submission
from enrollment.errors import Refused
from enrollment.models import Application, CertificateOrder, NameChange
from enrollment.orders import deciding, issuing, news, subjects
from enrollment.retention import people as erased_people
from enrollment.views.door import BROWSER_COOKIE
from ledger import clock
from ledger.log import Actor
from outbox.models import Mail, Notice
from signing import credentials
from signing import issuance as signing_issuance
from signing.acts import renewals
from signing.issuing import lists, setup
from signing.models import Credential, IssuingCertificate, RevocationList
from tests.deploy.landed import at_the_desk
from tests.enrollment.orders import lives
from tests.enrollment.orders.renaming import NEW, Renaming, renamed_card
from tests.support import cases

pytestmark = pytest.mark.django_db
SLUG = "dentist"  # 石川　恵子, born 1985-07-21; applies to MEDIS
Standing = tuple[Renaming, Application, Credential]


@pytest.fixture(autouse=True)
def _authorities(signers: object) -> None:
    setup.ensure()


@pytest.fixture
def standing(tmp_path: Path) -> Standing:
    """A dentist with a certificate, whose card has the new name."""
    person = Renaming(SLUG)
    case = person.submit()
    credential = lives.certified(case)
    case.refresh_from_db()
    person.file = renamed_card(tmp_path / "card.json", SLUG, NEW)
    return person, case, credential


def decided(order: CertificateOrder) -> Credential:
    at = clock.now() - deciding.UNDO
    deciding.recommend(order, cases.officer("examiner", ("medis", "EXAMINER")), "", at)
    deciding.approve(order, cases.officer("approver", ("medis", "APPROVER")), "", at)
    for _ in range(2):  # every task may run twice
        issuing.order(str(order.public_id))
    order.refresh_from_db()
    for _ in range(2):
        signing_issuance.carry_out(str(order.credential))
        news.on_issued(str(order.credential))
        news.on_revoked(str(order.former))
    order.refresh_from_db()
    return Credential.objects.get(public_id=order.credential)


@pytest.mark.requirement("RV-7")
def test_from_the_cards_new_name_to_a_new_certificate(standing: Standing, tmp_path: Path) -> None:
    person, case, former = standing
    status = person.browser.get(reverse("status")).content.decode()
    assert reverse("new_name") in status
    begun = person.browser.get(reverse("new_name"))
    assert (begun.status_code, begun.url) == (302, reverse("new_name_card"))
    assert person.reads().url == reverse("new_name")
    page = person.browser.get(reverse("new_name")).content.decode()
    assert NEW in page and "石川" in page
    listed = person.spells(family_romaji="", given_romaji="", shown_for="")  # RJ-30, without JavaScript
    assert listed.status_code == 200 and '<option value="SATO" selected>' in listed.content.decode()
    wrong = person.spells(family_kana="さとう1")
    assert "<title>エラー：" in wrong.content.decode() and "さとう1" in wrong.content.decode()
    assert "さとう1" in person.browser.get(reverse("new_name")).content.decode(), "nothing typed is lost"
    assert person.spells().url == reverse("new_name_sign")
    page = person.to_sign().content.decode()
    row = NameChange.objects.get()
    assert (
        bytes(row.sha256 or b"").hex() in page.replace(" ", "")
        and "ISHIKAWA Keiko" in page
        and "SATO Keiko" in page
    )
    assert person.signs().url == reverse("new_name")
    order = CertificateOrder.objects.get()
    assert (order.kind, order.state, order.needs_officers) == ("name_change", "waiting", True)
    assert signed.new_name(order)["before"]["name_kanji"] == "石川\u3000恵子"
    assert not NameChange.objects.exists(), "the order holds everything"
    assert "受け付けました" in person.browser.get(reverse("new_name")).content.decode()
    new = decided(order)
    former.refresh_from_db()
    assert (former.state, former.revocation_reason) == ("revoked", "affiliation_changed")
    assert (new.state, new.signer, order.state) == ("active", former.signer, "issued")
    _openssl_agrees(former, new, tmp_path)
    told = Notice.objects.get(kind="new_certificate")
    assert NEW not in told.title and NEW not in Mail.objects.get(kind="new_certificate").body
    assert person.browser.get(reverse("new_name")).url == reverse("new_name_card"), "it may change again"
    case.refresh_from_db()
    key = submission.person_key({"name": NEW, "birth_date": "1985-07-21", "sex": "2"})
    assert (bytes(case.person_key or b""), case.certificate_ended_at) == (key, None)
    again = subjects.subject_of(subjects.known(new.public_id))
    assert again["name_kanji"] == NEW, "the next renewal says the new name"


def _openssl_agrees(former: Credential, new: Credential, folder: Path) -> None:
    """The former one is revoked with affiliationChanged, the new one good, and it says the new name."""
    lists.publish("medis")
    pem = {row.code: _pem(folder, row.code, row.certificate) for row in IssuingCertificate.objects.all()}
    newest = x509.load_der_x509_crl(
        bytes(RevocationList.objects.filter(issuer="medis").latest("number").content)
    )
    crl = folder / "list.pem"
    crl.write_bytes(newest.public_bytes(Encoding.PEM))
    trust = ["-trusted", pem["root"], "-untrusted", pem["medis"], "-crl_check", "-CRLfile", crl]
    leaves = [_pem(folder, f"leaf{row.pk}", row.certificate or b"") for row in (former, new)]
    assert "certificate revoked" in _openssl("verify", *trust, leaves[0])
    assert _openssl("verify", *trust, leaves[1]).rstrip().endswith("OK")
    listed = _openssl("crl", "-in", crl, "-noout", "-text").upper()
    entry = listed[listed.index(f"{int(former.serial or '', 16):X}\n") :]
    assert "AFFILIATION CHANGED" in entry.split("SERIAL NUMBER", 1)[0]
    said = _openssl("x509", "-in", leaves[1], "-noout", "-subject", "-nameopt", "utf8")
    assert "Keiko SATO" in said and new.signer.person_id in said


def _pem(folder: Path, name: str, der: bytes) -> Path:
    path = folder / f"{name}.pem"
    path.write_bytes(x509.load_der_x509_certificate(bytes(der)).public_bytes(Encoding.PEM))
    return path


def _openssl(*arguments: object) -> str:
    command = ["openssl", *(str(one) for one in arguments)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return run.stdout + run.stderr


@pytest.mark.requirement("RV-7", "RV-4")
def test_officers_see_both_names_and_decide_nothing_that_was_not_signed(standing: Standing) -> None:
    person, _case, _former = standing
    order = person.asks()
    examiner = at_the_desk(cases.officer("examiner", ("medis", "EXAMINER")))
    url = reverse("admin:enrollment_order", args=[order.public_id])
    page = examiner.get(url).content.decode()
    for shown in (
        "<del>石川\u3000恵子</del>",
        f"<ins>{NEW}</ins>",
        "<del>ISHIKAWA</del>",
        "<ins>SATO</ins>",
        "サトウ ケイコ",
    ):
        assert shown in page, shown
    assert "署名用電子証明書" in page and "承認を推薦する" in page
    CertificateOrder.objects.filter(pk=order.pk).update(subject={**order.subject, "family_romaji": "KATO"})
    assert "署名と保管内容が一致しません" in examiner.get(url).content.decode()
    examiner.post(f"{url}recommend/", {"note": ""})
    order.refresh_from_db()
    assert order.state == "waiting"
    with pytest.raises(Refused, match="statement_broken"):
        issuing._credential_order(order)
    both = cases.officer("both", ("medis", "EXAMINER"), ("medis", "APPROVER"))
    CertificateOrder.objects.filter(pk=order.pk).update(subject=signed_subject(order))
    order.refresh_from_db()
    deciding.recommend(order, both, "", clock.now())
    with pytest.raises(Refused, match="same_officer"):
        deciding.approve(order, both, "", clock.now())


def signed_subject(order: CertificateOrder) -> Any:
    return {**order.subject, "family_romaji": "SATO"}


@pytest.mark.requirement("RV-7")
@pytest.mark.parametrize(
    "holder",
    [
        {"birth_date": date(1985, 7, 22)},
        {"sex": "1"},
        {"certified": "加藤\u3000恵子"},
        {"certified": "石川\u3000恵子"},
        {"address": "東京都千代田区見本９－９"},
    ],
    ids=["born on another day", "of another sex", "another name", "the former name", "elsewhere"],
)
def test_a_signature_of_somebody_else_is_refused(
    standing: Standing, tmp_path: Path, holder: dict[str, Any]
) -> None:
    person, _case, former = standing
    person.file = renamed_card(tmp_path / "other.json", SLUG, NEW, **holder)
    person.reads(), person.spells()
    answer = person.signs()
    assert answer.status_code == 409 and "確認できませんでした" in answer.content.decode()
    assert not CertificateOrder.objects.exists() and NameChange.objects.get().names, "nothing is lost"
    former.refresh_from_db()
    assert former.state == "active"


@pytest.mark.requirement("RV-7")
def test_what_is_no_change_or_no_certificate_is_told_in_words(standing: Standing, tmp_path: Path) -> None:
    person, _case, former = standing
    changed, person.file = person.file, None  # the card as it was
    answer = person.reads()
    assert answer.status_code == 409 and "氏名は変わっていません" in answer.content.decode()
    person.file = tmp_path / "spaced.json"
    renamed_card(person.file, SLUG, "石川 恵子")
    assert "氏名は変わっていません" in person.reads().content.decode()
    assert not NameChange.objects.exists()
    person.file = changed
    person.reads(), person.spells()
    signer = Actor("signer", "s")
    credentials.suspend(former, signer, "signer_request", clock.now())
    for name in ("new_name", "new_name_card", "new_name_sign"):
        assert "一時停止" in person.browser.get(reverse(name)).content.decode()
    credentials.resume(former, signer, "signer_request", clock.now())
    page = person.to_sign()
    credentials.revoke(former, signer, "cessation_of_operation", clock.now())
    answer = person.answer(person.read_card(page))
    assert answer.status_code == 409 and "電子証明書がありません" in answer.content.decode()
    assert not CertificateOrder.objects.exists()
    newcomer = Renaming("doctor")
    newcomer.sign_in()
    for name in ("new_name", "new_name_card", "new_name_sign"):
        assert "電子証明書がありません" in newcomer.browser.get(reverse(name)).content.decode()


@pytest.mark.requirement("RV-7")
def test_one_order_at_a_time_and_only_what_was_shown_last_is_signed(standing: Standing) -> None:
    person, _case, former = standing
    person.reads(), person.spells()
    shown = person.to_sign()
    answered = person.read_card(shown)
    person.spells(manual="on", family_typed="SATOH", given_typed="Keiko")
    late = person.answer(answered)
    assert late.status_code == 409 and "内容が変わりました" in late.content.decode()
    page = person.to_sign()
    response = person.read_card(page)
    assert person.answer(response).status_code == 302
    assert person.answer(response).url == reverse("new_name"), "a double press ends at the same page"
    order = CertificateOrder.objects.get()
    assert order.subject["family_romaji"] == "SATOH"
    for name in ("new_name_card",):
        assert "手続きが進んでいます" in person.browser.get(reverse(name)).content.decode()
    assert person.browser.get(reverse("new_name_sign")).url == reverse("new_name")
    lives.ending(former, 60)
    lives.renews(lives.session(former, clock.now()))
    assert CertificateOrder.objects.count() == 1 and renewals.newest(former).answer == "refused"  # type: ignore[union-attr]
    deciding.reject(order, cases.officer("examiner", ("medis", "EXAMINER")), "確認できません", clock.now())
    lives.renews(lives.session(former, clock.now()))
    assert CertificateOrder.objects.open().get().kind == "renewal"
    assert "手続きが進んでいます" in person.browser.get(reverse("new_name")).content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.requirement("RV-7")
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
def test_six_answers_at_once_and_a_renewal_beside_them_place_one_order(standing: Standing) -> None:
    person, _case, former = standing
    person.reads(), person.spells()
    answers = []
    for _ in range(6):  # six windows, each with a reading of its own over the same statement
        browser, person.browser = person.browser, Client()
        person.browser.cookies.update(browser.cookies)
        person.browser.cookies.pop(BROWSER_COOKIE, None)
        answers.append((person.browser, person.read_card(person.to_sign())))
        person.browser = browser
    lives.ending(former, 60)
    day = lives.session(former, clock.now())
    gate, outcomes = threading.Barrier(7), list[Any]()

    def press(act: Any) -> None:
        gate.wait(30)
        try:
            outcomes.append(act())
        finally:
            connections.close_all()

    def answer(browser: Client, response: Any) -> int:
        from_here = Renaming.__new__(Renaming)
        from_here.browser = browser
        return int(from_here.answer(response).status_code)

    acts: list[Any] = [lambda one=one: answer(*one) for one in answers]
    threads = [threading.Thread(target=press, args=[act]) for act in [*acts, lambda: lives.renews(day)]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(outcomes) == 7 and set(outcomes) <= {302, 409, None}
    assert CertificateOrder.objects.open().count() == 1
    assert outcomes.count(302) <= 1


@pytest.mark.requirement("RV-7", "BD-14")
def test_a_renewed_card_is_found_by_the_new_name_and_unsigned_drafts_go(standing: Standing) -> None:
    person, case, _former = standing
    person.reads()
    at = clock.now()
    assert erased_people.unsigned_names(at + timedelta(days=29), 9) == []
    keys = erased_people.unsigned_names(at + timedelta(days=30), 9)
    assert erased_people.erase_names(keys, at + timedelta(days=30)) and not NameChange.objects.exists()
    decided(person.asks())
    case.refresh_from_db()
    assert joining._name_today(case) == NEW
