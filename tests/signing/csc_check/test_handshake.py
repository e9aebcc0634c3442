"""What csc_check shows and trusts in a handshake; which file of it is bad is said before anything is asked."""

from io import StringIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from django.core.management import CommandError, call_command

from signing.csc_check import handshake
from tests.support.card_site import facilities

NOBODY = "https://127.0.0.1:9"  # is never asked
PEM = (Encoding.PEM, PrivateFormat.PKCS8)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Good ones, and bad ones by what is bad in them."""
    certificate, key, locked = facilities.issue().write(tmp_path, "good")
    strange = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "locked").write_bytes(strange.private_bytes(*PEM, BestAvailableEncryption(b"CANARY")))
    (tmp_path / "rubbish").write_text("-----BEGIN CERTIFICATE-----\nCANARY\n-----END CERTIFICATE-----\n")
    (tmp_path / "empty").touch()
    (tmp_path / "both").write_bytes(certificate.read_bytes() + key.read_bytes())
    _pem, other, _p12 = facilities.issue().write(tmp_path, "other")
    names = {"certificate": certificate, "key": key, "p12": locked, "other": other, "folder": tmp_path}
    names |= {name: tmp_path / name for name in ("locked", "rubbish", "empty", "both", "missing")}
    return {name: str(path) for name, path in names.items()}


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ({"certificate": "missing", "key": "key"}, "--certificate {certificate}: No such file"),
        ({"certificate": "folder", "key": "key"}, "--certificate {certificate}: Is a directory"),
        ({"certificate": "rubbish", "key": "key"}, "--certificate {certificate}: no certificate in PEM"),
        ({"certificate": "p12"}, "--certificate {certificate}: no certificate in PEM"),
        ({"certificate": "certificate", "key": "missing"}, "--key {key}: No such file"),
        ({"certificate": "certificate", "key": "certificate"}, "--key {key}: no private key in PEM"),
        ({"certificate": "certificate"}, "--certificate {certificate}: no private key in PEM"),
        ({"certificate": "certificate", "key": "locked"}, "--key {key}: the key is locked by a password"),
        ({"certificate": "certificate", "key": "other"}, "--key {key}: not the key of the certificate in"),
        ({"key": "key"}, "--key is the key of a --certificate"),
        ({"ca": "missing"}, "--ca {ca}: No such file"),
        ({"ca": "rubbish"}, "--ca {ca}: no certificate in PEM"),
        ({"ca": "empty"}, "--ca {ca}: no certificate in PEM"),
        ({"ca": "key"}, "--ca {ca}: no certificate in PEM"),
    ],
)
def test_the_bad_file_is_named_with_its_option(
    shown: dict[str, str], said: str, files: dict[str, str]
) -> None:
    given = {option: files[name] for option, name in shown.items()}
    with pytest.raises(CommandError) as ended:
        call_command("csc_check", NOBODY, **given, stdout=StringIO())
    assert str(ended.value).startswith(said.format(**given)) and "CANARY" not in str(ended.value)
    assert ended.value.returncode == 2


def test_good_ones_make_a_handshake_and_none_leave_it_to_the_system(files: dict[str, str]) -> None:
    assert handshake.context() is None
    authority = facilities.authority().certificate
    ca = facilities.folder() / "trust" / "test-facility-ca.pem"
    for certificate, key in ((files["certificate"], files["key"]), (files["both"], "")):
        made = handshake.context(certificate, key, str(ca))
        assert made is not None and made.check_hostname
        assert made.get_ca_certs(binary_form=True) == [authority.public_bytes(Encoding.DER)]  # nobody else


def test_nothing_is_shown_without_tls(files: dict[str, str]) -> None:
    with pytest.raises(CommandError, match="over https alone"):
        call_command("csc_check", "http://127.0.0.1:9", certificate=files["both"], stdout=StringIO())
