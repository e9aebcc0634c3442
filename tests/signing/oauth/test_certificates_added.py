"""Registering a facility's certificate, and the demo's TEST authority that makes some."""

from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import pkcs12
from django.core.management import CommandError, call_command
from pytest_django import Settings

from deploy.demo.facilities import PASSWORD
from ledger import clock
from signing.api import client_certificates
from signing.api import facilities as shown
from signing.errors import Refused
from signing.models import ClientCertificate, OAuthClient
from tests.support.card_site import facilities
from tests.support.signed_in import Ehr

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("SG-4")]


def made(**changes: Any) -> x509.Certificate:
    """A certificate that something may be wrong with."""
    key = changes.get("key") or ec.generate_private_key(ec.SECP256R1())
    at = clock.now()
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.Name([]))
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(at - timedelta(days=9))
        .not_valid_after(at + changes.get("ends", timedelta(days=9)))
    )
    if uses := changes.get("uses"):
        builder = builder.add_extension(x509.ExtendedKeyUsage(uses), False)
    return builder.sign(key, SHA256())


CLIENT, SERVER = x509.OID_CLIENT_AUTH, x509.OID_SERVER_AUTH


class TestAdding:
    @pytest.mark.parametrize(
        "certificate",
        [
            lambda: made(),
            lambda: made(uses=[SERVER]),
            lambda: made(uses=[CLIENT], ends=timedelta(days=-1)),
            lambda: made(uses=[CLIENT], key=rsa.generate_private_key(65537, 1024)),
            lambda: made(uses=[CLIENT], key=ec.generate_private_key(ec.SECP256K1())),
        ],
    )
    def test_a_certificate_that_is_not_fit_is_refused(self, ehr: Ehr, certificate: Any) -> None:
        with pytest.raises(Refused, match="certificate_bad"):
            client_certificates.add(
                ehr.client_id, certificate(), facility="1", facility_name="x", at=clock.now()
            )
        assert not OAuthClient.objects.get().is_certificate_bound

    def test_a_certificate_belongs_to_one_client(self, ehr: Ehr) -> None:
        issued = facilities.bound(ehr.client_id)
        for client in (ehr.client_id, Ehr().client_id):
            with pytest.raises(Refused, match="certificate_known"):
                client_certificates.add(
                    client, issued.certificate, facility="1", facility_name="x", at=clock.now()
                )

    @pytest.mark.parametrize(
        ("code", "name"), [("", "x"), ("改", "x"), ("1" * 17, "x"), ("1", ""), ("1-2", "x")]
    )
    def test_a_facility_has_a_code_and_a_name(self, ehr: Ehr, code: str, name: str) -> None:
        with pytest.raises(Refused, match="facility_bad"):
            client_certificates.add(
                ehr.client_id, made(uses=[CLIENT]), facility=code, facility_name=name, at=clock.now()
            )

    def test_the_command_adds_and_ends(self, ehr: Ehr, tmp_path: Path) -> None:
        file = facilities.issue().write(tmp_path, "x")[0]
        out = StringIO()
        call_command(
            "client_certificate",
            "add",
            ehr.client_id,
            str(file),
            "--facility",
            "13",
            "--name",
            "病院",
            stdout=out,
        )
        row = ClientCertificate.objects.get()
        assert out.getvalue().strip() == bytes(row.thumbprint).hex()
        call_command("client_certificate", "end", bytes(row.thumbprint).hex())
        row.refresh_from_db()
        assert not shown.is_living(row, clock.now())
        for wrong in (
            ["end", "ab" * 32],
            ["end", "x"],
            ["add", "nobody", str(file), "--facility", "1", "--name", "x"],
        ):
            with pytest.raises(CommandError):
                call_command("client_certificate", *wrong)


class TestTheDemosAuthority:
    @pytest.fixture(autouse=True)
    def home(self, settings: Settings, tmp_path: Path) -> None:
        settings.HOME, settings.FACILITY_TRUST = tmp_path, tmp_path / "trust"

    def test_the_command_issues_registers_and_writes_for_its_owner_alone(
        self, ehr: Ehr, tmp_path: Path
    ) -> None:
        given = ["--facility", "1312345678", "--name", "見本病院", "--out", str(tmp_path / "out")]
        for _ in range(2):  # the authority is made once
            call_command("issue_facility_certificate", ehr.client_id, *given, stdout=StringIO())
        assert ClientCertificate.objects.filter(client=ehr.row).count() == 2
        files = sorted((tmp_path / "out").iterdir())
        assert [path.suffix for path in files] == [".key", ".p12", ".pem"]
        assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
        key, certificate, _ = pkcs12.load_key_and_certificates(files[1].read_bytes(), PASSWORD.encode())
        assert key is not None and certificate is not None
        authority = x509.load_pem_x509_certificate((tmp_path / "trust/test-facility-ca.pem").read_bytes())
        certificate.verify_directly_issued_by(authority)
        assert "TEST" in authority.subject.rfc4514_string()

    def test_outside_the_demo_it_issues_nothing(self, ehr: Ehr, settings: Settings, tmp_path: Path) -> None:
        settings.IS_DEMO = False
        given = ["--facility", "1", "--name", "x", "--out", str(tmp_path / "out")]
        with pytest.raises(CommandError, match="demo only"):
            call_command("issue_facility_certificate", ehr.client_id, *given)
        assert not (tmp_path / "trust").exists()

    def test_an_unknown_client_gets_none(self, tmp_path: Path) -> None:
        given = ["--facility", "1", "--name", "x", "--out", str(tmp_path / "out")]
        with pytest.raises(CommandError, match="client_unknown"):
            call_command("issue_facility_certificate", "nobody", *given)
