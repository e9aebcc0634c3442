"""What the person reads of unusual use: once, by inbox and mail, with the way to stop it."""

import uuid
from datetime import timedelta

import pytest

from enrollment.models import CardHolder, CertificateOrder
from enrollment.orders import news
from ledger import clock
from outbox.models import Mail, Notice
from signing.models import Credential, UnusualUse
from signing.records import usage
from tests.signing.records import rows
from tests.support import cases
from tests.support.credentials import active_credential
from tests.support.days import ehr

pytestmark = pytest.mark.django_db


def used(credential: Credential) -> str:
    """A new system has signed an hour ago; the news."""
    at = clock.now()
    rows.signed(rows.session_of(credential, at), ehr("知らない病院"), 2, at - timedelta(hours=1))
    usage.watch(at)
    return str(UnusualUse.objects.filter(kind="caller").get().public_id)


@pytest.mark.requirement("SG-6")
def test_the_person_is_told_once_and_led_to_the_stop() -> None:
    case = cases.submitted()
    credential = active_credential()
    credential.signer.applicant = case.applicant.public_id
    credential.signer.save()
    subject = used(credential)
    for _ in range(2):
        news.on_unusual_use(subject)
    notice = Notice.objects.get(owner=case.applicant.public_id, kind="unusual")
    assert notice.title == "初めてのシステムから署名されました"
    for words in ("知らない病院", "/me/suspend/", "/me/signatures/"):
        assert words in notice.body
    mail = Mail.objects.get(kind="unusual")
    assert "/me/" in mail.body
    assert "知らない病院" not in mail.body


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("facility", "施設から、署名が行われました。\n施設：みどり診療所\nシステム：知らない病院"),
        ("night", "夜間"),
        ("volume", "いつもの1日：およそ12件"),
    ],
)
def test_each_kind_has_its_own_words_and_the_mail_names_nobody(kind: str, words: str) -> None:
    case = cases.submitted()
    credential = active_credential()
    credential.signer.applicant = case.applicant.public_id
    credential.signer.save()
    subject = used(credential)
    UnusualUse.objects.update(kind=kind, usual=12, facility="1310000001", facility_name="みどり診療所")
    news.on_unusual_use(subject)
    assert words in Notice.objects.get(kind="unusual").body
    mail = Mail.objects.get(kind="unusual").body
    assert "知らない病院" not in mail and "みどり診療所" not in mail


def test_a_card_holder_without_an_account_gets_the_bare_mail() -> None:
    credential = active_credential()
    at = clock.now()
    holder = CardHolder.objects.create(
        authority="jma", person_id=credential.signer.person_id, qualification="doctor", email="holder@example.jp",
        name_kanji="見本　花子", birth_date="1980-02-17", registration_number="123456", status="valid",
    )  # fmt: skip
    CertificateOrder.objects.create(
        kind="card_holder", authority="jma", qualification="doctor", person=uuid.uuid4(),
        person_id=credential.signer.person_id, holder=holder, credential=credential.public_id, subject={},
        created_at=at, changed_at=at,
    )  # fmt: skip
    news.on_unusual_use(used(credential))
    mail = Mail.objects.get()
    assert (mail.recipient, "/me/" in mail.body, Notice.objects.count()) == ("holder@example.jp", True, 0)
