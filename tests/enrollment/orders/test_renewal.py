"""A renewal from the wish at /me/ to the new certificate: nothing is lost, nobody decides alone, nothing is doubled."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from enrollment import authorities
from enrollment.authority_data import rows
from enrollment.authority_data.kinds import FlagRow
from enrollment.errors import Refused
from enrollment.models import Application, CertificateOrder
from enrollment.orders import deciding, issuing, news, placing
from ledger import clock
from ledger.log import Actor
from ledger.models import Entry
from outbox.models import Job, Mail, Notice
from signing import credentials
from signing import issuance as signing_issuance
from signing.acts import renewals
from signing.errors import Refused as SigningRefused
from signing.issuing import setup
from signing.models import CardBinding, Credential, EnrollmentLink
from signing.retention import TIMETABLE as SIGNING_TIMETABLE
from staff.models import Officer
from tests.enrollment.orders import lives
from tests.signing.test_succession import phone
from tests.support import cases

pytestmark = pytest.mark.django_db

SIGNER = Actor("signer", "s")


@pytest.fixture(autouse=True)
def _authorities(signers: object) -> None:
    setup.ensure()


@pytest.fixture
def officers() -> tuple[Officer, Officer]:
    return cases.officer("examiner", ("jma", "EXAMINER")), cases.officer("approver", ("jma", "APPROVER"))


def wanted() -> tuple[Application, Credential, CertificateOrder]:
    """An issued case whose certificate ends soon, and the order that its signer's wish has become."""
    case, credential = lives.issued()
    lives.ending(credential, 60)
    renewals.ask(lives.session(credential, clock.now()), clock.now())
    placing.renewal_wanted(str(credential.public_id))
    return case, credential, CertificateOrder.objects.get(former=credential.public_id)


def approved(order: CertificateOrder, officers: tuple[Officer, Officer]) -> None:
    at = clock.now() - timedelta(seconds=11)
    deciding.recommend(order, officers[0], "", at)
    deciding.approve(order, officers[1], "", at)


@pytest.mark.requirement("RV-7")
def test_a_renewal_goes_from_the_wish_to_a_new_certificate_of_the_same_person(
    officers: tuple[Officer, Officer],
) -> None:
    case, former, order = wanted()
    bound = phone(former)
    assert (order.kind, order.state, order.needs_officers) == ("renewal", "waiting", True)
    assert order.registration_number == case.registration_number
    approved(order, officers)
    for _ in range(2):  # every task may run twice
        issuing.order(str(order.public_id))
    order.refresh_from_db()
    new = Credential.objects.get(public_id=order.credential)
    former.refresh_from_db()
    assert (former.state, new.state) == (
        "active",
        "ordered",
    )  # no gap: the old one works until the new one does
    for _ in range(2):
        signing_issuance.carry_out(str(new.public_id))
        news.on_issued(str(new.public_id))
        news.on_revoked(str(former.public_id))
    for row in (former, new, order, bound, case):
        row.refresh_from_db()
    assert (former.state, former.revocation_reason, new.state) == ("revoked", "superseded", "active")
    assert new.signer == former.signer
    assert (order.state, bound.credential) == ("issued", new)
    assert CardBinding.objects.get(is_living=True).credential == new
    assert renewals.newest(former).answer == "issued"  # type: ignore[union-attr]
    # CA-10: the case lives on with the new certificate, and so do its evidence and its number
    assert (case.certificate_ended_at, case.state) == (None, "issued")
    told = list(Notice.objects.order_by("pk").values_list("kind", flat=True))
    assert told == ["n5", "order", "new_certificate"]
    assert Mail.objects.filter(kind="new_certificate").count() == 1
    assert order.subject["family_romaji"] not in Mail.objects.get(kind="new_certificate").body
    assert EnrollmentLink.objects.filter(credential=new).count() == 0  # the phone has come over


def test_without_a_phone_a_link_comes_with_the_new_certificate(officers: tuple[Officer, Officer]) -> None:
    _, former, order = wanted()
    approved(order, officers)
    issuing.order(str(order.public_id))
    order.refresh_from_db()
    signing_issuance.carry_out(str(order.credential))
    for _ in range(2):
        news.on_issued(str(order.credential))
    assert EnrollmentLink.objects.get(credential__public_id=order.credential).state == "open"
    assert EnrollmentLink.objects.get(credential=former).state == "void"
    secrets = Notice.objects.filter(secret__isnull=False)
    assert [row.kind for row in secrets] == ["new_certificate"]


def test_the_next_renewal_takes_its_data_from_the_same_evidence(officers: tuple[Officer, Officer]) -> None:
    case, former, order = wanted()
    approved(order, officers)
    issuing.order(str(order.public_id))
    order.refresh_from_db()
    signing_issuance.carry_out(str(order.credential))
    news.on_issued(str(order.credential))
    second = Credential.objects.get(public_id=order.credential)
    lives.ending(second, 20)
    renewals.ask(lives.session(second, clock.now()), clock.now())
    placing.renewal_wanted(str(second.public_id))
    again = CertificateOrder.objects.get(former=second.public_id)
    assert (again.subject, again.application) == (order.subject, case)
    assert credentials.newest_of(former.public_id) == second.public_id


class TestAsking:
    def test_only_from_ninety_days_before_the_last_day(self) -> None:
        _, credential = lives.issued()
        opens = renewals.opens_at(credential)
        assert opens is not None
        assert credential.not_after is not None
        last = clock.today(credential.not_after)
        assert (last - clock.today(opens)).days == 90
        early, due = opens - timedelta(seconds=1), opens
        with pytest.raises(SigningRefused, match="too_early"):
            renewals.ask(lives.session(credential, early), early)
        assert renewals.ask(lives.session(credential, due), due).answer == "waiting"

    def test_only_within_ten_minutes_of_the_proof(self) -> None:
        _, credential = lives.issued()
        lives.ending(credential, 60)
        at = clock.now()
        with pytest.raises(SigningRefused, match="not_fresh"):
            renewals.ask(lives.session(credential, at - timedelta(minutes=10)), at)
        renewals.ask(lives.session(credential, at - timedelta(minutes=9, seconds=59)), at)

    def test_a_double_press_is_one_wish_and_one_order(self) -> None:
        _, credential, order = wanted()
        day = lives.session(credential, clock.now())
        assert renewals.ask(day, clock.now()).public_id == order.request
        placing.renewal_wanted(str(credential.public_id))
        assert CertificateOrder.objects.count() == 1
        assert Job.objects.filter(kind="signing.renewal_wanted").count() == 1

    def test_a_suspended_or_ended_one_is_not_renewed(self) -> None:
        _, credential = lives.issued()
        lives.ending(credential, 60)
        day = lives.session(credential, clock.now())
        credentials.suspend(credential, SIGNER, "signer_request", clock.now())
        with pytest.raises(SigningRefused, match="credential_not_active"):
            renewals.ask(day, clock.now())


class TestDeciding:
    def test_never_one_officer_alone(self, officers: tuple[Officer, Officer]) -> None:
        _, _, order = wanted()
        both = cases.officer("both", ("jma", "EXAMINER"), ("jma", "APPROVER"))
        deciding.recommend(order, both, "", clock.now())
        with pytest.raises(Refused, match="same_officer"):
            deciding.approve(order, both, "", clock.now())
        for changes in ({"approved_by": both}, {"state": "approved"}, {"state": "issuing"}):
            with pytest.raises(IntegrityError), transaction.atomic():
                CertificateOrder.objects.filter(pk=order.pk).update(**changes)

    def test_an_approval_can_be_taken_back_and_orders_nothing(
        self, officers: tuple[Officer, Officer]
    ) -> None:
        _, _, order = wanted()
        deciding.recommend(order, officers[0], "", clock.now())
        deciding.approve(order, officers[1], "", clock.now())
        job = Job.objects.get(kind="enrollment.order_approved")
        assert timedelta(seconds=8) < job.run_after - clock.now() <= timedelta(seconds=10)
        deciding.take_back(order, officers[1], clock.now())
        issuing.order(str(order.public_id))
        order.refresh_from_db()
        assert (order.state, order.credential) == ("recommended", None)
        deciding.approve(order, officers[1], "", clock.now())
        issuing.order(str(order.public_id))  # the first approval's job, while the second can be taken back
        order.refresh_from_db()
        assert (order.state, order.credential) == ("approved", None)

    def test_an_officer_of_another_authority_decides_nothing(self) -> None:
        _, _, order = wanted()
        stranger = cases.officer("stranger", ("medis", "EXAMINER"), ("medis", "APPROVER"))
        for act in (deciding.recommend, deciding.approve, deciding.send_back):
            with pytest.raises(Refused, match="not_yours"):
                act(order, stranger, "", clock.now())
        with pytest.raises(Refused, match="not_yours"):
            deciding.reject(order, stranger, "why", clock.now())

    @pytest.mark.requirement("ST-35")
    def test_a_rejection_gives_its_reason_and_leaves_the_certificate(
        self, officers: tuple[Officer, Officer]
    ) -> None:
        _, credential, order = wanted()
        with pytest.raises(Refused, match="reason_missing"):
            deciding.reject(order, officers[0], " ", clock.now())
        deciding.reject(order, officers[0], "登録が確認できません", clock.now())
        credential.refresh_from_db()
        assert (order.state, credential.state) == ("rejected", "active")
        assert "登録が確認できません" in Notice.objects.get(kind="order_rejected").body
        assert "登録が確認できません" not in Mail.objects.get(kind="order_rejected").body
        assert renewals.newest(credential).answer == "refused"  # type: ignore[union-attr]
        again = renewals.ask(lives.session(credential, clock.now()), clock.now())
        assert again.answer == "waiting"

    def test_where_the_authority_says_so_the_authentication_suffices(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        row = {"renewal": (FlagRow(rows.BEGIN, False),)}
        monkeypatch.setitem(rows.ORDERS_NEED_OFFICERS, "jma", row)
        assert authorities.order_needs_officers("jma", "name_change", clock.today(clock.now()))
        _, _, order = wanted()
        assert (order.state, order.needs_officers, order.approved_by) == ("approved", False, None)
        assert Entry.objects.filter(kind="order.suffice").count() == 1


class TestEnding:
    @pytest.mark.requirement("RV-7", "ST-35")
    def test_a_revocation_is_told_and_stops_the_order(self, officers: tuple[Officer, Officer]) -> None:
        case, credential, order = wanted()
        approved(order, officers)
        issuing.order(str(order.public_id))
        credentials.revoke(credential, SIGNER, "key_compromise", clock.now())
        stopped = Credential.objects.get(succeeds=credential)
        for _ in range(2):
            issuing.stopped(str(stopped.public_id))
            news.on_revoked(str(credential.public_id))
        order.refresh_from_db(), case.refresh_from_db()
        assert (order.state, case.certificate_ended_at is not None) == ("stopped", True)
        notice = Notice.objects.get(kind="n13")
        assert "鍵が他人に使われたおそれ" in notice.body
        assert "あらためて申請" in notice.body
        assert Mail.objects.filter(kind="n13").count() == 1
        assert not Application.objects.of(case.applicant).in_force().exists()  # CA-10: may apply anew

    def test_an_order_that_is_not_yet_decided_stops_too(self) -> None:
        _, credential, order = wanted()
        credentials.revoke(credential, SIGNER, "cessation_of_operation", clock.now())
        news.on_revoked(str(credential.public_id))
        order.refresh_from_db()
        assert order.state == "stopped"

    def test_an_order_whose_certificate_was_revoked_before_it_left_issues_nothing(
        self, officers: tuple[Officer, Officer]
    ) -> None:
        _, credential, order = wanted()
        approved(order, officers)
        credentials.revoke(credential, SIGNER, "key_compromise", clock.now())
        issuing.order(str(order.public_id))  # faster than the news of the revocation
        order.refresh_from_db()
        assert (order.state, order.credential) == ("stopped", None)
        assert Notice.objects.filter(kind="order_refused").count() == 1

    def test_the_number_is_free_when_the_certificate_has_ended(self) -> None:
        case, credential = lives.issued()
        with pytest.raises(IntegrityError), transaction.atomic():
            _granted_again(case)
        credentials.revoke(credential, SIGNER, "unspecified", clock.now())
        news.on_revoked(str(credential.public_id))
        _granted_again(case)

    def test_suspension_and_its_end_are_told_each_time(self) -> None:
        _, credential = lives.issued()
        for _ in range(2):
            credentials.suspend(credential, SIGNER, "signer_request", clock.now())
            for _ in range(2):
                news.on_suspended(str(credential.public_id))
            credentials.resume(credential, SIGNER, "signer_request", clock.now())
            for _ in range(2):
                news.on_resumed(str(credential.public_id))
        assert Mail.objects.filter(kind="suspended").count() == 2
        assert Mail.objects.filter(kind="resumed").count() == 2

    def test_the_evidence_stays_until_ten_years_after_the_newest_certificate(
        self, officers: tuple[Officer, Officer]
    ) -> None:
        case, former, order = wanted()
        approved(order, officers)
        issuing.order(str(order.public_id))
        order.refresh_from_db()
        signing_issuance.carry_out(str(order.credential))
        new = Credential.objects.get(public_id=order.credential)
        assert new.not_after is not None
        assert credentials.ended_before(new.not_after, [case.credential or former.public_id]) == []
        after = new.not_after + timedelta(seconds=1)
        assert credentials.ended_before(after, [former.public_id]) == [former.public_id]
        assert any(rule.name == "certificate" for rule in SIGNING_TIMETABLE)


class TestReminding:
    @pytest.mark.requirement("RV-7")
    def test_at_ninety_and_thirty_days_once_each(self) -> None:
        _, credential = lives.issued()
        at = clock.now()
        for days, told in ((91, 0), (90, 1), (60, 0), (30, 1), (5, 0)):
            lives.ending(credential, days)
            assert renewals.tell_due(at) == told, days
            assert renewals.tell_due(at) == 0
        assert Job.objects.filter(kind="signing.renewal_due").count() == 2

    def test_the_notice_says_the_day_and_the_mail_nothing(self) -> None:
        _, credential = lives.issued()
        lives.ending(credential, 30)
        for _ in range(2):
            news.on_renewal_due(str(credential.public_id))
        notice = Notice.objects.get(kind="renewal")
        assert "あと30日" in notice.body
        assert "本人ID" not in Mail.objects.get(kind="renewal").body

    def test_nobody_is_reminded_of_what_is_under_way(self) -> None:
        _, credential, _ = wanted()
        news.on_renewal_due(str(credential.public_id))
        assert not Notice.objects.filter(kind="renewal").exists()

    @pytest.mark.requirement("ST-35")
    def test_a_card_past_its_end_is_told_once(self) -> None:
        _, credential = lives.issued()
        at = clock.now()
        CardBinding.objects.update(not_after=at - timedelta(hours=1))
        assert [renewals.tell_cards_ended(at), renewals.tell_cards_ended(at)] == [1, 0]
        for _ in range(2):
            news.on_card_ended(str(credential.public_id))
        notice = Notice.objects.get(kind="n14")
        assert "もう一度登録" in notice.body
        assert Mail.objects.filter(kind="n14").count() == 1


def _granted_again(case: Application) -> None:
    other = cases.submitted(registration_number=case.registration_number)
    Application.objects.filter(pk=other.pk).update(
        state="approved", recommended_by=case.recommended_by, approved_by=case.approved_by
    )
