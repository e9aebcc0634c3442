from base64 import b32encode
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import IntegrityError, connection, transaction

from ledger.models import Entry
from staff.models import Officer, OfficerRole, TotpDevice

pytestmark = pytest.mark.django_db
SEED = b"12345678901234567890"


def make(
    username: str = "hanako", roles: list[tuple[str, str]] | None = None, **options: str | bytes
) -> Officer:
    return Officer.objects.create_officer(
        username, "a long password", "検査 花子", roles=[("jma", "EXAMINER")] if roles is None else roles, **options
    )  # fmt: skip


def test_an_officer_holds_roles_for_authorities_and_no_others() -> None:
    officer = make(roles=[("jma", "EXAMINER"), ("medis", "EXAMINER"), ("medis", "APPROVER")])
    assert officer.authorities("EXAMINER") == {"jma", "medis"}
    assert officer.authorities("APPROVER") == {"medis"}
    assert officer.authorities("AUDITOR") == set()
    assert officer.holds("APPROVER", "medis")
    assert not officer.holds("APPROVER", "jma")
    assert not officer.holds("EXAMINER", "jpa")


def test_an_officer_who_has_left_holds_nothing() -> None:
    officer = make()
    officer.is_active = False
    officer.save()
    gone = Officer.objects.get()
    assert not gone.holds("EXAMINER", "jma")
    assert not gone.is_staff
    assert not gone.has_perm("enrollment.view_application")
    assert not gone.has_module_perms("enrollment")


@pytest.mark.parametrize(
    ("role", "permission", "granted"),
    [
        ("EXAMINER", "enrollment.view_application", True),
        ("EXAMINER", "enrollment.change_application", True),
        ("EXAMINER", "enrollment.delete_application", False),
        ("EXAMINER", "enrollment.add_application", False),
        ("EXAMINER", "staff.view_officer", False),
        ("APPROVER", "enrollment.change_application", True),
        ("AUDITOR", "enrollment.view_application", True),
        ("AUDITOR", "enrollment.change_application", False),
        ("AUDITOR", "ledger.view_entry", True),
        ("OPERATOR", "enrollment.view_application", False),
        ("OPERATOR", "signing.change_credential", True),
        ("OPERATOR", "nonsense", False),
    ],
)
def test_a_role_opens_what_its_table_says(role: str, permission: str, granted: bool) -> None:
    officer = make(roles=[("jma", role)])
    assert officer.has_perm(permission) == granted
    assert officer.has_perms([permission]) == granted


def test_nobody_is_a_superuser() -> None:
    assert not make().is_superuser
    assert not make("operator", roles=[("", "OPERATOR")]).has_perm("staff.delete_officer")


@pytest.mark.parametrize("role", [("jma", "KING"), ("", "EXAMINER"), ("", "AUDITOR")])
def test_the_database_refuses_a_role_that_does_not_exist(role: tuple[str, str]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make(roles=[role])
    assert not Officer.objects.exists()
    assert not Entry.objects.exists()


def test_a_name_is_taken_once() -> None:
    make()
    with pytest.raises(IntegrityError), transaction.atomic():
        make()
    assert OfficerRole.objects.count() == 1


@pytest.mark.parametrize("given", [SEED, b32encode(SEED).decode()])
def test_the_seed_may_be_bytes_or_base32_and_is_sealed_at_rest(given: bytes | str) -> None:
    officer = make(totp_seed=given)
    assert officer.totp_device().seed == SEED
    with connection.cursor() as cursor:
        cursor.execute("SELECT seed FROM staff_totpdevice")
        assert SEED not in bytes(cursor.fetchone()[0])


def test_the_address_for_the_app_names_issuer_officer_and_secret() -> None:
    url = urlsplit(make(totp_seed=SEED).totp_device().otpauth_url())
    query = parse_qs(url.query)
    assert (url.scheme, url.netloc, url.path) == ("otpauth", "totp", "/Inkan%3Ahanako")
    assert query["secret"] == [b32encode(SEED).decode()]
    assert (query["issuer"], query["digits"], query["period"]) == (["Inkan"], ["6"], ["30"])


def test_without_a_seed_each_officer_has_a_random_one() -> None:
    make("one")
    make("two")
    seeds = {bytes(device.seed) for device in TotpDevice.objects.all()}
    assert len(seeds) == 2
    assert {len(seed) for seed in seeds} == {20}


def test_the_ledger_knows_the_officer_by_number_not_by_name() -> None:
    officer = make()
    entry = Entry.objects.get()
    assert (entry.kind, entry.subject, entry.data) == (
        "staff.officer_created",
        str(officer.public_id),
        {"roles": "EXAMINER:jma"},
    )
