"""SG-3: the step-up policy as rows. The closest row counts, changes are logged, odd values are refused."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from ledger import clock, log
from ledger.models import Entry
from signing.authorising import policy, policy_rows
from signing.authorising.policy import Intent
from signing.authorising.policy_rows import Policy
from signing.errors import Refused
from signing.models import OAuthClient, StepUpPolicy
from tests.enrollment.desk.test_desk import desk
from tests.support import cases
from tests.support.card_site import facilities
from tests.support.days import ehr

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("SG-3")]
URL = "/admin/signing/stepuppolicy/"
NEVER = Policy(0, False, False)


def put(client: OAuthClient | None, facility: str, above: int) -> None:
    of_client = client.client_id if client else ""
    policy_rows.put(of_client, facility, NEVER._replace(above=above), at=clock.now(), actor=log.SYSTEM)


def counted(client: OAuthClient, facility: str = "") -> list[int]:
    return [each.above for each in policy_rows.that_count(client.pk, facility, clock.now())]


def test_the_closest_row_counts_and_the_settings_where_there_is_none(settings: Settings) -> None:
    settings.STEP_UP_ABOVE = 7
    one, other = ehr(), ehr()
    assert counted(one) == counted(one, facilities.CODE) == [7]
    put(None, "", 10)
    put(None, facilities.CODE, 20)
    put(one, "", 30)
    assert (counted(one, facilities.CODE), counted(other, facilities.CODE), counted(other)) == (
        [30],
        [20],
        [10],
    )
    put(one, facilities.CODE, 40)
    assert (counted(one, facilities.CODE), counted(one, "9999999999"), counted(one)) == ([40], [30], [30])
    policy_rows.remove(one.client_id, facilities.CODE, actor=log.SYSTEM)
    policy_rows.remove(one.client_id, "", actor=log.SYSTEM)
    assert counted(one, facilities.CODE) == [20]


def test_at_a_browser_what_any_facility_of_the_system_wants_is_wanted() -> None:
    """No certificate is shown there; the token comes over one of them."""
    one = ehr()
    put(None, facilities.CODE, 2)
    assert policy.reasons(Intent(0, one.pk, 3, ""), clock.now()) == ()
    facilities.bound(one.client_id)
    assert policy.reasons(Intent(0, one.pk, 3, ""), clock.now()) == ("many",)


def test_a_row_says_what_a_declaration_is_worth() -> None:
    one, told = ehr(), Intent(0, 0, 1, "処方箋 #麻薬")
    assert policy.reasons(told._replace(client=one.pk), clock.now()) == ("narcotics",)
    put(one, "", 0)
    assert policy.reasons(told._replace(client=one.pk), clock.now()) == ()


def test_each_change_is_an_entry_and_what_changes_nothing_is_none() -> None:
    one = ehr()
    put(one, "", 5)
    put(one, "", 5)
    put(one, "", 6)
    policy_rows.remove(one.client_id, "", actor=log.SYSTEM)
    entries = Entry.objects.filter(kind__startswith="signing.step_up_policy").order_by("number")
    found = [(each.data.get("was_above"), each.data.get("above")) for each in entries]
    assert found == [(None, 5), (5, 6), (6, None)]
    assert {each.subject for each in entries} == {one.client_id}


@pytest.mark.parametrize(
    ("client_id", "facility", "above", "code"),
    [
        ("nobody", "", 1, "client_unknown"),
        ("", "見本病院", 1, "facility_bad"),
        ("", "x" * 17, 1, "facility_bad"),
        ("", "1; DROP", 1, "facility_bad"),
        ("", "", -1, "above_bad"),
        ("", "", 2**40, "above_bad"),
    ],
)
def test_odd_values_are_refused(client_id: str, facility: str, above: int, code: str) -> None:
    with pytest.raises(Refused) as refused:
        policy_rows.put(client_id, facility, Policy(above, False, True), at=clock.now(), actor=log.SYSTEM)
    assert (refused.value.code, StepUpPolicy.objects.count()) == (code, 0)


def test_the_command_lists_sets_and_removes() -> None:
    one = ehr()

    def said(*words: str) -> dict[str, object]:
        out = StringIO()
        call_command("step_up_policy", *words, stdout=out)
        found: dict[str, object] = json.loads(out.getvalue())
        return found

    of = ("--client", one.client_id, "--facility", facilities.CODE)
    row = {"client": one.client_id, "facility": facilities.CODE, "above": 50, "for_new_callers": True}
    assert said("set", *of, "--above", "50", "--new-callers")["rows"] == [{**row, "for_narcotics": True}]
    assert said("list")["default"] == {"above": 0, "for_new_callers": False, "for_narcotics": True}
    assert said("remove", *of)["rows"] == []
    with pytest.raises(CommandError, match="policy_unknown"):
        said("remove", *of)


class TestDesk:
    @pytest.fixture
    def operator(self) -> Client:
        return desk(cases.officer("operator", ("", "OPERATOR")))

    def test_an_operator_adds_changes_and_removes_a_row(self, operator: Client) -> None:
        one = ehr("みどり電子カルテ")
        assert "設定ファイルの初期値" in operator.get(URL).content.decode()
        given = {"client": one.client_id, "facility": facilities.CODE, "above": "50", "for_narcotics": "on"}
        assert operator.post(f"{URL}add/", given).status_code == 302
        row = StepUpPolicy.objects.get()
        assert (row.client, policy_rows.of(row)) == (one, Policy(50, False, True))
        page = operator.get(URL).content.decode()
        assert "みどり電子カルテ" in page and "50 件を超えたら承認" in page
        changed = {"above": "10", "for_new_callers": "on", "client": "", "facility": ""}
        assert operator.post(f"{URL}{row.pk}/", changed).status_code == 302
        row.refresh_from_db()
        assert (row.client, row.facility, policy_rows.of(row)) == (
            one,
            facilities.CODE,
            Policy(10, True, False),
        )
        entry = Entry.objects.filter(kind="signing.step_up_policy_set").latest("number")
        assert (entry.actor_kind, entry.data["was_above"], entry.data["above"]) == ("operator", 50, 10)
        assert "より広い行" in operator.get(f"{URL}{row.pk}/delete/").content.decode()
        assert operator.post(f"{URL}{row.pk}/delete/").status_code == 302
        assert operator.post(f"{URL}{row.pk}/delete/").status_code == 404
        assert StepUpPolicy.objects.count() == 0

    @pytest.mark.parametrize(
        "given",
        [
            {},
            {"above": "-1"},
            {"above": "1e3"},
            {"above": "9" * 30},
            {"above": "1", "client": "nobody"},
            {"above": "1", "facility": "施設"},
            {"above": "1", "facility": "1\n2"},
            {"above": "1", "facility": "\x00"},
        ],
    )
    def test_odd_forms_are_told(self, operator: Client, given: dict[str, str]) -> None:
        assert operator.post(f"{URL}add/", given).status_code == 422
        assert StepUpPolicy.objects.count() == 0

    def test_an_authoritys_operator_has_no_word_here(self) -> None:
        put(None, "", 5)
        row = StepUpPolicy.objects.get()
        client = desk(cases.officer("jma-operator", ("jma", "OPERATOR")))
        assert client.get(URL).status_code == client.post(f"{URL}add/", {"above": "1"}).status_code == 403
        assert client.get(f"{URL}{row.pk}/").status_code == 404
        assert client.post(f"{URL}{row.pk}/", {"above": "0"}).status_code == 404
        assert client.post(f"{URL}{row.pk}/delete/").status_code == 404
        assert client.get(f"{URL}{2**70}/").status_code == 404
        assert Entry.objects.filter(kind="policy.refused", subject=str(row.pk)).count() == 3
        row.refresh_from_db()
        assert row.above == 5
