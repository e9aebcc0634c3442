"""BD-12: the holder of a valid HPKI card gets one second certificate, from the register, by two officers' word."""

import threading
import uuid
from collections.abc import Callable

import pytest
from django.db import connection

from enrollment import registrations
from enrollment.authority_data import rows
from enrollment.authority_data.kinds import FlagRow
from enrollment.errors import Refused
from enrollment.models import Application, CardHolder, CertificateOrder
from enrollment.orders import deciding, issuing, news, placing
from ledger import clock
from ledger.log import Actor
from outbox.models import Job, Mail, Notice
from signing import card_orders, certificates, credentials
from signing import issuance as signing_issuance
from signing.errors import Refused as SigningRefused
from signing.issuing import setup
from signing.models import Credential, SecondCertificateRequest, Signer
from staff.models import Officer
from tests.enrollment.orders import lives
from tests.support import cases

SIGNER = Actor("signer", "s")


@pytest.fixture
def officers() -> tuple[Officer, Officer]:
    return cases.officer("examiner", ("jma", "EXAMINER")), cases.officer("approver", ("jma", "APPROVER"))


def placed(holder: CardHolder) -> CertificateOrder:
    request = lives.asks(holder)
    placing.second_certificate_wanted(str(request.public_id))
    return CertificateOrder.objects.get(request=request.public_id)


def decided(order: CertificateOrder, officers: tuple[Officer, Officer]) -> Credential:
    at = clock.now() - deciding.UNDO
    deciding.recommend(order, officers[0], "", at)
    deciding.approve(order, officers[1], "", at)
    issuing.order(str(order.public_id))
    order.refresh_from_db()
    signing_issuance.carry_out(str(order.credential))
    news.on_issued(str(order.credential))
    order.refresh_from_db()
    return Credential.objects.get(public_id=order.credential)


@pytest.mark.django_db
class TestTheOrder:
    @pytest.fixture(autouse=True)
    def _authorities(self, signers: object) -> None:
        setup.ensure()

    @pytest.mark.requirement("BD-12")
    def test_a_valid_card_becomes_a_certificate_of_the_same_ca_and_qualification(
        self, officers: tuple[Officer, Officer]
    ) -> None:
        holder = lives.holder()
        order = placed(holder)
        assert (order.state, order.needs_officers) == ("waiting", True)
        assert (order.registration_number, order.person_id) == ("300001", "H300001")
        credential = decided(order, officers)
        assert (credential.state, credential.authority, credential.qualification) == (
            "active",
            "jma",
            "doctor",
        )
        said = certificates.read(bytes(credential.certificate or b""))
        assert (said.person_id, said.role) == ("H300001", "doctor")
        answered = SecondCertificateRequest.objects.get()
        assert (answered.answer, order.state) == ("issued", "issued")
        assert card_orders.newest("jma", "H300001") == answered
        # no account, no inbox: the register's address is told, without data (ST-16)
        assert not Notice.objects.exists()
        mails = list(Mail.objects.all())
        assert len(mails) == 2
        assert {mail.recipient for mail in mails} == {"holder300001@example.jp"}
        texts = " ".join(f"{mail.subject} {mail.body}" for mail in mails)
        assert not [word for word in ("所持", "SHOJI", "300001") if word in texts]

    @pytest.mark.requirement("BD-12")
    @pytest.mark.parametrize("status", ["revoked", "expired", "ordered"])
    def test_a_card_that_is_not_valid_is_refused_with_the_cas_contact(self, status: str) -> None:
        request = lives.asks(lives.holder(status=status))
        for _ in range(2):
            placing.second_certificate_wanted(str(request.public_id))
        request.refresh_from_db()
        assert (request.answer, request.reason) == ("refused", "card_not_valid")
        assert not CertificateOrder.objects.exists()
        assert Mail.objects.count() == 1

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"authority": "medis"}, "not_registered"),
            ({"qualification": "dentist"}, "not_registered"),
            ({"family_romaji": ""}, "register_incomplete"),
        ],
    )
    def test_what_the_register_does_not_say_is_no_order(self, changes: dict[str, str], reason: str) -> None:
        holder = lives.holder()
        request = lives.asks(holder)
        CardHolder.objects.filter(pk=holder.pk).update(**changes)
        if "family_romaji" in changes:
            CardHolder.objects.filter(pk=holder.pk).delete()
            lives.holder(**changes)
        placing.second_certificate_wanted(str(request.public_id))
        request.refresh_from_db()
        assert (request.answer, request.reason) == ("refused", reason)

    def test_pressing_twice_is_one_request_and_an_ended_card_is_none(self) -> None:
        holder = lives.holder()
        assert lives.asks(holder) == lives.asks(holder)
        assert Job.objects.filter(kind="signing.second_certificate_wanted").count() == 1
        with pytest.raises(SigningRefused, match="card_expired"):
            card_orders.request(
                authority="jma",
                person_id="H300001",
                qualification="doctor",
                card_certificate_fingerprint=bytes(32),
                card_certificate_not_after=clock.now(),
                at=clock.now(),
            )

    def test_who_has_a_certificate_here_gets_no_second_one_until_it_has_ended(
        self, officers: tuple[Officer, Officer]
    ) -> None:
        holder = lives.holder()
        credential = decided(placed(holder), officers)
        with pytest.raises(SigningRefused, match="credential_living"):
            lives.asks(holder)
        credentials.revoke(credential, SIGNER, "unspecified", clock.now())
        news.on_revoked(str(credential.public_id))
        again = decided(placed(holder), officers)
        assert again.signer == credential.signer  # the same person, the same 本人ID
        assert Signer.objects.count() == 1

    @pytest.mark.requirement("BD-12")
    def test_by_the_cas_setting_the_cards_authentication_suffices(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        row = {"card_holder": (FlagRow(rows.BEGIN, False),)}
        monkeypatch.setitem(rows.ORDERS_NEED_OFFICERS, "jma", row)
        order = placed(lives.holder())
        assert (order.state, order.approved_by) == ("approved", None)
        assert Job.objects.filter(kind="enrollment.order_approved").count() == 1

    def test_a_number_that_an_application_holds_is_granted_to_nobody_else(
        self, officers: tuple[Officer, Officer]
    ) -> None:
        holder = lives.holder()
        order = placed(holder)
        case = cases.submitted(registration_number=holder.registration_number)
        Application.objects.filter(pk=case.pk).update(
            state="issued", recommended_by=officers[0], approved_by=officers[1]
        )
        deciding.recommend(order, officers[0], "", clock.now())
        with pytest.raises(Refused, match="already_granted"):
            deciding.approve(order, officers[1], "", clock.now())
        request = lives.asks(lives.holder(person_id="OTHER", status="valid"))
        placing.second_certificate_wanted(str(request.public_id))
        request.refresh_from_db()
        assert request.reason == "already_granted"

    def test_a_renewal_of_a_holders_certificate_keeps_what_the_register_said(
        self, officers: tuple[Officer, Officer]
    ) -> None:
        credential = decided(placed(lives.holder()), officers)
        lives.ending(credential, 30)
        from_card = lives.session(credential, clock.now(), "hpki_card")
        lives.renews(from_card)
        order = CertificateOrder.objects.get(kind="renewal")
        assert (order.subject["family_romaji"], order.registration_number) == ("SHOJI", "300001")
        new = decided(order, officers)
        credential.refresh_from_db()
        assert (credential.state, new.state, new.signer) == ("revoked", "active", credential.signer)


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    @pytest.fixture(autouse=True)
    def _real_rows(self, transactional_db: None) -> None:
        if connection.vendor != "postgresql":
            pytest.skip("SQLite has one writer; there is nothing to race")

    def both(self, *works: Callable[[], object]) -> list[str]:
        outcomes: list[str] = []
        start = threading.Barrier(len(works))

        def run(work: Callable[[], object]) -> None:
            start.wait()
            try:
                work()
                outcomes.append("done")
            except Refused as refused:
                outcomes.append(refused.code)
            finally:
                connection.close()

        threads = [threading.Thread(target=run, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(outcomes)

    @pytest.mark.requirement("BD-12")
    def test_two_orders_of_one_number_grant_one(self, officers: tuple[Officer, Officer]) -> None:
        for turn in range(4):
            number = f"31000{turn}"
            orders = [placed(lives.holder(number, person_id=f"H{uuid.uuid4().hex[:8]}")) for _ in range(2)]
            for order in orders:
                deciding.recommend(order, officers[0], "", clock.now())
            outcomes = self.both(
                *[
                    lambda order=order: deciding.approve(order, officers[1], "", clock.now())
                    for order in orders
                ]
            )
            assert outcomes == ["already_granted", "done"]

    @pytest.mark.requirement("BD-12")
    def test_an_order_and_an_application_of_one_number_grant_one(
        self, officers: tuple[Officer, Officer]
    ) -> None:
        """The application's side is what review.approve does: the number's row first, then the other table."""
        for turn in range(4):
            number = f"32000{turn}"
            order = placed(lives.holder(number))
            deciding.recommend(order, officers[0], "", clock.now())
            case = cases.submitted(registration_number=number)
            lives.recommended(case, officers[0])
            outcomes = self.both(
                lambda order=order: deciding.approve(order, officers[1], "", clock.now()),
                lambda case=case: lives.approve(case, officers[1]),
            )
            assert outcomes == ["already_granted", "done"]
            granted = registrations.is_granted_to_an_order("doctor", number)
            assert granted is not registrations.is_granted_to_an_application("doctor", number)

    def test_eight_officers_approve_once(self, officers: tuple[Officer, Officer]) -> None:
        order = placed(lives.holder())
        deciding.recommend(order, officers[0], "", clock.now())
        others = [cases.officer(f"a{n}", ("jma", "APPROVER")) for n in range(8)]
        outcomes = self.both(
            *[
                lambda who=who: deciding.approve(
                    CertificateOrder.objects.get(pk=order.pk), who, "", clock.now()
                )
                for who in others
            ]
        )
        assert sorted(set(outcomes)) == ["done", "not_now"]
        assert outcomes.count("done") == 1
        assert Job.objects.filter(kind="enrollment.order_approved").count() == 1
