"""Who calls, and what the policy wants of the signer, as in front of the slow pages: the turns bypass none of it."""

from datetime import timedelta

import pytest
from pytest_django import Settings

from ledger import clock, log
from ledger.models import Entry
from signing.authorising import policy_rows
from signing.authorising.policy_rows import Policy
from signing.models import AccessToken, Activation, Approval, ClientCertificate, OAuthClient, SignatureRecord
from tests.signing.turns.running import Hot, heard, verify
from tests.signing.turns.test_turns import check_log, refusal
from tests.support import days
from tests.support.card_site import facilities
from tests.support.csc import INVALID_SAD, digest
from tests.support.days import Day


@pytest.mark.requirement("SG-4")
class TestFacilities:
    def test_sad_record_and_log_name_the_certificate(self, hot: Hot, bound: Day) -> None:
        verify(bound, hot.signs(bound, hot.sad(bound, digest(1)), digest(1)), digest(1))
        row = ClientCertificate.objects.get()
        assert Activation.objects.get().certificate == SignatureRecord.objects.get().certificate == row
        for kind in ("signing.authorised", "signing.signed"):
            assert Entry.objects.get(kind=kind).data["certificate"] == bytes(row.thumbprint).hex()

    def test_without_it_or_over_another_nothing_is_answered(self, hot: Hot, bound: Day) -> None:
        good = hot.headers
        sad = hot.sad(bound, digest(1))
        for headers in (
            {},
            {**good, "X-Inkan-Proxy-Secret": "x" * 32},
            {**good, "X-Inkan-Facility-Verify": "FAILED"},
            facilities.headers(facilities.issue()),
        ):
            hot.headers = headers
            assert hot.signs(bound, sad, digest(1)).status == 401
            assert hot.authorizes(bound, [digest(2)]).status == 401
        hot.headers = good
        verify(bound, hot.signs(bound, sad, digest(1)), digest(1))

    def test_one_that_has_ended_is_heard_at_once(self, hot: Hot, bound: Day) -> None:
        hot.sad(bound, digest(1))
        ClientCertificate.objects.update(ends_at=clock.now() - timedelta(seconds=1))
        heard(lambda: hot.authorizes(bound, [digest(2)]), 401)

    def test_a_client_bound_since_gets_no_answer_for_an_old_token(self, hot: Hot) -> None:
        day = days.day(clock.now())
        hot.sad(day, digest(1))
        OAuthClient.objects.update(is_certificate_bound=True)
        heard(lambda: hot.authorizes(day, [digest(2)]), 401)

    def test_another_certificate_of_the_client_cannot_spend_the_sad(self, hot: Hot, bound: Day) -> None:
        sad = hot.sad(bound, digest(1))
        second = facilities.bound(bound.client.client_id)
        newest = ClientCertificate.objects.latest("pk")
        AccessToken.objects.filter(session=bound.session).update(
            certificate=newest, expires_at=bound.session.expires_at
        )
        hot.headers = facilities.headers(second)
        assert refusal(heard(lambda: hot.signs(bound, sad, digest(1)), 400)) == INVALID_SAD
        assert SignatureRecord.objects.count() == 0


class TestStepUp:
    @pytest.mark.requirement("SG-3")
    @pytest.mark.parametrize("version", ["v1", "v2"])
    def test_what_the_policy_wants_approved_gets_no_sad(self, hot: Hot, version: str) -> None:
        day = days.day(clock.now())
        hot.version = version
        answer = hot.authorizes(day, [digest(1)], description="#narcotics")
        if version == "v1":
            assert (answer.status, answer.body["error"]) == (400, "step_up_required")
        else:
            assert answer.status == 202 and Approval.objects.count() == 1
        assert Activation.objects.count() == 0
        assert hot.authorizes(day, [digest(1)], description="lunch").status == 200

    @pytest.mark.requirement("SG-3")
    def test_many_hashes_and_new_callers_want_it_where_the_installation_says_so(
        self, hot: Hot, settings: Settings
    ) -> None:
        day = days.day(clock.now())
        verify(day, hot.signs(day, hot.sad(day, digest(1)), digest(1)), digest(1))
        other = days.day(clock.now())
        settings.STEP_UP_ABOVE, settings.STEP_UP_FOR_NEW_CALLERS = 2, True
        assert hot.authorizes(day, [digest(number) for number in range(3)]).status == 400
        assert hot.authorizes(other, [digest(2)]).status == 400
        settings.STEP_UP_ABOVE = 0
        assert hot.authorizes(other, [digest(2)]).status == 400

    @pytest.mark.requirement("SG-3")
    def test_a_row_of_the_policy_is_heard_of_and_the_closest_counts(self, hot: Hot) -> None:
        day, other = days.day(clock.now()), days.day(clock.now())
        three = [digest(number) for number in range(3)]
        assert hot.authorizes(day, three).status == hot.authorizes(other, three).status == 200

        def put(client_id: str, above: int, **wishes: bool) -> None:
            wanted = Policy(above, **{"for_new_callers": False, "for_narcotics": True, **wishes})
            policy_rows.put(client_id, "", wanted, at=clock.now(), actor=log.SYSTEM)

        put(day.client.client_id, 2)
        heard(lambda: hot.authorizes(day, three), 400)
        assert hot.authorizes(other, three).status == 200
        put(day.client.client_id, 3, for_narcotics=False)
        heard(lambda: hot.authorizes(day, three, description="#麻薬"), 200)
        put("", 1)
        heard(lambda: hot.authorizes(other, three), 400)
        assert hot.authorizes(day, three).status == 200
        policy_rows.remove("", "", actor=log.SYSTEM)
        heard(lambda: hot.authorizes(other, three), 200)

    @pytest.mark.requirement("SG-3", "SG-4")
    def test_a_facility_is_new_until_something_was_signed_for_it(self, hot: Hot, bound: Day) -> None:
        verify(bound, hot.signs(bound, hot.sad(bound, digest(1)), digest(1)), digest(1))
        wanted = Policy(0, for_new_callers=True, for_narcotics=True)
        policy_rows.put("", facilities.CODE, wanted, at=clock.now(), actor=log.SYSTEM)
        assert hot.authorizes(bound, [digest(2)]).status == 200
        elsewhere = facilities.bound(bound.client.client_id)
        ClientCertificate.objects.filter(thumbprint=facilities.thumbprint(elsewhere)).update(facility="27001")
        policy_rows.put("", "27001", wanted, at=clock.now(), actor=log.SYSTEM)
        newest = ClientCertificate.objects.latest("pk")
        AccessToken.objects.filter(session=bound.session).update(
            certificate=newest, expires_at=bound.session.expires_at
        )
        hot.headers = facilities.headers(elsewhere)
        heard(lambda: hot.authorizes(bound, [digest(3)]), 400)

    @pytest.mark.requirement("SG-3")
    def test_another_policy_is_asked_itself(self, hot: Hot, settings: Settings) -> None:
        day = days.day(clock.now())
        settings.SIGNING_STEP_UP = "tests.signing.turns.test_callers.always"
        assert hot.authorizes(day, [digest(1)]).status == 400
        settings.SIGNING_STEP_UP = ""
        assert hot.authorizes(day, [digest(1)], description="#narcotics").status == 200


def always(_intent: object, _at: object) -> tuple[str, ...]:
    """A policy that wants every hash approved."""
    return ("always",)


class TestScopes:
    @pytest.mark.requirement("SG-2")
    def test_a_token_of_scope_credential_authorises_nothing_and_signs_its_own(self, hot: Hot) -> None:
        day = days.day(clock.now())
        sad = hot.sad(day, digest(1))
        AccessToken.objects.filter(session=day.session).update(
            scope="credential", expires_at=day.session.expires_at
        )
        heard(lambda: hot.authorizes(day, [digest(2)]), 403)
        assert refusal(hot.signs(day, sad, digest(1))) == INVALID_SAD

    def test_version_2_signs_in_the_same_turns(self, hot: Hot) -> None:
        day = days.day(clock.now())
        hot.version = "v2"
        verify(day, hot.signs(day, hot.sad(day, digest(1)), digest(1)), digest(1))
        check_log()

    def test_room_for_hashes_that_come_later_is_kept(self, hot: Hot) -> None:
        day = days.day(clock.now())
        assert hot.authorizes(day, [digest(1)], numSignatures=3).status == 200
        assert Activation.objects.get().room == 2
