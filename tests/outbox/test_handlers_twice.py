"""Every outbox handler has one effect, whether its job is delivered once, twice, or to eight threads at the same time.

What counts as an effect is every row of every table. A kind that is added to deploy.events is tried by itself, with the
public id that its name asks for; one whose scene is missing here does nothing here, and has tests of its own.
"""

import secrets
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection, transaction

from deploy.events import HANDLERS
from enrollment import checks, review
from enrollment.flow import State
from enrollment.models import Application, CheckRun
from ledger import clock
from outbox import mails
from outbox.models import Notice
from signing.models import Approval, Credential, Signer, UnusualUse
from staff.models import Officer
from tests.signing.records.rows import session_of
from tests.support import cases, days
from tests.support.credentials import active_credential, signer
from tests.support.signed_in import bound_phone

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.requirement("RV-10")]
ROOMS = ("enrollment", "outbox", "signing", "ledger", "staff")
# They speak to the issuer (tests/signing/test_issuance.py, tests/signing/issuing), or start from an order for another
# certificate (tests/enrollment/orders): tried twice and at once there.
ELSEWHERE = {
    "signing.issue",
    "signing.crl",
    "signing.ocsp",
    "signing.ocsp_renewal",
    "enrollment.order_approved",
}
KINDS = sorted(set(HANDLERS) - ELSEWHERE)


def _officer(name: str, role: str) -> Officer:
    return Officer.objects.filter(username=name).first() or cases.officer(name, ("jma", role))


def _case(state: State) -> Application:
    """A case that two officers have granted, with a certificate and a bound phone."""
    case = cases.submitted()
    credential = active_credential(signer(), at=clock.now())
    bound_phone(credential)
    Application.objects.filter(pk=case.pk).update(
        state=state,
        credential=credential.public_id,
        recommended_by=_officer("first", "EXAMINER"),
        approved_by=_officer("second", "APPROVER"),
        decided_at=clock.now(),
    )
    Notice.objects.create(
        owner=case.applicant.public_id, kind="n5", title="t", body="b", secret="s",
        about=str(credential.public_id), created_at=clock.now(),
    )  # fmt: skip
    case.refresh_from_db()
    return case


def _mail() -> str:
    with transaction.atomic():
        mail = mails.send("a@example.jp", "s", "b", kind="k", about="a", dedupe=str(clock.now()))
    return str(mail.public_id)


def _check() -> str:
    case = cases.submitted()
    checks.plan(str(case.public_id))
    return str(CheckRun.objects.filter(application=case).earliest("pk").public_id)


def _returned() -> str:
    """An officer's word whose ten seconds are over."""
    case, officer, at = cases.submitted(), _officer("first", "EXAMINER"), clock.now() - timedelta(minutes=1)
    review.claim(case, officer, at)
    review.return_to_applicant(case, officer, [review.Correction("photo", "", "unclear", "note")], at)
    return str(case.public_id)


def _submitted() -> str:
    return str(cases.submitted().public_id)


def _credential(state: State) -> Callable[[], str]:
    return lambda: str(_case(state).credential)


def _unusual() -> str:
    credential = Credential.objects.get(public_id=_case(State.ISSUED).credential)
    row = UnusualUse.objects.create(
        signer=credential.signer, credential=credential, client=days.ehr(), kind=UnusualUse.CALLER,
        day=clock.today(clock.now()), first_at=clock.now(), count=1,
    )  # fmt: skip
    return str(row.public_id)


def _approval() -> str:
    """Something waits for the approval of a person with an account."""
    case, at = _case(State.ISSUED), clock.now()
    credential = Credential.objects.get(public_id=case.credential)
    Signer.objects.filter(pk=credential.signer_id).update(applicant=case.applicant.public_id)
    row = Approval.objects.create(
        handle_digest=secrets.token_bytes(32), credential=credential, session=session_of(credential, at),
        client=days.ehr(), hash_algorithm="sha256", digests=b"d" * 32, nonce=b"n" * 32,
        created_at=at, expires_at=at + timedelta(minutes=10),
    )  # fmt: skip
    return str(row.public_id)


SCENES: dict[str, Callable[[], str]] = {
    "outbox.mail": _mail,
    "enrollment.submitted": _submitted,
    "enrollment.decided": _returned,
    checks.KIND: _check,
    "enrollment.approved": lambda: str(_case(State.APPROVED).public_id),
    "signing.credential_issued": _credential(State.ISSUING),
    "signing.issuance_stopped": _credential(State.ISSUING),
    "signing.unusual_use": _unusual,
    "signing.approval_waiting": _approval,
}


def scene(kind: str) -> str:
    return SCENES.get(kind, _credential(State.ISSUED))()


def rows() -> dict[str, int]:
    """How many rows each table has."""
    models = [model for room in ROOMS for model in apps.get_app_config(room).get_models()]
    return {model._meta.label: model._default_manager.count() for model in models}


def gained(before: dict[str, int]) -> dict[str, int]:
    return {label: count - before[label] for label, count in rows().items() if count != before[label]}


def _at_once(kind: str, subject: str) -> list[Exception]:
    """Eight threads begin together; what they raised is the outbox's to try again."""
    together, odd = threading.Barrier(8), list[Exception]()

    def work() -> None:
        try:
            together.wait(30)
            HANDLERS[kind](subject)
        except Exception as problem:
            odd.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return odd


def _wrong_with(kind: str) -> str:
    """What more than one delivery did that one does not; "" for nothing."""
    subject = scene(kind)
    before = rows()
    HANDLERS[kind](subject)
    once = gained(before)
    HANDLERS[kind](subject)
    if (twice := gained(before)) != once:
        return f"once {once}, twice {twice}"
    other = scene(kind)
    before = rows()
    odd = _at_once(kind, other)
    HANDLERS[kind](other)
    crowded = gained(before)
    return f"once {once}, by eight at once {crowded}, {odd}" if crowded != once or len(odd) == 8 else ""


def test_delivered_twice_or_to_eight_at_once_each_has_one_effect() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("an in-memory SQLite has one connection")
    _officer("first", "EXAMINER"), _officer("second", "APPROVER")
    assert {kind: wrong for kind in KINDS if (wrong := _wrong_with(kind))} == {}


def test_the_rows_tell_who_does_it_twice() -> None:
    """The fault bites: a handler that does not look is found."""
    subject = str(_case(State.ISSUED).credential)
    owner = Credential.objects.get(public_id=subject).signer.applicant

    def naive(_: str) -> None:
        Notice.objects.create(owner=owner, kind="n8", title="t", body="b", created_at=clock.now())

    before = rows()
    naive(subject)
    once = gained(before)
    naive(subject)
    assert gained(before) != once
